#include "launcher.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "filter.h"
#include "helper.h"
#include "host/log.h"
#include "launch.h"
#include "run.h"

#define CAPABILITY(name) (UINT64_C(1) << (name))

/* To become the user of images, to give them namespaces and their pipe, and to end them. */
#define CAPABILITIES_KEPT                                                        \
    (CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SETGID) | CAPABILITY(CAP_SETPCAP) | \
     CAPABILITY(CAP_SYS_ADMIN) | CAPABILITY(CAP_KILL) | CAPABILITY(CAP_CHOWN))

/* The engine decides when to end; signals to the whole group are not for the launcher. */
static void signals_ignore(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        signal(numbers[i], SIG_IGN);
}

static void request_serve(struct pawl_run *run)
{
    static struct pawl_launch_request request;
    int image = -1;
    enum pawl_result result = pawl_launch_request_receive(run->control, &request, &image);

    if (result == PAWL_IO)
        _exit(0); /* the engine is gone; the run ends with us */
    if (result != PAWL_OK)
        return;
    if (request.type == PAWL_LAUNCH_RUN && image >= 0)
        pawl_run_start(run, &request, image);
    else if (request.type == PAWL_LAUNCH_STOP)
        pawl_run_stop(run, request.run);
    if (image >= 0)
        close(image);
}

_Noreturn void pawl_launcher_run(const struct pawl_launcher_settings *settings, int control)
{
    static struct pawl_launcher_settings own;
    struct pawl_run run;

    own = *settings;
    signals_ignore();
    pawl_isolation_enter(&own.isolation);
    pawl_capabilities_bound(CAPABILITIES_KEPT);
    if (pawl_capabilities_drop(CAPABILITIES_KEPT) != PAWL_OK ||
        pawl_filter_launcher_load(own.isolation.network) != PAWL_OK) {
        pawl_log(PAWL_LOG_ERROR, "launcher: cannot confine itself: %s", strerror(errno));
        _exit(1);
    }
    /* Last, for a change of credentials undoes them. */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)prctl(PR_SET_NAME, "pawl-launcher", 0, 0, 0);
    pawl_run_init(&run, &own, control);
    for (;;)
        if (pawl_run_wait(&run))
            request_serve(&run);
}

static void launcher_serve(const void *settings, int control)
{
    pawl_launcher_run(settings, control);
}

enum pawl_result pawl_launcher_start(const struct pawl_launcher_settings *settings, int *socket)
{
    return pawl_helper_start(launcher_serve, settings, socket);
}

enum pawl_result pawl_launcher_connect(const char *path, int *control)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path)
        return pawl_error(PAWL_MALFORMED, "launcher %s: too long for a socket's path", path);
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        enum pawl_result result = pawl_error(PAWL_IO, "launcher %s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return result;
    }
    *control = fd;
    return PAWL_OK;
}
