/* The vault. */
#include "headend/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/file.h"
#include "host/secret.h"
#include "pawl/keys.h"
#include "pawl/secret.h"

/* The data key lives on only as the keyed state from which wrapping keys are derived. */
struct pawl_vault {
    struct pawl_hmac data_key;
};

static const struct {
    const char *label;
    size_t least, most; /* bytes of the name */
} kinds[PAWL_VAULT_KIND_COUNT] = {
    [PAWL_VAULT_UNIT_SECRET] = {"pawl/vault unit secret", PAWL_ID_SIZE, PAWL_ID_SIZE},
    [PAWL_VAULT_CONTENT_KEY] = {"pawl/vault content key", PAWL_PACKAGE_ID_SIZE,
                                PAWL_PACKAGE_ID_SIZE},
    [PAWL_VAULT_SERVER_KEY] = {"pawl/vault server key", 1, 32},
};

static enum pawl_result random_fill(uint8_t *bytes, size_t size)
{
    /* Up to 256 bytes are never cut short once the generator is seeded. */
    ssize_t got;
    do
        got = getrandom(bytes, size, 0);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)size ? PAWL_OK : PAWL_IO;
}

enum pawl_result pawl_master_key_create(const char *path)
{
    uint8_t key[PAWL_VAULT_KEY_SIZE];
    enum pawl_result result = random_fill(key, sizeof key);
    if (result == PAWL_OK)
        result = pawl_file_write(path, 0600, false, key, sizeof key);
    pawl_wipe(key, sizeof key);
    return result;
}

enum pawl_result pawl_master_key_read(const char *path, uint8_t key[PAWL_VAULT_KEY_SIZE])
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return PAWL_IO;
    /* One descriptor for the check and the read: the file cannot change in between. */
    uint8_t bytes[PAWL_VAULT_KEY_SIZE];
    enum pawl_result result = fstat(fd, &status) == 0 ? PAWL_OK : PAWL_IO;
    if (result == PAWL_OK && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        result = PAWL_UNTRUSTED;
    else if (result == PAWL_OK && status.st_size != PAWL_VAULT_KEY_SIZE)
        result = PAWL_MALFORMED;
    if (result == PAWL_OK)
        result = pawl_read_full(fd, bytes, sizeof bytes);
    int cause = errno;
    close(fd);
    errno = cause;
    if (result == PAWL_OK)
        memcpy(key, bytes, sizeof bytes);
    pawl_wipe(bytes, sizeof bytes);
    return result;
}

enum pawl_result pawl_data_key_create(const uint8_t master[PAWL_VAULT_KEY_SIZE],
                                      uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE])
{
    uint8_t key[PAWL_VAULT_KEY_SIZE];
    enum pawl_result result = random_fill(key, sizeof key);
    if (result == PAWL_OK)
        result = pawl_key_wrap(master, key, sizeof key, wrapped);
    pawl_wipe(key, sizeof key);
    return result;
}

enum pawl_result pawl_vault_open(const uint8_t master[PAWL_VAULT_KEY_SIZE],
                                 const uint8_t wrapped_data_key[PAWL_VAULT_WRAPPED_SIZE],
                                 struct pawl_vault **vault)
{
    uint8_t key[PAWL_VAULT_KEY_SIZE];
    enum pawl_result result =
        pawl_key_unwrap(master, wrapped_data_key, PAWL_VAULT_WRAPPED_SIZE, key);
    if (result != PAWL_OK)
        return result;
    struct pawl_vault *opened = pawl_secret_alloc(sizeof *opened);
    if (opened == NULL) {
        result = PAWL_EXHAUSTED;
    } else {
        pawl_hmac_init(&opened->data_key, key, sizeof key);
        *vault = opened;
    }
    pawl_wipe(key, sizeof key);
    return result;
}

void pawl_vault_close(struct pawl_vault *vault)
{
    pawl_secret_free(vault, sizeof *vault);
}

/* HKDF-Expand(data key, label || name, 32): one block, of which the counter is the last byte. */
static enum pawl_result wrapping_key_make(const struct pawl_vault *vault, enum pawl_vault_kind kind,
                                          const void *name, size_t name_size,
                                          uint8_t key[PAWL_VAULT_KEY_SIZE])
{
    uint8_t tail[33];
    if ((size_t)kind >= PAWL_VAULT_KIND_COUNT || name_size < kinds[kind].least ||
        name_size > kinds[kind].most)
        return PAWL_STATE;
    memcpy(tail, name, name_size);
    tail[name_size] = 1;
    pawl_hmac_make(&vault->data_key, kinds[kind].label, strlen(kinds[kind].label), tail,
                   name_size + 1, key);
    return PAWL_OK;
}

enum pawl_result pawl_vault_wrap(const struct pawl_vault *vault, enum pawl_vault_kind kind,
                                 const void *name, size_t name_size,
                                 const uint8_t key[PAWL_VAULT_KEY_SIZE],
                                 uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE])
{
    uint8_t wrapping_key[PAWL_VAULT_KEY_SIZE];
    enum pawl_result result = wrapping_key_make(vault, kind, name, name_size, wrapping_key);
    if (result == PAWL_OK)
        result = pawl_key_wrap(wrapping_key, key, PAWL_VAULT_KEY_SIZE, wrapped);
    pawl_wipe(wrapping_key, sizeof wrapping_key);
    return result;
}

enum pawl_result pawl_vault_unwrap(const struct pawl_vault *vault, enum pawl_vault_kind kind,
                                   const void *name, size_t name_size,
                                   const uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE],
                                   uint8_t key[PAWL_VAULT_KEY_SIZE])
{
    uint8_t wrapping_key[PAWL_VAULT_KEY_SIZE];
    enum pawl_result result = wrapping_key_make(vault, kind, name, name_size, wrapping_key);
    if (result == PAWL_OK)
        result = pawl_key_unwrap(wrapping_key, wrapped, PAWL_VAULT_WRAPPED_SIZE, key);
    pawl_wipe(wrapping_key, sizeof wrapping_key);
    return result;
}

enum pawl_result pawl_vault_key_create(const struct pawl_vault *vault, const char *name,
                                       uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE])
{
    uint8_t key[PAWL_VAULT_KEY_SIZE];
    enum pawl_result result = random_fill(key, sizeof key);
    if (result == PAWL_OK)
        result = pawl_vault_wrap(vault, PAWL_VAULT_SERVER_KEY, name, strlen(name), key, wrapped);
    pawl_wipe(key, sizeof key);
    return result;
}

void pawl_secret_tag_make(const struct pawl_hmac *fingerprint,
                          const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE],
                          uint8_t tag[PAWL_SECRET_TAG_SIZE])
{
    uint8_t mac[PAWL_MAC_SIZE];
    pawl_hmac_make(fingerprint, unit_secret, PAWL_UNIT_SECRET_SIZE, NULL, 0, mac);
    memcpy(tag, mac, PAWL_SECRET_TAG_SIZE);
    pawl_wipe(mac, sizeof mac);
}
