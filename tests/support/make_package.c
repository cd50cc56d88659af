#include "support/make_package.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "pawl/chain.h"
#include "pawl/verity.h"

#define POINT_SIZE 65

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "make_package: %s failed\n", what);
    abort();
}

static void digest_make(const char *label, uint32_t number, uint8_t digest[PAWL_SHA256_SIZE])
{
    const uint8_t bytes[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                              (uint8_t)(number >> 8), (uint8_t)number};
    struct pawl_sha256 sha;

    pawl_sha256_init(&sha);
    pawl_sha256_update(&sha, label, strlen(label));
    pawl_sha256_update(&sha, bytes, sizeof bytes);
    pawl_sha256_final(&sha, digest);
}

/* Private key `index` is a digest, which is as good as any other number below the group's order. */
static EVP_PKEY *vendor_key_make(unsigned index, uint8_t point[POINT_SIZE])
{
    uint8_t scalar[PAWL_SHA256_SIZE];
    EVP_PKEY *key = NULL;

    digest_make("pawl test vendor", index, scalar);
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    BIGNUM *private = BN_bin2bn(scalar, sizeof scalar, NULL);
    EC_POINT *public = EC_POINT_new(group);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    require(group && private && public && builder && context, "allocation");
    require(EC_POINT_mul(group, public, private, NULL, NULL, NULL) == 1 &&
                EC_POINT_point2oct(group, public, POINT_CONVERSION_UNCOMPRESSED, point, POINT_SIZE,
                                   NULL) == POINT_SIZE,
            "public key");
    require(
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) &&
            OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, private) &&
            OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, POINT_SIZE),
        "key parameters");
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    require(EVP_PKEY_fromdata_init(context) == 1 &&
                EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters) == 1,
            "key");
    OSSL_PARAM_free(parameters);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_BLD_free(builder);
    EC_POINT_free(public);
    BN_free(private);
    EC_GROUP_free(group);
    return key;
}

void pawl_test_anchor_make(unsigned index, struct pawl_anchor *anchor)
{
    static struct pawl_anchor made[PAWL_TEST_SIGNER_COUNT];
    static bool is_made[PAWL_TEST_SIGNER_COUNT];
    uint8_t point[POINT_SIZE];

    require(index < PAWL_TEST_SIGNER_COUNT, "vendor key's index");
    if (!is_made[index]) {
        EVP_PKEY_free(vendor_key_make(index, point));
        memcpy(made[index].x, point + 1, sizeof anchor->x);
        memcpy(made[index].y, point + 33, sizeof anchor->y);
        pawl_kid_make(made[index].x, made[index].y, made[index].kid);
        is_made[index] = true;
    }
    *anchor = made[index];
}

/* r || s of an ECDSA signature over a digest. */
static void digest_sign(EVP_PKEY *key, const uint8_t digest[PAWL_SHA256_SIZE],
                        uint8_t signature[PAWL_ES256_SIGNATURE_SIZE])
{
    uint8_t der[80];
    size_t size = sizeof der;
    const uint8_t *next = der;

    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    require(context && EVP_PKEY_sign_init(context) == 1 &&
                EVP_PKEY_sign(context, der, &size, digest, PAWL_SHA256_SIZE) == 1,
            "signature");
    ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &next, (long)size);
    require(parts && BN_bn2binpad(ECDSA_SIG_get0_r(parts), signature, 32) == 32 &&
                BN_bn2binpad(ECDSA_SIG_get0_s(parts), signature + 32, 32) == 32,
            "signature's numbers");
    ECDSA_SIG_free(parts);
    EVP_PKEY_CTX_free(context);
}

static void image_make(uint8_t *image, size_t size, uint8_t seed)
{
    uint32_t state = seed + 1u;

    for (size_t i = 0; i < size; i++) {
        state = state * 1664525u + 1013904223u;
        image[i] = (uint8_t)(state >> 24);
    }
}

static struct pawl_text text(const char *string)
{
    return (struct pawl_text){string, (uint32_t)strlen(string)};
}

