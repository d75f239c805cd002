#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define CONTROL_OCTETS 64

_Static_assert(CMSG_SPACE(sizeof(struct in6_pktinfo)) <= CONTROL_OCTETS, "room for pktinfo");

struct clinux_batch {
  size_t capacity;
  size_t receive_octets;
  size_t send_octets;
  size_t received_count;
  size_t queued;
  char *receive_buffer;
  char *send_buffer;
  struct mmsghdr *received;
  struct mmsghdr *sent;
  struct iovec *received_vectors;
  struct iovec *sent_vectors;
  struct sockaddr_storage *names;
  char *controls;
};

clinux_batch *clinux_batch_new(size_t capacity, size_t receive_octets, size_t send_octets) {
  clinux_batch *batch = calloc(1, sizeof *batch);
  if (!batch) return NULL;
  batch->capacity = capacity;
  batch->receive_octets = receive_octets;
  batch->send_octets = send_octets;
  batch->receive_buffer = malloc(capacity * receive_octets);
  batch->send_buffer = malloc(capacity * send_octets);
  batch->received = calloc(capacity, sizeof *batch->received);
  batch->sent = calloc(capacity, sizeof *batch->sent);
  batch->received_vectors = calloc(capacity, sizeof *batch->received_vectors);
  batch->sent_vectors = calloc(capacity, sizeof *batch->sent_vectors);
  batch->names = calloc(capacity, sizeof *batch->names);
  batch->controls = calloc(capacity, CONTROL_OCTETS);
  if (!batch->receive_buffer || !batch->send_buffer || !batch->received || !batch->sent ||
      !batch->received_vectors || !batch->sent_vectors || !batch->names || !batch->controls) {
    clinux_batch_free(batch);
    return NULL;
  }
  for (size_t i = 0; i < capacity; i++) {
    batch->received_vectors[i].iov_base = batch->receive_buffer + i * receive_octets;
    batch->received_vectors[i].iov_len = receive_octets;
    struct msghdr *header = &batch->received[i].msg_hdr;
    header->msg_iov = &batch->received_vectors[i];
    header->msg_iovlen = 1;
    header->msg_name = &batch->names[i];
    header->msg_control = batch->controls + i * CONTROL_OCTETS;
    header->msg_namelen = sizeof(struct sockaddr_storage);
    header->msg_controllen = CONTROL_OCTETS;
  }
  return batch;
}

void clinux_batch_free(clinux_batch *batch) {
  free(batch->receive_buffer);
  free(batch->send_buffer);
  free(batch->received);
  free(batch->sent);
  free(batch->received_vectors);
  free(batch->sent_vectors);
  free(batch->names);
  free(batch->controls);
  free(batch);
}

int clinux_batch_receive(clinux_batch *batch, int descriptor) {
  // The kernel writes into the lengths of what it fills in.
  for (size_t i = 0; i < batch->received_count; i++) {
    batch->received[i].msg_hdr.msg_namelen = sizeof(struct sockaddr_storage);
    batch->received[i].msg_hdr.msg_controllen = CONTROL_OCTETS;
  }
  int count = recvmmsg(descriptor, batch->received, batch->capacity, MSG_DONTWAIT, NULL);
  batch->queued = 0;
  batch->received_count = count < 0 ? 0 : (size_t)count;
  return count < 0 ? -errno : count;
}

const void *clinux_batch_data(const clinux_batch *batch, size_t index, size_t *length) {
  *length = batch->received[index].msg_len;
  return batch->received_vectors[index].iov_base;
}

const struct sockaddr_storage *clinux_batch_sender(const clinux_batch *batch, size_t index) {
  return &batch->names[index];
}

void clinux_batch_destination(
    const clinux_batch *batch, size_t index, struct sockaddr_storage *address) {
  memset(address, 0, sizeof *address);
  struct msghdr *header = &batch->received[index].msg_hdr;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      struct sockaddr_in *in = (struct sockaddr_in *)address;
      in->sin_family = AF_INET;
      in->sin_addr = ((struct in_pktinfo *)CMSG_DATA(c))->ipi_addr;
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
      in6->sin6_family = AF_INET6;
      const struct in6_pktinfo *info = (struct in6_pktinfo *)CMSG_DATA(c);
      in6->sin6_addr = info->ipi6_addr;
      if (IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr)) in6->sin6_scope_id = info->ipi6_ifindex;
    }
  }
}

