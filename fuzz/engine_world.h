/* The device of fuzz_engine, where its stories begin, and what must hold after each act. */
#ifndef PAWL_FUZZ_ENGINE_WORLD_H
#define PAWL_FUZZ_ENGINE_WORLD_H

#include "engine_story.h"
#include "fuzz.h"
#include "sim/witness.h"

#define DIAGNOSTIC 7u /* number of the command of a diagnostic image */

enum {
    OLD, /* those that the device may run */
    CONTACT,
    DIRECT,
    REVOKING,
    RAISING,
    NEXT,
    GOOD_COUNT,
    BAD_SIGNER = GOOD_COUNT, /* and those that it must not */
    BAD_CLASS,
    BAD_IMAGE,
    TOO_LARGE,
    PACKAGE_COUNT
};

extern struct pawl_test_issue issues[PACKAGE_COUNT];
extern struct pawl_test_device device;
extern struct pawl_test_witness witness;
extern struct pawl_ram_port kept; /* what somebody copied */

/* A device at the start that a number names, watched. */
void world_begin(uint8_t start);
/* Does an act, and checks what must hold after it (I1 to I3). */
void world_act(void (*act)(const struct story_part *part), const struct story_part *part);
/* I4: whatever was, the device takes a download that it may take. Then it is over. */
void world_end(void);

/* Acts that stories begin with, too. */
void reboot_act(const struct story_part *part);
void keep_act(const struct story_part *part);

#endif
