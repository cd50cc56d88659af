#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "core/cbor.h"

/* Puts the pair `key`: hex into the writer; nothing when the value is NULL. */
static void pair_write(struct pawl_writer *writer, int64_t key, const char *value)
{
    uint8_t bytes[2048];

    if (value == NULL)
        return;
    pawl_cbor_integer_write(writer, key);
    pawl_writer_put(writer, bytes, hex_decode(value, bytes, sizeof bytes));
}

size_t map_edit(const uint8_t *map, size_t size, int64_t key, const char *value, uint8_t *out,
                size_t capacity)
{
    uint8_t body[PAWL_PREAMBLE_SIZE_MAX], encoded_key[9];
    struct pawl_reader reader;
    struct pawl_writer writer, key_writer;
    uint64_t pairs = 0;
    size_t length;
    bool written = false;

    pawl_writer_init(&key_writer, encoded_key, sizeof encoded_key);
    pawl_cbor_integer_write(&key_writer, key);
    pawl_writer_init(&writer, body, sizeof body);
    pawl_reader_init(&reader, map, size);
    for (uint64_t left = pawl_cbor_count_read(&reader, PAWL_CBOR_MAP); left > 0; left--) {
        const uint8_t *pair = reader.next;
        pawl_cbor_item_skip(&reader);
        int order = memcmp(pair, encoded_key, 1);
        if (order == 0 && key_writer.size > 1)
            order = memcmp(pair, encoded_key, key_writer.size);
        pawl_cbor_item_skip(&reader);
        if (order >= 0 && !written) {
            pair_write(&writer, key, value);
            pairs += value != NULL;
            written = true;
        }
        if (order != 0) {
            pawl_writer_put(&writer, pair, (size_t)(reader.next - pair));
            pairs++;
        }
    }
    if (!written) {
        pair_write(&writer, key, value);
        pairs += value != NULL;
    }
    assert_int_equal(reader.error, PAWL_OK);
    size_t body_size = writer.size;
    pawl_writer_init(&writer, out, capacity);
    pawl_cbor_head_write(&writer, PAWL_CBOR_MAP, pairs);
    pawl_writer_put(&writer, body, body_size);
    assert_int_equal(pawl_writer_finish(&writer, &length), PAWL_OK);
    return length;
}

void signer_make(struct signer *signer)
{
    uint8_t point[65];
    size_t size;

    EVP_PKEY *key = EVP_EC_gen("P-256");
    assert_non_null(key);
    assert_int_equal(
        EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &size),
        1);
    assert_int_equal(size, sizeof point);
    signer->key = key;
    memcpy(signer->anchor.x, point + 1, 32);
    memcpy(signer->anchor.y, point + 33, 32);
    pawl_kid_make(signer->anchor.x, signer->anchor.y, signer->anchor.kid);
}

void signer_release(struct signer *signer)
{
    EVP_PKEY_free(signer->key);
}

void signer_sign(const struct signer *signer, const uint8_t digest[32], uint8_t signature[64])
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, signer->key, NULL);
    uint8_t der[80];
    const uint8_t *at = der;
    size_t size = sizeof der;

    assert_int_equal(EVP_PKEY_sign_init(context), 1);
    assert_int_equal(EVP_PKEY_sign(context, der, &size, digest, 32), 1);
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)size);
    assert_non_null(pair);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32);
    ECDSA_SIG_free(pair);
    EVP_PKEY_CTX_free(context);
}

size_t signer_wrap(const struct signer *signer, const uint8_t *payload, size_t size,
                   uint8_t bytes[PAWL_MANIFEST_SIZE_MAX])
{
    uint8_t digest[PAWL_SHA256_SIZE], signature[PAWL_ES256_SIGNATURE_SIZE];
    size_t total = 0;

    pawl_manifest_digest_make(payload, size, digest);
    signer_sign(signer, digest, signature);
    assert_int_equal(pawl_signed_manifest_write(payload, size, signer->anchor.kid, signature, bytes,
                                                PAWL_MANIFEST_SIZE_MAX, &total),
                     PAWL_OK);
    return total;
}

void pud_make(const struct signer *signer, uint64_t seed, struct pawl_pud *pud)
{
    memset(pud, 0, sizeof *pud);
    noise_fill(pud->device_id, sizeof pud->device_id, seed);
    noise_fill(pud->unit_secret, sizeof pud->unit_secret, seed + 1);
    pawl_vendor_id_make("example.com", pud->vendor_id);
    pawl_class_id_make(pud->vendor_id, "gateway-a", pud->class_id);
    pud->chain_length = 16;
    pud->anchor_count = 1;
    pud->anchors[0] = signer->anchor;
}

void manifest_make(uint64_t image_size, struct pawl_manifest *manifest)
{
    memset(manifest, 0, sizeof *manifest);
    pawl_vendor_id_make("example.com", manifest->vendor_id);
    pawl_class_id_make(manifest->vendor_id, "gateway-a", manifest->class_id);
    manifest->name = (struct pawl_text){"demo", 4};
    manifest->version = (struct pawl_text){"1.2.3", 5};
    manifest->security_version = 7;
    manifest->kind = PAWL_KIND_EXEC;
    manifest->image_size = image_size;
    manifest->success = PAWL_SUCCESS_EXIT;
    manifest->deadline = 30;
    manifest->created = 1700000000;
}

size_t preamble_make(const struct signer *signer, const struct pawl_manifest *manifest,
                     uint32_t chunk_size, uint8_t bytes[PAWL_PREAMBLE_SIZE_MAX])
{
    static const uint8_t salt[PAWL_SALT_SIZE] = {1, 2, 3};
    uint8_t payload[PAWL_MANIFEST_SIZE_MAX], outer[PAWL_MANIFEST_SIZE_MAX];
    size_t size = 0;

    assert_int_equal(pawl_manifest_write(manifest, payload, sizeof payload, &size), PAWL_OK);
    size = signer_wrap(signer, payload, size, outer);
    assert_int_equal(pawl_package_write(outer, size, chunk_size, PAWL_MODE_WRAPPED, salt, bytes,
                                        PAWL_PREAMBLE_SIZE_MAX, &size),
                     PAWL_OK);
    return size;
}
