/*
 * Whole packages as files: what is sealed opens again and is the same on any number of threads;
 * what was altered, cut or extended does not open (I3, SPEC 7).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headend/package_file.h"
#include "headend/signer.h"
#include "pawl_test.h"

static char directory[] = "/tmp/pawl-test-XXXXXX";
static struct pawl_signer *signer;
static const uint8_t old_key[PAWL_KEY_SIZE] = {1};
static const uint8_t new_key[PAWL_KEY_SIZE] = {2};
static const uint8_t salt[PAWL_SALT_SIZE] = {3};

struct sealed {
    struct pawl_image image;
    uint8_t preamble[PAWL_PREAMBLE_SIZE_MAX];
    size_t preamble_size;
    int fd;
    struct pawl_package_file file;
    struct pawl_manifest manifest;
};

static int setup(void **state)
{
    (void)state;
    return mkdtemp(directory) == NULL || chdir(directory) != 0 ||
                   pawl_signer_generate(&signer) != PAWL_OK
               ? -1
               : 0;
}

static int teardown(void **state)
{
    (void)state;
    pawl_signer_free(signer);
    return chdir("/") != 0 || rmdir(directory) != 0 ? -1 : 0;
}

/* A file without a name: nothing is left behind. */
static int file_make(void)
{
    int fd = open(directory, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static int image_make(uint64_t size)
{
    int fd = file_make();
    uint8_t block[8192];
    for (uint64_t done = 0; done < size; done += sizeof block) {
        for (size_t i = 0; i < sizeof block; i++)
            block[i] = (uint8_t)((done + i) * 2654435761u >> 13);
        size_t part = size - done < sizeof block ? (size_t)(size - done) : sizeof block;
        assert_int_equal(write(fd, block, part), (ssize_t)part);
    }
    return fd;
}

static void preamble_make(struct sealed *sealed, uint32_t chunk_size)
{
    uint8_t payload[PAWL_MANIFEST_SIZE_MAX], bytes[PAWL_MANIFEST_SIZE_MAX];
    size_t payload_size, size;
    struct pawl_manifest manifest = {.name = {"app", 3},
                                     .version = {"1", 1},
                                     .security_version = 1,
                                     .kind = PAWL_KIND_OPAQUE,
                                     .image_size = sealed->image.size,
                                     .success = PAWL_SUCCESS_EXIT,
                                     .deadline = 10};
    memcpy(manifest.image_digest, sealed->image.digest, PAWL_SHA256_SIZE);
    assert_result(PAWL_OK, pawl_manifest_write(&manifest, payload, sizeof payload, &payload_size));
    assert_result(PAWL_OK,
                  pawl_manifest_sign(signer, payload, payload_size, bytes, sizeof bytes, &size));
    assert_result(PAWL_OK, pawl_package_write(bytes, size, chunk_size, PAWL_MODE_WRAPPED, salt,
                                              sealed->preamble, sizeof sealed->preamble,
                                              &sealed->preamble_size));
}

static void sealed_read(struct sealed *sealed)
{
    const struct pawl_signed_manifest *signed_manifest = &sealed->file.package.signed_manifest;
    assert_result(PAWL_OK, pawl_package_file_read(sealed->fd, &sealed->file));
    assert_result(PAWL_OK, pawl_manifest_read(signed_manifest->payload,
                                              signed_manifest->payload_size, &sealed->manifest));
}

static void seal(struct sealed *sealed, uint64_t image_size, uint32_t chunk_size, unsigned threads)
{
    const struct pawl_package_job job = {.threads = threads};
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    assert_result(PAWL_OK, pawl_image_measure(&job, image_make(image_size), &sealed->image));
    preamble_make(sealed, chunk_size);
    sealed->fd = file_make();
    assert_result(PAWL_OK, pawl_package_seal(&job, sealed->preamble, sealed->preamble_size, old_key,
                                             &sealed->image, sealed->fd, package_id));
    sealed_read(sealed);
    assert_memory_equal(package_id, sealed->file.package.package_id, sizeof package_id);
}

static void sealed_close(struct sealed *sealed)
{
    close(sealed->fd);
    close(sealed->image.fd);
}

static void assert_same_files(int a, int b)
{
    struct stat status_a, status_b;
    uint8_t bytes_a[8192], bytes_b[8192];
    assert_int_equal(fstat(a, &status_a), 0);
    assert_int_equal(fstat(b, &status_b), 0);
    assert_int_equal(status_a.st_size, status_b.st_size);
    for (off_t at = 0; at < status_a.st_size; at += (off_t)sizeof bytes_a) {
        ssize_t taken = pread(a, bytes_a, sizeof bytes_a, at);
        assert_int_equal(taken, pread(b, bytes_b, sizeof bytes_b, at));
        assert_memory_equal(bytes_a, bytes_b, (size_t)taken);
    }
}

static void test_spec7_sealed_image_opens(void **state)
{
    (void)state;
    static const struct {
        uint64_t size;
        uint32_t chunk;
    } cases[] = {{1, 1024},         {1024, 1024},       {1025, 1024},       {524288, 65536},
                 {524289, 65536},   {1572864, 1048576}, {3000000, 1048576}, {3000000, 1024},
                 {5242880, 262144}, {9000001, 65536}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (unsigned threads = 1; threads <= 4; threads += 3) {
            const struct pawl_package_job job = {.threads = threads};
            struct sealed sealed;
            int out = file_make();
            seal(&sealed, cases[i].size, cases[i].chunk, threads);
            assert_result(PAWL_OK,
                          pawl_package_open(&job, &sealed.file, &sealed.manifest, old_key, out));
            assert_same_files(sealed.image.fd, out);
            close(out);
            sealed_close(&sealed);
        }
    }
}

static void test_spec7_threads_and_pipes_change_no_byte(void **state)
{
    (void)state;
    const struct pawl_package_job job = {.threads = 4};
    struct sealed sealed;
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    seal(&sealed, 7000000, 65536, 1);
    int appended = open(directory, O_RDWR | O_TMPFILE | O_CLOEXEC | O_APPEND, 0600);
    assert_true(appended >= 0);
    assert_result(PAWL_OK, pawl_package_seal(&job, sealed.preamble, sealed.preamble_size, old_key,
                                             &sealed.image, appended, package_id));
    assert_same_files(sealed.fd, appended);
    close(appended);
    sealed_close(&sealed);
}

static void byte_flip(int fd, off_t at)
{
    uint8_t byte;
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

static void test_i3_altered_package_is_corrupt(void **state)
{
    (void)state;
    const struct pawl_package_job job = {.threads = 2};
    struct sealed sealed;
    seal(&sealed, 2000000, 65536, 2);
    off_t first = (off_t)sealed.file.package.preamble_size, last = (off_t)sealed.file.size - 1;
    const off_t places[] = {first, first + 65536, first + 700000, last};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        byte_flip(sealed.fd, places[i]);
        assert_result(PAWL_CORRUPT,
                      pawl_package_open(&job, &sealed.file, &sealed.manifest, old_key, -1));
        byte_flip(sealed.fd, places[i]);
    }
    assert_result(PAWL_OK, pawl_package_open(&job, &sealed.file, &sealed.manifest, old_key, -1));
    assert_result(PAWL_CORRUPT,
                  pawl_package_open(&job, &sealed.file, &sealed.manifest, new_key, -1));
    sealed_close(&sealed);
}

static void test_i3_cut_or_extended_package_is_corrupt(void **state)
{
    (void)state;
    const struct pawl_package_job job = {.threads = 2};
    struct sealed sealed;
    seal(&sealed, 1000000, 65536, 2);
    const off_t whole = (off_t)sealed.file.size;
    const off_t lengths[] = {whole - 1, whole + 1, whole - 65552,
                             (off_t)sealed.file.package.preamble_size};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        assert_int_equal(ftruncate(sealed.fd, lengths[i]), 0);
        /* Known at reading, and when the file changes after it. */
        assert_result(PAWL_CORRUPT,
                      pawl_package_open(&job, &sealed.file, &sealed.manifest, old_key, -1));
        sealed_read(&sealed);
        assert_result(PAWL_CORRUPT,
                      pawl_package_open(&job, &sealed.file, &sealed.manifest, old_key, -1));
    }
    sealed_close(&sealed);
}

static void test_spec7_seal_refuses_another_image(void **state)
{
    (void)state;
    const struct pawl_package_job job = {.threads = 1};
    struct sealed sealed;
    struct pawl_image other;
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    seal(&sealed, 100000, 65536, 1);
    assert_result(PAWL_OK, pawl_image_measure(&job, image_make(100001), &other));
    int out = file_make();
    assert_result(PAWL_CORRUPT, pawl_package_seal(&job, sealed.preamble, sealed.preamble_size,
                                                  old_key, &other, out, package_id));
    close(other.fd);
    /* An image that changes after it was measured. */
    byte_flip(sealed.image.fd, 5);
    assert_result(PAWL_CORRUPT, pawl_package_seal(&job, sealed.preamble, sealed.preamble_size,
                                                  old_key, &sealed.image, out, package_id));
    close(out);
    sealed_close(&sealed);
}

static void test_i7_reseal_keeps_the_signed_release(void **state)
{
    (void)state;
    const struct pawl_package_job job = {.threads = 2};
    static const uint32_t chunks[] = {1024, 65536, 1048576};
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
        struct sealed sealed, again;
        uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
        seal(&sealed, 2500000, 65536, 2);
        again.fd = file_make();
        assert_result(PAWL_OK, pawl_package_reseal(&job, &sealed.file, old_key, new_key, chunks[i],
                                                   salt, again.fd, package_id));
        sealed_read(&again);
        assert_memory_equal(package_id, again.file.package.package_id, sizeof package_id);
        assert_int_equal(again.file.package.manifest_size, sealed.file.package.manifest_size);
        assert_memory_equal(again.file.package.manifest_bytes, sealed.file.package.manifest_bytes,
                            sealed.file.package.manifest_size);
        int out = file_make();
        assert_result(PAWL_OK, pawl_package_open(&job, &again.file, &again.manifest, new_key, out));
        assert_same_files(sealed.image.fd, out);
        assert_result(PAWL_CORRUPT,
                      pawl_package_open(&job, &again.file, &again.manifest, old_key, -1));
        close(out);
        close(again.fd);
        sealed_close(&sealed);
    }
}

