/* One run of an image, as the launcher sees it: started, watched, ended. */
#ifndef PAWL_LINUX_RUN_H
#define PAWL_LINUX_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "launch.h"
#include "launcher.h"
#include "notify_socket.h"
#include "output.h"

struct pawl_run {
    int control; /* to the engine */
    const struct pawl_launcher_settings *settings;
    bool active;
    uint32_t number;
    pid_t warden;
    int report; /* what the warden tells; it ends when the warden is gone */
    struct pawl_notify_socket notify;
    struct pawl_notify_peer peer;
    struct pawl_output output;
    bool ready;          /* it said so, and the engine was told */
    bool stopping;       /* the engine asked for the end and waits for it */
    int64_t kill_at;     /* when politeness ends; 0 for never (monotonic, milliseconds) */
    int64_t watchdog_at; /* when silence is too long; 0 while nothing is expected */
};

void pawl_run_init(struct pawl_run *run, const struct pawl_launcher_settings *settings,
                   int control);

/* Starts the image in memfd `image` and answers the engine. */
void pawl_run_start(struct pawl_run *run, const struct pawl_launch_request *request, int image);

/* Begins to end run `number`; the engine is answered when it is over. */
void pawl_run_stop(struct pawl_run *run, uint32_t number);

/* Waits for the next thing that happens and deals with what concerns the run. True when the engine
 * has a request. */
bool pawl_run_wait(struct pawl_run *run);

#endif
