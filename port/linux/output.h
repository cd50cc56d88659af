/* What an image prints, as lines "image: ..." of the processor's log: bounded in length and rate.
 */
#ifndef PAWL_LINUX_OUTPUT_H
#define PAWL_LINUX_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "pawl/result.h"

#define PAWL_OUTPUT_LINE_MAX 512u

struct pawl_output {
    int fd;         /* our end of the pipe; -1 when closed */
    int64_t second; /* the second that `budget` is for (monotonic) */
    size_t budget;  /* bytes that are still taken in it */
    size_t size;    /* of the line under way */
    char line[PAWL_OUTPUT_LINE_MAX];
};

/* Makes the pipe; `*end` is the image's end, owned by the caller and given to user `uid`, who can
 * then also open it by its name in /proc. PAWL_IO. */
enum pawl_result pawl_output_open(struct pawl_output *output, uid_t uid, int *end);

/* Prints what is left and closes. */
void pawl_output_close(struct pawl_output *output);

/* Whether more is taken at `now` (seconds). An image that prints more than the budget waits:
 * nothing is lost, and the log does not drown. */
bool pawl_output_wants(struct pawl_output *output, int64_t now);

/* Takes what is there, within the budget. False at the end of it, or when there is none now. */
bool pawl_output_take(struct pawl_output *output);

#endif
