/* Vendor keys and signatures: what a key file may be, and that devices accept what was signed (I7).
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headend/signer.h"
#include "host/file.h"
#include "pawl_test.h"

static char directory[] = "/tmp/pawl-test-XXXXXX";

static int setup(void **state)
{
    (void)state;
    return mkdtemp(directory) == NULL || chdir(directory) != 0 ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    return chdir("/") != 0 || rmdir(directory) != 0 ? -1 : 0;
}

static struct pawl_signer *signer_make(struct pawl_anchor *anchor)
{
    struct pawl_signer *signer;
    assert_result(PAWL_OK, pawl_signer_generate(&signer));
    assert_result(PAWL_OK, pawl_signer_anchor_get(signer, anchor));
    return signer;
}

static void test_i7_signature_verifies_with_its_anchor_only(void **state)
{
    (void)state;
    static const uint8_t payload[] = "any payload";
    struct pawl_anchor anchors[2];
    struct pawl_signer *signer = signer_make(&anchors[0]), *other = signer_make(&anchors[1]);
    uint8_t bytes[256];
    size_t size;
    struct pawl_signed_manifest parts;
    assert_result(PAWL_OK,
                  pawl_manifest_sign(signer, payload, sizeof payload, bytes, sizeof bytes, &size));
    assert_result(PAWL_OK, pawl_signed_manifest_read(bytes, size, &parts));
    assert_result(PAWL_OK, pawl_signed_manifest_verify(&parts, anchors, 2, 3));
    assert_result(PAWL_UNTRUSTED, pawl_signed_manifest_verify(&parts, anchors + 1, 1, 1));
    /* A revoked anchor verifies nothing. */
    assert_result(PAWL_UNTRUSTED, pawl_signed_manifest_verify(&parts, anchors, 2, 2));
    bytes[size - 1] ^= 1;
    assert_result(PAWL_OK, pawl_signed_manifest_read(bytes, size, &parts));
    assert_result(PAWL_UNTRUSTED, pawl_signed_manifest_verify(&parts, anchors, 2, 3));
    assert_result(PAWL_EXHAUSTED,
                  pawl_manifest_sign(signer, payload, sizeof payload, bytes, 20, &size));
    pawl_signer_free(signer);
    pawl_signer_free(other);
}

static void test_i8_private_key_file_is_private(void **state)
{
    (void)state;
    struct pawl_anchor made, loaded;
    struct pawl_signer *signer = signer_make(&made), *again;
    struct stat status;
    assert_result(PAWL_OK, pawl_signer_save(signer, "vendor.pem", false));
    assert_result(PAWL_OK, pawl_signer_save_public(signer, "vendor.pub.pem", false));
    assert_int_equal(stat("vendor.pem", &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    /* Never overwritten unasked. */
    assert_result(PAWL_STATE, pawl_signer_save(signer, "vendor.pem", false));
    assert_result(PAWL_OK, pawl_signer_save(signer, "vendor.pem", true));

    assert_result(PAWL_OK, pawl_anchor_load("vendor.pub.pem", &loaded));
    assert_memory_equal(&loaded, &made, sizeof made);
    assert_result(PAWL_OK, pawl_anchor_load("vendor.pem", &loaded));
    assert_memory_equal(&loaded, &made, sizeof made);
    assert_result(PAWL_OK, pawl_signer_load("vendor.pem", &again));
    assert_result(PAWL_OK, pawl_signer_anchor_get(again, &loaded));
    assert_memory_equal(&loaded, &made, sizeof made);
    /* A public key signs nothing. */
    struct pawl_signer *none = NULL;
    assert_result(PAWL_MALFORMED, pawl_signer_load("vendor.pub.pem", &none));
    assert_null(none);
    pawl_signer_free(signer);
    pawl_signer_free(again);
    assert_int_equal(unlink("vendor.pem") + unlink("vendor.pub.pem"), 0);
}

static void test_i9_other_key_files_are_refused(void **state)
{
    (void)state;
    /* A P-384 public key: well-formed, not ours. */
    static const char p384[] = "-----BEGIN PUBLIC KEY-----\n"
                               "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEqofKIr6LBTeOscce8yCtdG4dO2KLp5uY\n"
                               "WfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3NhfeSpYmLG9dnpi/kpLcKfj0Hb0omhR8\n"
                               "6doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f\n"
                               "-----END PUBLIC KEY-----\n";
    struct pawl_anchor anchor;
    struct pawl_signer *signer = NULL;
    assert_result(PAWL_IO, pawl_anchor_load("absent.pem", &anchor));
    assert_result(PAWL_OK, pawl_file_write("text.pem", 0600, false, "no key\n", 7));
    assert_result(PAWL_MALFORMED, pawl_anchor_load("text.pem", &anchor));
    assert_result(PAWL_MALFORMED, pawl_signer_load("text.pem", &signer));
    assert_result(PAWL_OK, pawl_file_write("p384.pem", 0600, false, p384, sizeof p384 - 1));
    assert_result(PAWL_UNSUPPORTED, pawl_anchor_load("p384.pem", &anchor));
    assert_null(signer);
    assert_int_equal(unlink("text.pem") + unlink("p384.pem"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_i7_signature_verifies_with_its_anchor_only),
        cmocka_unit_test(test_i8_private_key_file_is_private),
        cmocka_unit_test(test_i9_other_key_files_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
