/* PUT /v1/contents/ID: playlist and segments arrive (SPEC 20.8). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "headend/content_bundle.h"
#include "host/file.h"
#include "server/content_api.h"
#include "server/content_shelf.h"

enum part { PREFIX = 0, HEADER, PLAYLIST, SEGMENTS, WHOLE };

/* An object while it arrives. What is judged is gathered first; segments go to their files. */
struct arrival {
    uint8_t content_id[PAWL_CONTENT_ID_SIZE];
    struct pawl_content_upload upload;
    struct pawl_bundle bundle;
    enum part part;
    uint64_t left;   /* bytes of the part, or of the segment, that are to come */
    uint8_t *head;   /* the part that is gathered */
    size_t filled;   /* bytes of it */
    uint32_t number; /* of the segment */
    int fd;          /* its file; -1 when there is none */
};

/* Makes ready to gather `size` bytes. */
static void gather(struct pawl_request *request, struct arrival *arrival, enum part part,
                   uint64_t size)
{
    uint8_t *head = realloc(arrival->head, (size_t)size);
    if (head == NULL) {
        pawl_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE, PAWL_EXHAUSTED, "no memory");
        return;
    }
    arrival->head = head;
    arrival->filled = 0;
    arrival->part = part;
    arrival->left = size;
}

static void write_refuse(struct pawl_request *request)
{
    pawl_request_refuse(request, errno == ENOSPC || errno == EDQUOT ? PAWL_EXHAUSTED : PAWL_IO,
                        "cannot write the content: %s", strerror(errno));
}

/* Keeps a gathered part as a file. */
static void head_keep(struct pawl_request *request, const struct arrival *arrival, const char *name)
{
    int fd = pawl_content_upload_create(&arrival->upload, name);
    if (fd < 0 || pawl_write_full(fd, arrival->head, arrival->filled) != PAWL_OK)
        write_refuse(request);
    if (fd >= 0)
        close(fd);
}

static void prefix_end(struct pawl_request *request, struct arrival *arrival)
{
    uint32_t size;
    if (pawl_bundle_prefix_read(arrival->head, &size) != PAWL_OK)
        pawl_request_refuse(request, PAWL_MALFORMED, "not a content object");
    else
        gather(request, arrival, HEADER, size);
}

/* Whether devices can run what the content is for; a typing error is found here. */
static void release_check(struct pawl_request *request, const uint8_t *release_id)
{
    struct pawl_server *server = request->server;
    struct pawl_reader *reader = NULL;
    struct pawl_package_row package;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    bool borrowed = result == PAWL_OK;
    if (borrowed)
        result = pawl_store_release_find(reader, release_id);
    bool is_package =
        result == PAWL_STATE && pawl_store_package_get(reader, release_id, &package) == PAWL_OK;
    if (borrowed)
        pawl_reader_return(&server->readers, reader);
    if (is_package)
        pawl_request_refuse(request, PAWL_STATE, "that is the id of a package, not of a release");
    else if (result == PAWL_STATE)
        pawl_request_refuse(request, result, "no package of that release is published here");
    else if (result != PAWL_OK)
        pawl_request_refuse(request, result, "cannot read the packages");
}

static void header_end(struct pawl_request *request, struct arrival *arrival)
{
    enum pawl_result result =
        pawl_bundle_header_read(arrival->head, arrival->filled, &arrival->bundle);
    if (result != PAWL_OK) {
        pawl_request_refuse(request, result, "the content's header cannot be read");
        return;
    }
    release_check(request, arrival->bundle.release_id);
    if (request->status == 0)
        head_keep(request, arrival, PAWL_CONTENT_HEADER_NAME);
    if (request->status == 0)
        gather(request, arrival, PLAYLIST, arrival->bundle.playlist_size);
}

static void segment_begin(struct pawl_request *request, struct arrival *arrival)
{
    char name[PAWL_SEGMENT_NAME_SIZE];
    arrival->part = SEGMENTS;
    arrival->left = arrival->bundle.segment_sizes[arrival->number];
    arrival->fd =
        pawl_content_upload_create(&arrival->upload, pawl_segment_name_make(arrival->number, name));
    if (arrival->fd < 0)
        write_refuse(request);
}

static void playlist_end(struct pawl_request *request, struct arrival *arrival)
{
    struct pawl_playlist playlist = {.segments = NULL};
    enum pawl_result result =
        pawl_playlist_read((const char *)arrival->head, arrival->filled, &playlist);
    uint32_t count = playlist.segment_count;
    pawl_playlist_release(&playlist);
    if (result != PAWL_OK)
        pawl_request_refuse(request, result, "the playlist is not one of SPEC 20.7");
    else if (count != arrival->bundle.segment_count)
        pawl_request_refuse(request, PAWL_CORRUPT,
                            "the playlist has %u segments, and %u are to come", (unsigned)count,
                            (unsigned)arrival->bundle.segment_count);
    else
        head_keep(request, arrival, PAWL_PLAYLIST_NAME);
    if (request->status == 0)
        segment_begin(request, arrival);
}

