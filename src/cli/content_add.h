/* `pawl content add`: from a media file to a content object at the control server (SPEC 20.7,
 * 20.8). */
#ifndef PAWL_CLI_CONTENT_ADD_H
#define PAWL_CLI_CONTENT_ADD_H

#include "cli/client.h"
#include "pawl/identifier.h"

struct pawl_content_request {
    const char *file, *name;
    uint8_t release_id[PAWL_RELEASE_ID_SIZE];
    uint32_t segment_seconds, key_period; /* seconds; segments under one key */
};

/* Cuts, encrypts and hands in; `*answer` is what the server says of the object. Prints the error
 * that it returns; nothing is then left of it, here or there. */
enum pawl_result pawl_content_add(struct pawl_client *client,
                                  const struct pawl_content_request *request, json_t **answer);

#endif