void *clinux_batch_reply(clinux_batch *batch, size_t index) {
  return batch->send_buffer + index * batch->send_octets;
}

// The control of the query is the control of the reply, but for the interface: routing finds it,
// save for a link-local address, which means nothing without.
static void keep_source(struct msghdr *header) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      ((struct in_pktinfo *)CMSG_DATA(c))->ipi_ifindex = 0;
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo *info = (struct in6_pktinfo *)CMSG_DATA(c);
      if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr)) info->ipi6_ifindex = 0;
    }
  }
}

// Puts a datagram of `length` octets after those that wait to be sent.
static void queue(
    clinux_batch *batch, void *octets, size_t length, struct sockaddr_storage *to,
    socklen_t to_length, void *control, size_t control_length) {
  struct iovec *vector = &batch->sent_vectors[batch->queued];
  struct msghdr *header = &batch->sent[batch->queued].msg_hdr;
  vector->iov_base = octets;
  vector->iov_len = length;
  header->msg_name = to;
  header->msg_namelen = to_length;
  header->msg_iov = vector;
  header->msg_iovlen = 1;
  header->msg_control = control_length > 0 ? control : NULL;
  header->msg_controllen = control_length;
  batch->queued++;
}

void clinux_batch_queue(clinux_batch *batch, size_t index, size_t length) {
  struct msghdr *from = &batch->received[index].msg_hdr;
  if (from->msg_controllen > 0) keep_source(from);
  queue(
      batch, batch->send_buffer + index * batch->send_octets, length, from->msg_name,
      from->msg_namelen, from->msg_control, from->msg_controllen);
}

// Writes the control that has a datagram leave from an address; its length.
static size_t write_source(char *control, const struct sockaddr *from) {
  memset(control, 0, CONTROL_OCTETS);
  struct cmsghdr *header = (struct cmsghdr *)control;
  if (from->sa_family == AF_INET) {
    struct in_pktinfo info = {.ipi_spec_dst = ((const struct sockaddr_in *)from)->sin_addr};
    header->cmsg_level = IPPROTO_IP;
    header->cmsg_type = IP_PKTINFO;
    header->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(header), &info, sizeof info);
    return CMSG_SPACE(sizeof info);
  }
  const struct sockaddr_in6 *from6 = (const struct sockaddr_in6 *)from;
  struct in6_pktinfo info = {.ipi6_addr = from6->sin6_addr};
  if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = from6->sin6_scope_id;
  header->cmsg_level = IPPROTO_IPV6;
  header->cmsg_type = IPV6_PKTINFO;
  header->cmsg_len = CMSG_LEN(sizeof info);
  memcpy(CMSG_DATA(header), &info, sizeof info);
  return CMSG_SPACE(sizeof info);
}

int clinux_batch_add(
    clinux_batch *batch, const void *octets, size_t length, const struct sockaddr *to,
    socklen_t to_length, const struct sockaddr *from) {
  size_t index = batch->queued;
  if (index == batch->capacity || length > batch->send_octets) return 0;
  char *buffer = batch->send_buffer + index * batch->send_octets;
  char *control = batch->controls + index * CONTROL_OCTETS;
  memcpy(buffer, octets, length);
  memcpy(&batch->names[index], to, to_length);
  queue(
      batch, buffer, length, &batch->names[index], to_length, control,
      from ? write_source(control, from) : 0);
  return 1;
}

// How long a full socket buffer is waited for before the rest of a batch is given up.
#define SEND_WAIT_MS 10

int clinux_batch_send(clinux_batch *batch, int descriptor) {
  size_t at = 0;
  int lost = 0;
  int waited = 0;
  while (at < batch->queued) {
    int count = sendmmsg(descriptor, batch->sent + at, batch->queued - at, MSG_DONTWAIT);
    if (count > 0) {
      at += (size_t)count;
    } else if (errno == EINTR) {
      continue;
    } else if (errno == EAGAIN && !waited) {
      struct pollfd writable = {.fd = descriptor, .events = POLLOUT};
      poll(&writable, 1, SEND_WAIT_MS);
      waited = 1;
    } else {
      // The first of the rest cannot be sent, for a reason of its own; the others may.
      at++;
      lost++;
    }
  }
  batch->queued = 0;
  return lost;
}

