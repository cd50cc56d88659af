/*
 * The first process of each run, without privilege: prepares the image's process, feeds a handler,
 * passes on the request to end, and tells how the image ended. When it goes, so does everything in
 * its process namespace.
 */
#ifndef PAWL_LINUX_WARDEN_H
#define PAWL_LINUX_WARDEN_H

#include <stdint.h>

#include "isolation.h"
#include "launch.h"

/* What a run needs. */
struct pawl_ward {
    const struct pawl_launch_request *request;
    const struct pawl_isolation *isolation;
    char *const *handler; /* program and arguments for PAWL_KIND_OPAQUE, or NULL */
    const char *notify_address;
    uint64_t watchdog; /* seconds, 0 for none */
    int image;         /* the sealed memfd */
    int output;        /* for the image's stdout and stderr */
    int report;        /* pipe to the launcher for struct pawl_launch_note */
};

/* Never returns. Closes what it does not need. */
_Noreturn void pawl_warden_run(const struct pawl_ward *ward);

#endif
