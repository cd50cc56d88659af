/* SPEC 7: the package's preamble, what decides whether a device takes it, the stream of chunks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "fixture.h"
#include "pawl/package.h"

static struct signer vendor, stranger;

static int setup(void **state)
{
    (void)state;
    signer_make(&vendor);
    signer_make(&stranger);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    signer_release(&vendor);
    signer_release(&stranger);
    return 0;
}

static void a_preamble_comes_back(void **state)
{
    uint8_t bytes[PAWL_PREAMBLE_SIZE_MAX + 4];
    struct pawl_manifest manifest;
    struct pawl_package package;
    struct pawl_sha256 sha;
    uint8_t id[PAWL_PACKAGE_ID_SIZE];
    uint32_t preamble_size = 0;

    (void)state;
    manifest_make(5000, &manifest);
    size_t size = preamble_make(&vendor, &manifest, 4096, bytes);
    assert_int_equal(pawl_preamble_size_read(bytes, &preamble_size), PAWL_OK);
    assert_int_equal(preamble_size, size);
    memset(bytes + size, 0xee, 4); /* chunks follow */
    assert_int_equal(pawl_package_read(bytes, size + 4, &package), PAWL_OK);
    assert_int_equal(package.preamble_size, size);
    assert_int_equal(package.chunk_size, 4096);
    assert_int_equal(package.mode, PAWL_MODE_WRAPPED);
    assert_int_equal(package.salt[1], 2);
    pawl_sha256_init(&sha);
    pawl_sha256_update(&sha, bytes + PAWL_PREFIX_SIZE, size - PAWL_PREFIX_SIZE);
    pawl_sha256_final(&sha, id);
    assert_memory_equal(package.package_id, id, sizeof id);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(pawl_package_read(bytes, cut, &package), PAWL_MALFORMED);
    for (size_t i = 0; i < 8; i++) {
        bytes[i] ^= 0x20;
        assert_int_equal(pawl_package_read(bytes, size, &package), PAWL_MALFORMED);
        bytes[i] ^= 0x20;
    }
}

static const struct edit_case header_cases[] = {
    {1, "00", PAWL_MALFORMED},
    {1, "40", PAWL_MALFORMED},
    {1, NULL, PAWL_MALFORMED},
    {2, "190400", PAWL_OK},
    {2, "1a00100000", PAWL_OK},
    {2, "190200", PAWL_MALFORMED},
    {2, "190401", PAWL_MALFORMED},
    {2, "190c00", PAWL_MALFORMED},
    {2, "1a00200000", PAWL_MALFORMED},
    {2, "1b0000000100000000", PAWL_MALFORMED},
    {2, "00", PAWL_MALFORMED},
    {2, "20", PAWL_MALFORMED},
    {2, NULL, PAWL_MALFORMED},
    {3, "01", PAWL_OK},
    {3, "02", PAWL_UNSUPPORTED},
    {3, "20", PAWL_UNSUPPORTED},
    {3, "f4", PAWL_MALFORMED},
    {3, NULL, PAWL_MALFORMED},
    {4, "4f 000000000000000000000000000000", PAWL_MALFORMED},
    {4, "51 0000000000000000000000000000000000", PAWL_MALFORMED},
    {4, NULL, PAWL_MALFORMED},
    {5, "00", PAWL_UNSUPPORTED},
    {0, "00", PAWL_UNSUPPORTED},
    {-1, "00", PAWL_UNSUPPORTED},
    {128, "00", PAWL_UNSUPPORTED}, /* no extensions outside payloads */
};

