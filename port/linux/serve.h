/* The loop that serves one link and one image until it is told to stop. */
#ifndef PAWL_LINUX_SERVE_H
#define PAWL_LINUX_SERVE_H

#include "device.h"
#include "link_stream.h"
#include "pawl/processor.h"

struct pawl_serving {
    struct pawl_device *device;
    struct pawl_processor *processor;
    struct pawl_link_stream *link;
    int signals; /* signalfd of what asks for the end */
};

/* The descriptor for `signals`, which are blocked from now on. PAWL_IO; the error was printed. */
enum pawl_result pawl_serve_signals_open(int *signals);

/* PAWL_OK when asked to stop or when a link that was one stream ended; PAWL_IO when the launcher is
 * gone. */
enum pawl_result pawl_serve(struct pawl_serving *serving);

#endif
