/*
 * The address beside the device that a player plays from (SPEC 20.9): playlists and segments come
 * through it from the control server, keys from the secure processor by way of the desk. Off unless
 * asked for. Keys can be had by whoever reaches it: on loopback every process of this machine, at a
 * socket path this user and root.
 */
#ifndef PAWL_AGENT_CONTENT_SERVER_H
#define PAWL_AGENT_CONTENT_SERVER_H

#include "agent/content_desk.h"
#include "agent/settings.h"

struct pawl_content_server;

/* Listens at settings->content_listen and serves from threads of its own. PAWL_IO, PAWL_EXHAUSTED;
 * an error was printed. */
enum pawl_result pawl_content_server_start(const struct pawl_agent_settings *settings,
                                           struct pawl_desk *desk,
                                           struct pawl_content_server **server);

/* Ends all connections; the desk must be closed before. Harmless on NULL. */
void pawl_content_server_stop(struct pawl_content_server *server);

#endif
