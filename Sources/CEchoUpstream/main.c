// The upstream of the benchmarks: answers any question over UDP at next to no cost of its own.
//
//   A             one A record, 10.a.b.c of the folded name's FNV-1a hash
//   nx… A         NXDOMAIN with a SOA, where the first label begins with "nx"
//   other types   NODATA with the SOA
//
// `delay` holds every reply back; `silent` gives none: an upstream that is dead. With `counts` the
// questions are counted by the first letter of their name in a file of 256 64-bit numbers, which
// can be read at any time; the one at 0 is of all.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
  batch = 64,
  octets = 512,
  header = 12,
  // Replies held back at once: a second's worth at the highest rate seen here. Beyond it they are
  // dropped, as by a busy server.
  heldLimit = 131072,
};

struct reply {
  struct sockaddr_in client;
  uint64_t due;
  unsigned length;
  unsigned char data[octets];
};

static struct reply *held;
static uint64_t heldFirst, heldEnd;

static struct reply replies[batch];
static struct iovec vectors[batch];
static struct mmsghdr messages[batch];

static uint32_t ttl = 3600;
static uint64_t delay;
static int silent;
static uint64_t noCounts[256], *counts = noCounts;

// MARK: - One question

static void put16(unsigned char *at, unsigned value) {
  at[0] = value >> 8;
  at[1] = value;
}

static void put32(unsigned char *at, uint32_t value) {
  put16(at, value >> 16);
  put16(at + 2, value & 65535);
}

static unsigned char folded(unsigned char octet) {
  return octet >= 'A' && octet <= 'Z' ? octet | 32 : octet;
}

// The owner is the question's name; what follows the owner's pointer, TTL and length included.
static unsigned appendAddress(unsigned char *at, uint32_t hash) {
  put16(at, 0xC000 | header);
  put16(at + 2, 1);
  put16(at + 4, 1);
  put32(at + 6, ttl);
  put16(at + 10, 4);
  put32(at + 12, 10u << 24 | (hash & 0xFFFFFF));
  return 16;
}

// The SOA of the root, so that it is at or above every name (RFC 2308 §2).
static unsigned appendSOA(unsigned char *at) {
  memset(at, 0, 33);
  put16(at + 1, 6);
  put16(at + 3, 1);
  put32(at + 5, ttl);
  put16(at + 9, 22);
  put32(at + 13, 1);
  put32(at + 17, 3600);
  put32(at + 21, 600);
  put32(at + 25, 86400);
  put32(at + 29, ttl);
  return 33;
}

static unsigned appendOPT(unsigned char *at, int wantsSignatures) {
  memset(at, 0, 11);
  at[2] = 41;
  put16(at + 3, 1232);
  at[7] = wantsSignatures ? 0x80 : 0;
  return 11;
}

// Makes the reply in place and gives its length; 0 for what is no question.
static unsigned answer(unsigned char *data, unsigned length) {
  if (length < header + 5 || data[2] & 0x80 || data[4] || data[5] != 1) return 0;
  unsigned at = header;
  uint32_t hash = 2166136261u;
  while (at < length && data[at] != 0) {
    if (data[at] > 63) return 0;
    unsigned end = at + data[at] + 1;
    if (end >= length) return 0;
    for (; at < end; at++) hash = (hash ^ folded(data[at])) * 16777619u;
  }
  if (at + 5 > length || at + 5 + 33 + 11 > octets) return 0;
  unsigned end = at + 5;
  int isAddress = data[at + 1] == 0 && data[at + 2] == 1;
  int exists = !(folded(data[header + 1]) == 'n' && folded(data[header + 2]) == 'x');
  int hasOPT = data[11] == 1 && length >= end + 11 && data[end] == 0 && data[end + 2] == 41;
  int wantsSignatures = hasOPT && data[end + 7] & 0x80;
  counts[0]++;
  counts[folded(data[header + 1])]++;

  data[2] = 0x80 | (data[2] & 0x01);
  data[3] = 0x80 | (data[3] & 0x10) | (exists ? 0 : 3);
  memset(data + 6, 0, 6);
  if (isAddress && exists) {
    data[7] = 1;
    end += appendAddress(data + end, hash);
  } else {
    data[9] = 1;
    end += appendSOA(data + end);
  }
  if (hasOPT) {
    data[11] = 1;
    end += appendOPT(data + end, wantsSignatures);
  }
  return end;
}

// MARK: - Batches

