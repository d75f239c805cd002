// Linux calls that Swift's Glibc module hides behind _GNU_SOURCE. That macro must not reach a
// Swift importer (it changes fd_set), so it is defined in the .c alone.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

// A batch of received datagrams and the replies to them: recvmmsg, sendmmsg and the pktinfo that
// lets a reply leave from the address its query was sent to (RFC 1035 implementations expect it).
typedef struct clinux_batch clinux_batch;

// NULL when memory is short.
clinux_batch *clinux_batch_new(size_t capacity, size_t receive_octets, size_t send_octets);
void clinux_batch_free(clinux_batch *batch);

// Receives up to the capacity without waiting; the count, or -errno.
int clinux_batch_receive(clinux_batch *batch, int descriptor);

// Datagram `index` of the last receive: its octets, sender and, with pktinfo on, destination
// (family AF_UNSPEC without). A datagram that was longer than the buffer is cut off.
const void *clinux_batch_data(const clinux_batch *batch, size_t index, size_t *length);
const struct sockaddr_storage *clinux_batch_sender(const clinux_batch *batch, size_t index);
void clinux_batch_destination(
    const clinux_batch *batch, size_t index, struct sockaddr_storage *address);

// Where the reply to datagram `index` is written, and that it is to be sent with `length` octets.
void *clinux_batch_reply(clinux_batch *batch, size_t index);
void clinux_batch_queue(clinux_batch *batch, size_t index, size_t length);

// Puts a copy of a datagram after those that wait, in a batch that never receives: to be sent to
// `to`, and from the address `from` unless that is NULL. 0 where the batch is full or the datagram
// longer than a buffer, else 1.
int clinux_batch_add(
    clinux_batch *batch, const void *octets, size_t length, const struct sockaddr *to,
    socklen_t to_length, const struct sockaddr *from);

// Sends what was queued, after which nothing is; how many could not be sent.
int clinux_batch_send(clinux_batch *batch, int descriptor);

int clinux_accept(int descriptor, struct sockaddr *address, socklen_t *length);
int clinux_eventfd(void);
// Gives free pages of the heap back to the kernel (malloc_trim(3)).
void clinux_trim_heap(void);
int clinux_random(void *octets, size_t length);
int clinux_set_thread_name(const char *name);
// CPUs that this process may run on.
int clinux_available_cpus(void);
// IP_PKTINFO or IPV6_RECVPKTINFO; 0 or -errno.
int clinux_enable_pktinfo(int descriptor, int family);
// For a connected UDP socket: has ICMP errors reported that are no more than "unreachable now"
// (IP_RECVERR), and has a claimed path MTU ignored where the kernel can (RFC 9715 §3.1, it may be
// forged). 0 or -errno of the former.
int clinux_hear_of_unreachable(int descriptor, int family);
// A descriptor that is readable while one of those added to it is (epoll), each under a number;
// -errno. One that is closed is no longer in it, save as long as a program being started has it, too.
int clinux_poller(void);
int clinux_poller_add(int poller, int descriptor, uint32_t number);
enum { CLINUX_POLLER_MOST = 4096 };
// The numbers of those that are readable, or have an error, without waiting, CLINUX_POLLER_MOST at
// most; how many, or -errno.
int clinux_poller_ready(int poller, uint32_t *numbers);
// As connect, send and recv, but no points at which a thread can be cancelled, which costs glibc two
// locked instructions each in a process with threads.
int clinux_connect(int descriptor, const struct sockaddr *address, socklen_t length);
ssize_t clinux_send(int descriptor, const void *octets, size_t length, int flags);
ssize_t clinux_receive(int descriptor, void *octets, size_t length, int flags);
// Undoes a UDP socket's connect and gives up the port that it chose. 0 or -errno.
int clinux_disconnect(int descriptor);

// Starts a program, found in PATH where `file` has no slash: its standard input empty, its output
// and errors the two descriptors, all others closed; no signal blocked or ignored, in a session of
// its own. 0 or an errno.
int clinux_spawn(
    const char *file, char *const arguments[], char *const environment[], int output, int errors,
    int *process);
// Readable when the process has ended; or -errno, as where the kernel is older than Linux 5.3.
int clinux_pidfd(int process);
// A pipe whose reading end does not block, neither end left open in a program that is started; 0
// or -errno.
int clinux_pipe(int ends[2]);
// The process's environment, `NAME=VALUE` each, up to a NULL.
char **clinux_environment(void);
