#include "headend/segment_cipher.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <unistd.h>

#include "host/file.h"
#include "pawl/secret.h"

#define PART_SIZE 65536u
#define PACKET_SIZE 188u /* of an MPEG transport stream (ISO/IEC 13818-1) */
#define SYNC_BYTE 0x47u

/* The context under a segment's key, or NULL. */
static EVP_CIPHER_CTX *context_open(const uint8_t key[PAWL_CONTENT_KEY_SIZE], uint32_t number,
                                    bool encrypt)
{
    uint8_t initial[PAWL_SEGMENT_BLOCK_SIZE] = {0};
    for (unsigned i = 0; i < 4; i++)
        initial[15 - i] = (uint8_t)(number >> 8 * i);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (context != NULL &&
        EVP_CipherInit_ex2(context, EVP_aes_128_cbc(), key, initial, encrypt, NULL) == 1)
        return context;
    EVP_CIPHER_CTX_free(context);
    return NULL;
}

enum pawl_result pawl_segment_seal(int in, int out, uint32_t number,
                                   const uint8_t key[PAWL_CONTENT_KEY_SIZE], uint64_t *size)
{
    uint8_t part[PART_SIZE], sealed[PART_SIZE + PAWL_SEGMENT_BLOCK_SIZE];
    EVP_CIPHER_CTX *context = context_open(key, number, true);
    enum pawl_result result = context != NULL ? PAWL_OK : PAWL_CRYPTO;
    size_t got = 1;
    uint64_t written = 0;
    while (result == PAWL_OK && got > 0) {
        int length = 0;
        result = pawl_read_most(in, part, sizeof part, &got);
        bool done = got > 0 ? EVP_CipherUpdate(context, sealed, &length, part, (int)got) == 1
                            : EVP_CipherFinal_ex(context, sealed, &length) == 1;
        if (result == PAWL_OK && !done)
            result = PAWL_CRYPTO;
        if (result == PAWL_OK)
            result = pawl_write_full(out, sealed, (size_t)length);
        written += (uint64_t)length;
    }
    EVP_CIPHER_CTX_free(context);
    pawl_wipe(part, sizeof part);
    if (result == PAWL_OK)
        *size = written;
    return result;
}

/* Whether a packet that begins in these bytes, which follow `before` others, begins wrong. */
static bool sync_is_lost(const uint8_t *bytes, size_t size, uint64_t before)
{
    size_t at = (size_t)((PACKET_SIZE - before % PACKET_SIZE) % PACKET_SIZE);
    for (; at < size; at += PACKET_SIZE)
        if (bytes[at] != SYNC_BYTE)
            return true;
    return false;
}

enum pawl_result pawl_segment_prove(int fd, uint32_t number,
                                    const uint8_t key[PAWL_CONTENT_KEY_SIZE])
{
    uint8_t part[PART_SIZE], opened[PART_SIZE + PAWL_SEGMENT_BLOCK_SIZE];
    EVP_CIPHER_CTX *context = context_open(key, number, false);
    enum pawl_result result = context != NULL ? PAWL_OK : PAWL_CRYPTO;
    size_t got = 1;
    uint64_t total = 0;
    ERR_set_mark(); /* wrong padding is no error of the thread's */
    if (result == PAWL_OK && lseek(fd, 0, SEEK_SET) != 0)
        result = PAWL_IO;
    while (result == PAWL_OK && got > 0) {
        int length = 0;
        result = pawl_read_most(fd, part, sizeof part, &got);
        bool done = got > 0 ? EVP_CipherUpdate(context, opened, &length, part, (int)got) == 1
                            : EVP_CipherFinal_ex(context, opened, &length) == 1;
        if (result == PAWL_OK && (!done || sync_is_lost(opened, (size_t)length, total)))
            result = PAWL_CORRUPT;
        total += (uint64_t)length;
    }
    ERR_pop_to_mark();
    EVP_CIPHER_CTX_free(context);
    pawl_wipe(opened, sizeof opened);
    if (result == PAWL_OK && (total == 0 || total % PACKET_SIZE != 0))
        result = PAWL_CORRUPT;
    return result;
}
