// Sends questions to a port of 127.0.0.1 at a set rate, whatever comes back, and says what came:
// the generator of overload, and at a low rate the client that measures latency. A reply's time is
// the kernel's, taken when the datagram arrived: that this program had to wait for its CPU is not in
// the figure.
//
// Questions come from a file of dnsperf's lines, in turns, or from a pattern in which each `#` is a
// hexadecimal digit of a counter: names that were never asked before.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

enum {
  batch = 32,
  octets = 300,
  replyOctets = 1232,
  socketCount = 8,
  // IDs of a socket.
  slots = 65536,
  // Of latency: a microsecond each, and the last for all beyond.
  buckets = 1000000,
};

struct question {
  unsigned length;
  unsigned char data[octets];
};

static struct question *questions;
static uint64_t questionCount, counter;
// Where the digits of a pattern are in its question.
static unsigned digits[16], digitCount;

static int sockets[socketCount];
static uint64_t sentAt[socketCount][slots];
static uint64_t sent, answered, overMillisecond, largest, empty, codes[16];
static uint32_t histogram[buckets + 1];

static uint64_t realtime(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec * 1000000000ull + time.tv_nsec;
}

// MARK: - Questions

static unsigned typeNumber(const char *name) {
  static const struct { const char *name; unsigned number; } types[] = {
      {"A", 1}, {"PTR", 12}, {"MX", 15}, {"TXT", 16}, {"AAAA", 28}, {"SRV", 33}};
  for (unsigned i = 0; i < sizeof types / sizeof *types; i++)
    if (strcmp(types[i].name, name) == 0) return types[i].number;
  return 0;
}

// Nothing is left of a name that is not one.
static int writeQuestion(struct question *question, const char *name, unsigned type) {
  unsigned char *data = question->data;
  memset(data, 0, 12);
  data[2] = 1;
  data[5] = 1;
  unsigned at = 12;
  while (*name != 0 && strcmp(name, ".") != 0) {
    size_t length = strcspn(name, ".");
    if (length == 0 || length > 63 || at + length + 6 > octets) return 0;
    data[at++] = length;
    memcpy(data + at, name, length);
    at += length;
    name += length + (name[length] == '.');
  }
  data[at] = 0;
  data[at + 1] = type >> 8;
  data[at + 2] = type;
  data[at + 3] = 0;
  data[at + 4] = 1;
  question->length = at + 5;
  return type != 0;
}

static int readQuestions(const char *path) {
  FILE *file = fopen(path, "r");
  if (file == NULL) return 0;
  char name[256], type[16];
  uint64_t room = 0;
  while (fscanf(file, "%255s %15s", name, type) == 2) {
    if (questionCount == room) {
      room = room ? room * 2 : 1024;
      questions = realloc(questions, room * sizeof *questions);
      if (questions == NULL) return 0;
    }
    if (!writeQuestion(&questions[questionCount++], name, typeNumber(type))) {
      fprintf(stderr, "CFlood: %s %s is no question\n", name, type);
      return 0;
    }
  }
  fclose(file);
  return questionCount > 0;
}

static int usePattern(const char *pattern) {
  questions = malloc(sizeof *questions);
  questionCount = 1;
  if (questions == NULL || !writeQuestion(questions, pattern, 1)) return 0;
  for (unsigned i = 12; i < questions->length && digitCount < 16; i++)
    if (questions->data[i] == '#') digits[digitCount++] = i;
  return digitCount > 0;
}

static void fillDigits(unsigned char *data, uint64_t number) {
  for (unsigned i = digitCount; i-- > 0; number >>= 4)
    data[digits[i]] = "0123456789abcdef"[number & 15];
}

// MARK: - Sending

static int sendBatch(unsigned count) {
  static unsigned char data[batch][octets];
  static struct iovec vectors[batch];
  static struct mmsghdr messages[batch];
  unsigned place = sent / batch % socketCount;
  static uint16_t nextID[socketCount];
  uint64_t time = realtime();
  for (unsigned i = 0; i < count; i++) {
    const struct question *question = &questions[counter % questionCount];
    memcpy(data[i], question->data, question->length);
    if (digitCount > 0) fillDigits(data[i], counter);
    uint16_t id = nextID[place]++;
    data[i][0] = id >> 8;
    data[i][1] = id;
    sentAt[place][id] = time;
    vectors[i] = (struct iovec){data[i], question->length};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
    counter++;
  }
  for (unsigned done = 0; done < count;) {
    int now = sendmmsg(sockets[place], messages + done, count - done, 0);
    done += now > 0 ? now : 1;
  }
  sent += count;
  return count;
}

// MARK: - Replies

static uint64_t arrival(struct msghdr *message) {
  for (struct cmsghdr *each = CMSG_FIRSTHDR(message); each; each = CMSG_NXTHDR(message, each)) {
    if (each->cmsg_level == SOL_SOCKET && each->cmsg_type == SCM_TIMESTAMPNS) {
      struct timespec time;
      memcpy(&time, CMSG_DATA(each), sizeof time);
      return time.tv_sec * 1000000000ull + time.tv_nsec;
    }
  }
  return realtime();
}

