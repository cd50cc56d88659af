/* PUT /v1/contents/ID/keys: the keys arrive, every segment is proven with them, and the object is
 * ready (SPEC 20.8). */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "headend/content_bundle.h"
#include "headend/content_grant.h"
#include "headend/segment_cipher.h"
#include "host/file.h"
#include "host/log.h"
#include "pawl/secret.h"
#include "server/content_api.h"
#include "server/content_shelf.h"

#define ENTRY_SIZE (PAWL_CONTENT_KEY_ID_SIZE + PAWL_CONTENT_KEY_SIZE)

/* An object that gets its keys. */
struct fitting {
    int fd; /* of its directory */
    struct pawl_content_row row;
    struct pawl_playlist playlist;
    struct pawl_content_key_row *keys;
};

static enum pawl_result file_read(int directory, const char *name, size_t most,
                                  struct pawl_buffer *buffer)
{
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return PAWL_IO;
    enum pawl_result result = pawl_fd_read(fd, most, buffer);
    close(fd);
    return result;
}

/* Reads what was shelved, into playlist and row. */
static enum pawl_result fitting_read(struct fitting *fitting)
{
    struct pawl_buffer text = {.bytes = NULL}, header = {.bytes = NULL};
    struct pawl_bundle bundle = {.segment_sizes = NULL};
    struct pawl_content_row *row = &fitting->row;
    enum pawl_result result =
        file_read(fitting->fd, PAWL_PLAYLIST_NAME, PAWL_BUNDLE_PLAYLIST_MAX, &text);
    if (result == PAWL_OK)
        result = pawl_playlist_read((const char *)text.bytes, text.size, &fitting->playlist);
    if (result == PAWL_OK)
        result = file_read(fitting->fd, PAWL_CONTENT_HEADER_NAME, PAWL_BUNDLE_HEADER_MAX, &header);
    if (result == PAWL_OK)
        result = pawl_bundle_header_read(header.bytes, header.size, &bundle);
    if (result == PAWL_OK) {
        memcpy(row->release_id, bundle.release_id, sizeof row->release_id);
        memcpy(row->name, bundle.name, sizeof row->name);
        row->segments = fitting->playlist.segment_count;
        row->keys = fitting->playlist.key_count;
        row->size = text.size;
        for (uint32_t i = 0; i < bundle.segment_count; i++)
            row->size += bundle.segment_sizes[i];
        row->created = (int64_t)time(NULL);
    }
    pawl_bundle_release(&bundle);
    pawl_buffer_release(&header);
    pawl_buffer_release(&text);
    return result;
}

/* Whether the body has the keys of the playlist, in its order. */
static bool keys_fit(const struct pawl_request *request, const struct fitting *fitting)
{
    if (request->received != (uint64_t)fitting->playlist.key_count * ENTRY_SIZE)
        return false;
    for (uint32_t i = 0; i < fitting->playlist.key_count; i++)
        if (memcmp(request->body + (size_t)i * ENTRY_SIZE, fitting->playlist.key_ids[i],
                   PAWL_CONTENT_KEY_ID_SIZE) != 0)
            return false;
    return true;
}

static const uint8_t *key_of(const struct pawl_request *request, uint32_t index)
{
    return request->body + (size_t)index * ENTRY_SIZE + PAWL_CONTENT_KEY_ID_SIZE;
}

