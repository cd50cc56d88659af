#include <stdio.h>

#include "agent/agent.h"
#include "agent/exchange.h"
#include "agent/url.h"
#include "host/hex.h"
#include "host/log.h"

#define REPEAT_MAX 3u

/* Nothing to do until the next poll. */
static enum pawl_phase rest(struct pawl_agent *agent)
{
    if (agent->status.state == PAWL_STATE_TRIAL || agent->status.state == PAWL_STATE_STAGED)
        return PAWL_PHASE_WATCH;
    if (agent->settings->once)
        return PAWL_PHASE_DONE;
    agent->resting = true;
    agent->push_random = pawl_random_draw();
    pawl_log(PAWL_LOG_INFO, "next poll in %lld s",
             (long long)(agent->next_poll - agent->last_poll) / 1000);
    /* A processor that listens is left to others meanwhile; one of our own would end. */
    if (agent->link.channel.child != 0)
        return pawl_agent_pause(agent, agent->next_poll, PAWL_PHASE_REPORT);
    pawl_link_client_close(&agent->link);
    return pawl_agent_pause(agent, agent->next_poll, PAWL_PHASE_CONNECT);
}

static enum pawl_phase idle(struct pawl_agent *agent)
{
    pawl_log(PAWL_LOG_DEBUG, "the server has nothing for this device");
    return rest(agent);
}

static enum pawl_phase hold(struct pawl_agent *agent)
{
    pawl_log(PAWL_LOG_WARNING, "the server holds this device: an operator has to release it");
    return rest(agent);
}

static enum pawl_phase repeat(struct pawl_agent *agent)
{
    if (++agent->repeats <= REPEAT_MAX)
        return PAWL_PHASE_REPORT;
    agent->repeats = 0;
    return pawl_agent_retry(agent, PAWL_TROUBLE_EXCHANGE, PAWL_STATE,
                            "the server asks for one report after another", 0, PAWL_PHASE_REPORT);
}

static void offer_tell(const struct pawl_agent *agent)
{
    char id[PAWL_HEX_SIZE(PAWL_PACKAGE_ID_SIZE)], size[16];
    pawl_hex_encode(agent->work.package_id, PAWL_PACKAGE_ID_SIZE, id);
    pawl_log(PAWL_LOG_NOTICE, "offered package %.16s, %s", id,
             pawl_size_format(agent->work.package_size, size));
    pawl_log(PAWL_LOG_DEBUG, "fetching %s", agent->url);
}

static enum pawl_phase fetch(struct pawl_agent *agent)
{
    const struct pawl_agent_settings *settings = agent->settings;
    if (pawl_url_join(settings->server, agent->work.url, agent->work.url_size, agent->url,
                      sizeof agent->url) != PAWL_OK)
        return pawl_agent_retry(agent, PAWL_TROUBLE_FETCH, PAWL_UNSUPPORTED,
                                "the server names no address that packages can be fetched from", 0,
                                PAWL_PHASE_REPORT);
    if (settings->once && agent->backoffs[PAWL_TROUBLE_ATTEMPT].failures > settings->max_retries)
        return PAWL_PHASE_DONE;
    if (!agent->under_way || agent->work.offset == 0)
        offer_tell(agent);
    agent->under_way = true;
    agent->moves = 0;
    if (agent->attempt_at > pawl_clock_now())
        return pawl_agent_pause(agent, agent->attempt_at, PAWL_PHASE_FETCH);
    return PAWL_PHASE_FETCH;
}

static enum pawl_phase download(struct pawl_agent *agent)
{
    if (agent->work.install)
        return PAWL_PHASE_INSTALL;
    return agent->work.fetch ? fetch(agent) : rest(agent);
}

/* When the server wants to hear of this device again: as it says, within bounds, and not in step
 * with all the others that were told the same. */
static int64_t next_poll_make(const struct pawl_agent *agent)
{
    uint32_t seconds =
        agent->work.poll_after < PAWL_POLL_AFTER_MAX ? agent->work.poll_after : PAWL_POLL_AFTER_MAX;
    uint64_t wait = (uint64_t)seconds * 1000;
    if (wait < agent->settings->min_poll)
        wait = agent->settings->min_poll;
    return agent->last_poll + (int64_t)pawl_jitter_add(wait, pawl_random_draw());
}

/* The command is carried out; the server hears of it soon, and sends the next one if there is. */
static enum pawl_phase obey(struct pawl_agent *agent)
{
    uint64_t wait = pawl_jitter_add(agent->settings->min_poll, pawl_random_draw());
    int64_t time = agent->last_poll + (int64_t)wait;

    if (time < agent->next_poll)
        agent->next_poll = time;
    return agent->status.state == PAWL_STATE_TRIAL
               ? PAWL_PHASE_WATCH
               : pawl_agent_pause(agent, agent->next_poll, PAWL_PHASE_REPORT);
}

/* An authentic directive has come: what the last attempt led to is known to the server. */
static void confirmation_tell(struct pawl_agent *agent)
{
    if (agent->unconfirmed)
        pawl_log(PAWL_LOG_NOTICE, "the server knows: this device is at sequence number %llu",
                 (unsigned long long)agent->status.sequence);
    agent->unconfirmed = false;
}