static void note(unsigned place, const unsigned char *data, unsigned length, uint64_t time) {
  if (length < 12 || !(data[2] & 0x80)) return;
  uint64_t *began = &sentAt[place][data[0] << 8 | data[1]];
  // A second reply, or one to a question whose ID has been used again.
  if (*began == 0) return;
  uint64_t nanoseconds = time > *began ? time - *began : 0;
  *began = 0;
  answered++;
  codes[data[3] & 15]++;
  if ((data[3] & 15) == 0 && data[6] == 0 && data[7] == 0) empty++;
  if (nanoseconds > 1000000) overMillisecond++;
  if (nanoseconds > largest) largest = nanoseconds;
  uint64_t bucket = nanoseconds / 1000;
  histogram[bucket < buckets ? bucket : buckets]++;
}

static void receive(unsigned place) {
  static unsigned char data[batch][replyOctets];
  static char controls[batch][64];
  static struct iovec vectors[batch];
  static struct mmsghdr messages[batch];
  for (;;) {
    for (unsigned i = 0; i < batch; i++) {
      vectors[i] = (struct iovec){data[i], replyOctets};
      messages[i].msg_hdr = (struct msghdr){
          .msg_iov = &vectors[i], .msg_iovlen = 1, .msg_control = controls[i],
          .msg_controllen = sizeof controls[i]};
    }
    int received = recvmmsg(sockets[place], messages, batch, MSG_DONTWAIT, NULL);
    for (int i = 0; i < received; i++)
      note(place, data[i], messages[i].msg_len, arrival(&messages[i].msg_hdr));
    if (received < batch) return;
  }
}

static void receiveAll(uint64_t wait) {
  struct pollfd polls[socketCount];
  for (int i = 0; i < socketCount; i++) polls[i] = (struct pollfd){sockets[i], POLLIN, 0};
  struct timespec time = {wait / 1000000000, wait % 1000000000};
  if (ppoll(polls, socketCount, &time, NULL) <= 0) return;
  for (int i = 0; i < socketCount; i++)
    if (polls[i].revents) receive(i);
}

// MARK: - The run

static void run(double rate, double seconds, uint64_t count, double wait) {
  uint64_t began = realtime(), end = began + (uint64_t)(seconds * 1e9), time;
  while ((time = realtime()) < end && sent < count) {
    uint64_t due = (uint64_t)((time - began) / 1e9 * rate) + 1;
    if (due > count) due = count;
    if (due > sent) {
      sendBatch(due - sent < batch ? due - sent : batch);
      receiveAll(0);
    } else {
      uint64_t next = began + (uint64_t)(due / rate * 1e9);
      time = realtime();
      receiveAll(next > time ? next - time : 0);
    }
  }
  uint64_t stopped = realtime();
  while (answered < sent && realtime() < stopped + (uint64_t)(wait * 1e9)) receiveAll(10000000);
  printf("seconds=%.3f ", (stopped - began) / 1e9);
}

static double percentile(double percent) {
  uint64_t rank = (uint64_t)(answered * percent / 100), seen = 0;
  for (unsigned i = 0; i <= buckets; i++)
    if ((seen += histogram[i]) > rank) return i;
  return largest / 1000;
}

static int connectAll(int port) {
  struct sockaddr_in address = {
      .sin_family = AF_INET,
      .sin_port = htons((unsigned short)port),
      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  for (int i = 0; i < socketCount; i++) {
    sockets[i] = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(sockets[i], SOL_SOCKET, SO_RCVBUFFORCE, &(int){8 << 20}, sizeof(int));
    setsockopt(sockets[i], SOL_SOCKET, SO_TIMESTAMPNS, &(int){1}, sizeof(int));
    if (connect(sockets[i], (struct sockaddr *)&address, sizeof address) != 0) return 0;
  }
  return 1;
}

int main(int argumentCount, char **arguments) {
  double rate = 0, seconds = 3600, wait = 1;
  uint64_t count = UINT64_MAX;
  int port = argumentCount > 1 ? atoi(arguments[1]) : 0, good = port > 0 && port < 65536;
  for (int i = 2; i < argumentCount && good; i++) {
    char *value = strchr(arguments[i], '=');
    if (value == NULL) good = 0;
    if (!good) break;
    *value++ = 0;
    if (strcmp(arguments[i], "rate") == 0) rate = atof(value);
    else if (strcmp(arguments[i], "seconds") == 0) seconds = atof(value);
    else if (strcmp(arguments[i], "count") == 0) count = strtoull(value, NULL, 10);
    else if (strcmp(arguments[i], "wait") == 0) wait = atof(value);
    else if (strcmp(arguments[i], "first") == 0) counter = strtoull(value, NULL, 10);
    else if (strcmp(arguments[i], "questions") == 0) good = readQuestions(value);
    else if (strcmp(arguments[i], "pattern") == 0) good = usePattern(value);
    else good = 0;
  }
  if (!good || rate <= 0 || questionCount == 0) {
    fprintf(stderr, "usage: CFlood PORT rate=N (questions=FILE | pattern=NAME)\n"
            "         [seconds=N] [count=N] [first=N] [wait=SECONDS]\n");
    return 2;
  }
  // The default of 50 us would be in the time of every question.
  prctl(PR_SET_TIMERSLACK, 1);
  if (!connectAll(port)) {
    perror("CFlood: connect");
    return 1;
  }
  run(rate, seconds, count, wait);
  printf("sent=%lu answered=%lu empty=%lu noerror=%lu servfail=%lu nxdomain=%lu refused=%lu "
         "p50=%.0f p99=%.0f p999=%.0f largest=%.0f over1ms=%lu\n",
         sent, answered, empty, codes[0], codes[2], codes[3], codes[5], percentile(50),
         percentile(99), percentile(99.9), largest / 1e3, overMillisecond);
  return 0;
}
