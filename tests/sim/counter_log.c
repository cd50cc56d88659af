/*
 * The counter log under power cuts (SPEC 13.11; I2, I4). A device writes cells and counts, and is
 * switched off and on between, until its log went through every sector twice. Power is cut at each
 * change that this makes: before it, in each of its parts, after it; and once more at each change
 * that comes then. Bits that were torn read differently each time. After each cut the log must say
 * what it said before, or that and the change that was under way, and go on saying it; then it
 * counts on. Then each read and each change fails once: an error, or the truth, and nothing else.
 *
 * usage: sim_counter_log [complete]
 *
 * Sampled by default: of the parts of a change the first, the last and one between.
 */
#include <stdio.h>
#include <string.h>

#include "sim/ram_fault.h"
#include "sim/shaky.h"

#define OPERATIONS_MAX 4096u
#define OPENS 6u       /* after a cut: each finds torn bits in another way */
#define STEPS_AFTER 5u /* of the recovery */

#define GEOMETRY(page, unit, erases_to, sectors, sector, cache)                                \
    {                                                                                          \
        .page_size = page, .write_size = unit, .erased = erases_to, .slot_size = {page, page}, \
        .cached = cache, .log_sectors = sectors, .log_sector_size = sector                     \
    }

static const struct pawl_ram_geometry geometries[] = {
    GEOMETRY(256, 1, 0xff, 2, 256, false),     GEOMETRY(512, 4, 0x00, 2, 1024, false),
    GEOMETRY(1024, 8, 0xff, 3, 1024, false),   GEOMETRY(512, 16, 0xff, 2, 512, false),
    GEOMETRY(2048, 32, 0x00, 2, 2048, false),  GEOMETRY(1024, 256, 0xff, 4, 2048, false),
    GEOMETRY(4096, 512, 0xff, 2, 4096, false), GEOMETRY(1024, 64, 0x00, 2, 1024, true),
};
#define GEOMETRY_COUNT (sizeof geometries / sizeof geometries[0])

struct truth {
    uint64_t value;
    uint8_t cells[2][PAWL_CELL_SIZE];
};

struct fault {
    uint64_t at;   /* the change; 0: none */
    uint64_t part; /* not 0: the first part that is not whole */
    bool after;
};

/* One run. */
struct run {
    struct pawl_shaky shaky;
    struct truth now, meant; /* what the log says; and with the change that is under way */
    uint64_t steps;
    const char *wrong;
};

struct sweep {
    unsigned geometry;
    bool complete;
    uint64_t cuts, pairs, faults, shaken;
    const char *wrong;
    uint32_t life_parts[OPERATIONS_MAX], parts[OPERATIONS_MAX]; /* of each change */
};

static void wrong_set(struct run *run, const char *wrong)
{
    if (run->wrong == NULL)
        run->wrong = wrong;
}

static bool truth_is(const struct truth *a, const struct truth *b)
{
    return a->value == b->value && memcmp(a->cells, b->cells, sizeof a->cells) == 0;
}

static enum pawl_result truth_read(struct run *run, struct truth *truth)
{
    struct pawl_counter_log *log = &run->shaky.ram.log;

    enum pawl_result result = pawl_counter_log_read(log, &truth->value);
    for (unsigned i = 0; i < 2 && result == PAWL_OK; i++)
        result = pawl_counter_log_cell_read(log, i, truth->cells[i]);
    return result;
}

/* A step of the device's life; each changes one thing. */
static enum pawl_result step(struct run *run)
{
    struct pawl_counter_log *log = &run->shaky.ram.log;
    unsigned index = run->now.value % 2;
    enum pawl_result result;

    run->meant = run->now;
    if (run->steps++ % 2 == 0) {
        memset(run->meant.cells[index], (int)(run->steps & 0xff), PAWL_CELL_SIZE);
        result = pawl_counter_log_cell_write(log, index, run->meant.cells[index]);
    } else {
        run->meant.value++;
        result = pawl_counter_log_increment(log);
    }
    if (result == PAWL_OK)
        run->now = run->meant;
    return result;
}

/* Until power fails, or the log went round twice. Each seventh step it is switched off and on. */
static void live(struct run *run)
{
    struct pawl_ram_port *ram = &run->shaky.ram;
    uint64_t steps = 4 * ram->log.area.size / (104 + 2 * ram->port.flash.write_size);

    for (uint64_t i = 0; i < steps && !ram->dead; i++) {
        enum pawl_result result = i % 7 == 6 ? pawl_counter_log_open(&ram->log) : step(run);
        if (result != PAWL_OK && !ram->dead)
            wrong_set(run, "an undisturbed change is made");
    }
}

