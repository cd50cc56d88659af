/* Content objects over HTTP (SPEC 20.7 to 20.10): the handlers, by the file that has them. */
#ifndef PAWL_SERVER_CONTENT_API_H
#define PAWL_SERVER_CONTENT_API_H

#include "server/operator_json.h"
#include "store/contents.h"

/* content_fetch.c */
extern const struct pawl_handler pawl_content_fetch_handler;

/* content_publish.c, content_object_keys.c, operator_contents.c */
extern const struct pawl_handler pawl_content_publish_handler;
extern const struct pawl_handler pawl_content_keys_handler;
extern const struct pawl_handler pawl_content_list_handler;
extern const struct pawl_handler pawl_content_show_handler;
extern const struct pawl_handler pawl_content_remove_handler;

/* An object as the API shows it: a new reference, or NULL. */
json_t *pawl_content_json(const struct pawl_content_row *content);

/* What the audit says of an object, as JSON text: for the caller to free; NULL without memory. */
char *pawl_content_detail_make(const struct pawl_content_row *content);

#endif
