/* Content keys in the agent's loop (SPEC 20.5): what players' threads ask for at the desk is got
 * from server and processor here, between everything else that the loop does. */
#ifndef PAWL_AGENT_CONTENT_H
#define PAWL_AGENT_CONTENT_H

#include "agent/content_desk.h"
#include "agent/content_server.h"

struct pawl_agent;

struct pawl_content {
    struct pawl_desk *desk; /* NULL: off, and so is all below */
    struct pawl_content_server *server;
    int64_t ask_at;       /* the server is not asked for keys before (pawl_clock_now) */
    uint32_t asked_count; /* ids in the last report */
    uint8_t asked[PAWL_CONTENT_WANTED_MAX * PAWL_CONTENT_KEY_ID_SIZE];
};

/* Starts to serve when the settings say so. PAWL_IO, PAWL_EXHAUSTED; an error was printed. */
enum pawl_result pawl_content_start(struct pawl_agent *agent);
void pawl_content_stop(struct pawl_agent *agent);

/* Whether the loop should leave what it does (PAWL_PHASE_CONTENT) for a player's sake. */
bool pawl_content_is_due(const struct pawl_agent *agent);

/* Which keys the next report asks for; they are remembered. Returns how many. */
uint32_t pawl_content_ask(struct pawl_agent *agent);

/* The server's directive, which the processor took: keeps its grants, and answers players. */
void pawl_content_grants_take(struct pawl_agent *agent, const uint8_t *directive, size_t size);

/* The server could not be asked: players are told, and it is left alone for a while. */
void pawl_content_give_up(struct pawl_agent *agent);

#endif
