#include "server/file_answer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/log.h"
#include "server/range.h"

#define CACHE_FOREVER "public, max-age=31536000, immutable"

/* Headers of every answer that stands for the file. */
static void headers_add(struct MHD_Response *response, const char *etag)
{
    MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, etag);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, CACHE_FOREVER);
    MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
}

static bool etag_listed(const char *list, const char *etag)
{
    return list != NULL && (strcmp(list, "*") == 0 || strstr(list, etag) != NULL);
}

/* The answer without a body: 304, or 416 with the size that ranges must lie in. */
static enum MHD_Result bare_answer(struct pawl_request *request, unsigned status, const char *etag,
                                   uint64_t total)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (response == NULL)
        return MHD_NO;
    headers_add(response, etag);
    if (status == MHD_HTTP_RANGE_NOT_SATISFIABLE) {
        char range[48];
        snprintf(range, sizeof range, "bytes */%" PRIu64, total);
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, range);
    }
    return pawl_request_answer(request, status, response);
}

/* The part of the file that is asked for. */
static enum MHD_Result part_answer(struct pawl_request *request, int fd, const char *etag,
                                   uint64_t total, const char *media_type)
{
    struct pawl_range range = {0, total};
    const char *wanted = pawl_request_header(request, MHD_HTTP_HEADER_RANGE);
    const char *if_range = pawl_request_header(request, MHD_HTTP_HEADER_IF_RANGE);
    if (if_range != NULL && strcmp(if_range, etag) != 0)
        wanted = NULL;
    enum pawl_range_kind kind = pawl_range_read(wanted, total, &range);
    if (kind == PAWL_RANGE_OUTSIDE) {
        close(fd);
        return bare_answer(request, MHD_HTTP_RANGE_NOT_SATISFIABLE, etag, total);
    }

    struct MHD_Response *response =
        MHD_create_response_from_fd_at_offset64(range.size, fd, range.first);
    if (response == NULL) {
        close(fd);
        return MHD_NO;
    }
    headers_add(response, etag);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, media_type);
    if (strcmp(request->method, MHD_HTTP_METHOD_HEAD) != 0)
        request->package_bytes = range.size;
    if (kind == PAWL_RANGE_PART) {
        char text[80];
        snprintf(text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range.first,
                 range.first + range.size - 1, total);
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
    }
    return pawl_request_answer(
        request, kind == PAWL_RANGE_PART ? MHD_HTTP_PARTIAL_CONTENT : MHD_HTTP_OK, response);
}

/* There is no such file; or there may be one, and `cause` kept it from being opened: whoever takes
 * a 404 for the truth, as caches do, must not get one then. */
static enum MHD_Result absence_answer(struct pawl_request *request, int cause, const char *what)
{
    switch (cause) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "%s", what);
        break;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        request->retry_after = 1;
        pawl_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE, PAWL_EXHAUSTED,
                          "too many files are open: ask again");
        break;
    default:
        pawl_log(PAWL_LOG_ERROR, "event=file-not-opened cause=\"%s\"", strerror(cause));
        pawl_request_fail(request, MHD_HTTP_INTERNAL_SERVER_ERROR, PAWL_IO,
                          "the file cannot be opened");
    }
    return MHD_YES;
}

enum MHD_Result pawl_file_answer(struct pawl_request *request, int fd, const char *name,
                                 const char *media_type, const char *what)
{
    struct stat status;
    if (fd < 0)
        return absence_answer(request, errno, what);
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        return absence_answer(request, ENOENT, what);
    }
    uint64_t total = (uint64_t)status.st_size;
    char etag[sizeof request->part + 2];
    snprintf(etag, sizeof etag, "\"%.79s\"", name);
    if (etag_listed(pawl_request_header(request, MHD_HTTP_HEADER_IF_NONE_MATCH), etag)) {
        close(fd);
        return bare_answer(request, MHD_HTTP_NOT_MODIFIED, etag, total);
    }
    return part_answer(request, fd, etag, total, media_type);
}
