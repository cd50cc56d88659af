/*
 * The protocol simulator (I1, I2, I5; SPEC 9 to 11). Each seed is a fleet of its own: devices with
 * the real engine, the server's real code over its real database, and hours of virtual time in
 * which everything goes wrong. Then it is quiet, a release goes out, and after two undisturbed
 * exchanges device and server must agree; no honest device may be, or have been, in quarantine, no
 * confirmation lost or counted twice, and every copy that committed must have been found.
 *
 * usage: sim_protocol FIRST COUNT      seeds FIRST to FIRST + COUNT - 1
 *        sim_protocol SEED trace       one seed, telling what happens to each device
 *        sim_protocol SEED trace NODE  the same of one device
 *
 * Of four seeds one has honest faults only, one clones and memories that were set back, one backups
 * of the server that are put back, one all of them. In every other the replicas share a cache.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processor/engine.h"
#include "protocol/fleet.h"
#include "sim/ram_fault.h"

#define SECOND 1000
#define CHAOS_PERIOD (10 * SECOND)
#define CHAOS_TIME (5400 * SECOND)
#define SEEDS_FOR_ALL 40u /* over so many seeds each fault must have happened */

/* Two images prove themselves by their exit, one by contact; the third and the last are signed by
 * the second key and take the first out of the mask. */
struct pawl_test_issue fleet_issues[FLEET_RELEASES] = {
    {.release = {.security_version = 1, .image_seed = 1}},
    {.release = {.security_version = 1, .image_seed = 2, .success = PAWL_SUCCESS_CONTACT}},
    {.release = {.security_version = 2, .image_seed = 3, .signer = 1, .revoked = 1}},
    {.release = {.security_version = 2, .image_seed = 4, .signer = 2, .revoked = 1}},
};

static const char *const fault_texts[FLEET_FAULT_COUNT] = {
#define FLEET_FAULT_TEXT(name, text) text,
    FLEET_FAULTS(FLEET_FAULT_TEXT)
#undef FLEET_FAULT_TEXT
};

static uint64_t faults_total[FLEET_FAULT_COUNT];
static int traced = -1; /* the only node that is traced; -1: all */

uint64_t fleet_draw(struct fleet *fleet, uint64_t below)
{
    return pawl_ram_draw(&fleet->random) % below;
}

void fleet_count(struct fleet *fleet, enum fleet_fault fault)
{
    fleet->faults[fault]++;
}

void fleet_wrong(struct fleet *fleet, unsigned unit, const char *what)
{
    if (fleet->wrong != NULL || what == NULL)
        return;
    fleet->wrong = what;
    fleet->wrong_unit = unit;
}

void fleet_trace(const struct fleet *fleet, unsigned node, const char *format, ...)
{
    va_list arguments;

    if (!fleet->verbose || (traced >= 0 && (unsigned)traced != node))
        return;
    printf("%9.2f s  device %3u (unit %3u) ", (double)fleet->now / SECOND, node,
           fleet->nodes[node]->unit);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

static void event_handle(struct fleet *fleet, const struct fleet_event *event)
{
    const struct fleet_event again = {.kind = FLEET_CHAOS};

    switch (event->kind) {
    case FLEET_REPORT:
    case FLEET_WRITE:
        fleet_exchange_handle(fleet, event);
        break;
    case FLEET_CHAOS:
        if (fleet->quiet)
            return;
        fleet_chaos(fleet);
        fleet_plan(fleet, &again, CHAOS_PERIOD);
        break;
    case FLEET_RELEASE:
        fleet_release_assign(fleet);
        break;
    default:
        fleet_node_handle(fleet, event);
    }
}

static void run_until(struct fleet *fleet, int64_t until)
{
    struct fleet_event event;

    while (fleet->wrong == NULL && fleet_next(fleet, until, &event))
        event_handle(fleet, &event);
    fleet->now = until;
}

/* I5: a device that was never copied is not held, whatever happened. */
static void honest_check(struct fleet *fleet)
{
    for (unsigned i = 0; i < fleet->unit_count; i++) {
        const struct fleet_unit *unit = &fleet->units[i];
        if (unit->honest && !unit->decommissioned &&
            control_record(&unit->pud).standing != PAWL_STANDING_ACTIVE)
            fleet_wrong(fleet, i, "an honest device is in quarantine");
    }
}

static void fleet_begin(struct fleet *fleet)
{
    const struct fleet_event chaos = {.kind = FLEET_CHAOS}, release = {.kind = FLEET_RELEASE};
    unsigned count = 100 + (unsigned)fleet_draw(fleet, 60);

    control_clock_set(1700000000);
    control_open(fleet->seed / 4 % 2 == 1);
    for (unsigned i = 0; i < count; i++) {
        fleet_unit_add(fleet, 0);
        (void)fleet_node_add(fleet, i);
        fleet_node_power_cut(fleet, i);
    }
    for (unsigned i = 0; i + 1 < FLEET_RELEASES; i++)
        fleet_plan(fleet, &release, (int64_t)i * CHAOS_TIME / FLEET_RELEASES + 1);
    fleet_plan(fleet, &chaos, CHAOS_PERIOD);
}

/* Nothing is disturbed any more; what was delayed still comes. */
static void fleet_calm(struct fleet *fleet)
{
    fleet->quiet = true;
    memset(fleet->dead_until, 0, sizeof fleet->dead_until);
    run_until(fleet, fleet->now + 2000 * SECOND);
    fleet_release_assign(fleet);
    run_until(fleet, fleet->now + 1600 * SECOND);
    /* Two undisturbed exchanges each. */
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < fleet->node_count; i++)
            fleet_node_poll_soon(fleet, i, 1);
        run_until(fleet, fleet->now + 2 * SECOND);
    }
}