/* Opens every segment with its key; `*number` is the one that does not open. */
static enum pawl_result segments_prove(const struct pawl_request *request,
                                       const struct fitting *fitting, uint32_t *number)
{
    enum pawl_result result = PAWL_OK;
    for (uint32_t i = 0; result == PAWL_OK && i < fitting->playlist.segment_count; i++) {
        char name[PAWL_SEGMENT_NAME_SIZE];
        int fd =
            openat(fitting->fd, pawl_segment_name_make(i, name), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        *number = i;
        result =
            fd < 0 ? PAWL_IO
                   : pawl_segment_prove(fd, i, key_of(request, fitting->playlist.segments[i].key));
        if (fd >= 0)
            close(fd);
    }
    return result;
}

static enum pawl_result keys_wrap(const struct pawl_request *request, struct fitting *fitting)
{
    const struct pawl_server *server = request->server;
    enum pawl_result result = PAWL_OK;
    fitting->keys = calloc(fitting->playlist.key_count, sizeof *fitting->keys);
    if (fitting->keys == NULL)
        return PAWL_EXHAUSTED;
    for (uint32_t i = 0; result == PAWL_OK && i < fitting->playlist.key_count; i++) {
        struct pawl_content_key_row *key = &fitting->keys[i];
        memcpy(key->key_id, fitting->playlist.key_ids[i], sizeof key->key_id);
        result =
            pawl_content_key_shut(server->vault, key->key_id, key_of(request, i), key->wrapped);
    }
    return result;
}

/* First its files, then its row, so that a row that says so is true; without a row the files go. */
static enum pawl_result content_make_ready(struct pawl_request *request, struct fitting *fitting)
{
    struct pawl_server *server = request->server;
    const uint8_t *content_id = fitting->row.content_id;
    char *detail = pawl_content_detail_make(&fitting->row);
    const struct pawl_event event = pawl_operator_event(request, "content-added", NULL, detail);
    enum pawl_result result = pawl_content_release(&server->data, content_id, fitting->fd);
    if (result == PAWL_OK) {
        result = pawl_store_content_add(server->store, &fitting->row, fitting->keys, &event);
        if (result != PAWL_OK)
            pawl_content_files_remove(&server->data, content_id);
    }
    free(detail);
    return result;
}

/* From wrapped keys to stored ones: no data key may go in between. */
static enum pawl_result keys_store(struct pawl_request *request, struct fitting *fitting)
{
    struct pawl_server *server = request->server;
    uint32_t pin = pawl_vault_pin(server->vault);
    enum pawl_result result = keys_wrap(request, fitting);
    if (result == PAWL_OK)
        result = content_make_ready(request, fitting);
    pawl_vault_unpin(server->vault, pin);
    return result;
}

/* Does all of it; fails the request where something is wrong. */
static void content_fit(struct pawl_request *request, struct fitting *fitting)
{
    uint32_t number = 0;
    enum pawl_result result = fitting_read(fitting);
    if (result != PAWL_OK) {
        pawl_request_refuse(request, result == PAWL_EXHAUSTED ? result : PAWL_IO,
                            "the content cannot be read");
        return;
    }
    if (!keys_fit(request, fitting)) {
        pawl_request_refuse(request, PAWL_CORRUPT, "these are not the keys of its playlist");
        return;
    }
    result = segments_prove(request, fitting, &number);
    if (result != PAWL_OK) {
        pawl_request_refuse(request, result, "segment %u does not open with its key",
                            (unsigned)number);
        return;
    }
    result = keys_store(request, fitting);
    if (result == PAWL_STATE)
        pawl_request_refuse(request, result,
                            "the content, or one of its keys, is there already, or its release "
                            "is not; add it anew");
    else if (result != PAWL_OK)
        pawl_request_refuse(request, result, "cannot make the content ready");
}

static enum MHD_Result keys_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct fitting fitting = {.fd = -1};
    if (!pawl_part_read(request, fitting.row.content_id, PAWL_CONTENT_ID_SIZE))
        return MHD_YES;
    fitting.fd = pawl_content_pending_open(&server->data, fitting.row.content_id);
    if (fitting.fd < 0) {
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE,
                          "no content object of that id waits for its keys");
        return MHD_YES;
    }
    pawl_request_patience_set(request, true);
    content_fit(request, &fitting);
    pawl_request_patience_set(request, false);
    close(fitting.fd);
    pawl_playlist_release(&fitting.playlist);
    free(fitting.keys);
    if (request->status != 0)
        return MHD_YES;
    pawl_log(PAWL_LOG_NOTICE, "event=content-added actor=%s content=%s segments=%u keys=%u",
             request->actor, request->part, (unsigned)fitting.row.segments,
             (unsigned)fitting.row.keys);
    return pawl_json_answer(request, MHD_HTTP_OK, pawl_content_json(&fitting.row));
}

const struct pawl_handler pawl_content_keys_handler = {
    .body_max = PAWL_SEGMENTS_MAX * ENTRY_SIZE,
    .is_secret = true,
    .answer = keys_answer,
};
