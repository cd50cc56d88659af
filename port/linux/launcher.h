/*
 * The launcher: a process forked before the PUD is read, or a service of its own, which starts
 * images, watches them and tells the engine. It holds no secret and keeps only the capabilities
 * that starting an image needs.
 */
#ifndef PAWL_LINUX_LAUNCHER_H
#define PAWL_LINUX_LAUNCHER_H

#include <stdint.h>

#include "isolation.h"
#include "pawl/result.h"

struct pawl_launcher_settings {
    struct pawl_isolation isolation;
    char *const *handler; /* NULL for none */
    uint64_t watchdog;    /* seconds of silence after which an image that is ready has crashed; 0 */
};

/* Forks the launcher; `*socket` leads to it (launch.h). It ends when that is closed, and with this
 * process. PAWL_IO; the error was printed. */
enum pawl_result pawl_launcher_start(const struct pawl_launcher_settings *settings, int *socket);

/* Connects to a launcher that runs as a service of its own (launcher_service.h). PAWL_IO,
 * PAWL_MALFORMED; the error was printed. */
enum pawl_result pawl_launcher_connect(const char *path, int *control);

/* Is the launcher of the engine at the other end of `control`, for as long as that is there. */
_Noreturn void pawl_launcher_run(const struct pawl_launcher_settings *settings, int control);

#endif
