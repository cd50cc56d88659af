/* Drives many simulated devices over a few connections, and counts. */
#ifndef PAWL_FLEET_FLEET_H
#define PAWL_FLEET_FLEET_H

#include <stdint.h>

#include "connection.h"
#include "device.h"

#define LATENCY_BUCKETS 256u

enum fleet_mode {
    FLEET_POLL = 0,    /* idle polls */
    FLEET_CONFIRM = 1, /* each report confirms a download */
    FLEET_FULL = 2,    /* report, open the entitlement, fetch the package, confirm */
    FLEET_BLIND = 3,   /* polls whose answers are not read: for servers that answer a constant */
    FLEET_LIVE = 4     /* polls without end, takes what is offered, fails at times (live.h) */
};

struct fleet_plan {
    const struct target *target;
    struct device_list *list;
    enum fleet_mode mode;
    unsigned connections;
    uint64_t rounds;       /* cycles of each device; 0: until `seconds` are over */
    uint64_t seconds;      /* 0: until the rounds are done */
    uint64_t interval;     /* of FLEET_LIVE: milliseconds between two polls of a device */
    unsigned fail_percent; /* of FLEET_LIVE: so many devices fail on every package */
};

struct fleet_counts {
    uint64_t requests, repeats, polls, confirmations, packages, errors;
    uint64_t failures; /* attempts that failed as they were meant to */
    uint64_t cycles;   /* what the mode is about: polls, confirmations or whole downloads */
    uint64_t bytes;    /* of packages */
    uint64_t answer;   /* bytes of the last answer's body */
    double seconds;
    uint64_t latencies[LATENCY_BUCKETS]; /* requests by time, an eighth of a doubling each */
    uint64_t latency_most;               /* microseconds */
};

/* First makes each device ready (it has a challenge; to confirm, an offer whose entitlement
 * opened), which is not counted, then runs the plan. Says the first errors on stderr;
 * `counts->errors` is their number. PAWL_IO when there is no connection. */
enum pawl_result fleet_run(const struct fleet_plan *plan, struct fleet_counts *counts);

/* Microseconds below which `share` (0..1) of the requests stayed. */
uint64_t fleet_latency(const struct fleet_counts *counts, double share);

#endif
