/*
 * The agent's state, shared by the phases of its loop. Each phase is one function that does its
 * part and names the phase that follows; loop.c has the table.
 *
 *   CONNECT -> REPORT -> FETCH -> INSTALL -> WATCH -> REPORT -> PAUSE -> REPORT ...
 *
 * What the processor says of itself decides, never what the agent remembers: it may be restarted at
 * any point, and so may the processor.
 */
#ifndef PAWL_AGENT_AGENT_H
#define PAWL_AGENT_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/backoff.h"
#include "agent/content.h"
#include "agent/http.h"
#include "agent/link_client.h"
#include "agent/message.h"
#include "agent/push.h"
#include "agent/settings.h"
#include "agent/summons.h"
#include "agent/url.h"
#include "agent/wake.h"
#include "host/progress.h"

enum pawl_phase {
    PAWL_PHASE_CONNECT = 0, /* reach the processor, see what it is at */
    PAWL_PHASE_REPORT = 1,  /* one exchange with the server */
    PAWL_PHASE_FETCH = 2,   /* bring package bytes */
    PAWL_PHASE_INSTALL = 3, /* have the whole package verified and tried */
    PAWL_PHASE_WATCH = 4,   /* see how the trial ends */
    PAWL_PHASE_PAUSE = 5,   /* wait, then go on with `after_pause` */
    PAWL_PHASE_CONTENT = 6, /* a player wants a key; then on with `content_back` */
    PAWL_PHASE_DONE = 7,
    PAWL_PHASE_COUNT
};

/* What can fail on its own, and is then tried again ever more slowly. */
enum pawl_trouble {
    PAWL_TROUBLE_LINK = 0,     /* the processor cannot be reached */
    PAWL_TROUBLE_EXCHANGE = 1, /* the server cannot be reached, or is not understood */
    PAWL_TROUBLE_FETCH = 2,    /* package bytes do not come */
    PAWL_TROUBLE_ATTEMPT = 3,  /* the package was refused, or its trial failed */
    PAWL_TROUBLE_COUNT
};

struct pawl_agent {
    const struct pawl_agent_settings *settings;
    struct pawl_wake *wake;
    struct pawl_http http;
    struct pawl_link_client link;
    struct pawl_backoff backoffs[PAWL_TROUBLE_COUNT];
    struct pawl_progress progress;
    struct pawl_message message;
    struct pawl_content content;
    struct pawl_agent_push *push; /* NULL: there is none */
    struct pawl_summoned summoned;
    uint32_t push_random; /* where in the window this device polls */
    bool resting;         /* the last exchange went well, and the next is not due */
    bool pushed;          /* the next poll is due because of a push */

    struct pawl_processor_status status; /* as last told */
    struct pawl_work work;               /* what the last directive was about */
    char url[PAWL_AGENT_URL_MAX];        /* of the package */
    bool under_way; /* a download or trial was seen that has not been seen to end */
    bool sequence_known;
    uint64_t sequence;  /* committed downloads, as of the last look */
    bool unconfirmed;   /* the server has not heard of the last success or failure */
    unsigned moves;     /* times that the processor wanted bytes once more */
    unsigned repeats;   /* times in a row that the server asked for another report */
    int64_t last_poll;  /* when the last report was made */
    int64_t next_poll;  /* when the next one is due */
    int64_t attempt_at; /* a package that failed is not fetched again before */
    uint32_t watch;     /* time to the next look at a trial, milliseconds */

    enum pawl_phase content_back; /* what a player interrupted */
    enum pawl_phase after_pause;
    int64_t pause_end;
    int exit_code;
};

typedef enum pawl_phase (*pawl_phase_fn)(struct pawl_agent *agent);

/* exchange with the server: report.c */
enum pawl_phase pawl_phase_report(struct pawl_agent *agent);
/* command.c: carries out the command of the last directive. False: that could not be done. */
bool pawl_agent_command(struct pawl_agent *agent);
/* download.c */
enum pawl_phase pawl_phase_fetch(struct pawl_agent *agent);
/* trial.c */
enum pawl_phase pawl_phase_install(struct pawl_agent *agent);
enum pawl_phase pawl_phase_watch(struct pawl_agent *agent);

/* content.c */
enum pawl_phase pawl_phase_content(struct pawl_agent *agent);

/* The phase that the processor's status calls for, after telling how an attempt ended. */
enum pawl_phase pawl_agent_follow(struct pawl_agent *agent);

/* Asks for the status and follows it. */
enum pawl_phase pawl_agent_look(struct pawl_agent *agent);

/* Goes on with `phase` at `time`. */
enum pawl_phase pawl_agent_pause(struct pawl_agent *agent, int64_t time, enum pawl_phase phase);

/* Something failed: logs it and goes on with `phase` after a back-off of at least `least`
 * milliseconds, or gives up where --once has tried often enough. */
enum pawl_phase pawl_agent_retry(struct pawl_agent *agent, enum pawl_trouble trouble,
                                 enum pawl_result result, const char *problem, uint32_t least,
                                 enum pawl_phase phase);

/* The link failed: it is closed, and connected anew after a back-off. */
enum pawl_phase pawl_agent_unlink(struct pawl_agent *agent, enum pawl_result result);

#endif
