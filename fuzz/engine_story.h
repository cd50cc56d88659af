/*
 * The input of fuzz_engine: a story of a device, as acts one after another.
 *
 *   start (1)   which of the start states
 *   act         kind (1), arguments (4), size (1), bytes (size)
 *
 * An act that the input has no bytes for gets zeros. So each act can be moved, doubled, dropped or
 * taken into another story, which is what the mutator does.
 */
#ifndef PAWL_FUZZ_ENGINE_STORY_H
#define PAWL_FUZZ_ENGINE_STORY_H

#include <stddef.h>
#include <stdint.h>

#define STORY_ARGUMENTS 4u
#define STORY_HEADER (2u + STORY_ARGUMENTS)

enum story_act {
    STORY_FRAME,   /* a link frame with a right CRC: type, then the bytes */
    STORY_NOISE,   /* bytes as they come from the line */
    STORY_OFFER,   /* a directive that offers: package, sequence, number of a command, tricks */
    STORY_TELL,    /* one that does not: action, number of a command, tricks */
    STORY_BRING,   /* package bytes: package, size, how far from where they are wanted, damage */
    STORY_INSTALL, /* over the link */
    STORY_RAN,     /* how the image fares: an event */
    STORY_CANCEL,  /* over the link */
    STORY_REBOOT,  /* off and on */
    STORY_CUT,     /* power will be cut: how many changes from now, tear, whether after it */
    STORY_FAULT,   /* a change or read will fail: which, how */
    STORY_FLIP,    /* a bit of flash: place (2), bit */
    STORY_KEEP,    /* somebody copies flash, */
    STORY_RESTORE, /* and puts it back: all, or a slot, or a half of the records */
    STORY_CONTENT, /* asks for a content key: package, sequence, damage */
    STORY_WANT,    /* a report that wants content keys: how many */
    STORY_ACT_COUNT
};

/* Takes an act from a story; false when it is at its end. Points into it. */
struct story_part {
    enum story_act act;
    uint8_t arguments[STORY_ARGUMENTS];
    const uint8_t *bytes;
    size_t size;
    size_t whole; /* bytes of the story that it takes */
};

static inline int story_take(const uint8_t *story, size_t left, struct story_part *part)
{
    if (left == 0)
        return 0;
    *part = (struct story_part){.act = (enum story_act)(story[0] % STORY_ACT_COUNT)};
    for (size_t i = 0; i < STORY_ARGUMENTS; i++)
        part->arguments[i] = i + 1 < left ? story[i + 1] : 0;
    size_t header = left < STORY_HEADER ? left : STORY_HEADER;
    part->bytes = story + header;
    part->size = header == STORY_HEADER ? story[STORY_HEADER - 1] : 0;
    if (part->size > left - header)
        part->size = left - header;
    part->whole = header + part->size;
    return 1;
}

#endif