int clinux_accept(int descriptor, struct sockaddr *address, socklen_t *length) {
  int accepted = accept4(descriptor, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  return accepted < 0 ? -errno : accepted;
}

void clinux_trim_heap(void) { malloc_trim(0); }

int clinux_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

int clinux_random(void *octets, size_t length) {
  char *at = octets;
  while (length > 0) {
    ssize_t count = getrandom(at, length, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return -errno;
    at += count;
    length -= (size_t)count;
  }
  return 0;
}

int clinux_set_thread_name(const char *name) {
  return pthread_setname_np(pthread_self(), name);
}

int clinux_available_cpus(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

int clinux_enable_pktinfo(int descriptor, int family) {
  int on = 1;
  int result = family == AF_INET6
      ? setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on)
      : setsockopt(descriptor, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  return result < 0 ? -errno : 0;
}

int clinux_hear_of_unreachable(int descriptor, int family) {
  int on = 1, omit = IP_PMTUDISC_OMIT;
  if (family == AF_INET6) {
    omit = IPV6_PMTUDISC_OMIT;
    setsockopt(descriptor, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &omit, sizeof omit);
    return setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on) < 0 ? -errno : 0;
  }
  setsockopt(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, &omit, sizeof omit);
  return setsockopt(descriptor, IPPROTO_IP, IP_RECVERR, &on, sizeof on) < 0 ? -errno : 0;
}

int clinux_poller(void) {
  int poller = epoll_create1(EPOLL_CLOEXEC);
  return poller < 0 ? -errno : poller;
}

int clinux_poller_add(int poller, int descriptor, uint32_t number) {
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
  return epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) < 0 ? -errno : 0;
}

int clinux_poller_ready(int poller, uint32_t *numbers) {
  struct epoll_event events[CLINUX_POLLER_MOST];
  int count = epoll_wait(poller, events, CLINUX_POLLER_MOST, 0);
  for (int i = 0; i < count; i++) numbers[i] = events[i].data.u32;
  return count < 0 ? -errno : count;
}

int clinux_connect(int descriptor, const struct sockaddr *address, socklen_t length) {
  return (int)syscall(SYS_connect, descriptor, address, length);
}

ssize_t clinux_send(int descriptor, const void *octets, size_t length, int flags) {
  return syscall(SYS_sendto, descriptor, octets, length, flags, NULL, 0);
}

ssize_t clinux_receive(int descriptor, void *octets, size_t length, int flags) {
  return syscall(SYS_recvfrom, descriptor, octets, length, flags, NULL, NULL);
}

int clinux_disconnect(int descriptor) {
  struct sockaddr nobody = {.sa_family = AF_UNSPEC};
  return clinux_connect(descriptor, &nobody, sizeof nobody) < 0 ? -errno : 0;
}

int clinux_spawn(
    const char *file, char *const arguments[], char *const environment[], int output, int errors,
    int *process) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int result = posix_spawn_file_actions_init(&actions);
  if (result != 0) return result;
  result = posix_spawnattr_init(&attributes);
  if (result != 0) {
    posix_spawn_file_actions_destroy(&actions);
    return result;
  }
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  // A session of its own has no terminal, on which a question would wait for ever.
  short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID;
  if ((result = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) == 0 &&
      (result = posix_spawn_file_actions_adddup2(&actions, output, 1)) == 0 &&
      (result = posix_spawn_file_actions_adddup2(&actions, errors, 2)) == 0 &&
      (result = posix_spawn_file_actions_addclosefrom_np(&actions, 3)) == 0 &&
      (result = posix_spawnattr_setsigdefault(&attributes, &all)) == 0 &&
      (result = posix_spawnattr_setsigmask(&attributes, &none)) == 0 &&
      (result = posix_spawnattr_setflags(&attributes, flags)) == 0) {
    pid_t started = 0;
    result = posix_spawnp(&started, file, &actions, &attributes, arguments, environment);
    *process = started;
  }
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return result;
}

int clinux_pidfd(int process) {
  // The descriptor is closed on exec by itself.
  long descriptor = syscall(SYS_pidfd_open, process, 0);
  return descriptor < 0 ? -errno : (int)descriptor;
}

int clinux_pipe(int ends[2]) {
  if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
  if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0) return 0;
  int error = errno;
  close(ends[0]);
  close(ends[1]);
  return -error;
}

char **clinux_environment(void) { return environ; }
