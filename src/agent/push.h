/*
 * The agent's end of push (SPEC 19.6): listens to the topics of the last directive and says in the
 * agent's wake that one of them was notified. What comes is never believed: it makes a poll earlier
 * and nothing else.
 */
#ifndef PAWL_AGENT_PUSH_H
#define PAWL_AGENT_PUSH_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/wake.h"
#include "pawl/report.h"
#include "push/address.h"

struct pawl_agent_push;

/* Connects in the background; `wake` is told of notifications. An error was printed. */
enum pawl_result pawl_agent_push_open(const struct pawl_broker_address *address, const char *ca,
                                      struct pawl_wake *wake, struct pawl_agent_push **push);
void pawl_agent_push_close(struct pawl_agent_push *push); /* harmless on NULL */

/* Listens to these topics from now on, and to no others; NULL: to none. The first is the device's
 * own. */
void pawl_agent_push_follow(struct pawl_agent_push *push, const struct pawl_summons *summons);

/* Takes what was notified since the last call: false when nothing was. `own` says that the device's
 * own topic was among it, `window` is that of the topics. */
bool pawl_agent_push_take(struct pawl_agent_push *push, bool *own, uint32_t *window);

#endif
