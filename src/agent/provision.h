/* --provision: the factory's part of the link (SPEC 14.8). */
#ifndef PAWL_AGENT_PROVISION_H
#define PAWL_AGENT_PROVISION_H

#include "agent/settings.h"
#include "agent/wake.h"

/* Gives the device the unit data in the settings' file and returns the exit code. */
int pawl_agent_provision(const struct pawl_agent_settings *settings, struct pawl_wake *wake);

#endif