static bool record_is(const struct pawl_device_record *record, const struct fleet_node *node)
{
    const struct pawl_processor *engine = node->device.engine;

    if (record->sequence != node->device.ram.counter)
        return false;
    return !engine->has_committed ||
           (record->has_instance && record->has_package &&
            memcmp(record->instance, engine->committed.instance, PAWL_INSTANCE_SIZE) == 0 &&
            memcmp(record->package_id, engine->committed.package_id, PAWL_PACKAGE_ID_SIZE) == 0);
}

/* Whether a release is the committed one of a device, at some number of its present identity. */
static bool committed_release(const struct fleet_node *node, unsigned release)
{
    for (uint64_t s = node->personal + 1; s <= node->device.ram.counter; s++) {
        if (node->witness.commits[s].issue == &fleet_issues[release])
            return true;
    }
    return false;
}

static void node_check(struct fleet *fleet, const struct fleet_node *node)
{
    const struct fleet_unit *unit = &fleet->units[node->unit];
    const struct pawl_pud *pud = &unit->pud;
    uint64_t counter = node->device.ram.counter;

    if (!unit->honest || unit->decommissioned)
        return;
    const struct pawl_device_record record = control_record(pud);
    bool ends = pud->has_maximum && counter >= pud->maximum;
    if (!record_is(&record, node))
        fleet_wrong(fleet, node->unit, "device and server do not agree");
    if (!ends && node->witness.commits[counter].issue != &fleet_issues[FLEET_RELEASES - 1])
        fleet_wrong(fleet, node->unit, "a device did not come to the newest release");
    if (pud->has_maximum && counter > pud->maximum)
        fleet_wrong(fleet, node->unit, "a device went above its maximum");
    fleet_wrong(fleet, node->unit, node->witness.wrong);
}

/* Whether two copies went different ways. One without a readable record shows no instance. */
static bool differ(const struct fleet_node *a, const struct fleet_node *b)
{
    const struct pawl_processor *one = a->device.engine, *other = b->device.engine;

    if (a->device.ram.counter != b->device.ram.counter)
        return true;
    return one->has_committed && other->has_committed && a->committed != b->committed;
}

/* Copies that differ in what they committed have been found; so has memory that was set back. */
static void copies_check(struct fleet *fleet)
{
    for (unsigned i = 0; i < fleet->node_count; i++) {
        const struct fleet_node *node = fleet->nodes[i];
        const struct fleet_unit *unit = &fleet->units[node->unit];
        bool found = control_record(&unit->pud).standing == PAWL_STANDING_QUARANTINED;

        fleet->faults[FLEET_QUARANTINED] += found;
        if (control_record(&unit->pud).standing == PAWL_STANDING_RELEASED)
            fleet_wrong(fleet, node->unit, "a device that was released is not taken back");
        if (unit->must_be_found && !found)
            fleet_wrong(fleet, node->unit, "memory that was set back was not found");
        for (unsigned k = 0; k < i && !found && !unit->honest; k++) {
            if (fleet->nodes[k]->unit == node->unit && differ(fleet->nodes[k], node))
                fleet_wrong(fleet, node->unit, "a clone that commits was not found");
        }
    }
}

