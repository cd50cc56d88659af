/* What the agent does until it is stopped, or with --once until there is nothing left to do. */
#ifndef PAWL_AGENT_LOOP_H
#define PAWL_AGENT_LOOP_H

#include "agent/settings.h"
#include "agent/wake.h"

/* Returns the exit code of the program (SPEC 17). */
int pawl_agent_run(const struct pawl_agent_settings *settings, struct pawl_wake *wake);

#endif
