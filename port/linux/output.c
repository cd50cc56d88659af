#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "host/log.h"

#define BUDGET 262144u   /* bytes a second */
#define PIPE_ROOM 65536u /* what a pipe holds: that much may be left at the end */
#define TAKE_SIZE 4096u
#define LINE_COST 64u /* what a line of the log takes beside its text */

enum pawl_result pawl_output_open(struct pawl_output *output, uid_t uid, int *end)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0) {
        pawl_log(PAWL_LOG_ERROR, "pipe: %s", strerror(errno));
        return PAWL_IO;
    }
    if ((uid != geteuid() && fchown(ends[1], uid, (gid_t)-1) != 0) ||
        fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
        pawl_log(PAWL_LOG_ERROR, "pipe: %s", strerror(errno));
        close(ends[0]);
        close(ends[1]);
        return PAWL_IO;
    }
    output->fd = ends[0];
    output->second = 0;
    output->budget = BUDGET;
    output->size = 0;
    *end = ends[1];
    return PAWL_OK;
}

static void spend(struct pawl_output *output, size_t cost)
{
    output->budget -= cost < output->budget ? cost : output->budget;
}

static void line_print(struct pawl_output *output)
{
    spend(output, LINE_COST);
    pawl_log(PAWL_LOG_INFO, "image: %.*s", (int)output->size, output->line);
    output->size = 0;
}

void pawl_output_close(struct pawl_output *output)
{
    if (output->fd < 0)
        return;
    for (size_t left = PIPE_ROOM; left > 0; left -= TAKE_SIZE) {
        output->budget = BUDGET;
        if (!pawl_output_take(output))
            break;
    }
    if (output->size > 0)
        line_print(output);
    close(output->fd);
    output->fd = -1;
}

bool pawl_output_wants(struct pawl_output *output, int64_t now)
{
    if (output->second != now) {
        output->second = now;
        output->budget = BUDGET;
    }
    return output->budget > 0;
}

bool pawl_output_take(struct pawl_output *output)
{
    char bytes[TAKE_SIZE];
    size_t most = output->budget < sizeof bytes ? output->budget : sizeof bytes;
    ssize_t size = most > 0 ? read(output->fd, bytes, most) : 0;

    if (size <= 0)
        return false;
    spend(output, (size_t)size);
    for (ssize_t i = 0; i < size; i++) {
        if (bytes[i] == '\n' || output->size == sizeof output->line)
            line_print(output);
        if (bytes[i] != '\n')
            output->line[output->size++] = bytes[i] == '\t' ? ' ' : bytes[i];
    }
    return true;
}
