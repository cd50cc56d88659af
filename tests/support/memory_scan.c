/*
 * Looks for many short byte strings in the memory of a process, or in a file, in one pass.
 *
 * usage: memory_scan PID|FILE <WINDOWS
 *
 * Standard input has one string of WINDOW bytes after another; printed are, for each that is found,
 * its number and an address where (a process) or an offset (a file). Part of memory_scan.py.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WINDOW 16u
#define BUCKETS 65536u
#define PART (1u << 20)

struct windows {
    uint8_t (*bytes)[WINDOW];
    bool *found;
    uint32_t *next; /* of the same bucket, as index + 1 */
    uint32_t count;
    uint32_t buckets[BUCKETS];
};

static uint32_t bucket_of(const uint8_t *bytes)
{
    uint64_t head;

    memcpy(&head, bytes, sizeof head);
    return (uint32_t)((head * UINT64_C(0x9e3779b97f4a7c15)) >> 48);
}

static void windows_read(struct windows *windows)
{
    uint32_t room = 0;
    uint8_t bytes[WINDOW];

    while (fread(bytes, sizeof bytes, 1, stdin) == 1) {
        if (windows->count == room) {
            room = room ? 2 * room : 1024;
            windows->bytes = realloc(windows->bytes, room * sizeof *windows->bytes);
            windows->next = realloc(windows->next, room * sizeof *windows->next);
            windows->found = realloc(windows->found, room * sizeof *windows->found);
            if (!windows->bytes || !windows->next || !windows->found)
                abort();
        }
        uint32_t *bucket = &windows->buckets[bucket_of(bytes)];
        memcpy(windows->bytes[windows->count], bytes, sizeof bytes);
        windows->found[windows->count] = false;
        windows->next[windows->count] = *bucket;
        *bucket = ++windows->count;
    }
}

static void bytes_search(struct windows *windows, const uint8_t *bytes, size_t size, uint64_t place)
{
    for (size_t at = 0; at + WINDOW <= size; at++) {
        for (uint32_t i = windows->buckets[bucket_of(bytes + at)]; i > 0;
             i = windows->next[i - 1]) {
            if (windows->found[i - 1] || memcmp(windows->bytes[i - 1], bytes + at, WINDOW) != 0)
                continue;
            windows->found[i - 1] = true;
            printf("%" PRIu32 " %" PRIx64 "\n", i - 1, place + at);
        }
    }
}

/* Parts overlap, so that nothing is cut. In each region a string is told once. */
static void range_search(struct windows *windows, int fd, uint64_t from, uint64_t to)
{
    static uint8_t bytes[PART + WINDOW];

    memset(windows->found, 0, windows->count * sizeof *windows->found);
    for (uint64_t at = from; at < to; at += PART) {
        size_t wanted = to - at < sizeof bytes ? (size_t)(to - at) : sizeof bytes;
        ssize_t got = pread(fd, bytes, wanted, (off_t)at);
        if (got <= 0)
            return; /* its end, a device, or not there any more */
        bytes_search(windows, bytes, (size_t)got, at);
    }
}

static int process_search(struct windows *windows, const char *pid)
{
    char path[64], line[4096], rights[5];
    uint64_t from, to;

    snprintf(path, sizeof path, "/proc/%s/mem", pid);
    int fd = open(path, O_RDONLY);
    snprintf(path, sizeof path, "/proc/%s/maps", pid);
    FILE *maps = fopen(path, "r");
    if (fd < 0 || maps == NULL)
        return 1;
    while (fgets(line, sizeof line, maps) != NULL) {
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &from, &to, rights) == 3 &&
            rights[0] == 'r' && strstr(line, "[v") == NULL)
            range_search(windows, fd, from, to);
    }
    fclose(maps);
    close(fd);
    return 0;
}

int main(int argc, char **argv)
{
    static struct windows windows;

    if (argc != 2)
        return 2;
    windows_read(&windows);
    if (argv[1][strspn(argv[1], "0123456789")] == '\0')
        return process_search(&windows, argv[1]);
    int fd = open(argv[1], O_RDONLY);
    if (fd < 0)
        return 1;
    range_search(&windows, fd, 0,
                 INT64_MAX); /* to its end: files of /proc do not tell their size */
    return 0;
}