static void each_header_field_is_checked(void **state)
{
    uint8_t bytes[PAWL_PREAMBLE_SIZE_MAX], changed[PAWL_PREAMBLE_SIZE_MAX];
    struct pawl_manifest manifest;
    struct pawl_package package;

    (void)state;
    manifest_make(5000, &manifest);
    size_t size = preamble_make(&vendor, &manifest, 4096, bytes);
    memcpy(changed, bytes, PAWL_PREFIX_SIZE);
    for (size_t i = 0; i < sizeof header_cases / sizeof header_cases[0]; i++) {
        const struct edit_case *edit = &header_cases[i];
        size_t length =
            map_edit(bytes + PAWL_PREFIX_SIZE, size - PAWL_PREFIX_SIZE, edit->key, edit->value,
                     changed + PAWL_PREFIX_SIZE, sizeof changed - PAWL_PREFIX_SIZE);
        pawl_u32be_put(changed + 8, (uint32_t)length);
        enum pawl_result result = pawl_package_read(changed, PAWL_PREFIX_SIZE + length, &package);
        if (result != edit->expected)
            fail_msg("key %d, case %d: %s", (int)edit->key, (int)i, pawl_result_name(result));
    }
}

/* The header's length counts: shorter cuts the map, longer trails, beyond 4096 is no header. */
static void the_header_length_is_checked(void **state)
{
    uint8_t bytes[PAWL_PREAMBLE_SIZE_MAX + 1] = {0};
    struct pawl_manifest manifest;
    struct pawl_package package;
    uint32_t size_read = 0;

    (void)state;
    manifest_make(5000, &manifest);
    uint32_t size =
        (uint32_t)preamble_make(&vendor, &manifest, 4096, bytes) - (uint32_t)PAWL_PREFIX_SIZE;
    static const uint32_t lengths[] = {0, 1, 0xff, PAWL_HEADER_SIZE_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        pawl_u32be_put(bytes + 8, lengths[i]);
        assert_int_equal(pawl_package_read(bytes, sizeof bytes, &package), PAWL_MALFORMED);
    }
    pawl_u32be_put(bytes + 8, size - 1);
    assert_int_equal(pawl_package_read(bytes, sizeof bytes, &package), PAWL_MALFORMED);
    pawl_u32be_put(bytes + 8, size + 1);
    assert_int_equal(pawl_package_read(bytes, sizeof bytes, &package), PAWL_MALFORMED);
    pawl_u32be_put(bytes + 8, PAWL_HEADER_SIZE_MAX + 1);
    assert_int_equal(pawl_preamble_size_read(bytes, &size_read), PAWL_MALFORMED);
    pawl_u32be_put(bytes + 8, UINT32_MAX);
    assert_int_equal(pawl_preamble_size_read(bytes, &size_read), PAWL_MALFORMED);
    assert_int_equal(size_read, 0);
}

static void preambles_that_no_reader_takes_are_not_written(void **state)
{
    static const uint32_t wrong[] = {0, 1, 512, 1025, 3072, 2 * PAWL_CHUNK_SIZE_MAX, UINT32_MAX};
    uint8_t manifest[PAWL_HEADER_SIZE_MAX] = {0}, bytes[2 * PAWL_HEADER_SIZE_MAX];
    uint8_t salt[PAWL_SALT_SIZE] = {0};
    size_t size = 99;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(pawl_package_write(manifest, 10, wrong[i], PAWL_MODE_WRAPPED, salt, bytes,
                                            sizeof bytes, &size),
                         PAWL_MALFORMED);
    assert_int_equal(
        pawl_package_write(manifest, 10, 1024, (enum pawl_mode)2, salt, bytes, sizeof bytes, &size),
        PAWL_MALFORMED);
    assert_int_equal(pawl_package_write(manifest, sizeof manifest, 1024, PAWL_MODE_DIRECT, salt,
                                        bytes, sizeof bytes, &size),
                     PAWL_EXHAUSTED);
    assert_int_equal(
        pawl_package_write(manifest, 10, 1024, PAWL_MODE_DIRECT, salt, bytes, 20, &size),
        PAWL_EXHAUSTED);
    assert_int_equal(size, 99);
    /* the largest manifest that we promise to take */
    assert_int_equal(pawl_package_write(manifest, PAWL_MANIFEST_SIZE_MAX, PAWL_CHUNK_SIZE_MAX,
                                        PAWL_MODE_DIRECT, salt, bytes, PAWL_PREAMBLE_SIZE_MAX,
                                        &size),
                     PAWL_OK);
}

