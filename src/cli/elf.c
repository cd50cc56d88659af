#include "cli/elf.h"

#include <elf.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define SEGMENTS_MOST 256u

/* The place of the program headers; both word sizes, in this machine's byte order. */
struct segments {
    uint64_t offset;
    uint32_t size, count;
};

static int has_interpreter(int fd, const struct segments *segments)
{
    for (uint32_t i = 0; i < segments->count && i < SEGMENTS_MOST; i++) {
        uint32_t type = PT_NULL; /* the first field in both word sizes */
        uint64_t at = segments->offset + (uint64_t)i * segments->size;
        if (at > INT64_MAX || pread(fd, &type, sizeof type, (off_t)at) != (ssize_t)sizeof type)
            return 0;
        if (type == PT_INTERP)
            return 1;
    }
    return 0;
}

enum pawl_executable pawl_executable_tell(int fd)
{
    union {
        unsigned char ident[EI_NIDENT];
        Elf32_Ehdr narrow;
        Elf64_Ehdr wide;
    } header;
    struct segments segments;

    memset(&header, 0, sizeof header);
    ssize_t size = pread(fd, &header, sizeof header, 0);
    if (size >= 2 && memcmp(header.ident, "#!", 2) == 0)
        return PAWL_EXECUTABLE_SCRIPT;
    if (size < (ssize_t)sizeof header.narrow || memcmp(header.ident, ELFMAG, SELFMAG) != 0)
        return PAWL_EXECUTABLE_NONE;
    if (header.ident[EI_CLASS] == ELFCLASS64)
        segments =
            (struct segments){header.wide.e_phoff, header.wide.e_phentsize, header.wide.e_phnum};
    else
        segments = (struct segments){header.narrow.e_phoff, header.narrow.e_phentsize,
                                     header.narrow.e_phnum};
    return has_interpreter(fd, &segments) ? PAWL_EXECUTABLE_DYNAMIC : PAWL_EXECUTABLE_STATIC;
}
