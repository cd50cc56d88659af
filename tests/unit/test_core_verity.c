/* SPEC 6: the image digest is the Linux fs-verity digest, however it is computed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "pawl/verity.h"

#define MIB (1024u * 1024u)

static const uint64_t sizes[] = {
    1,
    2,
    4095,
    4096,
    4097,
    8191,
    8192,
    8193,
    524287,
    524288,
    524289,
    528384,
    1048575,
    1048576,
    1048577,
    3 * MIB + 17,
    64 * MIB - 1,
    64 * MIB,
    64 * MIB + 1,
};

/* What Debian's fsverity prints for the file. */
static void reference(const char *path, uint8_t digest[PAWL_SHA256_SIZE])
{
    char command[128], line[128] = "";

    snprintf(command, sizeof command, "fsverity digest --compact %s", path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(line, sizeof line, pipe));
    assert_int_equal(pclose(pipe), 0);
    line[strcspn(line, "\n")] = '\0';
    assert_int_equal(hex_decode(line, digest, PAWL_SHA256_SIZE), PAWL_SHA256_SIZE);
}

/* Images above 4 MiB are noise at both ends around a hole, as a sparse file would be. */
static void image_make(uint8_t *image, uint64_t size)
{
    if (size <= 4 * MIB) {
        noise_fill(image, size, size);
        return;
    }
    memset(image, 0, size);
    noise_fill(image, MIB, 1);
    noise_fill(image + size - MIB, MIB, 2);
}

static void digest_by_update(const uint8_t *image, uint64_t size, uint64_t seed,
                             uint8_t digest[PAWL_SHA256_SIZE])
{
    struct pawl_verity verity;
    uint64_t done = 0;

    pawl_verity_init(&verity);
    while (done < size) {
        uint64_t part = size - done;
        if (seed != 0) { /* parts of 1 byte to 64 KiB, as the seed has it */
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            uint64_t most = (seed >> 40) % 65536 >> (seed >> 60);
            part = part < most + 1 ? part : most + 1;
        }
        pawl_verity_update(&verity, image + done, part);
        done += part;
    }
    pawl_verity_final(&verity, digest);
}

static void digest_by_spans(const uint8_t *image, uint64_t size, uint8_t digest[PAWL_SHA256_SIZE])
{
    struct pawl_verity verity;
    uint8_t hash[PAWL_SHA256_SIZE];

    pawl_verity_init(&verity);
    for (uint64_t done = 0; done < size; done += PAWL_VERITY_SPAN_SIZE) {
        uint64_t left = size - done;
        uint32_t part = left < PAWL_VERITY_SPAN_SIZE ? (uint32_t)left : PAWL_VERITY_SPAN_SIZE;
        pawl_verity_span_make(image + done, part, size, hash);
        pawl_verity_span_add(&verity, hash, part);
    }
    pawl_verity_final(&verity, digest);
}

static void digests_are_what_fsverity_prints(void **state)
{
    char path[] = "/tmp/pawl-verity-XXXXXX";
    uint8_t *image = malloc(64 * MIB + 1);
    uint8_t expected[PAWL_SHA256_SIZE], digest[PAWL_SHA256_SIZE];

    (void)state;
    assert_non_null(image);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        image_make(image, sizes[i]);
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, image, sizes[i], 0), (ssize_t)sizes[i]);
        reference(path, expected);
        digest_by_update(image, sizes[i], 0, digest);
        assert_memory_equal(digest, expected, sizeof digest);
        digest_by_update(image, sizes[i], sizes[i], digest);
        assert_memory_equal(digest, expected, sizeof digest);
        digest_by_spans(image, sizes[i], digest);
        assert_memory_equal(digest, expected, sizeof digest);
    }
    close(fd);
    unlink(path);
    free(image);
}

static void every_byte_and_the_size_count(void **state)
{
    uint8_t image[4 * PAWL_VERITY_BLOCK_SIZE + 3] = {0};
    uint8_t one[PAWL_SHA256_SIZE], two[PAWL_SHA256_SIZE];

    (void)state;
    digest_by_update(image, sizeof image, 0, one);
    digest_by_update(image, sizeof image - 1, 0, two);
    assert_memory_not_equal(one, two, sizeof one);
    for (size_t i = 0; i < sizeof image; i += 1021) {
        image[i] = 1;
        digest_by_update(image, sizeof image, 0, two);
        assert_memory_not_equal(one, two, sizeof one);
        image[i] = 0;
    }
}

/* Beyond what can be hashed here: the tree ends at its last level, inside its array. */
static void the_tree_holds_the_largest_image(void **state)
{
    struct pawl_verity verity;
    uint8_t digest[PAWL_SHA256_SIZE], hash[PAWL_SHA256_SIZE] = {1};

    (void)state;
    pawl_verity_init(&verity);
    for (unsigned level = 0; level < PAWL_VERITY_LEVELS; level++) {
        struct pawl_verity_level *at = &verity.levels[level];
        at->count = UINT64_C(1) << 52 >> (7 * level);
        memcpy(at->last, hash, sizeof hash);
    }
    verity.size = UINT64_MAX;
    pawl_verity_final(&verity, digest); /* must end, and inside its array */
    assert_memory_not_equal(digest, hash, sizeof hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_what_fsverity_prints),
        cmocka_unit_test(every_byte_and_the_size_count),
        cmocka_unit_test(the_tree_holds_the_largest_image),
    };

    return cmocka_run_group_tests_name("image digest (SPEC 6)", tests, NULL, NULL);
}
