/* Tells the service manager how the agent fares, where there is one (sd_notify(3)). */
#ifndef PAWL_AGENT_NOTIFY_H
#define PAWL_AGENT_NOTIFY_H

/* Sends `state` ("READY=1") to $NOTIFY_SOCKET. Nothing depends on whether it arrives. */
void pawl_notify_send(const char *state);

#endif
