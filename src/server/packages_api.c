#include "server/packages_api.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/hex.h"
#include "pawl/identifier.h"
#include "server/package_shelf.h"
#include "server/range.h"
#include "server/server.h"

/* A package never changes under its name, which is a digest of it. */
#define CACHE_FOREVER "public, max-age=31536000, immutable"

/* Headers of every answer that stands for the package. */
static void package_headers_add(struct MHD_Response *response, const char *etag)
{
    MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, etag);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, CACHE_FOREVER);
    MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
}

/* Opens the file of a package that is ready. The name in the request must be the canonical one, so
 * that a cache holds each package once. */
static int package_open(const struct pawl_request *request, uint64_t *size)
{
    const struct pawl_server *server = request->server;
    uint8_t id[PAWL_PACKAGE_ID_SIZE];
    char name[PAWL_HEX_SIZE(PAWL_PACKAGE_ID_SIZE)];
    struct stat status;
    if (pawl_hex_decode(request->part, id, sizeof id) != PAWL_OK ||
        strcmp(pawl_hex_encode(id, sizeof id, name), request->part) != 0)
        return -1;
    int fd = pawl_shelf_open_ready(&server->data, id);
    if (fd >= 0 && (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))) {
        close(fd);
        fd = -1;
    }
    if (fd >= 0)
        *size = (uint64_t)status.st_size;
    return fd;
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
    package_headers_add(response, etag);
    if (status == MHD_HTTP_RANGE_NOT_SATISFIABLE) {
        char range[48];
        snprintf(range, sizeof range, "bytes */%" PRIu64, total);
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, range);
    }
    return pawl_request_answer(request, status, response);
}

static enum MHD_Result package_answer(struct pawl_request *request)
{
    uint64_t total;
    int fd = package_open(request, &total);
    if (fd < 0) {
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such package");
        return MHD_YES;
    }
    char etag[sizeof request->part + 2];
    snprintf(etag, sizeof etag, "\"%s\"", request->part);
    if (etag_listed(pawl_request_header(request, MHD_HTTP_HEADER_IF_NONE_MATCH), etag)) {
        close(fd);
        return bare_answer(request, MHD_HTTP_NOT_MODIFIED, etag, total);
    }

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
    package_headers_add(response, etag);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/octet-stream");
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

const struct pawl_handler pawl_package_fetch_handler = {.answer = package_answer};