static void test_i9_measure_refuses_what_is_no_image(void **state)
{
    (void)state;
    const struct pawl_package_job job = {.threads = 1};
    struct pawl_image image;
    int empty = file_make(), device = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    assert_result(PAWL_MALFORMED, pawl_image_measure(&job, empty, &image));
    assert_result(PAWL_UNSUPPORTED, pawl_image_measure(&job, device, &image));
    assert_result(PAWL_IO, pawl_image_measure(&job, -1, &image));
    close(empty);
    close(device);
}

static void test_i9_full_output_is_an_error(void **state)
{
    (void)state;
    const struct pawl_package_job job = {.threads = 2};
    struct sealed sealed;
    seal(&sealed, 1000000, 65536, 1);
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    assert_result(PAWL_IO, pawl_package_open(&job, &sealed.file, &sealed.manifest, old_key, full));
    close(full);
    sealed_close(&sealed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spec7_sealed_image_opens),
        cmocka_unit_test(test_spec7_threads_and_pipes_change_no_byte),
        cmocka_unit_test(test_i3_altered_package_is_corrupt),
        cmocka_unit_test(test_i3_cut_or_extended_package_is_corrupt),
        cmocka_unit_test(test_spec7_seal_refuses_another_image),
        cmocka_unit_test(test_i7_reseal_keeps_the_signed_release),
        cmocka_unit_test(test_i9_measure_refuses_what_is_no_image),
        cmocka_unit_test(test_i9_full_output_is_an_error),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
