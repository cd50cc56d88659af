#include <stdio.h>

#include "agent/agent.h"
#include "agent/fetch.h"
#include "host/log.h"

/* After so many failures in a row the server is asked again: the package may have moved. */
#define FAILURES_PER_REPORT 4u

static enum pawl_phase interrupted(struct pawl_agent *agent, const struct pawl_fetch *fetch,
                                   const char *problem, bool has_progress)
{
    struct pawl_backoff *backoff = &agent->backoffs[PAWL_TROUBLE_FETCH];
    if (has_progress)
        pawl_backoff_reset(backoff);
    bool ask = (backoff->failures + 1) % FAILURES_PER_REPORT == 0;
    return pawl_agent_retry(agent, PAWL_TROUBLE_FETCH, fetch->result, problem,
                            pawl_http_retry_after(&agent->http),
                            ask ? PAWL_PHASE_REPORT : PAWL_PHASE_FETCH);
}

static enum pawl_phase whole(struct pawl_agent *agent)
{
    pawl_backoff_reset(&agent->backoffs[PAWL_TROUBLE_FETCH]);
    return pawl_agent_look(agent);
}

static enum pawl_phase finish(struct pawl_agent *agent, const struct pawl_fetch *fetch,
                              enum pawl_fetch_outcome outcome, bool has_progress)
{
    char problem[96];
    switch (outcome) {
    case PAWL_FETCH_WHOLE:
        return whole(agent);
    case PAWL_FETCH_BROKEN:
        return interrupted(agent, fetch, agent->http.problem, has_progress);
    case PAWL_FETCH_MOVED:
        /* A package in direct mode is begun twice: its first chunk is a proof that nothing is
         * written without (SPEC 8). */
        if (fetch->result == PAWL_OK && agent->moves++ == 0)
            return PAWL_PHASE_FETCH;
        snprintf(problem, sizeof problem, "the secure processor goes on at byte %llu (%s)",
                 (unsigned long long)fetch->offset, pawl_result_name(fetch->result));
        return interrupted(agent, fetch, problem, has_progress);
    case PAWL_FETCH_REFUSED:
        return pawl_agent_look(agent);
    case PAWL_FETCH_YIELDED:
        agent->content_back = PAWL_PHASE_FETCH;
        return PAWL_PHASE_CONTENT;
    case PAWL_FETCH_UNLINKED:
        break;
    }
    return pawl_agent_unlink(agent, fetch->result);
}

static bool player_waits(void *context)
{
    return pawl_content_is_due(context);
}

enum pawl_phase pawl_phase_fetch(struct pawl_agent *agent)
{
    struct pawl_link_answer answer;
    char size[16];

    enum pawl_result result = pawl_link_client_status(&agent->link, &answer, &agent->status);
    if (result != PAWL_OK)
        return pawl_agent_unlink(agent, result);
    if (agent->status.state != PAWL_STATE_WRITING)
        return pawl_agent_follow(agent);

    struct pawl_fetch fetch = {.url = agent->url,
                               .package_id = agent->work.package_id,
                               .package_size = agent->work.package_size,
                               .offset = agent->status.offset,
                               .progress = &agent->progress,
                               .yields = player_waits,
                               .context = agent};
    if (fetch.offset > fetch.package_size)
        return pawl_agent_retry(agent, PAWL_TROUBLE_FETCH, PAWL_STATE,
                                "the secure processor is at another package", 0, PAWL_PHASE_REPORT);
    if (fetch.offset > 0)
        pawl_log(PAWL_LOG_INFO, "resuming the download at %s",
                 pawl_size_format(fetch.offset, size));
    pawl_progress_start(&agent->progress, "downloading", fetch.offset, fetch.package_size,
                        PAWL_PROGRESS_BYTES,
                        agent->settings->quiet ? PAWL_PROGRESS_QUIET : PAWL_PROGRESS_AUTO);

    enum pawl_fetch_outcome outcome = pawl_fetch_run(&fetch, &agent->http, &agent->link);
    pawl_progress_finish(&agent->progress);
    return finish(agent, &fetch, outcome, fetch.offset > agent->status.offset);
}
