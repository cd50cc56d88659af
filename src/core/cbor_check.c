/* The well-formedness of a whole item, checked before any of it is used. Recursion would let the
 * input choose the depth of the stack; the levels are kept in a small array instead. */
#include <string.h>

#include "core/cbor.h"

/* An array, map or tag whose items are being checked. */
struct level {
    uint64_t left; /* items still to come; a map's keys and values count separately */
    bool is_map;
    const uint8_t *key;    /* where the key under way begins */
    const uint8_t *before; /* the key before it, NULL for none */
    size_t before_size;
};

static bool at_key(const struct level *level)
{
    return level->is_map && level->left % 2 == 0;
}

struct walk {
    struct pawl_reader reader;
    struct level levels[PAWL_CBOR_DEPTH_MAX];
    unsigned depth;
};

/* Half precision holds a single's value when the lost mantissa bits are zero and the exponent is in
 * range, subnormals included; the same for single and double. Whatever fits must be shortened. */
static bool single_fits_half(uint32_t bits)
{
    uint32_t exponent = bits >> 23 & 0xff, mantissa = bits & 0x7fffff;

    if (exponent == 0)
        return mantissa == 0; /* single subnormals are far below half's */
    if (exponent == 0xff || (exponent >= 113 && exponent <= 142))
        return (mantissa & 0x1fff) == 0;
    if (exponent >= 103 && exponent < 113) /* half's subnormals, 2^-24 to 2^-15 */
        return ((mantissa | 0x800000) & ((1u << (126 - exponent)) - 1)) == 0;
    return false;
}

static bool double_fits_single(uint64_t bits)
{
    uint64_t exponent = bits >> 52 & 0x7ff, mantissa = bits & 0xfffffffffffff;

    if (exponent == 0)
        return mantissa == 0;
    if (exponent == 0x7ff || (exponent >= 897 && exponent <= 1150))
        return (mantissa & 0x1fffffff) == 0;
    if (exponent >= 874 && exponent < 897) /* single's subnormals, 2^-149 to 2^-127 */
        return ((mantissa | (UINT64_C(1) << 52)) & ((UINT64_C(1) << (926 - exponent)) - 1)) == 0;
    return false;
}

static bool simple_allowed(const struct pawl_cbor_head *head)
{
    switch (head->info) {
    case 24:
        return head->value >= 32;
    case 26:
        return !single_fits_half((uint32_t)head->value);
    case 27:
        return !double_fits_single(head->value);
    default:
        return true;
    }
}

/* Checks an item's head and a string's content; `items` tells how many items belong to it. */
static void head_check(struct walk *walk, struct pawl_cbor_head *head, uint64_t *items)
{
    struct pawl_reader *reader = &walk->reader;
    const uint8_t *bytes;

    *items = 0;
    *head = pawl_cbor_head_read(reader);
    if (reader->error != PAWL_OK)
        return;
    switch (head->major) {
    case PAWL_CBOR_BYTES:
        pawl_reader_take(reader, head->value);
        break;
    case PAWL_CBOR_TEXT:
        bytes = pawl_reader_take(reader, head->value);
        if (bytes != NULL && !pawl_utf8_check(bytes, (size_t)head->value))
            pawl_reader_fail(reader, PAWL_MALFORMED);
        break;
    case PAWL_CBOR_ARRAY:
    case PAWL_CBOR_MAP:
        if (head->value > reader->left) /* an item takes a byte at least */
            pawl_reader_fail(reader, PAWL_MALFORMED);
        else
            *items = head->major == PAWL_CBOR_MAP ? 2 * head->value : head->value;
        break;
    case PAWL_CBOR_TAG:
        *items = 1;
        break;
    case PAWL_CBOR_SIMPLE:
        if (!simple_allowed(head))
            pawl_reader_fail(reader, PAWL_MALFORMED);
        break;
    default:
        break;
    }
}

/* A key must come after the one before it, byte by byte. An encoded item is never the beginning of
 * another, so the shorter length decides nothing. */
static void key_end(struct walk *walk, struct level *level)
{
    size_t size = (size_t)(walk->reader.next - level->key);

    if (level->before != NULL) {
        size_t common = size < level->before_size ? size : level->before_size;
        if (memcmp(level->before, level->key, common) >= 0)
            pawl_reader_fail(&walk->reader, PAWL_MALFORMED);
    }
    level->before = level->key;
    level->before_size = size;
}

static void item_begin(struct walk *walk)
{
    if (walk->depth > 0 && at_key(&walk->levels[walk->depth - 1]))
        walk->levels[walk->depth - 1].key = walk->reader.next;
}

/* An item ended; with it may end the containers that it was the last of. */
static void item_end(struct walk *walk)
{
    while (walk->depth > 0) {
        struct level *level = &walk->levels[walk->depth - 1];
        if (at_key(level))
            key_end(walk, level);
        level->left--;
        if (level->left > 0)
            return;
        walk->depth--;
    }
}

static void container_begin(struct walk *walk, enum pawl_cbor_major major, uint64_t items)
{
    if (walk->depth == PAWL_CBOR_DEPTH_MAX) {
        pawl_reader_fail(&walk->reader, PAWL_MALFORMED);
        return;
    }
    walk->levels[walk->depth++] = (struct level){items, major == PAWL_CBOR_MAP, NULL, NULL, 0};
}

enum pawl_result pawl_cbor_item_check(const uint8_t *bytes, size_t size, size_t *used)
{
    struct walk walk;
    struct pawl_cbor_head head;
    uint64_t items;

    walk.depth = 0;
    pawl_reader_init(&walk.reader, bytes, size);
    do {
        item_begin(&walk);
        head_check(&walk, &head, &items);
        if (items > 0)
            container_begin(&walk, head.major, items);
        else
            item_end(&walk);
    } while (walk.reader.error == PAWL_OK && walk.depth > 0);
    if (walk.reader.error == PAWL_OK)
        *used = size - walk.reader.left;
    return walk.reader.error;
}

enum pawl_result pawl_cbor_check(const uint8_t *bytes, size_t size)
{
    size_t used = 0;

    enum pawl_result result = pawl_cbor_item_check(bytes, size, &used);
    return result == PAWL_OK && used != size ? PAWL_MALFORMED : result;
}
