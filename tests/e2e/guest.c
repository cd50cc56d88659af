/*
 * An image for the tests of the processor: behaves as its arguments say. Built statically and
 * dynamically, with nothing of this project inside.
 */
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "guest_hostile.h"

/* Sends a message as sd_notify does. */
static int notify(const char *text)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (path == NULL || fd < 0)
        return 1;
    memcpy(address.sun_path, path, strlen(path));
    address.sun_path[0] = '\0';
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    ssize_t sent = sendto(fd, text, strlen(text), 0, (const struct sockaddr *)&address, size);
    close(fd);
    return sent == (ssize_t)strlen(text) ? 0 : 1;
}

/* Leaves a process in a session of its own, and takes no hint to end. */
static int stubborn(void)
{
    signal(SIGTERM, SIG_IGN);
    if (fork() == 0) {
        setsid();
        if (fork() == 0)
            for (;;)
                pause();
        _exit(0);
    }
    notify("READY=1");
    for (;;)
        pause();
}

/* seals FILE, for the test itself and not as an image: whether nothing can change a memfd. */
static int seals(const char *path)
{
    const int all = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    int fd = open(path, O_RDONLY);

    return fd >= 0 && (fcntl(fd, F_GET_SEALS) & all) == all ? 0 : 1;
}

/* Talks without end, and takes no hint to end. */
_Noreturn static void chatter(void)
{
    signal(SIGTERM, SIG_IGN);
    for (;;)
        notify("READY=1\nSTATUS=talking");
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";

    if (strcmp(verb, "exit") == 0 && argc == 3)
        return atoi(argv[2]);
    if (strcmp(verb, "crash") == 0)
        raise(SIGSEGV);
    if (strcmp(verb, "abort") == 0)
        abort();
    if (strcmp(verb, "hang") == 0)
        for (;;)
            pause();
    if (strcmp(verb, "stubborn") == 0)
        return stubborn();
    if (strcmp(verb, "chatter") == 0)
        chatter();
    if (strcmp(verb, "notify") == 0 && argc >= 3) {
        if (notify(argv[2]) != 0)
            return 1;
        for (;;)
            pause();
    }
    if (strcmp(verb, "ready-and-exit") == 0)
        return notify("STATUS=up\nREADY=1");
    if (strcmp(verb, "child-ready") == 0) {
        if (fork() == 0)
            _exit(notify("READY=1"));
        for (;;)
            pause();
    }
    if (strcmp(verb, "flood") == 0)
        for (int i = 0; i < 200000; i++)
            printf("line %d of a great many that nobody asked for\n", i);
    if (strcmp(verb, "seals") == 0 && argc == 3)
        return seals(argv[2]);
    if (strcmp(verb, "reach") == 0 && argc == 4)
        return guest_reach(argv[2], atoi(argv[3])) ? 0 : 1;
    if (strcmp(verb, "networked") == 0 && argc == 3)
        return guest_networked(atoi(argv[2]));
    if (strcmp(verb, "hostile") == 0 && argc >= 4)
        return guest_hostile(argv + 2);
    return 2;
}
