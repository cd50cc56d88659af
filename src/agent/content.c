#include "agent/content.h"

#include "agent/agent.h"
#include "host/log.h"
#include "pawl/secret.h"

enum pawl_result pawl_content_start(struct pawl_agent *agent)
{
    struct pawl_content *content = &agent->content;
    if (agent->settings->content_listen == NULL)
        return PAWL_OK;
    enum pawl_result result = pawl_desk_create(&content->desk);
    if (result != PAWL_OK)
        return pawl_error(result, "no memory to serve content");
    result = pawl_content_server_start(agent->settings, content->desk, &content->server);
    if (result == PAWL_OK)
        agent->wake->content = pawl_desk_fd(content->desk);
    return result;
}

void pawl_content_stop(struct pawl_agent *agent)
{
    struct pawl_content *content = &agent->content;
    if (content->desk == NULL)
        return;
    agent->wake->content = -1;
    pawl_desk_close(content->desk);
    pawl_content_server_stop(content->server);
    pawl_desk_free(content->desk);
    content->desk = NULL;
}

bool pawl_content_is_due(const struct pawl_agent *agent)
{
    const struct pawl_content *content = &agent->content;
    return content->desk != NULL &&
           (agent->wake->content_asked ||
            (pawl_clock_now() >= content->ask_at && pawl_desk_waits(content->desk)));
}

uint32_t pawl_content_ask(struct pawl_agent *agent)
{
    struct pawl_content *content = &agent->content;
    content->asked_count =
        content->desk != NULL ? pawl_desk_wanted(content->desk, content->asked) : 0;
    if (content->asked_count > 0)
        content->ask_at = agent->last_poll + agent->settings->min_poll;
    return content->asked_count;
}

/* Has the processor open grants that players wait for. PAWL_IO, PAWL_MALFORMED: the link is broken.
 */
static enum pawl_result grants_open(struct pawl_agent *agent)
{
    struct pawl_desk *desk = agent->content.desk;
    struct pawl_link_answer answer;
    struct pawl_grant grant;
    uint8_t key[PAWL_CONTENT_KEY_SIZE];
    enum pawl_result result = PAWL_OK;

    while (result == PAWL_OK && pawl_desk_grant_next(desk, &grant)) {
        result = pawl_link_client_content_key(&agent->link, &grant, &answer, key);
        if (result != PAWL_OK)
            break;
        agent->status.state = answer.state;
        if (answer.result == PAWL_NOT_ENTITLED) /* made for what was committed before */
            pawl_desk_grant_drop(desk, grant.key_id);
        else
            pawl_desk_answer(desk, grant.key_id, answer.result, key);
        pawl_wipe(key, sizeof key);
    }
    return result;
}

void pawl_content_grants_take(struct pawl_agent *agent, const uint8_t *directive, size_t size)
{
    struct pawl_content *content = &agent->content;
    struct pawl_grant grants[PAWL_CONTENT_WANTED_MAX];
    size_t count = 0;

    /* A report to be repeated was not judged. */
    if (content->desk == NULL || agent->work.action == PAWL_ACTION_REPEAT)
        return;
    if (agent->work.action == PAWL_ACTION_HOLD)
        pawl_desk_grants_forget(content->desk);
    if (pawl_grants_read(directive, size, grants, &count) != PAWL_OK)
        count = 0;
    if (count > 0)
        pawl_log(PAWL_LOG_DEBUG, "%u of %u content keys were granted", (unsigned)count,
                 (unsigned)content->asked_count);
    pawl_desk_grants_take(content->desk, content->asked, content->asked_count, grants, count);
    content->asked_count = 0;
    if (grants_open(agent) != PAWL_OK) /* whoever uses the link next finds that out, too */
        pawl_desk_refuse(content->desk, PAWL_IO);
}

void pawl_content_give_up(struct pawl_agent *agent)
{
    struct pawl_content *content = &agent->content;
    if (content->desk == NULL)
        return;
    content->ask_at = pawl_clock_now() + agent->settings->min_poll;
    pawl_desk_refuse(content->desk, PAWL_IO);
}

/* Goes on with what a player interrupted. Where keys are still wanted of the server, that is the
 * next report, as soon as it may be asked. */
static enum pawl_phase go_on(struct pawl_agent *agent, bool was_open)
{
    struct pawl_content *content = &agent->content;
    uint8_t ids[sizeof content->asked];
    bool wants = pawl_desk_wanted(content->desk, ids) > 0;
    bool is_own = agent->link.channel.child != 0;

    if (wants && pawl_clock_now() >= content->ask_at)
        return PAWL_PHASE_REPORT;
    if (agent->content_back != PAWL_PHASE_PAUSE)
        return agent->content_back;
    if (!was_open && !is_own)
        pawl_link_client_close(&agent->link);
    if (wants && content->ask_at < agent->pause_end) {
        agent->pause_end = content->ask_at;
        agent->after_pause =
            pawl_link_client_is_open(&agent->link) ? PAWL_PHASE_REPORT : PAWL_PHASE_CONNECT;
    }
    return PAWL_PHASE_PAUSE;
}

enum pawl_phase pawl_phase_content(struct pawl_agent *agent)
{
    bool was_open = pawl_link_client_is_open(&agent->link);
    enum pawl_result result;

    agent->wake->content_asked = false;
    if (!was_open &&
        pawl_link_client_open(&agent->link, agent->wake, agent->settings->processor) != PAWL_OK) {
        /* How soon it is tried again is not for players to say. */
        pawl_desk_refuse(agent->content.desk, PAWL_IO);
        return agent->content_back;
    }
    result = grants_open(agent);
    if (result == PAWL_OK)
        return go_on(agent, was_open);
    pawl_desk_refuse(agent->content.desk, PAWL_IO);
    return pawl_agent_unlink(agent, result);
}