/* What the device was before the directive, it may be no more: `before`. */
static enum pawl_phase act(struct pawl_agent *agent, enum pawl_state before)
{
    static const pawl_phase_fn actions[] = {
        [PAWL_ACTION_IDLE] = idle,
        [PAWL_ACTION_DOWNLOAD] = download,
        [PAWL_ACTION_HOLD] = hold,
        [PAWL_ACTION_REPEAT] = repeat,
    };
    enum pawl_action action = agent->work.action;

    agent->next_poll = next_poll_make(agent);
    if (action != PAWL_ACTION_REPEAT) {
        pawl_summoned_settle(&agent->summoned,
                             agent->work.fetch || agent->work.install || agent->work.command != 0);
        agent->repeats = 0;
        pawl_backoff_reset(&agent->backoffs[PAWL_TROUBLE_EXCHANGE]);
        confirmation_tell(agent);
    }
    /* The directive itself may have been what a trial waited for. */
    if (before == PAWL_STATE_TRIAL && agent->status.state != PAWL_STATE_TRIAL)
        return pawl_agent_look(agent);
    if (agent->work.command != 0 && pawl_agent_command(agent))
        return obey(agent);
    if ((unsigned)action >= sizeof actions / sizeof actions[0])
        return rest(agent);
    return actions[action](agent);
}

/* The server was not reached. A trial goes on all the same. */
static enum pawl_phase exchange_fail(struct pawl_agent *agent, enum pawl_result result,
                                     const char *problem, uint32_t least)
{
    enum pawl_phase phase =
        pawl_agent_retry(agent, PAWL_TROUBLE_EXCHANGE, result, problem, least, PAWL_PHASE_REPORT);
    if (phase != PAWL_PHASE_PAUSE || agent->status.state != PAWL_STATE_TRIAL)
        return phase;
    agent->next_poll = agent->pause_end;
    return PAWL_PHASE_WATCH;
}

/* The processor does not take the directive. Either it is not from the server, or not for this
 * report; or what it offers cannot be, which is the end of an attempt that the server has to know
 * of. */
static enum pawl_phase directive_refused(struct pawl_agent *agent, enum pawl_state before,
                                         enum pawl_result result)
{
    char problem[96];

    if (agent->status.state == PAWL_STATE_REJECTED && before != PAWL_STATE_REJECTED) {
        agent->under_way = true;
        return pawl_agent_look(agent);
    }
    snprintf(problem, sizeof problem, "the secure processor refuses what the server says (%s)",
             pawl_result_name(result));
    return exchange_fail(agent, result, problem, 0);
}

/* The directive was found authentic, and so is what it says of topics. */
static void topics_follow(struct pawl_agent *agent, const uint8_t *bytes, size_t size)
{
    struct pawl_directive directive;
    struct pawl_summons summons;

    if (agent->push == NULL || pawl_directive_decode(bytes, size, &directive) != PAWL_OK)
        return;
    bool any = directive.summons != NULL &&
               pawl_summons_read(directive.summons, directive.summons_size, &summons) == PAWL_OK;
    pawl_agent_push_follow(agent->push, any ? &summons : NULL);
}

static enum pawl_phase direct(struct pawl_agent *agent, const uint8_t *directive, size_t size)
{
    struct pawl_link_answer answer;
    enum pawl_state before = agent->status.state;

    enum pawl_result result =
        pawl_link_client_direct(&agent->link, directive, size, &answer, &agent->work);
    if (result != PAWL_OK)
        return pawl_agent_unlink(agent, result);
    agent->status.state = answer.state;
    if (answer.result != PAWL_OK)
        return directive_refused(agent, before, answer.result);
    pawl_backoff_reset(&agent->backoffs[PAWL_TROUBLE_LINK]);
    pawl_content_grants_take(agent, directive, size);
    topics_follow(agent, directive, size);
    return act(agent, before);
}

/* Whatever was notified by now, this poll is the answer to it. */
static void report_begin(struct pawl_agent *agent)
{
    uint32_t window;
    bool own;

    if (agent->pushed)
        pawl_summoned_answer(&agent->summoned, agent->last_poll);
    (void)pawl_agent_push_take(agent->push, &own, &window);
    agent->wake->push_asked = false;
    agent->pushed = false;
    agent->resting = false;
}

enum pawl_phase pawl_phase_report(struct pawl_agent *agent)
{
    uint8_t report[PAWL_REPORT_SIZE_MAX], directive[PAWL_DIRECTIVE_SIZE_MAX];
    size_t report_size, directive_size;
    struct pawl_link_answer answer;

    agent->last_poll = pawl_clock_now();
    agent->wake->poll_asked = false;
    report_begin(agent);
    uint32_t wanted = pawl_content_ask(agent);
    enum pawl_result result = pawl_link_client_report(&agent->link, agent->content.asked, wanted,
                                                      &answer, report, &report_size);
    if (result != PAWL_OK)
        return pawl_agent_unlink(agent, result);
    if (answer.result != PAWL_OK)
        return pawl_agent_retry(agent, PAWL_TROUBLE_LINK, answer.result,
                                "the secure processor is not able to report", 0, PAWL_PHASE_REPORT);

    result = pawl_exchange_run(&agent->http, agent->settings->server, report, report_size,
                               directive, &directive_size);
    if (result != PAWL_OK) {
        pawl_content_give_up(agent);
        return exchange_fail(agent, result, agent->http.problem,
                             pawl_http_retry_after(&agent->http));
    }
    return direct(agent, directive, directive_size);
}
