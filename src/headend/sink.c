#include "headend/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void pawl_sink_init(struct pawl_sink *sink, int fd)
{
    sink->fd = fd;
    sink->start = fd >= 0 ? lseek(fd, 0, SEEK_CUR) : -1;
    int flags = fd >= 0 ? fcntl(fd, F_GETFL) : -1;
    /* pwrite ignores its offset on a file opened for appending. */
    sink->random = sink->start >= 0 && flags >= 0 && (flags & O_APPEND) == 0;
}

enum pawl_result pawl_sink_write(const struct pawl_sink *sink, bool in_order, uint64_t offset,
                                 const uint8_t *bytes, size_t size)
{
    if (sink->fd < 0 || sink->random == in_order)
        return PAWL_OK;
    while (size > 0) {
        ssize_t written = sink->random ? pwrite(sink->fd, bytes, size, sink->start + (off_t)offset)
                                       : write(sink->fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return PAWL_IO;
        bytes += written;
        offset += (uint64_t)written;
        size -= (size_t)written;
    }
    return PAWL_OK;
}

enum pawl_result pawl_sink_finish(const struct pawl_sink *sink, uint64_t size)
{
    if (sink->fd >= 0 && sink->random && lseek(sink->fd, sink->start + (off_t)size, SEEK_SET) < 0)
        return PAWL_IO;
    return PAWL_OK;
}
