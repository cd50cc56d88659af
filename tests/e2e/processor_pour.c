/* Pours stdin into a Unix socket, reads and forgets what comes back: an agent without manners. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/file.h"

int main(int argc, char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    static uint8_t bytes[4096];
    ssize_t size;

    if (argc != 2)
        return 2;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[1]);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return 1;
    while ((size = read(STDIN_FILENO, bytes, sizeof bytes)) > 0) {
        if (pawl_write_full(fd, bytes, (size_t)size) != PAWL_OK)
            return 1;
        while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
        }
    }
    return 0;
}
