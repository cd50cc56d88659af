/*
 * A fleet and its control server, in virtual time: devices with their agents, a network that
 * loses, doubles, delays and reorders, replicas that die and whose clocks jump. One seed decides
 * all of it.
 */
#ifndef PAWL_TESTS_FLEET_H
#define PAWL_TESTS_FLEET_H

#include "protocol/control.h"
#include "sim/witness.h"

#define FLEET_UNITS_MAX 256u
#define FLEET_NODES_MAX 300u
#define FLEET_RELEASES 4u /* the last one comes when it is quiet again */

/* What happens to a fleet; each must have happened over the seeds of a test. */
#define FLEET_FAULTS(X)                               \
    X(LOST, "messages lost")                          \
    X(DOUBLED, "messages doubled")                    \
    X(DELAYED, "messages delayed for minutes")        \
    X(OLD_REPORT, "reports that came late")           \
    X(OLD_DIRECTIVE, "directives that came late")     \
    X(POWER, "power cuts")                            \
    X(FLASH_CUT, "power cuts in a change of flash")   \
    X(TRIAL_POLL, "polls in a trial")                 \
    X(TRIAL_FAILED, "trials that failed")             \
    X(FIRST_CONTACT, "first contacts")                \
    X(REPLICA_DIED, "replicas that died")             \
    X(WRITE_LOST, "writes that died with a replica")  \
    X(ANSWER_LOST, "answers that died after a write") \
    X(OVERTAKEN, "writes that another overtook")      \
    X(CLOCK, "clock jumps")                           \
    X(FLASH_LOST, "flash memories lost")              \
    X(FLASH_RESTORED, "flash memories restored")      \
    X(FLASH_AWAY, "flash memories away for a while")  \
    X(REPERSONALIZED, "devices made anew")            \
    X(MAXIMUM, "downloads at the maximum")            \
    X(REVOKED, "commits that revoked a key")          \
    X(CLONED, "devices cloned")                       \
    X(MEMORY_RESTORED, "whole memories restored")     \
    X(QUARANTINED, "quarantines")                     \
    X(RELEASED, "releases from quarantine")           \
    X(BACKUP_RESTORED, "server backups restored")

#define FLEET_FAULT_ENUM(name, text) FLEET_##name,
enum fleet_fault { FLEET_FAULTS(FLEET_FAULT_ENUM) FLEET_FAULT_COUNT };
#undef FLEET_FAULT_ENUM

/* An identity, as the server knows it. */
struct fleet_unit {
    struct pawl_pud pud;
    bool honest; /* never copied, nor its memory set back */
    bool decommissioned;
    bool uncertain;      /* a commit of it may have been reported without its package */
    bool in_backup;      /* the backup knows it, */
    bool gone_in_backup; /* and that it is decommissioned */
    bool must_be_found;  /* its memory was set back behind what the server holds */
};

/* A device. Clones are nodes of one unit. */
struct fleet_node {
    struct pawl_test_device device;
    struct pawl_test_witness witness;
    struct pawl_ram_port kept; /* a copy of its memory that somebody made */
    bool has_kept;
    unsigned unit;
    bool on;
    bool watched;       /* its counter was never set back */
    unsigned personal;  /* commits of the identity that it had before */
    uint64_t power;     /* times it was switched off: what was begun before is over */
    uint64_t timer;     /* of its next poll */
    uint64_t trial;     /* of the trial under way */
    uint64_t committed; /* which of the fleet's commits its last one was; copied with it */
    uint64_t kept_committed;
    bool is_away;
    struct pawl_test_commit away; /* what was committed before its flash went away */
    uint64_t nonce;               /* of its newest report */
};

