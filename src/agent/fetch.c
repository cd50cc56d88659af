#include "agent/fetch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/content_range.h"
#include "pawl/package.h"

#define ERROR_BODY_MAX 65536u /* of an error page, read to keep the connection */
#define PART_MAX 16384u       /* collected before a WRITE: lost when the agent or its link is */
#define FLUSH_AFTER_MS 2000   /* on a slow network what came is not kept back for long */

static bool stop(struct pawl_fetch *fetch, enum pawl_fetch_outcome outcome, enum pawl_result result)
{
    fetch->outcome = outcome;
    fetch->result = result;
    return false;
}

/* The server sends something else than was asked for. */
static bool mismatch(struct pawl_fetch *fetch, const char *what)
{
    snprintf(fetch->http->problem, sizeof fetch->http->problem, "the server sends %s", what);
    return stop(fetch, PAWL_FETCH_BROKEN, PAWL_CORRUPT);
}

/* Small parts cost the link little, and what was collected and not sent is fetched twice after an
 * interruption. */
static uint8_t *area_of(struct pawl_fetch *fetch, size_t *capacity)
{
    uint8_t *area = pawl_link_client_write_area(fetch->link, capacity);
    if (*capacity > PART_MAX)
        *capacity = PART_MAX;
    return area;
}

/* Takes the answer to the WRITE under way, if there is one. */
static bool write_finish(struct pawl_fetch *fetch)
{
    struct pawl_link_answer answer;
    uint64_t next;

    if (!fetch->link->write_pending)
        return true;
    enum pawl_result result = pawl_link_client_write_finish(fetch->link, &answer, &next);
    if (result != PAWL_OK)
        return stop(fetch, PAWL_FETCH_UNLINKED, result);
    if (answer.result == PAWL_OK && next == fetch->sent) {
        fetch->offset = next;
        pawl_progress_update(fetch->progress, next);
        return true;
    }
    if (answer.state != PAWL_STATE_WRITING)
        return stop(fetch, PAWL_FETCH_REFUSED, answer.result);
    /* It counts otherwise, or its flash failed it this time. */
    fetch->offset = next;
    return stop(fetch, PAWL_FETCH_MOVED, answer.result);
}

/* A server or cache that mixes packages up must not cost the device its attempt: the header, if it
 * is whole in the first bytes, has to be the offered package's. */
static bool header_check(struct pawl_fetch *fetch, const uint8_t *bytes)
{
    struct pawl_package package;
    uint32_t size;

    if (fetch->sent > 0 || fetch->filled < PAWL_PREFIX_SIZE)
        return true;
    if (pawl_preamble_size_read(bytes, &size) != PAWL_OK)
        return mismatch(fetch, "what is no package");
    if (size > fetch->filled)
        return true;
    if (pawl_package_read(bytes, fetch->filled, &package) != PAWL_OK ||
        memcmp(package.package_id, fetch->package_id, PAWL_PACKAGE_ID_SIZE) != 0)
        return mismatch(fetch, "another package than the one offered");
    return true;
}

/* Sends what was collected, after the answer to what was sent before: while the processor works on
 * one part the next one is fetched. */
static bool flush(struct pawl_fetch *fetch)
{
    size_t capacity;
    const uint8_t *area = area_of(fetch, &capacity);

    if (!write_finish(fetch) || !header_check(fetch, area))
        return false;
    if (fetch->filled == 0)
        return true;
    enum pawl_result result = pawl_link_client_write_send(fetch->link, fetch->sent, fetch->filled);
    if (result != PAWL_OK)
        return stop(fetch, PAWL_FETCH_UNLINKED, result);
    fetch->sent += fetch->filled;
    fetch->filled = 0;
    fetch->flushed = pawl_clock_now();
    return true;
}

/* 206: the range must be the one asked for, of a whole of the right size. */
static bool range_check(struct pawl_fetch *fetch)
{
    struct pawl_content_range range;
    const char *text = pawl_http_header(fetch->http, "Content-Range");

    if (text == NULL || pawl_content_range_read(text, &range) != PAWL_OK ||
        range.first != fetch->offset)
        return mismatch(fetch, "another range than was asked for");
    if (range.has_total && range.total != fetch->package_size)
        return mismatch(fetch, "a package of another size");
    return true;
}

