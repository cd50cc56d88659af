/* Answers with a file that never changes under its name: whole, a range of it (RFC 9110), or that
 * the client has it already. Anybody may store it. */
#ifndef PAWL_SERVER_FILE_ANSWER_H
#define PAWL_SERVER_FILE_ANSWER_H

#include "server/http.h"

/* Answers from `fd`, which this closes. -1 with errno: 404 with `what` when there is none, as for
 * what is no regular file; 503 while there are no descriptors or no memory, else 500. `name` tells
 * the file from all others: it becomes the entity tag. */
enum MHD_Result pawl_file_answer(struct pawl_request *request, int fd, const char *name,
                                 const char *media_type, const char *what);

#endif