/* A confirmation counts once: exactly, where nothing but honest faults happened to it. */
static void confirmations_check(struct fleet *fleet)
{
    for (unsigned release = 0; release < FLEET_RELEASES; release++) {
        uint64_t surely = 0, perhaps = 0;
        for (unsigned i = 0; i < fleet->node_count; i++) {
            const struct fleet_node *node = fleet->nodes[i];
            const struct fleet_unit *unit = &fleet->units[node->unit];
            bool committed = committed_release(node, release);
            bool clear = unit->honest && !unit->uncertain;
            surely += committed && clear;
            perhaps += committed || !clear;
        }
        for (unsigned i = 0; i < fleet->unit_count; i++)
            perhaps += fleet->units[i].decommissioned;
        uint64_t counted = control_confirmed(fleet->assignments[release]);
        if (counted > perhaps)
            fleet_wrong(fleet, 0, "confirmations were counted twice");
        if (counted < surely && fleet->faults[FLEET_BACKUP_RESTORED] == 0)
            fleet_wrong(fleet, 0, "confirmations were lost");
    }
}

/* Of what a restored backup does not know nothing is counted again: every advance by one is. */
static void totals_check(struct fleet *fleet)
{
    uint64_t confirmations = control_confirmations();
    bool plain = !fleet->clones && !fleet->restores && fleet->faults[FLEET_REPERSONALIZED] == 0;

    if (plain && confirmations != fleet->commits)
        fleet_wrong(fleet, 0, "confirmations and commits are not as many");
    if (!fleet->restores && confirmations > fleet->commits + fleet->faults[FLEET_RELEASED] +
                                                fleet->faults[FLEET_REPERSONALIZED])
        fleet_wrong(fleet, 0, "there are more confirmations than commits");
}

static void fleet_end(struct fleet *fleet)
{
    for (unsigned i = 0; i < fleet->node_count; i++)
        fleet_node_free(fleet->nodes[i]);
    fleet_events_clear();
    control_close();
    free(fleet);
}

static bool seed_run(uint64_t seed, bool verbose)
{
    struct fleet *fleet = calloc(1, sizeof *fleet);

    if (fleet == NULL)
        abort();
    fleet->seed = seed;
    fleet->random = seed;
    fleet->verbose = verbose;
    fleet->clones = seed % 2 == 1;
    fleet->restores = seed / 2 % 2 == 1;
    fleet_begin(fleet);
    for (int64_t at = 0; at < CHAOS_TIME && fleet->wrong == NULL; at += CHAOS_TIME / 10) {
        run_until(fleet, at);
        honest_check(fleet);
    }
    fleet_calm(fleet);
    honest_check(fleet);
    for (unsigned i = 0; i < fleet->node_count && fleet->wrong == NULL; i++)
        node_check(fleet, fleet->nodes[i]);
    if (fleet->wrong == NULL) {
        copies_check(fleet);
        confirmations_check(fleet);
        totals_check(fleet);
    }
    bool holds = fleet->wrong == NULL;
    if (!holds)
        printf("seed %lu, unit %u: not as it should be: %s\n    again: sim_protocol %lu trace\n",
               (unsigned long)seed, fleet->wrong_unit, fleet->wrong, (unsigned long)seed);
    if (verbose)
        printf("%u devices, %lu reports, %lu commits\n", fleet->node_count,
               (unsigned long)fleet->exchanges, (unsigned long)fleet->commits);
    for (unsigned i = 0; i < FLEET_FAULT_COUNT; i++)
        faults_total[i] += fleet->faults[i];
    fleet_end(fleet);
    return holds;
}

static bool faults_tell(uint64_t seeds)
{
    bool all = true;

    for (unsigned i = 0; i < FLEET_FAULT_COUNT; i++) {
        printf("%8lu %s\n", (unsigned long)faults_total[i], fault_texts[i]);
        if (seeds >= SEEDS_FOR_ALL && faults_total[i] == 0) {
            printf("         none of these happened\n");
            all = false;
        }
    }
    return all;
}

int main(int argc, char **argv)
{
    bool trace = argc > 2 && strcmp(argv[2], "trace") == 0;
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    uint64_t count = trace ? 1 : argc == 3 ? strtoull(argv[2], NULL, 10) : 0, done = 0;
    bool holds = true;

    if (count == 0) {
        fprintf(stderr, "usage: sim_protocol FIRST COUNT\n       sim_protocol SEED trace [NODE]\n");
        return 2;
    }
    traced = trace && argc > 3 ? atoi(argv[3]) : -1;
    for (unsigned i = 0; i < FLEET_RELEASES; i++) {
        fleet_issues[i].release.image_size = 1500 + i;
        pawl_test_package_make(&fleet_issues[i].release, &fleet_issues[i].package);
    }
    for (; done < count && holds; done++)
        holds = seed_run(first + done, trace);
    if (holds && !trace)
        holds = faults_tell(done);
    printf("%lu seeds\n", (unsigned long)done);
    for (unsigned i = 0; i < FLEET_RELEASES; i++)
        pawl_test_package_free(&fleet_issues[i].package);
    return holds ? 0 : 1;
}
