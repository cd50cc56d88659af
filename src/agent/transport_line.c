/*
 * Links over lines that lose bytes or frames: a serial line, and raw Ethernet (SPEC 14.7), on a
 * network interface or in datagrams as emulators tunnel it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "agent/transport_scheme.h"
#include "pawl/link.h"

#define ETHER_TYPE 0x88b5
#define FRAME_MAX (PAWL_LINK_OVERHEAD + PAWL_LINK_PAYLOAD_MIN)
#define FRAME_MIN 60u

static enum pawl_result failed(int fd, int cause)
{
    if (fd >= 0)
        close(fd);
    errno = cause;
    return PAWL_IO;
}

/* A serial line ------------------------------------------------------------------------------- */

static const struct {
    unsigned long baud;
    speed_t speed;
} speeds[] = {{9600, B9600},       {19200, B19200},     {38400, B38400},    {57600, B57600},
              {115200, B115200},   {230400, B230400},   {460800, B460800},  {921600, B921600},
              {1000000, B1000000}, {1500000, B1500000}, {3000000, B3000000}};

static bool speed_find(const char *text, speed_t *speed)
{
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
        char baud[16];
        snprintf(baud, sizeof baud, "%lu", speeds[i].baud);
        if (strcmp(text, baud) == 0) {
            *speed = speeds[i].speed;
            return true;
        }
    }
    return false;
}

static ssize_t serial_send(struct pawl_channel *channel, const uint8_t *bytes, size_t size)
{
    return write(channel->fd, bytes, size);
}

/* A terminal that hung up reads as an end. */
static ssize_t serial_receive(struct pawl_channel *channel, uint8_t *bytes, size_t capacity)
{
    return read(channel->fd, bytes, capacity);
}

static const struct pawl_channel_kind serial_kind = {
    .send = serial_send, .receive = serial_receive, .frame_max = FRAME_MAX, .resend_after = 500};

/* PATH[,BAUD] */
enum pawl_result pawl_serial_open(const char *address, struct pawl_channel *channel)
{
    char path[256];
    struct termios line;
    speed_t speed = B115200;
    const char *comma = strrchr(address, ',');
    size_t size = comma != NULL ? (size_t)(comma - address) : strlen(address);

    if (size >= sizeof path || (comma != NULL && !speed_find(comma + 1, &speed)))
        return failed(-1, EINVAL);
    memcpy(path, address, size);
    path[size] = '\0';
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || tcgetattr(fd, &line) != 0)
        return failed(fd, errno);
    cfmakeraw(&line);
    line.c_cflag |= CLOCAL | CREAD;
    if (cfsetspeed(&line, speed) != 0 || tcsetattr(fd, TCSANOW, &line) != 0 ||
        tcflush(fd, TCIOFLUSH) != 0)
        return failed(fd, errno);
    *channel = (struct pawl_channel){.fd = fd, .kind = &serial_kind};
    return PAWL_OK;
}

/* Raw Ethernet -------------------------------------------------------------------------------- */

