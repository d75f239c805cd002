// The floor under a miss: a forwarder that does no DNS at all, with the system calls that no
// forwarder gets around whose questions each leave from a fresh port and wait for their own reply.
// Queries come and replies go in batches; each question takes two connects and a send, each answer
// a receive. One client socket, one upstream, no cache, no timeout, no check of anything.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { batch = 64, octets = 1232, sockets = 4096, events = 64 };

// Of the queries; their buffers are used again for the replies.
static unsigned char buffers[batch][octets];
static struct sockaddr_in addresses[batch];
static struct iovec vectors[batch];
static struct mmsghdr messages[batch];

// Each upstream socket with the client that it asks for; a stack of those not in use.
static struct { int descriptor; struct sockaddr_in client; } asking[sockets];
static int unused[sockets], unusedCount;

static struct sockaddr_in upstream;
static int listener, poller;

static struct sockaddr_in loopback(const char *port) {
  return (struct sockaddr_in){
      .sin_family = AF_INET,
      .sin_port = htons((unsigned short)atoi(port)),
      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void watch(int descriptor, int number) {
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = (unsigned)number};
  epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
}

static void ask(int index) {
  // One that finds no socket is lost, as it would be with all of a forwarder's in use.
  if (unusedCount == 0) return;
  int number = unused[--unusedCount], descriptor = asking[number].descriptor;
  asking[number].client = addresses[index];
  connect(descriptor, (struct sockaddr *)&upstream, sizeof upstream);
  send(descriptor, buffers[index], messages[index].msg_len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

// Up to four batches in a turn, so that replies do not wait for all of a flood.
static void takeQueries(void) {
  for (int turn = 0; turn < 4; turn++) {
    for (int i = 0; i < batch; i++) {
      vectors[i].iov_len = octets;
      messages[i].msg_hdr.msg_namelen = sizeof addresses[i];
    }
    int received = recvmmsg(listener, messages, batch, MSG_DONTWAIT, NULL);
    for (int i = 0; i < received; i++) ask(i);
    if (received < batch) return;
  }
}

// Takes the reply of one socket into the batch, and gives its port up.
static int takeReply(int number, int index) {
  long length = recv(asking[number].descriptor, buffers[index], octets, MSG_DONTWAIT);
  if (length < 0) return 0;
  vectors[index].iov_len = (size_t)length;
  addresses[index] = asking[number].client;
  messages[index].msg_hdr.msg_namelen = sizeof addresses[index];
  struct sockaddr nobody = {.sa_family = AF_UNSPEC};
  connect(asking[number].descriptor, &nobody, sizeof nobody);
  unused[unusedCount++] = number;
  return 1;
}

static void turn(void) {
  struct epoll_event ready[events];
  int count = epoll_wait(poller, ready, events, -1), replies = 0, hasQueries = 0;
  for (int i = 0; i < count; i++) {
    if (ready[i].data.u32 == sockets) hasQueries = 1;
    else replies += takeReply((int)ready[i].data.u32, replies);
  }
  for (int sent = 0; sent < replies;) {
    int now = sendmmsg(listener, messages + sent, (unsigned)(replies - sent), 0);
    sent += now > 0 ? now : 1;
  }
  if (hasQueries) takeQueries();
}

int main(int count, char **arguments) {
  if (count != 3) {
    fprintf(stderr, "usage: forward-floor PORT UPSTREAM-PORT\n");
    return 2;
  }
  upstream = loopback(arguments[2]);
  struct sockaddr_in address = loopback(arguments[1]);
  listener = socket(AF_INET, SOCK_DGRAM, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0) {
    perror("forward-floor: bind");
    return 1;
  }
  poller = epoll_create1(0);
  watch(listener, sockets);
  for (int i = 0; i < sockets; i++) {
    asking[i].descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    if (asking[i].descriptor < 0) break;
    watch(asking[i].descriptor, i);
    unused[unusedCount++] = i;
  }
  for (int i = 0; i < batch; i++) {
    vectors[i] = (struct iovec){buffers[i], octets};
    messages[i].msg_hdr = (struct msghdr){
        .msg_name = &addresses[i], .msg_iov = &vectors[i], .msg_iovlen = 1};
  }
  for (;;) turn();
}
