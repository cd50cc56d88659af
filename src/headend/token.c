#include "headend/token.h"

#include <openssl/rand.h>
#include <string.h>
#include <strings.h>

#include "host/hex.h"
#include "pawl/secret.h"

#define RANDOM_SIZE 32u
#define PREFIX_SIZE (sizeof PAWL_TOKEN_PREFIX - 1)

static void digest_make(const char *label, const char *text, size_t size,
                        uint8_t digest[PAWL_TOKEN_DIGEST_SIZE])
{
    struct pawl_sha256 sha;
    pawl_sha256_init(&sha);
    pawl_sha256_update(&sha, label, strlen(label));
    pawl_sha256_update(&sha, text, size);
    pawl_sha256_final(&sha, digest);
    pawl_wipe(&sha, sizeof sha);
}

enum pawl_result pawl_token_make(char text[PAWL_TOKEN_TEXT_SIZE],
                                 uint8_t digest[PAWL_TOKEN_DIGEST_SIZE])
{
    uint8_t random[RANDOM_SIZE];
    if (RAND_priv_bytes(random, sizeof random) != 1)
        return PAWL_CRYPTO;
    memcpy(text, PAWL_TOKEN_PREFIX, PREFIX_SIZE);
    pawl_hex_encode(random, sizeof random, text + PREFIX_SIZE);
    digest_make("", text, PAWL_TOKEN_TEXT_SIZE - 1, digest);
    pawl_wipe(random, sizeof random);
    return PAWL_OK;
}

enum pawl_result pawl_token_digest(const char *text, size_t size,
                                   uint8_t digest[PAWL_TOKEN_DIGEST_SIZE])
{
    if (size != PAWL_TOKEN_TEXT_SIZE - 1 || memcmp(text, PAWL_TOKEN_PREFIX, PREFIX_SIZE) != 0)
        return PAWL_MALFORMED;
    for (size_t i = PREFIX_SIZE; i < size; i++)
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return PAWL_MALFORMED;
    digest_make("", text, size, digest);
    return PAWL_OK;
}

void pawl_subject_digest(const char *subject, uint8_t digest[PAWL_TOKEN_DIGEST_SIZE])
{
    digest_make("pawl/1 subject", subject, strlen(subject), digest);
}

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool pawl_token_name_is_good(const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < size; i++)
        if (!is_alphanumeric(name[i]) && strchr("._-@", name[i]) == NULL)
            return false;
    return size >= 1 && size < PAWL_TOKEN_NAME_SIZE && name[0] != '.';
}

const char *pawl_bearer_read(const char *value, size_t *size)
{
    static const char scheme[] = "Bearer ";
    if (strncasecmp(value, scheme, sizeof scheme - 1) != 0)
        return NULL;
    const char *token = value + sizeof scheme - 1;
    token += strspn(token, " ");
    size_t count = 0;
    while (is_alphanumeric(token[count]) ||
           (token[count] != '\0' && strchr("-._~+/", token[count]) != NULL))
        count++;
    if (count == 0 || token[count + strspn(token + count, "=")] != '\0')
        return NULL;
    *size = count + strlen(token + count);
    return token;
}
