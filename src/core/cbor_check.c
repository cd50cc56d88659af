/* The well-formedness of a whole item, checked before any of it is used. Recursion would let the
 * input choose the depth of the stack; the levels are kept in a small array instead. */
#include <string.h>

#include "core/cbor.h"

/* An array, map or tag whose items are being checked; the outermost one is the document, of one. */
struct level {
    size_t left; /* items still to come; a map's keys and values count separately */
    bool is_map;
    const uint8_t *key;    /* where the key under way begins */
    const uint8_t *before; /* the key before it, NULL for none */
};

static bool at_key(const struct level *level)
{
    return level->is_map && level->left % 2 == 0;
}

/* A float of one size beside the next shorter one. */
struct precision {
    uint8_t mantissa, shorter;  /* bits of the mantissas */
    uint16_t exponent;          /* the highest, of infinities and NaN */
    uint16_t normal, normal_to; /* exponents of the values that are normal in the shorter one */
};

static const struct precision single_precision = {23, 10, 0xff, 113, 142};
static const struct precision double_precision = {52, 23, 0x7ff, 897, 1150};

/* The shorter float holds the value when its exponent is in range, subnormals included, and the
 * mantissa's bits that it has no room for are zero. Whatever fits must be shortened. */
static bool fits_shorter(const struct precision *precision, uint64_t bits)
{
    uint64_t one = UINT64_C(1) << precision->mantissa;
    uint32_t exponent = (uint32_t)(bits >> precision->mantissa) & precision->exponent;
    uint32_t lost = precision->mantissa - precision->shorter;

    if (exponent == 0) /* zero; subnormals are far below the shorter one's */
        return (bits & (one - 1)) == 0;
    if (exponent < precision->normal) { /* subnormal in the shorter one, if at all */
        lost += precision->normal - exponent;
        bits |= one;
    } else if (exponent > precision->normal_to && exponent != precision->exponent) {
        return false;
    }
    return lost <= precision->mantissa && (bits & ((UINT64_C(1) << lost) - 1)) == 0;
}

static bool simple_allowed(const struct pawl_cbor_head *head)
{
    switch (head->info) {
    case 24:
        return head->value >= 32;
    case 26:
        return !fits_shorter(&single_precision, head->value);
    case 27:
        return !fits_shorter(&double_precision, head->value);
    default:
        return true;
    }
}

/* Checks an item's head and a string's content, and tells in `inner` what items belong to it. */
static void head_check(struct pawl_reader *reader, struct level *inner)
{
    struct pawl_cbor_head head = pawl_cbor_head_read(reader);
    const uint8_t *bytes;

    *inner = (struct level){.is_map = head.major == PAWL_CBOR_MAP};
    if (reader->error != PAWL_OK)
        return;
    switch (head.major) {
    case PAWL_CBOR_BYTES:
        pawl_reader_take(reader, head.value);
        break;
    case PAWL_CBOR_TEXT:
        bytes = pawl_reader_take(reader, head.value);
        if (bytes != NULL && !pawl_utf8_check(bytes, (size_t)head.value))
            pawl_reader_fail(reader, PAWL_MALFORMED);
        break;
    case PAWL_CBOR_ARRAY:
    case PAWL_CBOR_MAP:
        if (head.value > reader->left) /* an item takes a byte at least */
            pawl_reader_fail(reader, PAWL_MALFORMED);
        else
            inner->left = (size_t)head.value << inner->is_map;
        break;
    case PAWL_CBOR_TAG:
        inner->left = 1;
        break;
    case PAWL_CBOR_SIMPLE:
        if (!simple_allowed(&head))
            pawl_reader_fail(reader, PAWL_MALFORMED);
        break;
    default:
        break;
    }
}

/* A key must come after the one before it, byte by byte. An encoded item is never the beginning of
 * another, so two different ones differ within both, and no length decides anything. */
static void key_end(struct pawl_reader *reader, struct level *level)
{
    size_t size = (size_t)(reader->next - level->key);

    if (level->before != NULL && memcmp(level->before, level->key, size) >= 0)
        pawl_reader_fail(reader, PAWL_MALFORMED);
    level->before = level->key;
}

enum pawl_result pawl_cbor_item_check(const uint8_t *bytes, size_t size, size_t *used)
{
    struct level levels[1 + PAWL_CBOR_DEPTH_MAX + 1], *level = levels;
    struct pawl_reader reader;

    levels[0] = (struct level){.left = 1};
    pawl_reader_init(&reader, bytes, size);
    while (reader.error == PAWL_OK && levels[0].left > 0) {
        if (at_key(level))
            level->key = reader.next;
        head_check(&reader, level + 1);
        if (level[1].left > 0) {
            level++;
            if (level == levels + 1 + PAWL_CBOR_DEPTH_MAX)
                pawl_reader_fail(&reader, PAWL_MALFORMED);
            continue;
        }
        /* An item ended; with it may end the ones that it was the last of. */
        for (;; level--) {
            if (at_key(level))
                key_end(&reader, level);
            level->left--;
            if (level->left > 0 || level == levels)
                break;
        }
    }
    if (reader.error == PAWL_OK)
        *used = size - reader.left;
    return reader.error;
}

enum pawl_result pawl_cbor_check(const uint8_t *bytes, size_t size)
{
    size_t used = 0;

    enum pawl_result result = pawl_cbor_item_check(bytes, size, &used);
    return result == PAWL_OK && used != size ? PAWL_MALFORMED : result;
}
