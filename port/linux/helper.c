#include "helper.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/log.h"

enum pawl_result pawl_helper_start(void (*serve)(const void *context, int socket),
                                   const void *context, int *socket)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return pawl_error(PAWL_IO, "socket pair: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return pawl_error(PAWL_IO, "fork: %s", strerror(errno));
    }
    if (pid == 0) {
        close(ends[0]);
        serve(context, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    *socket = ends[0];
    return PAWL_OK;
}
