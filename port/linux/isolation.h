/*
 * What separates an image from the device: its user, and namespaces of its own.
 *
 * As root everything here is available. An ordinary user gets the namespaces through a user
 * namespace where the system allows that; the image then runs under the user's own id, and the
 * state and the PUD are hidden from it by mounts.
 */
#ifndef PAWL_LINUX_ISOLATION_H
#define PAWL_LINUX_ISOLATION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "pawl/result.h"

#define PAWL_HIDDEN_MAX 2u

/* What images are run under. */
struct pawl_isolation {
    uid_t uid;
    gid_t gid;
    const char *hidden[PAWL_HIDDEN_MAX]; /* files and directories no image may see; NULL for none */
    bool network; /* images whose manifest asks for it may use the machine's network (SPEC 6.9) */
    /* Found out by pawl_isolation_enter: */
    bool other_user;  /* uid is not the processor's */
    bool own_users;   /* nobody else's processes count as the image's */
    bool own_network; /* without any interface that is up */
    bool own_mounts;  /* `hidden` is hidden */
    int run_flags;    /* CLONE_NEW... for each run */
    int networks[2];  /* with own_network and `network`: the own one and the machine's; else -1 */
};

/* The user for images when none is asked for: one that nobody has, from the range that systemd uses
 * for dynamic users, the same at each start for the same `path`. */
uid_t pawl_isolation_user_choose(const char *path);

/* Separates the calling process, the launcher, for good; tries what each run can have. Tells in the
 * log what is missing. */
void pawl_isolation_enter(struct pawl_isolation *isolation);

/* Moves the calling process, the launcher, between the machine's network, where a run begins that
 * may use it, and its own. False where it may not: the machine's network was left for good, or
 * there is nothing to come back to. */
bool pawl_isolation_network_choose(const struct pawl_isolation *isolation, bool machine);

/* Moves the calling process to a network namespace without interfaces, where permitted. */
bool pawl_isolation_network_leave(void);

/* Takes all capabilities but those in mask `kept` (bit CAP_...) out of the bounding set, so that
 * no exec brings them back. Needs CAP_SETPCAP; without privilege there is nothing to take. */
void pawl_capabilities_bound(uint64_t kept);

/* Gives up all but those in `kept`, for good, in every other set. PAWL_IO. */
enum pawl_result pawl_capabilities_drop(uint64_t kept);

#endif