static ssize_t ethernet_send(struct pawl_channel *channel, const uint8_t *bytes, size_t size)
{
    uint8_t frame[ETHER_HDR_LEN + FRAME_MAX] = {0};
    const uint8_t type[] = {ETHER_TYPE >> 8, ETHER_TYPE & 0xff};
    size_t total = ETHER_HDR_LEN + size;

    if (size > FRAME_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    memcpy(frame, channel->peer, ETH_ALEN);
    memcpy(frame + ETH_ALEN, channel->own, ETH_ALEN);
    memcpy(frame + 2 * ETH_ALEN, type, sizeof type);
    memcpy(frame + ETHER_HDR_LEN, bytes, size);
    if (total < FRAME_MIN)
        total = FRAME_MIN;
    ssize_t sent = send(channel->fd, frame, total, MSG_NOSIGNAL);
    if (sent < 0 && (errno == ECONNREFUSED || errno == ENETDOWN || errno == ENOBUFS))
        return (ssize_t)size; /* as good as lost on the way: it is sent again */
    return sent < 0 ? -1 : (ssize_t)size;
}

/* What is no frame of ours is as nothing. The first answer tells the device's address, unless it
 * was given. */
static ssize_t ethernet_receive(struct pawl_channel *channel, uint8_t *bytes, size_t capacity)
{
    uint8_t frame[ETHER_HDR_LEN + ETHERMTU];
    static const uint8_t everybody[ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    ssize_t got = recv(channel->fd, frame, sizeof frame, 0);
    if (got < 0 && (errno == ECONNREFUSED || errno == ENETDOWN))
        errno = EAGAIN;
    if (got < 0)
        return -1;
    size_t size = (size_t)got - ETHER_HDR_LEN;
    bool is_ours = got > ETHER_HDR_LEN && frame[12] == ETHER_TYPE >> 8 &&
                   frame[13] == (ETHER_TYPE & 0xff) && memcmp(frame, channel->own, ETH_ALEN) == 0;
    bool is_known = memcmp(channel->peer, everybody, ETH_ALEN) != 0;
    if (!is_ours || size > capacity ||
        (is_known && memcmp(frame + ETH_ALEN, channel->peer, ETH_ALEN) != 0)) {
        errno = EAGAIN;
        return -1;
    }
    if (!is_known)
        memcpy(channel->peer, frame + ETH_ALEN, ETH_ALEN);
    memcpy(bytes, frame + ETHER_HDR_LEN, size);
    return (ssize_t)size;
}

static const struct pawl_channel_kind ethernet_kind = {.send = ethernet_send,
                                                       .receive = ethernet_receive,
                                                       .frame_max = FRAME_MAX,
                                                       .resend_after = 200};

/* Closes it and keeps errno. */
static int gone(int fd)
{
    (void)failed(fd, errno);
    return -1;
}

static int interface_socket(const char *name, uint8_t own[ETH_ALEN])
{
    struct ifreq request = {0};
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETHER_TYPE)};

    if (strlen(name) >= sizeof request.ifr_name) {
        errno = ENODEV;
        return -1;
    }
    memcpy(request.ifr_name, name, strlen(name));
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETHER_TYPE));
    address.sll_ifindex = (int)if_nametoindex(name);
    if (fd >= 0 && (address.sll_ifindex == 0 || ioctl(fd, SIOCGIFHWADDR, &request) != 0 ||
                    bind(fd, (const struct sockaddr *)&address, sizeof address) != 0))
        return gone(fd);
    memcpy(own, request.ifr_hwaddr.sa_data, ETH_ALEN);
    return fd;
}

/* LOCAL:REMOTE, ports of this machine. */
static int tunnel_socket(const char *ports, uint8_t own[ETH_ALEN])
{
    static const uint8_t made_up[ETH_ALEN] = {0x02, 'P', 'a', 'w', 'l', 1};
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in there = here;
    unsigned local = 0, remote = 0;
    int end = 0;

    if (sscanf(ports, "%5u:%5u%n", &local, &remote, &end) != 2 || ports[end] != '\0' ||
        local > 65535 || remote > 65535) {
        errno = EINVAL;
        return -1;
    }
    here.sin_port = htons((uint16_t)local);
    there.sin_port = htons((uint16_t)remote);
    memcpy(own, made_up, ETH_ALEN);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && (bind(fd, (const struct sockaddr *)&here, sizeof here) != 0 ||
                    connect(fd, (const struct sockaddr *)&there, sizeof there) != 0))
        return gone(fd);
    return fd;
}

static bool mac_read(const char *text, uint8_t mac[ETH_ALEN])
{
    int end = 0;

    return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2], &mac[3],
                  &mac[4], &mac[5], &end) == 6 &&
           text[end] == '\0';
}

/* INTERFACE[,MAC] or udp:LOCAL:REMOTE[,MAC] */
enum pawl_result pawl_ethernet_open(const char *address, struct pawl_channel *channel)
{
    char name[64];
    const char *comma = strrchr(address, ',');
    size_t size = comma != NULL ? (size_t)(comma - address) : strlen(address);

    *channel = (struct pawl_channel){.fd = -1, .kind = &ethernet_kind};
    memset(channel->peer, 0xff, sizeof channel->peer);
    if (size >= sizeof name || (comma != NULL && !mac_read(comma + 1, channel->peer)))
        return failed(-1, EINVAL);
    memcpy(name, address, size);
    name[size] = '\0';
    channel->fd = strncmp(name, "udp:", 4) == 0 ? tunnel_socket(name + 4, channel->own)
                                                : interface_socket(name, channel->own);
    return channel->fd >= 0 ? PAWL_OK : PAWL_IO;
}