static void cut_plan(struct pawl_ram_port *ram, const struct fault *fault, uint32_t *parts)
{
    ram->operations = 0;
    ram->parts = parts;
    ram->parts_count = parts ? OPERATIONS_MAX : 0;
    ram->cut_at = fault->at;
    ram->cut_after = fault->after;
    ram->tear = fault->part;
    ram->tear_part = fault->part;
}

/* What the log says now is one of the two things that it may say, and from now on the only one. */
static void says(struct run *run, const char *wrong)
{
    struct pawl_ram_port *ram = &run->shaky.ram;
    struct truth truth;

    enum pawl_result result = pawl_counter_log_open(&ram->log);
    if (result == PAWL_OK)
        result = truth_read(run, &truth);
    if (result == PAWL_OK && (truth_is(&truth, &run->meant) || truth_is(&truth, &run->now)))
        run->now = run->meant = truth;
    else if (result == PAWL_OK || !ram->dead)
        wrong_set(run, wrong);
}

/* Power returns, and may go again; the log is opened, and counts on. Gives the changes it makes. */
static uint64_t recover(struct run *run, const struct fault *fault, uint32_t *parts)
{
    struct pawl_ram_port *ram = &run->shaky.ram;

    pawl_ram_port_restart(ram);
    cut_plan(ram, fault, parts);
    says(run, "it says what was before the cut, or what was under way");
    for (unsigned i = 0; i < OPENS && !ram->dead; i++)
        says(run, "it goes on saying so");
    for (unsigned i = 0; i < STEPS_AFTER && !ram->dead; i++) {
        if (step(run) != PAWL_OK && !ram->dead)
            wrong_set(run, "it counts on");
    }
    if (!ram->dead)
        says(run, "it counted on");
    if (ram->dead != (fault->at != 0))
        wrong_set(run, "the fault fired");
    return ram->operations;
}

static void begin(struct run *run, const struct sweep *sweep)
{
    memset(run, 0, sizeof *run);
    pawl_shaky_init(&run->shaky, &geometries[sweep->geometry]);
    run->shaky.random = 1;
}

/* A life with these cuts. Gives the changes of the life, and of the recovery. */
static void cuts_try(struct sweep *sweep, const struct fault *first, const struct fault *second,
                     uint64_t *life, uint64_t *recovery)
{
    static const struct fault none;
    static struct run run;
    struct pawl_ram_port *ram = &run.shaky.ram;

    begin(&run, sweep);
    cut_plan(ram, first, sweep->life_parts);
    live(&run);
    *life = ram->operations;
    if (ram->dead != (first->at != 0))
        wrong_set(&run, "the fault fired");
    *recovery = recover(&run, second, sweep->parts);
    if (second->at != 0)
        (void)recover(&run, &none, NULL);
    sweep->shaken += run.shaky.shaken;
    if (run.wrong != NULL && sweep->wrong == NULL) {
        sweep->wrong = run.wrong;
        printf("geometry %u, cut %lu%s part %lu, then %lu%s part %lu: not as it should be: %s\n",
               sweep->geometry, (unsigned long)first->at, first->after ? " after" : "",
               (unsigned long)first->part, (unsigned long)second->at, second->after ? " after" : "",
               (unsigned long)second->part, run.wrong);
    }
    pawl_shaky_release(&run.shaky);
}

/* The next cut at a change of `parts` parts, of which the first is before it. */
static bool fault_next(const struct sweep *sweep, uint32_t parts, struct fault *fault)
{
    if (fault->after)
        return false;
    do
        fault->part++;
    while (!sweep->complete && fault->part <= parts &&
           !pawl_ram_part_is_sampled(fault->at, parts, fault->part));
    if (fault->part > parts) {
        fault->part = 0;
        fault->after = true;
    }
    return true;
}

static void cuts_sweep(struct sweep *sweep)
{
    static const struct fault none;
    uint64_t life = 0, recovery = 0, ignored = 0;

    cuts_try(sweep, &none, &none, &life, &recovery);
    for (uint64_t at = 1; at <= life && life <= OPERATIONS_MAX; at++) {
        struct fault first = {.at = at};
        do {
            cuts_try(sweep, &first, &none, &ignored, &recovery);
            sweep->cuts++;
            for (uint64_t then = 1; then <= recovery; then++) {
                struct fault second = {.at = then};
                bool sampled = !sweep->complete && then != 1 + at * 7919 % recovery;
                while (!sampled && sweep->wrong == NULL) {
                    cuts_try(sweep, &first, &second, &ignored, &ignored);
                    sweep->pairs++;
                    if (!fault_next(sweep, sweep->parts[then - 1], &second))
                        break;
                }
            }
        } while (sweep->wrong == NULL && fault_next(sweep, sweep->life_parts[at - 1], &first));
    }
}

