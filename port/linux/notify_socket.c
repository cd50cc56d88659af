#include "notify_socket.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/log.h"

#define MESSAGE_MAX 4096u

static bool socket_bind(int fd, char *address)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    socklen_t size = sizeof name.sun_family; /* no name: the kernel chooses an abstract one */
    const int on = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0 ||
        bind(fd, (const struct sockaddr *)&name, size) != 0)
        return false;
    size = sizeof name;
    if (getsockname(fd, (struct sockaddr *)&name, &size) != 0)
        return false;
    size_t length = size - offsetof(struct sockaddr_un, sun_path);
    if (length < 2 || length >= PAWL_NOTIFY_ADDRESS_SIZE || name.sun_path[0] != '\0')
        return false;
    snprintf(address, PAWL_NOTIFY_ADDRESS_SIZE, "@%.*s", (int)(length - 1), name.sun_path + 1);
    return true;
}

enum pawl_result pawl_notify_socket_open(struct pawl_notify_socket *notify)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && socket_bind(fd, notify->address)) {
        notify->fd = fd;
        return PAWL_OK;
    }
    pawl_log(PAWL_LOG_ERROR, "notify socket: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return PAWL_IO;
}

void pawl_notify_socket_close(struct pawl_notify_socket *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    notify->fd = -1;
}

static bool peer_may_speak(struct msghdr *message, const struct pawl_notify_peer *peer)
{
    struct cmsghdr *control = CMSG_FIRSTHDR(message);
    struct ucred who;

    if (control == NULL || control->cmsg_level != SOL_SOCKET ||
        control->cmsg_type != SCM_CREDENTIALS || control->cmsg_len != CMSG_LEN(sizeof who))
        return false;
    memcpy(&who, CMSG_DATA(control), sizeof who);
    return who.uid == peer->uid && (peer->any_session || getsid(who.pid) == peer->session);
}

/* Lines of NAME=VALUE; of all names only two concern us. */
static struct pawl_notice notice_read(char *text)
{
    struct pawl_notice notice = {0};
    char *rest = NULL;

    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        notice.ready |= strcmp(line, "READY=1") == 0;
        notice.watchdog |= strcmp(line, "WATCHDOG=1") == 0;
    }
    return notice;
}

enum pawl_result pawl_notify_socket_take(const struct pawl_notify_socket *notify,
                                         const struct pawl_notify_peer *peer,
                                         struct pawl_notice *notice)
{
    char text[MESSAGE_MAX + 1];
    /* Room for the credentials alone: the kernel closes descriptors that come along. */
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct ucred))];
    } control = {.bytes = {0}};
    struct iovec part = {text, MESSAGE_MAX};
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    ssize_t size = recvmsg(notify->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (size < 0)
        return PAWL_STATE;
    *notice = (struct pawl_notice){0};
    if ((message.msg_flags & MSG_TRUNC) != 0 || !peer_may_speak(&message, peer))
        return PAWL_OK;
    text[size] = '\0';
    *notice = notice_read(text);
    return PAWL_OK;
}
