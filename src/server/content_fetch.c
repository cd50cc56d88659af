/* GET /v1/content/ID/NAME: playlists and segments, as players and caches fetch them (SPEC 20.9). */
#include <errno.h>
#include <string.h>

#include "headend/playlist.h"
#include "host/hex.h"
#include "server/content_api.h"
#include "server/content_shelf.h"
#include "server/file_answer.h"
#include "server/server.h"

#define ID_DIGITS (2u * PAWL_CONTENT_ID_SIZE)

/* The media type of a file that is served; NULL when there is none of that name. Names have one
 * form, so that a cache holds each file once and nothing else in the directory can be named. */
static const char *media_type_find(const char *name)
{
    if (strcmp(name, PAWL_PLAYLIST_NAME) == 0)
        return "application/vnd.apple.mpegurl";
    if (strlen(name) == PAWL_SEGMENT_NAME_SIZE - 1 && strspn(name, "0123456789") == 6 &&
        strcmp(name + 6, ".ts") == 0)
        return "video/mp2t";
    return NULL;
}

static enum MHD_Result content_answer(struct pawl_request *request)
{
    const struct pawl_server *server = request->server;
    uint8_t id[PAWL_CONTENT_ID_SIZE];
    char hex[ID_DIGITS + 1], canonical[PAWL_HEX_SIZE(PAWL_CONTENT_ID_SIZE)];
    const char *media_type = NULL, *name = request->part + ID_DIGITS + 1;
    if (strlen(request->part) > ID_DIGITS && request->part[ID_DIGITS] == '/') {
        memcpy(hex, request->part, ID_DIGITS);
        hex[ID_DIGITS] = '\0';
        if (pawl_hex_decode(hex, id, sizeof id) == PAWL_OK &&
            strcmp(pawl_hex_encode(id, sizeof id, canonical), hex) == 0)
            media_type = media_type_find(name);
    }
    int fd = -1;
    errno = ENOENT;
    if (media_type != NULL)
        fd = pawl_content_file_open(&server->data, id, name);
    return pawl_file_answer(request, fd, request->part, media_type, "no such content");
}

const struct pawl_handler pawl_content_fetch_handler = {.answer = content_answer};