static void segment_end(struct pawl_request *request, struct arrival *arrival)
{
    close(arrival->fd);
    arrival->fd = -1;
    if (++arrival->number < arrival->bundle.segment_count)
        segment_begin(request, arrival);
    else
        arrival->part = WHOLE;
}

/* Takes bytes until all are taken or one of the parts is refused. */
static void bytes_take(struct pawl_request *request, struct arrival *arrival, const uint8_t *bytes,
                       size_t size)
{
    static void (*const ends[])(struct pawl_request * request,
                                struct arrival * arrival) = {[PREFIX] = prefix_end,
                                                             [HEADER] = header_end,
                                                             [PLAYLIST] = playlist_end,
                                                             [SEGMENTS] = segment_end};
    while (request->status == 0 && size > 0) {
        size_t part = arrival->left < size ? (size_t)arrival->left : size;
        if (arrival->part == WHOLE) {
            pawl_request_refuse(request, PAWL_CORRUPT,
                                "the content is longer than its header says");
            return;
        }
        if (arrival->part != SEGMENTS) {
            memcpy(arrival->head + arrival->filled, bytes, part);
            arrival->filled += part;
        } else if (pawl_write_full(arrival->fd, bytes, part) != PAWL_OK) {
            write_refuse(request);
            return;
        }
        bytes += part;
        size -= part;
        arrival->left -= part;
        if (arrival->left == 0)
            ends[arrival->part](request, arrival);
    }
}

static void publish_take(struct pawl_request *request, const uint8_t *bytes, size_t size)
{
    struct pawl_server *server = request->server;
    struct arrival *arrival = request->state;
    bytes_take(request, arrival, bytes, size);
    if (request->status != 0) /* nothing is left of it when the client hears */
        pawl_content_upload_close(&server->data, &arrival->upload);
}

static void publish_begin(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    uint8_t content_id[PAWL_CONTENT_ID_SIZE];
    if (!pawl_part_read(request, content_id, sizeof content_id))
        return;
    struct arrival *arrival = calloc(1, sizeof *arrival);
    request->state = arrival;
    if (arrival == NULL) {
        pawl_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE, PAWL_EXHAUSTED, "no memory");
        return;
    }
    memcpy(arrival->content_id, content_id, sizeof content_id);
    arrival->upload.fd = arrival->fd = -1;
    int ready = pawl_content_file_open(&server->data, content_id, PAWL_PLAYLIST_NAME);
    if (ready >= 0) {
        close(ready);
        pawl_request_refuse(request, PAWL_STATE, "there is a content object of that id");
        return;
    }
    pawl_content_sweep(&server->data, false);
    if (pawl_content_upload_open(&server->data, &arrival->upload) != PAWL_OK)
        write_refuse(request);
    else
        gather(request, arrival, PREFIX, PAWL_BUNDLE_PREFIX_SIZE);
}

static enum MHD_Result publish_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct arrival *arrival = request->state;
    if (arrival->part != WHOLE) {
        pawl_content_upload_close(&server->data, &arrival->upload);
        return pawl_request_refuse(request, PAWL_CORRUPT, "the content is incomplete");
    }
    pawl_request_patience_set(request, true);
    enum pawl_result result =
        pawl_content_upload_shelve(&server->data, &arrival->upload, arrival->content_id);
    pawl_request_patience_set(request, false);
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot keep the content: %s", strerror(errno));
    json_t *json = json_object();
    pawl_json_put(&json, "content_id", pawl_hex_json(arrival->content_id, PAWL_CONTENT_ID_SIZE));
    pawl_json_put(&json, "state", json_string("needs-keys"));
    return pawl_json_answer(request, MHD_HTTP_CREATED, json);
}

static void publish_release(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct arrival *arrival = request->state;
    if (arrival == NULL)
        return;
    if (arrival->fd >= 0)
        close(arrival->fd);
    pawl_content_upload_close(&server->data, &arrival->upload);
    pawl_bundle_release(&arrival->bundle);
    free(arrival->head);
    free(arrival);
    request->state = NULL;
}

const struct pawl_handler pawl_content_publish_handler = {
    .begin = publish_begin,
    .take = publish_take,
    .answer = publish_answer,
    .release = publish_release,
};