/* One package that fails every check; each that is mended lets the next one speak (SPEC 1). */
static void the_earliest_class_wins(void **state)
{
    static const struct pawl_manifest none;
    uint8_t bytes[PAWL_PREAMBLE_SIZE_MAX];
    struct pawl_manifest manifest, accepted;
    struct pawl_package package;
    struct pawl_pud pud, other;

    (void)state;
    pud_make(&vendor, 1, &pud);
    other = pud;
    pawl_class_id_make(pud.vendor_id, "gateway-b", other.class_id);
    manifest_make(5000, &manifest);
    preamble_make(&vendor, &manifest, 1024, bytes);
    assert_int_equal(pawl_package_read(bytes, sizeof bytes, &package), PAWL_OK);

    struct pawl_acceptance acceptance = {&other, 0, 8};
    memset(&accepted, 0xee, sizeof accepted);
    assert_int_equal(pawl_package_accept(&package, &acceptance, &accepted), PAWL_UNTRUSTED);
    acceptance.anchor_mask = 1;
    assert_int_equal(pawl_package_accept(&package, &acceptance, &accepted), PAWL_WRONG_CLASS);
    pawl_vendor_id_make("example.org", other.vendor_id);
    memcpy(other.class_id, pud.class_id, PAWL_ID_SIZE);
    assert_int_equal(pawl_package_accept(&package, &acceptance, &accepted), PAWL_WRONG_CLASS);
    acceptance.pud = &pud;
    assert_int_equal(pawl_package_accept(&package, &acceptance, &accepted), PAWL_ROLLBACK);
    assert_memory_equal(&accepted, &none, sizeof accepted);
    acceptance.security_floor = 7;
    assert_int_equal(pawl_package_accept(&package, &acceptance, &accepted), PAWL_OK);
    assert_int_equal(accepted.image_size, 5000);
    acceptance.security_floor = 0;
    assert_int_equal(pawl_package_accept(&package, &acceptance, &accepted), PAWL_OK);
}

/* A signature over a payload that is no manifest: authentic, and malformed or unsupported. */
static void a_signed_payload_is_parsed_after_its_signature(void **state)
{
    static const struct {
        const char *payload;
        enum pawl_result expected;
    } cases[] = {{"a0", PAWL_MALFORMED}, {"a1 01 02", PAWL_UNSUPPORTED}, {"ff", PAWL_MALFORMED}};
    uint8_t payload[16], outer[PAWL_MANIFEST_SIZE_MAX], bytes[PAWL_PREAMBLE_SIZE_MAX];
    const uint8_t salt[PAWL_SALT_SIZE] = {0};
    struct pawl_manifest manifest;
    struct pawl_package package;
    struct pawl_pud pud;

    (void)state;
    pud_make(&vendor, 1, &pud);
    const struct pawl_acceptance acceptance = {&pud, 1, 0};
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        const struct signer *signer = i % 2 == 0 ? &vendor : &stranger;
        size_t size = hex_decode(cases[i / 2].payload, payload, sizeof payload);
        size = signer_wrap(signer, payload, size, outer);
        assert_int_equal(pawl_package_write(outer, size, 1024, PAWL_MODE_DIRECT, salt, bytes,
                                            sizeof bytes, &size),
                         PAWL_OK);
        assert_int_equal(pawl_package_read(bytes, size, &package), PAWL_OK);
        assert_int_equal(pawl_package_accept(&package, &acceptance, &manifest),
                         signer == &vendor ? cases[i / 2].expected : PAWL_UNTRUSTED);
    }
}

