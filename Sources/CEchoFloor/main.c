// The floor under every figure: what a UDP server costs when it does no DNS at all. Receives in
// batches, flips the QR bit, sends the batch back. One socket, one address, blocking, no packet
// information, no event loop; keep it so, or figures of different days cannot be compared.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { batch = 64, octets = 1232 };

static unsigned char buffers[batch][octets];
static struct sockaddr_in clients[batch];
static struct iovec vectors[batch];
static struct mmsghdr messages[batch];

static void prepare(void) {
  for (int i = 0; i < batch; i++) {
    vectors[i] = (struct iovec){buffers[i], octets};
    messages[i].msg_hdr = (struct msghdr){
        .msg_name = &clients[i], .msg_iov = &vectors[i], .msg_iovlen = 1};
  }
}

static void echo(int descriptor) {
  for (int i = 0; i < batch; i++) {
    vectors[i].iov_len = octets;
    messages[i].msg_hdr.msg_namelen = sizeof clients[i];
  }
  int received = recvmmsg(descriptor, messages, batch, MSG_WAITFORONE, NULL);
  for (int i = 0; i < received; i++) {
    if (messages[i].msg_len > 2) buffers[i][2] |= 0x80;
    vectors[i].iov_len = messages[i].msg_len;
  }
  for (int sent = 0; sent < received;) {
    int now = sendmmsg(descriptor, messages + sent, received - sent, 0);
    sent += now > 0 ? now : 1;
  }
}

int main(int count, char **arguments) {
  int port = count == 2 ? atoi(arguments[1]) : 0;
  if (port <= 0 || port > 65535) {
    fprintf(stderr, "usage: echo-floor PORT\n");
    return 2;
  }
  int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in address = {
      .sin_family = AF_INET,
      .sin_port = htons((unsigned short)port),
      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
    perror("echo-floor: bind");
    return 1;
  }
  prepare();
  for (;;) echo(descriptor);
}
