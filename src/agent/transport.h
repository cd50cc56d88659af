/*
 * How the agent reaches its secure processor: "SCHEME:ADDRESS". One table row per transport; each
 * gives a byte stream that carries link frames.
 */
#ifndef PAWL_AGENT_TRANSPORT_H
#define PAWL_AGENT_TRANSPORT_H

#include <stdbool.h>
#include <sys/types.h>

#include "pawl/result.h"

struct pawl_channel {
    int fd;      /* non-blocking; -1 when closed */
    pid_t child; /* the processor that the agent started; 0 for none */
};

/* True when `spec` names a transport that exists and an address. */
bool pawl_channel_spec_is_valid(const char *spec);

/* What can be given, for messages: "unix:PATH, exec:COMMAND". */
const char *pawl_channel_spec_forms(void);

/* Connects. PAWL_IO with errno set; PAWL_UNSUPPORTED for a spec that is not valid. */
enum pawl_result pawl_channel_open(const char *spec, struct pawl_channel *channel);

/* Closes it and ends the child, first by the end of its input, then by signals, within 0.7 s. */
void pawl_channel_close(struct pawl_channel *channel);

#endif