static void revoked_fill(unsigned revoked, struct pawl_manifest *manifest)
{
    struct pawl_anchor anchor;

    for (unsigned i = 0; i < PAWL_TEST_SIGNER_COUNT; i++) {
        if (!(revoked >> i & 1))
            continue;
        pawl_test_anchor_make(i, &anchor);
        require(manifest->revoked_count < PAWL_REVOKED_MAX, "revoked keys");
        memcpy(manifest->revoked[manifest->revoked_count++], anchor.kid, PAWL_KID_SIZE);
    }
}

static void manifest_fill(const struct pawl_test_release *release, const uint8_t *image,
                          struct pawl_manifest *manifest)
{
    const char *vendor = release->vendor_name ? release->vendor_name : PAWL_TEST_VENDOR;
    const char *class = release->class_name ? release->class_name : PAWL_TEST_CLASS;
    struct pawl_verity verity;

    memset(manifest, 0, sizeof *manifest);
    pawl_vendor_id_make(vendor, manifest->vendor_id);
    pawl_class_id_make(manifest->vendor_id, class, manifest->class_id);
    manifest->name = text("app");
    manifest->version = text(release->version ? release->version : "1.0");
    manifest->security_version = release->security_version;
    manifest->kind = release->kind ? release->kind : PAWL_KIND_EXEC;
    manifest->image_size = release->image_size;
    pawl_verity_init(&verity);
    pawl_verity_update(&verity, image, release->image_size);
    pawl_verity_final(&verity, manifest->image_digest);
    manifest->load_address = release->load_address;
    manifest->entry_address = release->entry_address;
    manifest->success = release->success ? release->success : PAWL_SUCCESS_EXIT;
    manifest->deadline = release->deadline ? release->deadline : 60;
    manifest->created = 1700000000;
    revoked_fill(release->revoked, manifest);
    manifest->profile = release->profile;
}

static void manifest_make(const struct pawl_test_release *release, const uint8_t *image,
                          uint8_t bytes[PAWL_MANIFEST_SIZE_MAX], size_t *size)
{
    struct pawl_manifest manifest;
    uint8_t payload[PAWL_MANIFEST_SIZE_MAX];
    size_t payload_size = 0;
    uint8_t point[POINT_SIZE];
    uint8_t kid[PAWL_KID_SIZE];
    uint8_t digest[PAWL_SHA256_SIZE];
    uint8_t signature[PAWL_ES256_SIGNATURE_SIZE];

    manifest_fill(release, image, &manifest);
    require(pawl_manifest_write(&manifest, payload, sizeof payload, &payload_size) == PAWL_OK,
            "manifest");
    pawl_manifest_digest_make(payload, payload_size, digest);
    EVP_PKEY *key = vendor_key_make(release->signer, point);
    digest_sign(key, digest, signature);
    EVP_PKEY_free(key);
    pawl_kid_make(point + 1, point + 33, kid);
    require(pawl_signed_manifest_write(payload, payload_size, kid, signature, bytes,
                                       PAWL_MANIFEST_SIZE_MAX, size) == PAWL_OK,
            "signed manifest");
}

static void content_key_make(const struct pawl_test_release *release,
                             struct pawl_test_package *package)
{
    const struct pawl_pud *pud = release->pud;
    uint8_t download_key[PAWL_KEY_SIZE];

    if (release->mode == PAWL_MODE_WRAPPED) {
        digest_make("pawl test content", release->image_seed, package->content_key);
        return;
    }
    pawl_download_key_make(pud->unit_secret, pud->device_id, pud->chain_length, release->sequence,
                           download_key);
    pawl_direct_key_make(download_key, package->package_id, package->content_key);
}

static void chunks_seal(const struct pawl_test_release *release, struct pawl_test_package *package,
                        const uint8_t *image)
{
    uint8_t *sealed = package->bytes + package->preamble_size;
    uint64_t count = pawl_chunk_count(release->image_size, release->chunk_size);
    struct pawl_stream stream;

    require(pawl_stream_init(&stream, package->content_key, package->package_id,
                             release->image_size, release->chunk_size) == PAWL_OK,
            "stream");
    for (uint64_t i = 0; i < count; i++) {
        require(pawl_stream_seal(&stream, i, image + i * release->chunk_size, sealed) == PAWL_OK,
                "chunk");
        sealed +=
            pawl_chunk_length(release->image_size, release->chunk_size, i) + PAWL_CHUNK_OVERHEAD;
    }
    pawl_stream_release(&stream);
}

