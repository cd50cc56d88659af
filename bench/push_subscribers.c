/*
 * How long a push takes to the last of many subscribers, from the operator's call on; beside a bare
 * publication at the same broker. Speaks MQTT 3.1.1 itself, so that its own share is small: one
 * process, one epoll, a few hundred bytes for each connection.
 *
 * usage: push_subscribers PORT COUNT ROUNDS OPERATOR_SOCKET BODY USER PASSWORD
 *
 * Prints two numbers: the medians of the push and of the bare publication, milliseconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define TOPIC "pawl/notify/#"
#define BARE_TOPIC "pawl/notify/ffffffffffffffff"
#define PATIENCE_MS 20000
#define ROUNDS_MAX 100

_Noreturn static void die(const char *what)
{
    fprintf(stderr, "push_subscribers: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void send_all(int fd, const void *bytes, size_t size)
{
    if (send(fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
        die("send");
}

/* Appends a text as MQTT has it. */
static size_t text_put(uint8_t *bytes, const char *text)
{
    size_t size = strlen(text);
    bytes[0] = (uint8_t)(size >> 8);
    bytes[1] = (uint8_t)size;
    memcpy(bytes + 2, text, size);
    return size + 2;
}

/* A session, with an account unless `user` is NULL. */
static int session_open(uint16_t port, unsigned number, const char *user, const char *password)
{
    static const uint8_t head[] = {0, 4, 'M', 'Q', 'T', 'T', 4};
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    uint8_t packet[256] = {0x10}, answer[4];
    char name[24];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        die("connect");
    size_t size = 2;
    memcpy(packet + size, head, sizeof head);
    size += sizeof head;
    packet[size++] = user != NULL ? 0xc2 : 0x02;
    packet[size++] = 0; /* no keep-alive */
    packet[size++] = 0;
    snprintf(name, sizeof name, "s%u", number);
    size += text_put(packet + size, name);
    if (user != NULL) {
        size += text_put(packet + size, user);
        size += text_put(packet + size, password);
    }
    packet[1] = (uint8_t)(size - 2);
    send_all(fd, packet, size);
    if (recv(fd, answer, sizeof answer, MSG_WAITALL) != sizeof answer || answer[3] != 0)
        die("the broker refuses");
    return fd;
}

static void subscribe(int fd)
{
    uint8_t packet[64] = {0x82, 0, 0, 1}, answer[5];
    size_t size = 4 + text_put(packet + 4, TOPIC);
    packet[size++] = 0;
    packet[1] = (uint8_t)(size - 2);
    send_all(fd, packet, size);
    if (recv(fd, answer, sizeof answer, MSG_WAITALL) != sizeof answer || answer[4] != 0)
        die("subscribe");
}

/* Waits until each subscriber has got one message; the time when the last did. Messages are shorter
 * than 128 bytes, and nothing else comes. */
static double deliveries_wait(int epoll, size_t count)
{
    static struct epoll_event events[512];
    double end = now_ms() + PATIENCE_MS;
    size_t got = 0;
    while (got < count) {
        int ready = epoll_wait(epoll, events, 512, 1000);
        for (int i = 0; i < ready; i++) {
            uint8_t bytes[128];
            ssize_t size = recv(events[i].data.fd, bytes, sizeof bytes, 0);
            if (size < 2 || (bytes[0] & 0xf0) != 0x30 || size != bytes[1] + 2)
                die("something else than one message came");
            got++;
        }
        if (now_ms() > end)
            die("not all were reached");
    }
    return now_ms();
}

/* The operator's call, up to its last byte; the answer is read afterwards. */
static int operator_call(const char *path, const char *body)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char request[512];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        die(path);
    int size = snprintf(request, sizeof request,
                        "POST /v1/notify HTTP/1.1\r\nHost: pawl\r\nConnection: close\r\n"
                        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                        strlen(body), body);
    send_all(fd, request, (size_t)size);
    return fd;
}

static void answer_check(int fd)
{
    char answer[512] = "";
    if (recv(fd, answer, sizeof answer - 1, 0) <= 0 || strstr(answer, " 202 ") == NULL) {
        fprintf(stderr, "%s\n", answer);
        die("the operator's call");
    }
    close(fd);
}

static void publish(int fd)
{
    uint8_t packet[64] = {0x30};
    size_t size = 2 + text_put(packet + 2, BARE_TOPIC);
    memcpy(packet + size, "0123456789abcdef", 16);
    size += 16;
    packet[1] = (uint8_t)(size - 2);
    send_all(fd, packet, size);
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

int main(int argc, char **argv)
{
    double pushes[ROUNDS_MAX], bare[ROUNDS_MAX];
    if (argc != 8)
        return 2;
    uint16_t port = (uint16_t)atoi(argv[1]);
    size_t count = (size_t)atol(argv[2]), rounds = (size_t)atol(argv[3]);
    struct rlimit limit = {count + 64, count + 64};
    if (rounds < 1 || rounds > ROUNDS_MAX || setrlimit(RLIMIT_NOFILE, &limit) != 0)
        die("limits");
    int epoll = epoll_create1(0), publisher = session_open(port, 0, argv[6], argv[7]);
    for (size_t i = 0; i < count; i++) {
        int fd = session_open(port, (unsigned)i + 1, NULL, NULL);
        struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
        subscribe(fd);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
            die("epoll");
    }
    for (size_t i = 0; i < rounds; i++) {
        double began = now_ms();
        publish(publisher);
        bare[i] = deliveries_wait(epoll, count) - began;
        began = now_ms();
        int call = operator_call(argv[4], argv[5]);
        pushes[i] = deliveries_wait(epoll, count) - began;
        answer_check(call);
    }
    qsort(pushes, rounds, sizeof *pushes, compare);
    qsort(bare, rounds, sizeof *bare, compare);
    printf("%.1f %.1f\n", pushes[rounds / 2], bare[rounds / 2]);
    return 0;
}
