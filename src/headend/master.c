/* The master key: finds out where it is. */
#include "headend/master.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headend/hsm.h"
#include "headend/master_driver.h"
#include "host/credential.h"
#include "host/file.h"

enum pawl_result pawl_trouble_set(struct pawl_trouble *trouble, enum pawl_result class,
                                  const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(trouble->text, sizeof trouble->text, format, arguments);
    va_end(arguments);
    return class;
}

static bool file_exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

/* Reads a key file that none but its owner may read. */
static enum pawl_result private_read(const char *path, struct pawl_buffer *buffer,
                                     struct pawl_trouble *trouble)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return pawl_trouble_set(trouble, PAWL_IO, "%s: %s", path, strerror(errno));
    /* One descriptor for the check and the read: the file cannot change in between. */
    enum pawl_result result = fstat(fd, &status) == 0 ? PAWL_OK : PAWL_IO;
    if (result == PAWL_OK && !pawl_status_is_private(path, &status))
        result = pawl_trouble_set(trouble, PAWL_UNTRUSTED,
                                  "%s: others may read it (chmod 600; what it protects is to be "
                                  "thought known)",
                                  path);
    else if (result == PAWL_OK)
        result = pawl_fd_read(fd, PAWL_MASTER_PLACE_SIZE, buffer);
    if (result == PAWL_EXHAUSTED)
        result = pawl_trouble_set(trouble, PAWL_MALFORMED, "%s: too long for a master key", path);
    else if (result != PAWL_OK && result != PAWL_UNTRUSTED)
        pawl_trouble_set(trouble, result, "%s: %s", path, strerror(errno));
    close(fd);
    return result;
}

bool pawl_hsm_uri_read(const void *bytes, size_t size, char uri[PAWL_MASTER_PLACE_SIZE])
{
    static const char scheme[] = PAWL_HSM_SCHEME;
    if (size < sizeof scheme - 1 || memcmp(bytes, scheme, sizeof scheme - 1) != 0)
        return false;
    const char *text = bytes;
    size_t length = 0;
    while (length < size && length + 1 < PAWL_MASTER_PLACE_SIZE && text[length] > ' ')
        length++;
    memcpy(uri, text, length);
    uri[length] = '\0';
    return length == size || (length + 1 == size && text[length] == '\n');
}

enum pawl_result pawl_master_open(const char *path, const struct pawl_hsm_access *access,
                                  struct pawl_master **master, struct pawl_trouble *trouble)
{
    struct pawl_buffer buffer = {NULL, 0};
    char uri[PAWL_MASTER_PLACE_SIZE];
    enum pawl_result result = private_read(path, &buffer, trouble);
    if (result != PAWL_OK)
        return result;
    if (pawl_hsm_uri_read(buffer.bytes, buffer.size, uri))
        result = pawl_master_hsm_open(uri, access, master, trouble);
    else if (buffer.size == PAWL_VAULT_KEY_SIZE)
        result = pawl_master_file_open(buffer.bytes, master, trouble);
    else
        result = pawl_trouble_set(trouble, PAWL_MALFORMED,
                                  "%s: neither a master key of 32 bytes nor a URI of one", path);
    pawl_buffer_release(&buffer);
    return result;
}

enum pawl_result pawl_hsm_uri_write(const char *path, const char *uri, struct pawl_trouble *trouble)
{
    char line[PAWL_MASTER_PLACE_SIZE + 1];
    int size = snprintf(line, sizeof line, "%s\n", uri);
    enum pawl_result result = pawl_file_write(path, 0600, false, line, (size_t)size);
    return result == PAWL_OK ? PAWL_OK
                             : pawl_trouble_set(trouble, result, "%s: %s", path, strerror(errno));
}

enum pawl_result pawl_master_create(const char *path, const char *uri,
                                    const struct pawl_hsm_access *access,
                                    struct pawl_trouble *trouble)
{
    char whole[PAWL_MASTER_PLACE_SIZE];
    if (uri == NULL)
        return pawl_master_file_create(path, trouble);
    if (file_exists(path))
        return pawl_trouble_set(trouble, PAWL_STATE, "%s: %s", path, strerror(EEXIST));
    enum pawl_result result =
        pawl_hsm_uri_complete(uri, access, NULL, whole, sizeof whole, trouble);
    if (result == PAWL_OK)
        result = pawl_master_hsm_create(whole, access, trouble);
    /* The key before its name: what is written down exists. */
    return result == PAWL_OK ? pawl_hsm_uri_write(path, whole, trouble) : result;
}

void pawl_master_close(struct pawl_master *master)
{
    if (master != NULL)
        master->driver->close(master);
}

const char *pawl_master_place(const struct pawl_master *master)
{
    return master->place;
}

enum pawl_result pawl_master_wrap(struct pawl_master *master,
                                  const uint8_t key[PAWL_VAULT_KEY_SIZE],
                                  uint8_t wrapped[PAWL_DATA_KEY_WRAPPED_SIZE],
                                  struct pawl_trouble *trouble)
{
    return master->driver->wrap(master, key, wrapped, trouble);
}

enum pawl_result pawl_master_unwrap(struct pawl_master *master,
                                    const uint8_t wrapped[PAWL_DATA_KEY_WRAPPED_SIZE],
                                    uint8_t key[PAWL_VAULT_KEY_SIZE], struct pawl_trouble *trouble)
{
    return master->driver->unwrap(master, wrapped, key, trouble);
}
