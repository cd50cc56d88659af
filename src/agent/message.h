/* Messages that operators send to devices (SPEC 19.2): into the log, and to a program. */
#ifndef PAWL_AGENT_MESSAGE_H
#define PAWL_AGENT_MESSAGE_H

#include <stddef.h>
#include <sys/types.h>

#include "pawl/result.h"

/* A program may take so long, seconds. */
#define PAWL_MESSAGE_PATIENCE 60u

struct pawl_message {
    pid_t program; /* that got the last one and may still be at it; 0: none */
};

/* Logs `size` bytes of text and, unless `path` is NULL, starts that program with them on its
 * standard input. It has nothing else of the agent's; one that still runs when the next message
 * comes is ended. PAWL_IO when it could not be started. */
enum pawl_result pawl_message_show(struct pawl_message *message, const char *path, const char *text,
                                   size_t size);

/* Ends the program. */
void pawl_message_end(struct pawl_message *message);

#endif