static void geometry_adds_up(void **state)
{
    static const uint64_t sizes[] = {1,         1023, 1024, 1025, 2048, 1000000, UINT64_MAX - 1000,
                                     UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t count = pawl_chunk_count(sizes[i], 1024), total = 0;
        uint32_t last = pawl_chunk_length(sizes[i], 1024, count - 1);
        assert_true((count - 1) * 1024 + last == sizes[i]);
        assert_in_range(last, 1, 1024);
        assert_int_equal(pawl_chunk_length(sizes[i], 1024, count), 0);
        assert_int_equal(pawl_chunk_length(sizes[i], 1024, UINT64_MAX), 0);
        if (count > 1)
            assert_int_equal(pawl_chunk_length(sizes[i], 1024, 0), 1024);
        if (sizes[i] < UINT64_MAX / 2) {
            assert_int_equal(pawl_package_size_make(100, sizes[i], 1024, &total), PAWL_OK);
            assert_int_equal(total, 100 + sizes[i] + 16 * count);
        } else {
            assert_int_equal(pawl_package_size_make(100, sizes[i], 1024, &total), PAWL_CORRUPT);
        }
    }
}

enum { CHUNK = 1024, SEALED = CHUNK + PAWL_CHUNK_OVERHEAD, IMAGE = 4 * CHUNK + 100, CHUNKS = 5 };

struct sealed {
    uint8_t key[PAWL_KEY_SIZE], package_id[PAWL_PACKAGE_ID_SIZE];
    uint8_t image[IMAGE];
    uint8_t chunks[CHUNKS][SEALED];
};

static void seal(struct sealed *sealed)
{
    struct pawl_stream stream;

    noise_fill(sealed->key, sizeof sealed->key, 1);
    noise_fill(sealed->package_id, sizeof sealed->package_id, 2);
    noise_fill(sealed->image, sizeof sealed->image, 3);
    assert_int_equal(pawl_stream_init(&stream, sealed->key, sealed->package_id, IMAGE, CHUNK),
                     PAWL_OK);
    for (uint64_t i = 0; i < CHUNKS; i++)
        assert_int_equal(pawl_stream_seal(&stream, i, sealed->image + i * CHUNK, sealed->chunks[i]),
                         PAWL_OK);
    assert_int_equal(pawl_stream_seal(&stream, CHUNKS, sealed->image, sealed->chunks[0]),
                     PAWL_STATE);
    pawl_stream_release(&stream);
}

static enum pawl_result open_one(const struct sealed *sealed, uint64_t image_size, uint64_t index,
                                 const uint8_t *chunk)
{
    uint8_t plain[CHUNK];
    struct pawl_stream stream;

    memset(plain, 0xee, sizeof plain);
    assert_int_equal(pawl_stream_init(&stream, sealed->key, sealed->package_id, image_size, CHUNK),
                     PAWL_OK);
    enum pawl_result result = pawl_stream_open(&stream, index, chunk, plain);
    uint32_t length = pawl_chunk_length(image_size, CHUNK, index);
    for (uint32_t i = 0; result != PAWL_OK && i < length; i++)
        assert_int_equal(plain[i], 0); /* I3: no unchecked plaintext is left */
    if (result == PAWL_OK)
        assert_memory_equal(plain, sealed->image + index * CHUNK, length);
    pawl_stream_release(&stream);
    return result;
}

/* I3: each chunk opens in its own place of a stream of its own length, and nowhere else. */
static void chunks_open_in_their_place_alone(void **state)
{
    struct sealed sealed;

    (void)state;
    seal(&sealed);
    for (uint64_t index = 0; index < CHUNKS; index++) {
        for (uint64_t from = 0; from < CHUNKS; from++)
            assert_int_equal(open_one(&sealed, IMAGE, index, sealed.chunks[from]),
                             index == from ? PAWL_OK : PAWL_CORRUPT);
    }
    /* truncated: the last of the shorter stream was not sealed as last; nor is a last one inner */
    for (uint64_t chunks = 1; chunks < CHUNKS; chunks++)
        assert_int_equal(open_one(&sealed, chunks * CHUNK, chunks - 1, sealed.chunks[chunks - 1]),
                         PAWL_CORRUPT);
    assert_int_equal(open_one(&sealed, IMAGE + CHUNK, CHUNKS - 1, sealed.chunks[CHUNKS - 1]),
                     PAWL_CORRUPT);
    assert_int_equal(open_one(&sealed, IMAGE - 1, CHUNKS - 1, sealed.chunks[CHUNKS - 1]),
                     PAWL_CORRUPT);
    assert_int_equal(open_one(&sealed, IMAGE, CHUNKS, sealed.chunks[0]), PAWL_CORRUPT);
    assert_int_equal(open_one(&sealed, IMAGE, UINT64_MAX, sealed.chunks[0]), PAWL_CORRUPT);
}