void pawl_test_package_make(const struct pawl_test_release *wanted,
                            struct pawl_test_package *package)
{
    struct pawl_test_release release = *wanted;
    uint8_t manifest[PAWL_MANIFEST_SIZE_MAX];
    uint8_t preamble[PAWL_PREAMBLE_SIZE_MAX];
    uint8_t salt[PAWL_SALT_SIZE] = {release.image_seed, 0x5a};
    size_t manifest_size = 0, preamble_size = 0;
    uint64_t size = 0;
    struct pawl_package read;

    release.image_size = release.image_size ? release.image_size : 5000;
    release.chunk_size = release.chunk_size ? release.chunk_size : PAWL_CHUNK_SIZE_MIN;
    memset(package, 0, sizeof *package);
    package->image = malloc(release.image_size);
    require(package->image != NULL, "allocation");
    package->image_size = release.image_size;
    image_make(package->image, release.image_size, release.image_seed);
    manifest_make(&release, package->image, manifest, &manifest_size);
    if (release.other_image)
        package->image[0] ^= 1;

    require(pawl_package_write(manifest, manifest_size, release.chunk_size, release.mode, salt,
                               preamble, sizeof preamble, &preamble_size) == PAWL_OK &&
                pawl_package_read(preamble, preamble_size, &read) == PAWL_OK &&
                pawl_package_size_make((uint32_t)preamble_size, release.image_size,
                                       release.chunk_size, &size) == PAWL_OK,
            "header");
    package->preamble_size = (uint32_t)preamble_size;
    package->size = size;
    memcpy(package->package_id, read.package_id, sizeof package->package_id);
    package->bytes = malloc(size);
    require(package->bytes != NULL, "allocation");
    memcpy(package->bytes, preamble, preamble_size);
    content_key_make(&release, package);
    chunks_seal(&release, package, package->image);
}

void pawl_test_package_free(struct pawl_test_package *package)
{
    free(package->bytes);
    free(package->image);
    memset(package, 0, sizeof *package);
}

void pawl_test_pud_make(uint32_t number, struct pawl_pud *pud)
{
    uint8_t digest[PAWL_SHA256_SIZE];

    memset(pud, 0, sizeof *pud);
    digest_make("pawl test device", number, digest);
    memcpy(pud->device_id, digest, sizeof pud->device_id);
    digest_make("pawl test secret", number, pud->unit_secret);
    pawl_vendor_id_make(PAWL_TEST_VENDOR, pud->vendor_id);
    pawl_class_id_make(pud->vendor_id, PAWL_TEST_CLASS, pud->class_id);
    pud->chain_length = 8;
    pawl_test_pud_trust(pud, 1);
}

void pawl_test_pud_trust(struct pawl_pud *pud, uint32_t count)
{
    pud->anchor_count = count;
    for (uint32_t i = 0; i < count; i++)
        pawl_test_anchor_make(i, &pud->anchors[i]);
}

void pawl_test_entitle(const struct pawl_pud *pud, uint64_t sequence,
                       const struct pawl_test_package *package,
                       uint8_t entitlement[PAWL_ENTITLEMENT_SIZE])
{
    const struct pawl_unit unit = {.unit_secret = pud->unit_secret,
                                   .device_id = pud->device_id,
                                   .chain_length = pud->chain_length,
                                   .sequence = sequence};
    uint8_t row[PAWL_ROW_SIZE];

    require(pawl_entitlement_row_make(&unit, package->package_id, package->content_key, row) ==
                PAWL_OK,
            "entitlement");
    memcpy(entitlement, row + PAWL_TAG_SIZE, PAWL_ENTITLEMENT_SIZE);
}