struct fleet {
    uint64_t seed, random;
    int64_t now;           /* milliseconds since the fleet began */
    bool quiet;            /* no faults any more */
    bool clones, restores; /* which of the kinds that the server may not see through there are */
    bool verbose;
    unsigned unit_count, node_count, release_count;
    struct fleet_unit units[FLEET_UNITS_MAX];
    struct fleet_node *nodes[FLEET_NODES_MAX];
    uint64_t assignments[FLEET_RELEASES];
    bool assigned_in_backup[FLEET_RELEASES];
    bool has_backup;
    int64_t offsets[CONTROL_REPLICAS]; /* of the replicas' clocks, seconds */
    int64_t dead_until[CONTROL_REPLICAS];
    uint64_t faults[FLEET_FAULT_COUNT];
    uint64_t exchanges, commits;
    const char *wrong; /* the first thing that must not be, or NULL */
    unsigned wrong_unit;
};

extern struct pawl_test_issue fleet_issues[FLEET_RELEASES];

/* Below `below`. */
uint64_t fleet_draw(struct fleet *fleet, uint64_t below);
void fleet_count(struct fleet *fleet, enum fleet_fault fault);
void fleet_wrong(struct fleet *fleet, unsigned unit, const char *what);
/* A line of the trace, for one who replays a seed. */
void fleet_trace(const struct fleet *fleet, unsigned node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* events.c: what is to happen, in the order of time. */
enum fleet_event_kind {
    FLEET_POLL,
    FLEET_REPORT,    /* arrives at a replica */
    FLEET_WRITE,     /* a replica's write is done */
    FLEET_DIRECTIVE, /* arrives at a device */
    FLEET_TRIAL_ENDS,
    FLEET_POWER_ON,
    FLEET_FLASH_BACK,
    FLEET_CHAOS,
    FLEET_RELEASE /* the operator assigns the next one */
};

struct fleet_event {
    int64_t at;
    uint64_t serial;
    enum fleet_event_kind kind;
    unsigned node, replica;
    uint64_t mark; /* of the timer, trial or power that it belongs to; of a report and what comes
                      of it, the nonce */
    struct control_request *request;
    size_t size;
    uint8_t bytes[CONTROL_REPLY_MAX];
};

/* Plans a copy of the event, `delay` milliseconds from now. */
void fleet_plan(struct fleet *fleet, const struct fleet_event *event, int64_t delay);
/* Takes the next one and makes its time the present; false when there is none before `until`. */
bool fleet_next(struct fleet *fleet, int64_t until, struct fleet_event *event);
/* Forgets all that wait for a write at a replica (CONTROL_REPLICAS: at all); gives how many. */
uint64_t fleet_writes_drop(unsigned replica);
void fleet_events_clear(void);

/* node.c: devices and their agents. */
extern const struct pawl_ram_geometry fleet_geometry;
struct fleet_node *fleet_node_add(struct fleet *fleet, unsigned unit);
void fleet_node_free(struct fleet_node *node);
void fleet_node_poll_soon(struct fleet *fleet, unsigned node, int64_t delay);
void fleet_node_handle(struct fleet *fleet, const struct fleet_event *event);
void fleet_node_power_cut(struct fleet *fleet, unsigned node);
unsigned fleet_node_index(const struct fleet *fleet, const struct fleet_node *node);

/* exchange.c: the network and the replicas. */
/* `like` says which node, replica and mark. */
void fleet_send(struct fleet *fleet, enum fleet_event_kind kind, const struct fleet_event *like,
                const uint8_t *bytes, size_t size);
void fleet_exchange_handle(struct fleet *fleet, const struct fleet_event *event);
void fleet_replica_kill(struct fleet *fleet, unsigned replica);

/* chaos.c: what befalls devices and servers, and what operators do. */
void fleet_chaos(struct fleet *fleet);
/* The flash of a device can't be read for a while, just after a commit. */
void fleet_flash_away(struct fleet *fleet, unsigned node);
void fleet_flash_back(struct fleet *fleet, unsigned node);
/* A new identity, for a device whose counter stands at `counter`. */
void fleet_unit_add(struct fleet *fleet, uint64_t counter);
void fleet_release_assign(struct fleet *fleet);

#endif
