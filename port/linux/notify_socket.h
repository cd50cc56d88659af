/* Where images report that they are ready: systemd's notify protocol on a Unix datagram socket. */
#ifndef PAWL_LINUX_NOTIFY_SOCKET_H
#define PAWL_LINUX_NOTIFY_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

#include "pawl/result.h"

#define PAWL_NOTIFY_ADDRESS_SIZE 16u

/* One run's socket: an abstract name that the kernel chooses, so nothing of an earlier run, nor of
 * another program in wait for it, can be mistaken for this run. */
struct pawl_notify_socket {
    int fd;                                 /* -1 when closed */
    char address[PAWL_NOTIFY_ADDRESS_SIZE]; /* for NOTIFY_SOCKET */
};

/* Who may speak. */
struct pawl_notify_peer {
    uid_t uid;
    bool any_session; /* nobody else has this user, or can reach the socket */
    pid_t session;    /* else: the session that a speaker must belong to */
};

struct pawl_notice {
    bool ready, watchdog;
};

/* PAWL_IO. */
enum pawl_result pawl_notify_socket_open(struct pawl_notify_socket *notify);
void pawl_notify_socket_close(struct pawl_notify_socket *notify);

/* Takes one waiting message. PAWL_STATE when there is none. A message of anyone else, or one that
 * is not understood, gives an empty notice. */
enum pawl_result pawl_notify_socket_take(const struct pawl_notify_socket *notify,
                                         const struct pawl_notify_peer *peer,
                                         struct pawl_notice *notice);

#endif
