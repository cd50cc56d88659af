/*
 * How fuzz_engine's stories are changed: whole acts are dropped, doubled, moved, put in and taken
 * from other stories; arguments and bytes of an act are changed where they stand. So a change in
 * one act does not make nonsense of all that follow.
 */
#include <string.h>

#include "engine_story.h"

#define ACTS_MAX 256u

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t size_max);
size_t LLVMFuzzerCustomMutator(uint8_t *story, size_t size, size_t size_max, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other,
                                 size_t other_size, uint8_t *out, size_t out_max, unsigned seed);

/* Where acts begin; `starts[count]` is the end. */
struct acts {
    size_t count;
    size_t starts[ACTS_MAX + 1];
};

static uint32_t draw(uint32_t *seed, size_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return below == 0 ? 0 : (uint32_t)((*seed >> 8) % below);
}

static void acts_find(const uint8_t *story, size_t size, struct acts *acts)
{
    size_t at = size > 0 ? 1 : 0;
    struct story_part part;

    acts->count = 0;
    acts->starts[0] = at;
    while (acts->count < ACTS_MAX && story_take(story + at, size - at, &part)) {
        at += part.whole;
        acts->starts[++acts->count] = at;
    }
}

/* Puts bytes in at a place; the size as it is when there is no room. */
static size_t put_in(uint8_t *story, size_t size, size_t size_max, size_t at, const uint8_t *bytes,
                     size_t count)
{
    if (count > size_max - size)
        return size;
    memmove(story + at + count, story + at, size - at);
    memcpy(story + at, bytes, count);
    return size + count;
}

static size_t act_put_in(uint8_t *story, size_t size, size_t size_max, const struct acts *acts,
                         uint32_t *seed)
{
    uint8_t act[STORY_HEADER + 64];
    size_t count = STORY_HEADER;

    act[0] = (uint8_t)draw(seed, STORY_ACT_COUNT);
    /* Small numbers mean most: the first packages, the wanted offset, whole sizes. */
    for (size_t i = 1; i <= STORY_ARGUMENTS; i++)
        act[i] = (uint8_t)(draw(seed, 3) == 0 ? draw(seed, 256) : draw(seed, 4));
    if (act[0] == STORY_BRING && draw(seed, 2) == 0)
        act[2] = 0xff;
    act[STORY_HEADER - 1] = act[0] <= STORY_NOISE ? (uint8_t)draw(seed, 64) : 0;
    for (; count < STORY_HEADER + act[STORY_HEADER - 1]; count++)
        act[count] = (uint8_t)draw(seed, 256);
    return put_in(story, size, size_max, acts->starts[draw(seed, acts->count + 1)], act, count);
}

static size_t act_drop(uint8_t *story, size_t size, const struct acts *acts, uint32_t *seed)
{
    size_t which = draw(seed, acts->count);
    size_t from = acts->starts[which], to = acts->starts[which + 1];

    memmove(story + from, story + to, size - to);
    return size - (to - from);
}

/* Doubles an act at another place; with `moves`, it leaves its own. */
static size_t act_copy(uint8_t *story, size_t size, size_t size_max, const struct acts *acts,
                       uint32_t *seed, int moves)
{
    uint8_t act[STORY_HEADER + 255];
    struct acts left;
    size_t which = draw(seed, acts->count);
    size_t from = acts->starts[which], count = acts->starts[which + 1] - from;

    memcpy(act, story + from, count);
    if (moves) {
        memmove(story + from, story + from + count, size - from - count);
        size -= count;
    }
    acts_find(story, size, &left);
    return put_in(story, size, size_max, left.starts[draw(seed, left.count + 1)], act, count);
}

static void act_change(uint8_t *story, const struct acts *acts, uint32_t *seed)
{
    size_t which = draw(seed, acts->count);
    size_t from = acts->starts[which], size = acts->starts[which + 1] - from;

    if (size < STORY_HEADER)
        return;
    if (size > STORY_HEADER && draw(seed, 2) == 0)
        LLVMFuzzerMutate(story + from + STORY_HEADER, size - STORY_HEADER, size - STORY_HEADER);
    else
        story[from + 1 + draw(seed, STORY_ARGUMENTS)] = (uint8_t)draw(seed, 256);
}

size_t LLVMFuzzerCustomMutator(uint8_t *story, size_t size, size_t size_max, unsigned seed)
{
    uint32_t luck = seed;
    struct acts acts;

    acts_find(story, size, &acts);
    if (acts.count < 2)
        return size < size_max - STORY_HEADER && size > 0
                   ? act_put_in(story, size, size_max, &acts, &luck)
                   : LLVMFuzzerMutate(story, size, size_max);
    switch (draw(&luck, 8)) {
    case 0:
        story[0] = (uint8_t)draw(&luck, 16);
        return size;
    case 1:
        return act_drop(story, size, &acts, &luck);
    case 2:
        return act_copy(story, size, size_max, &acts, &luck, 0);
    case 3:
        return act_copy(story, size, size_max, &acts, &luck, 1);
    case 4:
    case 5:
        return act_put_in(story, size, size_max, &acts, &luck);
    default:
        act_change(story, &acts, &luck);
        return size;
    }
}

/* The beginning of one story and the end of another. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other,
                                 size_t other_size, uint8_t *out, size_t out_max, unsigned seed)
{
    uint32_t luck = seed;
    struct acts first, second;

    acts_find(one, one_size, &first);
    acts_find(other, other_size, &second);
    size_t head = first.starts[draw(&luck, first.count + 1)];
    size_t from = second.starts[draw(&luck, second.count + 1)];
    head = head < out_max ? head : out_max;
    size_t tail = other_size - from < out_max - head ? other_size - from : out_max - head;
    memcpy(out, one, head);
    memcpy(out + head, other + from, tail);
    return head + tail;
}
