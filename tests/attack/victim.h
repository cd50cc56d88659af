/*
 * A device that is attacked: the engine over memory that the attacker can read and write, except
 * the protected store; watched by a witness that knows what may run. After an attack it must go on
 * with its software and take the next honest download: victim_check().
 */
#ifndef PAWL_TESTS_VICTIM_H
#define PAWL_TESTS_VICTIM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/witness.h"

enum victim_image {
    VICTIM_FIRST, /* three honest releases, in order */
    VICTIM_SECOND,
    VICTIM_THIRD,
    VICTIM_NEXT,      /* what the server sends after an attack */
    VICTIM_OLD,       /* honest once: of a lower security version */
    VICTIM_LIKE_NEXT, /* honest: of the same sizes as NEXT */
    VICTIM_OTHER_CLASS,
    VICTIM_OTHER_VENDOR,
    VICTIM_STOLEN_KEY,     /* the attacker's own, signed with the stolen key that is in use */
    VICTIM_REVOKED_KEY,    /* the same, when that key was revoked */
    VICTIM_ROTATION,       /* honest: revokes the stolen key */
    VICTIM_LOCK_OUT,       /* the attacker's: signed with the stolen key, revokes its successor */
    VICTIM_REVOKES_ITSELF, /* the attacker's: signed with the stolen key, revokes that key */
    VICTIM_WRONG_IMAGE,    /* a signed manifest around another image, sealed by the attacker */
    VICTIM_READY,          /* honest, proves itself by a message */
    VICTIM_IMAGE_COUNT
};
extern struct pawl_test_issue victim_issues[VICTIM_IMAGE_COUNT];

struct victim {
    struct pawl_test_device device;
    struct pawl_test_witness witness;
};

/* cmocka's group functions. */
int victims_setup(void **state);
int victims_teardown(void **state);

/* A device that committed `commits` of the first three releases; unit 1. Ends with victim_end. */
void victim_begin(struct victim *victim, unsigned commits);
void victim_end(struct victim *victim);

const struct pawl_test_package *victim_package(enum victim_image image);

/* Off and on. */
void victim_restart(struct victim *victim);
/* The server's whole way with a package; the result is the first that is not PAWL_OK. */
enum pawl_result victim_download(struct victim *victim, enum victim_image image, uint64_t sequence);
/* Nothing but what was committed, or is on trial, ever ran. */
void victim_check_runs(struct victim *victim);
/* That; then, also after a restart, it runs what it committed, and takes the next download. */
void victim_check(struct victim *victim);
/* The same of a device whose record the attacker destroyed: it may run nothing. */
void victim_check_takes_next(struct victim *victim);

#endif
