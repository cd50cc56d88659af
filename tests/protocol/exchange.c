/* The network, and the replicas at its end. */
#include <string.h>

#include "protocol/fleet.h"

#define SECOND 1000
#define EPOCH 1700000000 /* when the fleet begins, Unix seconds */

/* How long a copy of a message takes, in milliseconds; -1: it is lost. */
static int64_t delay_draw(struct fleet *fleet)
{
    uint64_t luck = fleet_draw(fleet, 100);

    if (fleet->quiet)
        return 50;
    if (luck < 8) {
        fleet_count(fleet, FLEET_LOST);
        return -1;
    }
    if (luck < 14) {
        fleet_count(fleet, FLEET_DELAYED);
        return 60 * SECOND + (int64_t)fleet_draw(fleet, 1800 * SECOND);
    }
    if (luck < 26)
        return (int64_t)fleet_draw(fleet, 60 * SECOND);
    return 10 + (int64_t)fleet_draw(fleet, 500);
}

void fleet_send(struct fleet *fleet, enum fleet_event_kind kind, const struct fleet_event *like,
                const uint8_t *bytes, size_t size)
{
    struct fleet_event event = {.kind = kind,
                                .node = like->node,
                                .replica = like->replica,
                                .mark = like->mark,
                                .size = size};

    unsigned copies = 1;

    memcpy(event.bytes, bytes, size);
    if (!fleet->quiet && fleet_draw(fleet, 100) < 10) {
        fleet_count(fleet, FLEET_DOUBLED);
        copies = 2;
    }
    for (; copies > 0; copies--) {
        int64_t delay = delay_draw(fleet);
        if (kind == FLEET_REPORT && copies == 2) /* a copy may go another way */
            event.replica = (unsigned)fleet_draw(fleet, CONTROL_REPLICAS);
        if (delay >= 0)
            fleet_plan(fleet, &event, delay);
        event.replica = like->replica;
    }
}

/* From here on it acts by the clock of the replica. */
static bool replica_acts(struct fleet *fleet, unsigned replica)
{
    control_clock_set(EPOCH + fleet->now / SECOND + (fleet->quiet ? 0 : fleet->offsets[replica]));
    return fleet->dead_until[replica] <= fleet->now;
}

void fleet_replica_kill(struct fleet *fleet, unsigned replica)
{
    uint64_t writes = fleet_writes_drop(replica);

    fleet_count(fleet, FLEET_REPLICA_DIED);
    fleet->faults[FLEET_WRITE_LOST] += writes;
    fleet->dead_until[replica] = fleet->now + (int64_t)fleet_draw(fleet, 60 * SECOND);
}

static void step_take(struct fleet *fleet, const struct fleet_event *event, enum control_step step,
                      const uint8_t *reply, size_t reply_size, struct control_request *request)
{
    if (step == CONTROL_ANSWERED)
        fleet_send(fleet, FLEET_DIRECTIVE, event, reply, reply_size);
    if (step != CONTROL_WRITES)
        return;
    /* A replica may lag with its write, for longer than another one needs for a whole exchange. */
    int64_t lag = fleet->quiet || fleet_draw(fleet, 10) < 7
                      ? (int64_t)fleet_draw(fleet, 20)
                      : (int64_t)fleet_draw(fleet, 20 * SECOND);
    const struct fleet_event write = {.kind = FLEET_WRITE,
                                      .node = event->node,
                                      .replica = event->replica,
                                      .mark = event->mark,
                                      .request = request};
    fleet_plan(fleet, &write, lag);
}

static void report_arrives(struct fleet *fleet, const struct fleet_event *event)
{
    uint8_t reply[CONTROL_REPLY_MAX];
    struct control_request *request = NULL;
    size_t size = 0;

    if (!replica_acts(fleet, event->replica))
        return;
    fleet->exchanges++;
    if (event->mark != fleet->nodes[event->node]->nonce)
        fleet_count(fleet, FLEET_OLD_REPORT);
    enum control_step step =
        control_report(event->replica, event->bytes, event->size, reply, &size, &request);
    step_take(fleet, event, step, reply, size, request);
}

static void write_ends(struct fleet *fleet, const struct fleet_event *event)
{
    uint8_t reply[CONTROL_REPLY_MAX];
    size_t size = 0;

    if (event->request == NULL || !replica_acts(fleet, event->replica))
        return;
    uint64_t before = control_overtaken();
    enum control_step step = control_write(event->request, reply, &size);
    fleet->faults[FLEET_OVERTAKEN] += control_overtaken() - before;
    if (!fleet->quiet && step == CONTROL_ANSWERED && fleet_draw(fleet, 100) < 3) {
        fleet_count(fleet, FLEET_ANSWER_LOST);
        fleet_replica_kill(fleet, event->replica);
        return;
    }
    step_take(fleet, event, step, reply, size, event->request);
}

void fleet_exchange_handle(struct fleet *fleet, const struct fleet_event *event)
{
    if (event->kind == FLEET_REPORT)
        report_arrives(fleet, event);
    else
        write_ends(fleet, event);
}
