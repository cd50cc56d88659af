#include "otp.h"

#include <string.h>

#include "core/bytes.h"
#include "pawl/crypto.h"
#include "pawl/secret.h"

#define HEAD_SIZE 12u
#define CHECK_SIZE 16u
#define WORD_SIZE 4u

static const uint8_t magic[8] = {'P', 'A', 'W', 'L', 'O', 'T', 'P', '1'};
_Static_assert(HEAD_SIZE + PAWL_PUD_SIZE_MAX + CHECK_SIZE <= PAWL_OTP_SIZE, "every PUD must fit");

static void check_make(const uint8_t *bytes, size_t size, uint8_t digest[PAWL_SHA256_SIZE])
{
    struct pawl_sha256 sha;

    pawl_sha256_init(&sha);
    pawl_sha256_update(&sha, bytes, size);
    pawl_sha256_final(&sha, digest);
    pawl_wipe(&sha, sizeof sha);
}

static void words_read(const struct pawl_otp *otp, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += WORD_SIZE) {
        uint32_t word = otp->words[i / WORD_SIZE];
        memcpy(bytes + i, &word, WORD_SIZE);
    }
}

enum pawl_result pawl_otp_read(const struct pawl_otp *otp, struct pawl_pud *pud)
{
    uint8_t bytes[PAWL_OTP_SIZE], digest[PAWL_SHA256_SIZE];
    enum pawl_result result = PAWL_STATE;

    words_read(otp, bytes, sizeof bytes);
    uint32_t size = pawl_u32be_get(bytes + sizeof magic);
    if (memcmp(bytes, magic, sizeof magic) == 0 && size <= PAWL_PUD_SIZE_MAX) {
        check_make(bytes, HEAD_SIZE + size, digest);
        if (pawl_equal(digest, bytes + HEAD_SIZE + size, CHECK_SIZE))
            result =
                pawl_pud_read(bytes + HEAD_SIZE, size, pud) == PAWL_OK ? PAWL_OK : PAWL_CORRUPT;
    }
    pawl_wipe(bytes, sizeof bytes);
    return result;
}

/* Each word is erased, or was written with the same before. */
static bool holds_other(const struct pawl_otp *otp, const uint8_t *bytes)
{
    for (size_t i = 0; i < PAWL_OTP_SIZE; i += WORD_SIZE) {
        uint32_t word, held = otp->words[i / WORD_SIZE];
        memcpy(&word, bytes + i, WORD_SIZE);
        if (held != UINT32_MAX && held != word)
            return true;
    }
    return false;
}

static enum pawl_result words_write(const struct pawl_otp *otp, const uint8_t *bytes)
{
    for (size_t i = 0; i < PAWL_OTP_SIZE; i += WORD_SIZE) {
        uint32_t word;
        memcpy(&word, bytes + i, WORD_SIZE);
        if (otp->words[i / WORD_SIZE] != word)
            otp->words[i / WORD_SIZE] &= word;
    }
    return holds_other(otp, bytes) ? PAWL_STORAGE : PAWL_OK;
}

enum pawl_result pawl_otp_write(const struct pawl_otp *otp, const uint8_t *pud_bytes, size_t size)
{
    uint8_t bytes[PAWL_OTP_SIZE], digest[PAWL_SHA256_SIZE];
    struct pawl_pud pud;

    enum pawl_result result =
        size <= PAWL_PUD_SIZE_MAX ? pawl_pud_read(pud_bytes, size, &pud) : PAWL_MALFORMED;
    pawl_wipe(&pud, sizeof pud);
    if (result != PAWL_OK)
        return result;
    memset(bytes, 0xff, sizeof bytes);
    memcpy(bytes, magic, sizeof magic);
    pawl_u32be_put(bytes + sizeof magic, (uint32_t)size);
    memcpy(bytes + HEAD_SIZE, pud_bytes, size);
    check_make(bytes, HEAD_SIZE + size, digest);
    memcpy(bytes + HEAD_SIZE + size, digest, CHECK_SIZE);
    result = holds_other(otp, bytes) ? PAWL_STATE : words_write(otp, bytes);
    pawl_wipe(bytes, sizeof bytes);
    return result;
}
