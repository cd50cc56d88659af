/* Media types of bodies. */
#ifndef PAWL_SERVER_MEDIA_H
#define PAWL_SERVER_MEDIA_H

#include <stdbool.h>

#define PAWL_MEDIA_MAC0 "application/cose; cose-type=\"cose-mac0\"" /* SPEC 12 */
#define PAWL_MEDIA_JSON "application/json"
#define PAWL_MEDIA_LINES "application/x-ndjson"

/* Whether a Content-Type (NULL: none) is PAWL_MEDIA_MAC0, with whatever case, space and quotes. */
bool pawl_media_is_mac0(const char *text);

/* Whether it is JSON, with whatever parameters. */
bool pawl_media_is_json(const char *text);

#endif