static int receive(int descriptor, int flags) {
  for (int i = 0; i < batch; i++) {
    vectors[i] = (struct iovec){replies[i].data, octets};
    messages[i].msg_hdr = (struct msghdr){
        .msg_name = &replies[i].client, .msg_namelen = sizeof replies[i].client,
        .msg_iov = &vectors[i], .msg_iovlen = 1};
  }
  int received = recvmmsg(descriptor, messages, batch, flags, NULL);
  int kept = 0;
  for (int i = 0; i < received; i++) {
    unsigned length = answer(replies[i].data, messages[i].msg_len);
    if (length == 0 || silent) continue;
    vectors[i].iov_len = length;
    // The headers point each to its own buffer: only they are moved together.
    messages[kept++].msg_hdr = messages[i].msg_hdr;
  }
  return kept;
}

static void sendReplies(int descriptor, int count) {
  for (int sent = 0; sent < count;) {
    int now = sendmmsg(descriptor, messages + sent, count - sent, 0);
    sent += now > 0 ? now : 1;
  }
}

static void serve(int descriptor) {
  for (;;) sendReplies(descriptor, receive(descriptor, MSG_WAITFORONE));
}

// MARK: - With a delay

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static void hold(int count) {
  uint64_t due = now() + delay;
  for (int i = 0; i < count && heldEnd - heldFirst < heldLimit; i++) {
    struct reply *reply = &held[heldEnd++ % heldLimit];
    struct msghdr *message = &messages[i].msg_hdr;
    reply->client = *(struct sockaddr_in *)message->msg_name;
    reply->length = message->msg_iov->iov_len;
    reply->due = due;
    memcpy(reply->data, message->msg_iov->iov_base, reply->length);
  }
}

static void releaseDue(int descriptor) {
  uint64_t time = now();
  while (heldFirst < heldEnd && held[heldFirst % heldLimit].due <= time) {
    struct reply *reply = &held[heldFirst++ % heldLimit];
    sendto(descriptor, reply->data, reply->length, 0, (struct sockaddr *)&reply->client,
           sizeof reply->client);
  }
}

static void serveLater(int descriptor) {
  held = malloc(heldLimit * sizeof *held);
  if (held == NULL) return;
  for (;;) {
    struct timespec wait = {3600, 0};
    if (heldFirst < heldEnd) {
      uint64_t due = held[heldFirst % heldLimit].due, time = now();
      uint64_t left = due > time ? due - time : 0;
      wait = (struct timespec){left / 1000000000, left % 1000000000};
    }
    struct pollfd poll = {descriptor, POLLIN, 0};
    if (ppoll(&poll, 1, &wait, NULL) > 0) hold(receive(descriptor, MSG_DONTWAIT));
    releaseDue(descriptor);
  }
}

// MARK: - The command line

static int usage(void) {
  fprintf(stderr,
          "usage: CEchoUpstream PORT [ttl=SECONDS] [delay=MICROSECONDS] [counts=FILE] [silent]\n");
  return 2;
}

static int mapCounts(const char *path) {
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0 || ftruncate(file, sizeof noCounts) != 0) return 0;
  void *map = mmap(NULL, sizeof noCounts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (map == MAP_FAILED) return 0;
  counts = map;
  return 1;
}

int main(int count, char **arguments) {
  int port = count >= 2 ? atoi(arguments[1]) : 0;
  if (port <= 0 || port > 65535) return usage();
  for (int i = 2; i < count; i++) {
    const char *word = arguments[i];
    if (strncmp(word, "ttl=", 4) == 0) {
      ttl = strtoul(word + 4, NULL, 10);
    } else if (strncmp(word, "delay=", 6) == 0) {
      delay = strtoull(word + 6, NULL, 10) * 1000;
    } else if (strncmp(word, "counts=", 7) == 0) {
      if (!mapCounts(word + 7)) {
        perror(word);
        return 1;
      }
    } else if (strcmp(word, "silent") == 0) {
      silent = 1;
    } else {
      return usage();
    }
  }
  int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
  // A burst of a server's window must not be lost here: it would be counted as the server's loss.
  setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &(int){8 << 20}, sizeof(int));
  struct sockaddr_in address = {
      .sin_family = AF_INET,
      .sin_port = htons((unsigned short)port),
      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
    perror("CEchoUpstream: bind");
    return 1;
  }
  if (delay > 0) serveLater(descriptor);
  serve(descriptor);
}
