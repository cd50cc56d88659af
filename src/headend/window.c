#include "headend/window.h"

#include <sys/mman.h>
#include <unistd.h>

enum pawl_result pawl_window_open(int fd, uint64_t offset, size_t size, struct pawl_window *window)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    size_t lead = (size_t)(offset % page);
    void *mapping =
        mmap(NULL, lead + size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, (off_t)(offset - lead));
    if (mapping == MAP_FAILED)
        return PAWL_IO;
    window->mapping = mapping;
    window->mapped = lead + size;
    window->bytes = (const uint8_t *)mapping + lead;
    return PAWL_OK;
}

void pawl_window_close(struct pawl_window *window)
{
    if (window->mapping != NULL)
        munmap(window->mapping, window->mapped);
    *window = (struct pawl_window){0};
}
