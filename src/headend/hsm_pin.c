/* The PIN: from a file, used for one login, and not tried twice when it is wrong. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headend/hsm_session.h"
#include "host/file.h"

/* The files whose PINs were refused lately, told by what a change of one changes: there can be an
 * HSM for each key, and one for the next master key. */
#define REFUSED_MAX 8u
static struct stat refused[REFUSED_MAX];
static size_t refused_count, refused_oldest;

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool was_refused(const struct stat *status)
{
    for (size_t i = 0; i < refused_count; i++)
        if (is_same(&refused[i], status))
            return true;
    return false;
}

/* Where the PIN is; false when nobody says. */
static bool path_find(const P11KitUri *uri, const struct pawl_hsm_access *access, char *path,
                      size_t size)
{
    const char *source = p11_kit_uri_get_pin_source(uri);
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    if (access->pin_file != NULL)
        snprintf(path, size, "%s", access->pin_file);
    else if (source != NULL)
        snprintf(path, size, "%s", source + (strncmp(source, "file:", 5) == 0 ? 5 : 0));
    else if (credentials != NULL)
        snprintf(path, size, "%s/pawld.pin", credentials);
    return access->pin_file != NULL || source != NULL || credentials != NULL;
}

static enum pawl_result text_read(int fd, struct pawl_hsm_pin *pin, struct pawl_trouble *trouble)
{
    struct pawl_buffer buffer = {NULL, 0};
    if (pawl_fd_read(fd, PAWL_PIN_SIZE, &buffer) != PAWL_OK)
        return pawl_trouble_set(trouble, errno == EFBIG ? PAWL_MALFORMED : PAWL_IO, "HSM: %s: %s",
                                pin->path, strerror(errno));
    size_t size = buffer.size;
    if (size > 0 && buffer.bytes[size - 1] == '\n')
        size--;
    enum pawl_result result = PAWL_OK;
    if (size == 0 || memchr(buffer.bytes, '\n', size) != NULL)
        result = pawl_trouble_set(trouble, PAWL_MALFORMED, "HSM: %s: not one line with a PIN",
                                  pin->path);
    else
        memcpy(pin->text, buffer.bytes, size);
    pin->size = size;
    pawl_buffer_release(&buffer);
    return result;
}

enum pawl_result pawl_hsm_pin_read(const P11KitUri *uri, const struct pawl_hsm_access *access,
                                   struct pawl_hsm_pin *pin, struct pawl_trouble *trouble)
{
    struct stat *status = &pin->status;
    if (!path_find(uri, access, pin->path, sizeof pin->path))
        return pawl_trouble_set(trouble, PAWL_STATE,
                                "HSM: no PIN: give --hsm-pin-file, pin-source in the URI, or the "
                                "credential pawld.pin");
    int fd = open(pin->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, status) != 0) {
        int cause = errno;
        if (fd >= 0)
            close(fd);
        return pawl_trouble_set(trouble, PAWL_IO, "HSM: PIN: %s: %s", pin->path, strerror(cause));
    }
    enum pawl_result result;
    if ((status->st_mode & (S_IRWXG | S_IRWXO)) != 0)
        result = pawl_trouble_set(trouble, PAWL_UNTRUSTED,
                                  "HSM: %s: others may read the PIN (chmod 600)", pin->path);
    else if (was_refused(status))
        result = pawl_trouble_set(trouble, PAWL_UNTRUSTED,
                                  "HSM: the PIN in %s was refused before; it is not tried again "
                                  "until the file changes",
                                  pin->path);
    else
        result = text_read(fd, pin, trouble);
    close(fd);
    return result;
}

void pawl_hsm_pin_refused(const struct pawl_hsm_pin *pin)
{
    size_t place = refused_oldest;
    if (refused_count < REFUSED_MAX)
        place = refused_count++;
    else
        refused_oldest = (refused_oldest + 1) % REFUSED_MAX;
    refused[place] = pin->status;
}
