/* --status: asks the secure processor where it stands, and nobody else. */
#ifndef PAWL_AGENT_STATUS_H
#define PAWL_AGENT_STATUS_H

#include "agent/settings.h"
#include "agent/wake.h"

/* Prints the status and returns the exit code. */
int pawl_agent_status_print(const struct pawl_agent_settings *settings, struct pawl_wake *wake);

#endif
