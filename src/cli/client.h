/*
 * The operator API of pawld (SPEC 16), by libcurl: on its socket, or by HTTPS. Each function prints
 * the error that it returns; the server's own errors come with their class and words.
 */
#ifndef PAWL_CLI_CLIENT_H
#define PAWL_CLI_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "pawl/result.h"

struct pawl_client;

/* Prepares a connection as the command line says (access.h); the first request connects. */
enum pawl_result pawl_client_open(struct pawl_client **client);
void pawl_client_close(struct pawl_client *client);

/* A path with query parameters. Values are escaped; a NULL value is left out. Owned by the caller;
 * NULL without memory. `query` is pairs of name and value, ended by NULL. */
char *pawl_client_path(struct pawl_client *client, const char *path, const char *const *query);

/* One request with an optional JSON body (given back here), answered by JSON: `*answer` is the
 * caller's; it may be NULL when the answer does not matter. */
enum pawl_result pawl_client_json(struct pawl_client *client, const char *method, const char *path,
                                  json_t *body, json_t **answer);

/* Takes part of a streamed answer; an error, which it prints itself, ends the stream. */
typedef enum pawl_result (*pawl_client_take_fn)(void *context, const uint8_t *bytes, size_t size);

/* Sends a file's bytes from its start, with progress (`what`) when there are many. `*created` (may
 * be NULL) says whether the server answered 201. */
enum pawl_result pawl_client_upload(struct pawl_client *client, const char *method,
                                    const char *path, int fd, uint64_t size, const char *what,
                                    json_t **answer, bool *created);

/* Sends a file in the same way, and takes the answer in parts. */
enum pawl_result pawl_client_upload_stream(struct pawl_client *client, const char *method,
                                           const char *path, int fd, uint64_t size,
                                           const char *what, pawl_client_take_fn take,
                                           void *context);

/* Sends bytes that may be secret; libcurl does not copy them. */
enum pawl_result pawl_client_send(struct pawl_client *client, const char *method, const char *path,
                                  const uint8_t *bytes, size_t size, json_t **answer);

/* A request with a JSON body (given back here), answered by bytes. PAWL_IO when it breaks off. */
enum pawl_result pawl_client_stream(struct pawl_client *client, const char *path, json_t *body,
                                    pawl_client_take_fn take, void *context);

/* The same for a GET. */
enum pawl_result pawl_client_fetch(struct pawl_client *client, const char *path,
                                   pawl_client_take_fn take, void *context);

#endif
