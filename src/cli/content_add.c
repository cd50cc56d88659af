#include "cli/content_add.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/segmenter.h"
#include "headend/content_bundle.h"
#include "headend/segment_cipher.h"
#include "host/file.h"
#include "host/hex.h"
#include "host/secret.h"
#include "pawl/content.h"

/* As the server takes them (SPEC 20.8). */
struct entry {
    uint8_t id[PAWL_CONTENT_KEY_ID_SIZE];
    uint8_t key[PAWL_CONTENT_KEY_SIZE];
};

/* An object while it is made. */
struct object {
    uint8_t content_id[PAWL_CONTENT_ID_SIZE];
    struct pawl_segments segments;
    struct entry *entries; /* in memory that is not swapped */
    uint32_t entry_count;
    struct pawl_buffer playlist;
    int fd; /* the whole, in a file without a name; -1 when there is none */
    uint64_t size;
};

static enum pawl_result random_fill(void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = getrandom((uint8_t *)bytes + done, size - done, 0);
        if (got < 0 && errno != EINTR)
            return pawl_error(PAWL_IO, "no random bytes: %s", strerror(errno));
        done += got > 0 ? (size_t)got : 0;
    }
    return PAWL_OK;
}

/* Draws a key for each period, and writes the playlist that names them. */
static enum pawl_result keys_draw(struct object *object, uint32_t period)
{
    struct pawl_playlist *playlist = &object->segments.playlist;
    uint32_t count = (playlist->segment_count + period - 1) / period;
    object->entries = pawl_secret_alloc(count * sizeof *object->entries);
    playlist->key_ids = calloc(count, sizeof *playlist->key_ids);
    if (object->entries == NULL || playlist->key_ids == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    object->entry_count = playlist->key_count = count;
    enum pawl_result result = random_fill(object->entries, count * sizeof *object->entries);
    if (result != PAWL_OK)
        return result;
    for (uint32_t i = 0; i < count; i++)
        memcpy(playlist->key_ids[i], object->entries[i].id, PAWL_CONTENT_KEY_ID_SIZE);
    for (uint32_t i = 0; i < playlist->segment_count; i++)
        playlist->segments[i].key = i / period;
    result = pawl_playlist_write(playlist, &object->playlist);
    return result == PAWL_OK ? PAWL_OK : pawl_error(result, "no memory");
}

/* A file that has no name, or none for long. */
static int nameless_open(const char *directory)
{
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    char *path = NULL;
    if (fd >= 0 || asprintf(&path, "%s/whole", directory) < 0)
        return fd;
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    unlink(path);
    free(path);
    return fd;
}

/* Sizes of the segments once they are encrypted. */
static enum pawl_result sizes_make(const struct object *object, struct pawl_bundle *bundle)
{
    uint32_t count = object->segments.playlist.segment_count;
    bundle->segment_sizes = calloc(count, sizeof *bundle->segment_sizes);
    if (bundle->segment_sizes == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    bundle->segment_count = count;
    return PAWL_OK;
}

/* Encrypts the segments one after another behind the preamble's place, which is filled at last:
 * only then are all sizes known. */
static enum pawl_result segments_seal(struct object *object, struct pawl_bundle *bundle, int fd)
{
    const struct pawl_playlist *playlist = &object->segments.playlist;
    enum pawl_result result = PAWL_OK;
    for (uint32_t i = 0; result == PAWL_OK && i < playlist->segment_count; i++) {
        uint64_t size = 0;
        int in = pawl_segments_take(&object->segments, i);
        result = in < 0 ? PAWL_IO
                        : pawl_segment_seal(in, fd, i,
                                            object->entries[playlist->segments[i].key].key, &size);
        if (in >= 0)
            close(in);
        if (result != PAWL_OK)
            return pawl_error(result, "segment %u cannot be encrypted: %s", (unsigned)i,
                              strerror(errno));
        if (size > PAWL_SEGMENT_SIZE_MAX)
            return pawl_error(PAWL_EXHAUSTED, "segment %u is larger than 1 GiB", (unsigned)i);
        bundle->segment_sizes[i] = (uint32_t)size;
    }
    return result;
}

/* Copies the sealed segments behind preamble and playlist. */
static enum pawl_result whole_write(struct object *object, const struct pawl_bundle *bundle,
                                    int sealed)
{
    struct pawl_buffer preamble = {.bytes = NULL};
    enum pawl_result result = pawl_bundle_preamble_write(bundle, &preamble);
    if (result != PAWL_OK)
        return pawl_error(result, "the name is not 1 to 255 bytes of UTF-8 text");
    result = pawl_write_full(object->fd, preamble.bytes, preamble.size);
    if (result == PAWL_OK)
        result = pawl_write_full(object->fd, object->playlist.bytes, object->playlist.size);
    object->size = preamble.size + object->playlist.size;
    uint8_t part[65536];
    size_t got = 1;
    if (result == PAWL_OK && lseek(sealed, 0, SEEK_SET) != 0)
        result = PAWL_IO;
    while (result == PAWL_OK && got > 0) {
        result = pawl_read_most(sealed, part, sizeof part, &got);
        if (result == PAWL_OK)
            result = pawl_write_full(object->fd, part, got);
        object->size += got;
    }
    pawl_buffer_release(&preamble);
    return result == PAWL_OK ? PAWL_OK
                             : pawl_error(result, "cannot write the content: %s", strerror(errno));
}

static enum pawl_result object_make(const struct pawl_content_request *request,
                                    struct object *object)
{
    struct pawl_bundle bundle = {.segment_sizes = NULL};
    if (strlen(request->name) < 1 || strlen(request->name) >= sizeof bundle.name)
        return pawl_error(PAWL_MALFORMED, "the name is not 1 to 255 bytes of UTF-8 text");
    memcpy(bundle.name, request->name, strlen(request->name) + 1);
    memcpy(bundle.release_id, request->release_id, sizeof bundle.release_id);
    enum pawl_result result =
        pawl_segments_make(request->file, request->segment_seconds, &object->segments);
    if (result == PAWL_OK)
        result = keys_draw(object, request->key_period);
    if (result == PAWL_OK)
        result = random_fill(object->content_id, sizeof object->content_id);
    if (result == PAWL_OK)
        result = sizes_make(object, &bundle);
    if (result != PAWL_OK)
        return result;
    bundle.playlist_size = (uint32_t)object->playlist.size;
    int sealed = nameless_open(object->segments.directory);
    object->fd = nameless_open(object->segments.directory);
    if (sealed < 0 || object->fd < 0)
        result = pawl_error(PAWL_IO, "cannot make a file: %s", strerror(errno));
    if (result == PAWL_OK)
        result = segments_seal(object, &bundle, sealed);
    if (result == PAWL_OK)
        result = whole_write(object, &bundle, sealed);
    if (sealed >= 0)
        close(sealed);
    pawl_bundle_release(&bundle);
    return result;
}

static enum pawl_result object_send(struct pawl_client *client, struct object *object,
                                    json_t **answer)
{
    char hex[PAWL_HEX_SIZE(PAWL_CONTENT_ID_SIZE)], path[96], keys[104];
    snprintf(path, sizeof path, "/v1/contents/%s",
             pawl_hex_encode(object->content_id, PAWL_CONTENT_ID_SIZE, hex));
    snprintf(keys, sizeof keys, "%s/keys", path);
    enum pawl_result result =
        pawl_client_upload(client, "PUT", path, object->fd, object->size, "uploading", NULL, NULL);
    if (result != PAWL_OK)
        return result;
    result = pawl_client_send(client, "PUT", keys, (const uint8_t *)object->entries,
                              object->entry_count * sizeof *object->entries, answer);
    if (result != PAWL_OK) /* what waits for its keys there would wait in vain */
        (void)pawl_client_json(client, "DELETE", path, NULL, NULL);
    return result;
}

enum pawl_result pawl_content_add(struct pawl_client *client,
                                  const struct pawl_content_request *request, json_t **answer)
{
    struct object object = {.fd = -1};
    enum pawl_result result = object_make(request, &object);
    pawl_segments_close(&object.segments);
    if (result == PAWL_OK)
        result = object_send(client, &object, answer);
    if (object.fd >= 0)
        close(object.fd);
    pawl_buffer_release(&object.playlist);
    pawl_secret_free(object.entries, object.entry_count * sizeof *object.entries);
    return result;
}