/* 200: the whole, of which the processor may have the beginning already. */
static bool whole_check(struct pawl_fetch *fetch)
{
    curl_off_t size = -1;
    curl_easy_getinfo(fetch->http->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
    if (size >= 0 && (uint64_t)size != fetch->package_size)
        return mismatch(fetch, "a package of another size");
    fetch->skip = fetch->offset;
    return true;
}

static bool head_check(struct pawl_fetch *fetch)
{
    fetch->is_checked = true;
    switch (pawl_http_status(fetch->http)) {
    case 206:
        return range_check(fetch);
    case 200:
        return whole_check(fetch);
    default:
        fetch->is_refusal = true;
        return true;
    }
}

static bool refusal_drop(struct pawl_fetch *fetch, size_t size)
{
    fetch->dropped += size;
    return fetch->dropped <= ERROR_BODY_MAX;
}

static bool bytes_take(struct pawl_fetch *fetch, const uint8_t *bytes, size_t size)
{
    if (!fetch->is_checked && !head_check(fetch))
        return false;
    if (fetch->is_refusal)
        return refusal_drop(fetch, size);

    size_t skipped = fetch->skip < size ? (size_t)fetch->skip : size;
    fetch->skip -= skipped;
    bytes += skipped;
    size -= skipped;
    if (size > fetch->package_size - fetch->sent - fetch->filled)
        return mismatch(fetch, "more than the package");

    while (size > 0) {
        size_t capacity;
        uint8_t *area = area_of(fetch, &capacity);
        size_t part = capacity - fetch->filled < size ? capacity - fetch->filled : size;
        memcpy(area + fetch->filled, bytes, part);
        fetch->filled += part;
        bytes += part;
        size -= part;
        if (fetch->filled == capacity && !flush(fetch))
            return false;
    }
    return true;
}

/* libcurl's write callback. */
static size_t body_take(char *bytes, size_t one, size_t size, void *context)
{
    (void)one;
    return bytes_take(context, (const uint8_t *)bytes, size) ? size : 0;
}

/* libcurl's progress callback, which comes at least once a second: what was collected is not kept
 * back for long on a slow network, for only what the processor has is safe from a power cut. The
 * beginning waits for the whole header, which has to be checked first. */
static int tick(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
    struct pawl_fetch *fetch = context;

    (void)total, (void)now, (void)up_total, (void)up;
    bool is_checkable = fetch->sent > 0 || fetch->filled >= PAWL_PREAMBLE_SIZE_MAX;
    if (fetch->yields != NULL && fetch->yields(fetch->context)) {
        if ((!is_checkable || flush(fetch)) && write_finish(fetch))
            stop(fetch, PAWL_FETCH_YIELDED, PAWL_OK);
        return 1;
    }
    if (pawl_clock_now() - fetch->flushed < FLUSH_AFTER_MS)
        return 0;
    fetch->flushed = pawl_clock_now();
    return (is_checkable ? flush(fetch) : write_finish(fetch)) ? 0 : 1;
}

/* After the last byte, or the last that came: what came goes to the processor, so that the next
 * attempt has less to do. */
static void end(struct pawl_fetch *fetch, enum pawl_result performed)
{
    if (fetch->outcome != PAWL_FETCH_WHOLE || !flush(fetch) || !write_finish(fetch))
        return;
    if (fetch->is_refusal || (performed == PAWL_OK && !fetch->is_checked && !head_check(fetch)))
        stop(fetch, PAWL_FETCH_BROKEN, pawl_http_status_refuse(fetch->http));
    else if (performed != PAWL_OK)
        stop(fetch, PAWL_FETCH_BROKEN, performed);
    else if (fetch->offset != fetch->package_size)
        mismatch(fetch, "less than the package");
}

enum pawl_fetch_outcome pawl_fetch_run(struct pawl_fetch *fetch, struct pawl_http *http,
                                       struct pawl_link_client *link)
{
    char range[32];
    CURL *easy = pawl_http_prepare(http, fetch->url);

    fetch->http = http;
    fetch->link = link;
    fetch->outcome = PAWL_FETCH_WHOLE;
    fetch->result = PAWL_OK;
    fetch->sent = fetch->offset;
    fetch->skip = 0;
    fetch->filled = 0;
    fetch->flushed = pawl_clock_now();
    fetch->dropped = 0;
    fetch->is_checked = false;
    fetch->is_refusal = false;

    if (fetch->offset > 0) {
        snprintf(range, sizeof range, "%" PRIu64 "-", fetch->offset);
        curl_easy_setopt(easy, CURLOPT_RANGE, range);
    }
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, tick);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, fetch);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 262144L);

    end(fetch, pawl_http_perform(http));
    return fetch->outcome;
}