/* How a single operation fails. */
enum failure { FAILS_READ, FAILS_UNDONE, FAILS_TORN, FAILS_DONE, FAILS_LYING, FAILURE_COUNT };

/* After an error the log says what was before, or what was meant, as soon as it says anything. */
static void truth_check(struct run *run)
{
    struct pawl_counter_log *log = &run->shaky.ram.log;
    struct truth truth;

    for (unsigned tries = 0; tries < 3 && !log->open; tries++)
        (void)pawl_counter_log_open(log);
    enum pawl_result result = truth_read(run, &truth);
    if (result != PAWL_OK)
        result = truth_read(run, &truth);
    if (result != PAWL_OK || !(truth_is(&truth, &run->now) || truth_is(&truth, &run->meant)))
        wrong_set(run, "it says what was before the error, or what was meant");
    run->now = run->meant = truth;
}

/* A life in which one operation fails, power does not. Gives how many reads and changes it has. */
static void failure_try(struct sweep *sweep, enum failure failure, uint64_t at, uint64_t *reads,
                        uint64_t *changes)
{
    static struct run run;
    struct pawl_ram_port *ram = &run.shaky.ram;

    begin(&run, sweep);
    ram->operations = ram->reads = 0;
    ram->read_fails_at = failure == FAILS_READ ? at : 0;
    ram->change_fails_at = failure == FAILS_READ ? 0 : at;
    ram->tear = failure == FAILS_TORN ? at : 0;
    ram->cut_after = failure == FAILS_DONE;
    ram->change_lies = failure == FAILS_LYING;
    uint64_t steps = 2 * ram->log.area.size / (104 + 2 * ram->port.flash.write_size);
    for (uint64_t i = 0; i < steps; i++) {
        enum pawl_result result = i % 7 == 6 ? pawl_counter_log_open(&ram->log) : step(&run);
        if (result != PAWL_OK && !ram->failed)
            wrong_set(&run, "an undisturbed change is made");
        truth_check(&run);
    }
    *reads = ram->reads;
    *changes = ram->operations;
    if (at != 0 && !ram->failed)
        wrong_set(&run, "the fault fired");
    ram->log.open = false;
    truth_check(&run);
    if (run.wrong != NULL && sweep->wrong == NULL) {
        sweep->wrong = run.wrong;
        printf("geometry %u, failure %u at %lu: not as it should be: %s\n", sweep->geometry,
               (unsigned)failure, (unsigned long)at, run.wrong);
    }
    pawl_shaky_release(&run.shaky);
}

static void failures_sweep(struct sweep *sweep)
{
    uint64_t reads = 0, changes = 0, ignored = 0;

    failure_try(sweep, FAILS_READ, 0, &reads, &changes);
    for (unsigned failure = 0; failure < FAILURE_COUNT && sweep->wrong == NULL; failure++) {
        uint64_t count = failure == FAILS_READ ? reads : changes;
        for (uint64_t at = 1; at <= count && sweep->wrong == NULL; at++) {
            failure_try(sweep, (enum failure)failure, at, &ignored, &ignored);
            sweep->faults++;
        }
    }
}

static bool geometry_sweep(unsigned geometry, bool complete)
{
    static struct sweep sweep;
    const struct pawl_ram_geometry *shape = &geometries[geometry];

    memset(&sweep, 0, sizeof sweep);
    sweep.geometry = geometry;
    sweep.complete = complete;
    cuts_sweep(&sweep);
    failures_sweep(&sweep);
    printf("%u sectors of %u, pages of %u, units of %u, erased %02x%s: %lu cuts, %lu pairs, "
           "%lu single failures; %lu reads of torn bits\n",
           shape->log_sectors, shape->log_sector_size, shape->page_size, shape->write_size,
           shape->erased, shape->cached ? ", cached" : "", (unsigned long)sweep.cuts,
           (unsigned long)sweep.pairs, (unsigned long)sweep.faults, (unsigned long)sweep.shaken);
    return sweep.wrong == NULL && sweep.cuts > 0 && (shape->cached || sweep.shaken > 0);
}

int main(int argc, char **argv)
{
    bool complete = argc == 2 && strcmp(argv[1], "complete") == 0;
    bool holds = true;

    if (argc > 1 && !complete) {
        fprintf(stderr, "usage: sim_counter_log [complete]\n");
        return 2;
    }
    for (unsigned i = 0; i < GEOMETRY_COUNT; i++)
        holds = geometry_sweep(i, complete) && holds;
    return holds ? 0 : 1;
}
