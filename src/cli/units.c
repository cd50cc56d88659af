#include "cli/units.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/load.h"
#include "host/file.h"
#include "host/secret.h"
#include "pawl/secret.h"

#define WINDOW_SIZE (256u * 1024u)

/* The part of a stream that is in memory. */
struct window {
    int fd;
    uint8_t *bytes;
    size_t at, size; /* the next byte, and how many there are */
    bool ended;      /* nothing follows */
    bool refused;    /* the taker failed, not the file */
};

/* Moves what is left to the start and tops it up. */
static enum pawl_result window_fill(struct window *window)
{
    size_t left = window->size - window->at;
    size_t got = 0;

    memmove(window->bytes, window->bytes + window->at, left);
    enum pawl_result result =
        pawl_read_most(window->fd, window->bytes + left, WINDOW_SIZE - left, &got);
    if (result != PAWL_OK)
        return result;
    window->at = 0;
    window->size = left + got;
    window->ended = window->size < WINDOW_SIZE;
    return PAWL_OK;
}

static enum pawl_result unit_visit(struct window *window, pawl_unit_fn take, void *context)
{
    struct pawl_pud unit;
    size_t used = 0;
    enum pawl_result result =
        pawl_pud_read_next(window->bytes + window->at, window->size - window->at, &unit, &used);

    if (result != PAWL_OK)
        return result;
    result = take(context, &unit);
    window->refused = result != PAWL_OK;
    pawl_wipe(&unit, sizeof unit);
    window->at += used;
    return result;
}

static enum pawl_result stream_visit(struct window *window, pawl_unit_fn take, void *context)
{
    enum pawl_result result = window_fill(window);

    while (result == PAWL_OK && window->at < window->size) {
        if (!window->ended && window->size - window->at < PAWL_PUD_SIZE_MAX)
            result = window_fill(window);
        else
            result = unit_visit(window, take, context);
    }
    return result;
}

enum pawl_result pawl_units_file_visit(const char *path, pawl_unit_fn take, void *context,
                                       bool *refused)
{
    struct window window = {.fd = open(path, O_RDONLY | O_CLOEXEC)};

    *refused = false;
    if (window.fd < 0)
        return PAWL_IO;
    window.bytes = pawl_secret_alloc(WINDOW_SIZE);
    enum pawl_result result =
        window.bytes != NULL ? stream_visit(&window, take, context) : PAWL_EXHAUSTED;
    int cause = errno;
    pawl_secret_free(window.bytes, WINDOW_SIZE);
    close(window.fd);
    errno = cause;
    *refused = window.refused;
    return result;
}

enum pawl_result pawl_units_visit(const struct pawl_option_list *puds, const char *units_path,
                                  pawl_unit_fn take, void *context)
{
    enum pawl_result result = PAWL_OK;

    for (size_t i = 0; i < puds->count && result == PAWL_OK; i++) {
        struct pawl_pud unit;
        result = pawl_pud_load(puds->items[i], &unit);
        if (result == PAWL_OK)
            result = take(context, &unit);
        pawl_wipe(&unit, sizeof unit);
    }
    if (result != PAWL_OK || units_path == NULL)
        return result;
    bool refused = false;
    result = pawl_units_file_visit(units_path, take, context, &refused);
    if (result != PAWL_OK && !refused)
        pawl_file_error(result, units_path, "a plain file of units");
    return result;
}
