#include "server/packages_api.h"

#include <errno.h>
#include <string.h>

#include "host/hex.h"
#include "pawl/identifier.h"
#include "server/file_answer.h"
#include "server/package_shelf.h"
#include "server/server.h"

/* Opens the file of a package that is ready; -1 with errno set. The name in the request must be the
 * canonical one, so that a cache holds each package once. It is a digest of the package, which
 * never changes. */
static int package_open(const struct pawl_request *request)
{
    const struct pawl_server *server = request->server;
    uint8_t id[PAWL_PACKAGE_ID_SIZE];
    char name[PAWL_HEX_SIZE(PAWL_PACKAGE_ID_SIZE)];
    if (pawl_hex_decode(request->part, id, sizeof id) != PAWL_OK ||
        strcmp(pawl_hex_encode(id, sizeof id, name), request->part) != 0) {
        errno = ENOENT;
        return -1;
    }
    return pawl_shelf_open_ready(&server->data, id);
}

static enum MHD_Result package_answer(struct pawl_request *request)
{
    return pawl_file_answer(request, package_open(request), request->part,
                            "application/octet-stream", "no such package");
}

const struct pawl_handler pawl_package_fetch_handler = {.answer = package_answer};
