#include "agent/agent.h"
#include "host/hex.h"
#include "host/log.h"

#define WATCH_FIRST 50u /* milliseconds: many images are done at once */
#define WATCH_SECOND 200u
#define WATCH_MOST 2000u

enum pawl_phase pawl_phase_install(struct pawl_agent *agent)
{
    struct pawl_link_answer answer;

    pawl_log(PAWL_LOG_INFO, "the package is whole: the secure processor verifies and starts it");
    agent->under_way = true;
    enum pawl_result result = pawl_link_client_install(&agent->link, &answer);
    if (result != PAWL_OK)
        return pawl_agent_unlink(agent, result);
    /* A trial may wait for a directive that arrives while it runs. */
    agent->next_poll = pawl_clock_now() + WATCH_SECOND;
    agent->watch = WATCH_FIRST;
    return pawl_agent_look(agent);
}

enum pawl_phase pawl_phase_watch(struct pawl_agent *agent)
{
    int64_t look_at = pawl_clock_now() + agent->watch;
    int64_t end = look_at < agent->next_poll ? look_at : agent->next_poll;

    agent->watch = agent->watch < WATCH_SECOND ? WATCH_SECOND : agent->watch * 2;
    if (agent->watch > WATCH_MOST)
        agent->watch = WATCH_MOST;
    switch (pawl_wake_sleep(agent->wake, agent->link.channel.fd, end)) {
    case PAWL_WAKE_STOP:
        return PAWL_PHASE_DONE;
    case PAWL_WAKE_POLL:
        /* In a trial there are polls enough. */
        agent->wake->push_asked = false;
        if (agent->wake->poll_asked)
            return PAWL_PHASE_REPORT;
        break;
    case PAWL_WAKE_CONTENT:
        agent->content_back = PAWL_PHASE_WATCH;
        return PAWL_PHASE_CONTENT;
    default:
        break;
    }
    enum pawl_phase phase = pawl_agent_look(agent);
    if (phase == PAWL_PHASE_WATCH && pawl_clock_now() >= agent->next_poll)
        return PAWL_PHASE_REPORT;
    return phase;
}