/* I3: a stream that ends exactly at a chunk's end can't be extended or cut by a chunk. */
static void a_whole_last_chunk_is_still_the_last(void **state)
{
    struct sealed sealed;
    struct pawl_stream stream;
    uint8_t last[SEALED];

    (void)state;
    seal(&sealed);
    assert_int_equal(pawl_stream_init(&stream, sealed.key, sealed.package_id, 4 * CHUNK, CHUNK),
                     PAWL_OK);
    assert_int_equal(pawl_stream_seal(&stream, 3, sealed.image + 3 * CHUNK, last), PAWL_OK);
    pawl_stream_release(&stream);
    assert_int_equal(open_one(&sealed, 4 * CHUNK, 3, last), PAWL_OK);
    assert_int_equal(open_one(&sealed, IMAGE, 3, last), PAWL_CORRUPT);
    assert_memory_not_equal(last, sealed.chunks[3], SEALED);
}

static void every_flipped_bit_of_a_chunk_is_corrupt(void **state)
{
    struct sealed sealed;

    (void)state;
    seal(&sealed);
    for (size_t bit = 0; bit < 8 * SEALED; bit += 5) {
        sealed.chunks[1][bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(open_one(&sealed, IMAGE, 1, sealed.chunks[1]), PAWL_CORRUPT);
        sealed.chunks[1][bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    sealed.key[0] ^= 1;
    assert_int_equal(open_one(&sealed, IMAGE, 1, sealed.chunks[1]), PAWL_CORRUPT);
    sealed.key[0] ^= 1;
    sealed.package_id[0] ^= 1;
    assert_int_equal(open_one(&sealed, IMAGE, 1, sealed.chunks[1]), PAWL_CORRUPT);
}

static void chunks_are_sealed_and_opened_in_place(void **state)
{
    struct sealed sealed;
    struct pawl_stream stream;
    uint8_t buffer[SEALED];

    (void)state;
    seal(&sealed);
    assert_int_equal(pawl_stream_init(&stream, sealed.key, sealed.package_id, IMAGE, CHUNK),
                     PAWL_OK);
    memcpy(buffer, sealed.image, CHUNK);
    assert_int_equal(pawl_stream_seal(&stream, 0, buffer, buffer), PAWL_OK);
    assert_memory_equal(buffer, sealed.chunks[0], SEALED);
    assert_int_equal(pawl_stream_open(&stream, 0, buffer, buffer), PAWL_OK);
    assert_memory_equal(buffer, sealed.image, CHUNK);
    pawl_stream_release(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_preamble_comes_back),
        cmocka_unit_test(each_header_field_is_checked),
        cmocka_unit_test(the_header_length_is_checked),
        cmocka_unit_test(preambles_that_no_reader_takes_are_not_written),
        cmocka_unit_test(the_earliest_class_wins),
        cmocka_unit_test(a_signed_payload_is_parsed_after_its_signature),
        cmocka_unit_test(geometry_adds_up),
        cmocka_unit_test(chunks_open_in_their_place_alone),
        cmocka_unit_test(a_whole_last_chunk_is_still_the_last),
        cmocka_unit_test(every_flipped_bit_of_a_chunk_is_corrupt),
        cmocka_unit_test(chunks_are_sealed_and_opened_in_place),
    };

    return cmocka_run_group_tests_name("package (SPEC 7)", tests, setup, teardown);
}
