#include "agent/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/transport_scheme.h"

struct transport {
    const char *prefix;
    enum pawl_result (*open)(const char *address, struct pawl_channel *channel);
};

/* A processor that listens on a Unix-domain socket. */
static enum pawl_result unix_open(const char *path, struct pawl_channel *channel)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return PAWL_IO;
    }
    memcpy(address.sun_path, path, strlen(path));

    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return PAWL_IO;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        int cause = errno;
        close(fd);
        errno = cause;
        return PAWL_IO;
    }
    *channel = (struct pawl_channel){.fd = fd};
    return PAWL_OK;
}

/* In the child: the link is its input and output, it has no other of the agent's descriptors (not
 * all libraries mark theirs), and no signal is blocked or ignored. */
_Noreturn static void child_exec(const char *command, int fd)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    /* Ctrl-C in a terminal reaches the agent alone, which then ends the processor in order. */
    setpgid(0, 0);

    char line[4096];
    int size = snprintf(line, sizeof line, "exec %s", command);
    if (size > 0 && (size_t)size < sizeof line && dup2(fd, STDIN_FILENO) >= 0 &&
        dup2(fd, STDOUT_FILENO) >= 0 && close_range(STDERR_FILENO + 1, ~0u, 0) == 0)
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
    _exit(127);
}

/* A processor that the agent starts itself, spoken to over a socket pair. */
static enum pawl_result exec_open(const char *command, struct pawl_channel *channel)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return PAWL_IO;
    pid_t child = fork();
    if (child == 0)
        child_exec(command, pair[1]);
    int cause = errno;
    close(pair[1]);
    if (child < 0 || fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0) {
        close(pair[0]);
        errno = cause;
        return PAWL_IO;
    }
    *channel = (struct pawl_channel){.fd = pair[0], .child = child};
    return PAWL_OK;
}

static const struct transport transports[] = {
    {"unix:", unix_open},
    {"exec:", exec_open},
    {"eth:", pawl_ethernet_open},
    {"serial:", pawl_serial_open},
};

static const struct transport *transport_find(const char *spec, const char **address)
{
    for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++) {
        size_t size = strlen(transports[i].prefix);
        if (strncmp(spec, transports[i].prefix, size) == 0 && spec[size] != '\0') {
            *address = spec + size;
            return &transports[i];
        }
    }
    return NULL;
}

bool pawl_channel_spec_is_valid(const char *spec)
{
    const char *address;
    return transport_find(spec, &address) != NULL;
}

const char *pawl_channel_spec_forms(void)
{
    return "unix:PATH, exec:COMMAND, eth:INTERFACE, serial:PATH";
}

enum pawl_result pawl_channel_open(const char *spec, struct pawl_channel *channel)
{
    const char *address;
    const struct transport *transport = transport_find(spec, &address);
    return transport == NULL ? PAWL_UNSUPPORTED : transport->open(address, channel);
}

ssize_t pawl_channel_send(struct pawl_channel *channel, const uint8_t *bytes, size_t size)
{
    return channel->kind != NULL ? channel->kind->send(channel, bytes, size)
                                 : send(channel->fd, bytes, size, MSG_NOSIGNAL);
}

ssize_t pawl_channel_receive(struct pawl_channel *channel, uint8_t *bytes, size_t capacity)
{
    return channel->kind != NULL ? channel->kind->receive(channel, bytes, capacity)
                                 : recv(channel->fd, bytes, capacity, 0);
}

/* Waits up to `milliseconds` for the child's end. */
static bool child_wait(pid_t child, int milliseconds)
{
    static const struct timespec step = {.tv_nsec = 10 * 1000000};
    for (int waited = 0;; waited += 10) {
        if (waitpid(child, NULL, WNOHANG) != 0)
            return true;
        if (waited >= milliseconds)
            return false;
        nanosleep(&step, NULL);
    }
}

void pawl_channel_close(struct pawl_channel *channel)
{
    if (channel->fd >= 0)
        close(channel->fd);
    channel->fd = -1;
    if (channel->child > 0 && !child_wait(channel->child, 300)) {
        kill(channel->child, SIGTERM);
        if (!child_wait(channel->child, 400)) {
            kill(channel->child, SIGKILL);
            waitpid(channel->child, NULL, 0);
        }
    }
    channel->child = 0;
}
