#include "host/file.h"
#include "host/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pawl/secret.h"

#define READ_STEP 65536u
#define COPY_SIZE (1024u * 1024u)

void pawl_buffer_release(struct pawl_buffer *buffer)
{
    int cause = errno;

    if (buffer->bytes != NULL) {
        pawl_wipe(buffer->bytes, buffer->size);
        free(buffer->bytes);
    }
    *buffer = (struct pawl_buffer){0};
    errno = cause;
}

/* Grows to `room` bytes and a terminator. Not realloc: the old bytes may be a secret. */
static enum pawl_result buffer_grow(struct pawl_buffer *buffer, size_t room)
{
    uint8_t *bytes = malloc(room + 1);

    if (bytes == NULL)
        return PAWL_EXHAUSTED;
    size_t size = buffer->size;
    if (size > 0)
        memcpy(bytes, buffer->bytes, size);
    pawl_buffer_release(buffer);
    *buffer = (struct pawl_buffer){.bytes = bytes, .size = size};
    return PAWL_OK;
}

/* A first guess of how much comes, so that files are read in one piece; never more than `most`. */
static size_t size_guess(int fd, size_t most)
{
    struct stat status;

    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size >= 0 &&
        (uintmax_t)status.st_size < most)
        return (size_t)status.st_size + 1;
    return most < READ_STEP ? most : READ_STEP;
}

enum pawl_result pawl_fd_read(int fd, size_t most, struct pawl_buffer *buffer)
{
    struct pawl_buffer read = {0};
    size_t room = size_guess(fd, most);
    enum pawl_result result = buffer_grow(&read, room);

    while (result == PAWL_OK) {
        size_t got = 0;
        result = pawl_read_most(fd, read.bytes + read.size, room - read.size, &got);
        read.size += got;
        if (result != PAWL_OK || read.size < room)
            break;
        if (room == most) { /* full: is there more? */
            uint8_t more;
            result = pawl_read_most(fd, &more, 1, &got);
            if (result == PAWL_OK && got == 1) {
                errno = EFBIG;
                result = PAWL_EXHAUSTED;
            }
            break;
        }
        room = room > most / 2 ? most : room * 2;
        result = buffer_grow(&read, room);
    }
    if (result != PAWL_OK) {
        pawl_buffer_release(&read);
        return result;
    }
    read.bytes[read.size] = 0;
    *buffer = read;
    return PAWL_OK;
}

enum pawl_result pawl_file_read(const char *path, size_t most, struct pawl_buffer *buffer)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return PAWL_IO;
    enum pawl_result result = pawl_fd_read(fd, most, buffer);
    int cause = errno;
    close(fd);
    errno = cause;
    return result;
}

enum pawl_result pawl_key_file_read(const char *path, uint8_t *key, size_t size)
{
    struct pawl_buffer read = {0};
    enum pawl_result result = pawl_file_read(path, size, &read);

    if (result == PAWL_EXHAUSTED || (result == PAWL_OK && read.size != size)) {
        errno = EINVAL;
        result = PAWL_MALFORMED;
    }
    if (result == PAWL_OK)
        memcpy(key, read.bytes, size);
    pawl_buffer_release(&read);
    return result;
}

bool pawl_file_is_private(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && pawl_status_is_private(path, &status);
}

enum pawl_result pawl_read_most(int fd, void *bytes, size_t size, size_t *got)
{
    uint8_t *next = bytes;
    size_t done = 0;

    while (done < size) {
        ssize_t count = read(fd, next + done, size - done);
        if (count == 0)
            break;
        if (count > 0)
            done += (size_t)count;
        else if (errno != EINTR)
            return PAWL_IO;
    }
    *got = done;
    return PAWL_OK;
}

/* Both ways of reading all of something end alike. */
static enum pawl_result all_was_read(enum pawl_result result, size_t got, size_t size)
{
    if (result == PAWL_OK && got < size) {
        errno = ENODATA;
        return PAWL_CORRUPT;
    }
    return result;
}

enum pawl_result pawl_read_full(int fd, void *bytes, size_t size)
{
    size_t got = 0;
    enum pawl_result result = pawl_read_most(fd, bytes, size, &got);

    return all_was_read(result, got, size);
}

enum pawl_result pawl_pread_full(int fd, void *bytes, size_t size, uint64_t offset)
{
    uint8_t *next = bytes;
    size_t got = 0;

    while (got < size) {
        ssize_t count = pread(fd, next + got, size - got, (off_t)(offset + got));
        if (count == 0)
            break;
        if (count > 0)
            got += (size_t)count;
        else if (errno != EINTR)
            return PAWL_IO;
    }
    return all_was_read(PAWL_OK, got, size);
}

enum pawl_result pawl_write_full(int fd, const void *bytes, size_t size)
{
    const uint8_t *next = bytes;

    while (size > 0) {
        ssize_t count = write(fd, next, size);
        if (count >= 0) {
            next += count;
            size -= (size_t)count;
        } else if (errno != EINTR) {
            return PAWL_IO;
        }
    }
    return PAWL_OK;
}

enum pawl_result pawl_pwrite_full(int fd, const void *bytes, size_t size, uint64_t offset)
{
    const uint8_t *next = bytes;

    while (size > 0) {
        ssize_t count = pwrite(fd, next, size, (off_t)offset);
        if (count >= 0) {
            next += count;
            size -= (size_t)count;
            offset += (uint64_t)count;
        } else if (errno != EINTR) {
            return PAWL_IO;
        }
    }
    return PAWL_OK;
}

enum pawl_result pawl_fd_copy(int from, int to)
{
    uint8_t *bytes = malloc(COPY_SIZE);
    enum pawl_result result = bytes == NULL ? PAWL_EXHAUSTED : PAWL_OK;
    size_t got = 1;

    while (result == PAWL_OK && got > 0) {
        result = pawl_read_most(from, bytes, COPY_SIZE, &got);
        if (result == PAWL_OK)
            result = pawl_write_full(to, bytes, got);
    }
    free(bytes);
    return result;
}
