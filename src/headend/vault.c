/* The vault. */
#include "headend/vault.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>

#include "host/secret.h"
#include "pawl/content.h"
#include "pawl/keys.h"
#include "pawl/secret.h"

#define GENERATION_SIZE 4u
#define DECOY 0u         /* generation of a key that is never stored */
#define EMPTY UINT32_MAX /* a slot without a key */
#define SLOT_COUNT (1u + PAWL_VAULT_DATA_KEYS_MAX)

/* A data key lives on only as the keyed state from which wrapping keys are derived. */
struct slot {
    atomic_uint generation; /* set after the key, cleared before it */
    unsigned pins;
    struct pawl_hmac key;
};

struct pawl_vault {
    pthread_mutex_t lock;          /* of changes of the slots, and of pins */
    atomic_uint current;           /* index of the slot to wrap with */
    struct slot slots[SLOT_COUNT]; /* the first is the decoy's */
};

static const struct {
    const char *label;
    size_t least, most; /* bytes of the name */
} kinds[PAWL_VAULT_KIND_COUNT] = {
    [PAWL_VAULT_UNIT_SECRET] = {"pawl/vault unit secret", PAWL_ID_SIZE, PAWL_ID_SIZE},
    [PAWL_VAULT_CONTENT_KEY] = {"pawl/vault content key", PAWL_PACKAGE_ID_SIZE,
                                PAWL_PACKAGE_ID_SIZE},
    [PAWL_VAULT_SERVER_KEY] = {"pawl/vault server key", 1, 32},
    [PAWL_VAULT_CONTENT_OBJECT_KEY] = {"pawl/vault content object key", PAWL_CONTENT_KEY_ID_SIZE,
                                       PAWL_CONTENT_KEY_ID_SIZE},
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

enum pawl_result pawl_data_key_make(uint8_t key[PAWL_VAULT_KEY_SIZE])
{
    return random_fill(key, PAWL_VAULT_KEY_SIZE);
}

static void slot_fill(struct slot *slot, uint32_t generation,
                      const uint8_t key[PAWL_VAULT_KEY_SIZE])
{
    slot->pins = 0;
    pawl_hmac_init(&slot->key, key, PAWL_VAULT_KEY_SIZE);
    atomic_store_explicit(&slot->generation, generation, memory_order_release);
}

enum pawl_result pawl_vault_create(struct pawl_vault **vault)
{
    uint8_t key[PAWL_VAULT_KEY_SIZE];
    struct pawl_vault *made = pawl_secret_alloc(sizeof *made);
    if (made == NULL)
        return PAWL_EXHAUSTED;
    enum pawl_result result = random_fill(key, sizeof key);
    if (result != PAWL_OK) {
        pawl_secret_free(made, sizeof *made);
        return result;
    }
    pthread_mutex_init(&made->lock, NULL);
    for (size_t i = 1; i < SLOT_COUNT; i++)
        atomic_init(&made->slots[i].generation, EMPTY);
    slot_fill(&made->slots[0], DECOY, key);
    pawl_wipe(key, sizeof key);
    *vault = made;
    return PAWL_OK;
}

void pawl_vault_close(struct pawl_vault *vault)
{
    if (vault == NULL)
        return;
    pthread_mutex_destroy(&vault->lock);
    pawl_secret_free(vault, sizeof *vault);
}

/* Where a generation is; SLOT_COUNT: nowhere. */
static size_t slot_index(const struct pawl_vault *vault, uint32_t generation)
{
    size_t i = 0;
    while (i < SLOT_COUNT &&
           atomic_load_explicit(&vault->slots[i].generation, memory_order_acquire) != generation)
        i++;
    return i;
}

static struct slot *slot_find(struct pawl_vault *vault, uint32_t generation)
{
    size_t i = slot_index(vault, generation);
    return i < SLOT_COUNT ? &vault->slots[i] : NULL;
}

enum pawl_result pawl_vault_data_key_add(struct pawl_vault *vault, uint32_t generation,
                                         const uint8_t key[PAWL_VAULT_KEY_SIZE])
{
    pthread_mutex_lock(&vault->lock);
    enum pawl_result result = PAWL_OK;
    struct slot *slot = slot_find(vault, EMPTY);
    if (generation == DECOY || generation == EMPTY || slot_find(vault, generation) != NULL)
        result = PAWL_STATE;
    else if (slot == NULL)
        result = PAWL_EXHAUSTED;
    if (result == PAWL_OK) {
        slot_fill(slot, generation, key);
        if (generation > pawl_vault_generation(vault))
            atomic_store(&vault->current, (unsigned)(slot - vault->slots));
    }
    pthread_mutex_unlock(&vault->lock);
    return result;
}

void pawl_vault_data_key_forget(struct pawl_vault *vault, uint32_t generation)
{
    pthread_mutex_lock(&vault->lock);
    struct slot *slot = slot_find(vault, generation);
    if (slot != NULL && slot->pins == 0 && generation != DECOY &&
        generation != pawl_vault_generation(vault)) {
        atomic_store(&slot->generation, EMPTY);
        pawl_wipe(&slot->key, sizeof slot->key);
    }
    pthread_mutex_unlock(&vault->lock);
}

uint32_t pawl_vault_generation(const struct pawl_vault *vault)
{
    return atomic_load(&vault->slots[atomic_load(&vault->current)].generation);
}

uint32_t pawl_vault_pin(struct pawl_vault *vault)
{
    pthread_mutex_lock(&vault->lock);
    struct slot *slot = &vault->slots[atomic_load(&vault->current)];
    uint32_t pin = atomic_load(&slot->generation);
    slot->pins++;
    pthread_mutex_unlock(&vault->lock);
    return pin;
}

void pawl_vault_unpin(struct pawl_vault *vault, uint32_t pin)
{
    pthread_mutex_lock(&vault->lock);
    slot_find(vault, pin)->pins--;
    pthread_mutex_unlock(&vault->lock);
}

bool pawl_vault_is_pinned(struct pawl_vault *vault, uint32_t generation)
{
    bool pinned = false;
    pthread_mutex_lock(&vault->lock);
    for (size_t i = 0; i < SLOT_COUNT; i++)
        pinned |=
            vault->slots[i].pins > 0 && atomic_load(&vault->slots[i].generation) <= generation;
    pthread_mutex_unlock(&vault->lock);
    return pinned;
}

uint32_t pawl_vault_generation_of(const uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE])
{
    return (uint32_t)wrapped[0] << 24 | (uint32_t)wrapped[1] << 16 | (uint32_t)wrapped[2] << 8 |
           wrapped[3];
}

/* HKDF-Expand(data key, label || name, 32): one block, of which the counter is the last byte. */
static enum pawl_result wrapping_key_make(const struct pawl_hmac *data_key,
                                          enum pawl_vault_kind kind, const void *name,
                                          size_t name_size, uint8_t key[PAWL_VAULT_KEY_SIZE])
{
    uint8_t tail[33];
    if ((size_t)kind >= PAWL_VAULT_KIND_COUNT || name_size < kinds[kind].least ||
        name_size > kinds[kind].most)
        return PAWL_STATE;
    memcpy(tail, name, name_size);
    tail[name_size] = 1;
    pawl_hmac_make(data_key, kinds[kind].label, strlen(kinds[kind].label), tail, name_size + 1,
                   key);
    return PAWL_OK;
}

static enum pawl_result slot_wrap(const struct slot *slot, enum pawl_vault_kind kind,
                                  const void *name, size_t name_size,
                                  const uint8_t key[PAWL_VAULT_KEY_SIZE],
                                  uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE])
{
    uint8_t wrapping_key[PAWL_VAULT_KEY_SIZE];
    uint32_t generation = atomic_load_explicit(&slot->generation, memory_order_acquire);
    enum pawl_result result = wrapping_key_make(&slot->key, kind, name, name_size, wrapping_key);
    if (result == PAWL_OK)
        result = pawl_key_wrap(wrapping_key, key, PAWL_VAULT_KEY_SIZE, wrapped + GENERATION_SIZE);
    for (unsigned i = 0; result == PAWL_OK && i < GENERATION_SIZE; i++)
        wrapped[i] = (uint8_t)(generation >> (24 - 8 * i));
    pawl_wipe(wrapping_key, sizeof wrapping_key);
    return result;
}

enum pawl_result pawl_vault_wrap(const struct pawl_vault *vault, enum pawl_vault_kind kind,
                                 const void *name, size_t name_size,
                                 const uint8_t key[PAWL_VAULT_KEY_SIZE],
                                 uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE])
{
    unsigned current = atomic_load(&vault->current);
    if (current == 0) /* nothing is ever stored under the decoy's key */
        return PAWL_STATE;
    return slot_wrap(&vault->slots[current], kind, name, name_size, key, wrapped);
}

enum pawl_result pawl_vault_unwrap(const struct pawl_vault *vault, enum pawl_vault_kind kind,
                                   const void *name, size_t name_size,
                                   const uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE],
                                   uint8_t key[PAWL_VAULT_KEY_SIZE])
{
    uint8_t wrapping_key[PAWL_VAULT_KEY_SIZE];
    uint32_t generation = pawl_vault_generation_of(wrapped);
    size_t index = generation == EMPTY ? SLOT_COUNT : slot_index(vault, generation);
    if (index == SLOT_COUNT)
        return PAWL_UNTRUSTED;
    enum pawl_result result =
        wrapping_key_make(&vault->slots[index].key, kind, name, name_size, wrapping_key);
    if (result == PAWL_OK)
        result = pawl_key_unwrap(wrapping_key, wrapped + GENERATION_SIZE,
                                 PAWL_VAULT_WRAPPED_SIZE - GENERATION_SIZE, key);
    pawl_wipe(wrapping_key, sizeof wrapping_key);
    return result;
}

enum pawl_result pawl_vault_rewrap(const struct pawl_vault *vault, enum pawl_vault_kind kind,
                                   const void *name, size_t name_size,
                                   uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE])
{
    uint8_t key[PAWL_VAULT_KEY_SIZE];
    enum pawl_result result = pawl_vault_unwrap(vault, kind, name, name_size, wrapped, key);
    if (result == PAWL_OK)
        result = pawl_vault_wrap(vault, kind, name, name_size, key, wrapped);
    pawl_wipe(key, sizeof key);
    return result;
}

enum pawl_result pawl_vault_decoy_make(const struct pawl_vault *vault,
                                       const uint8_t device_id[PAWL_ID_SIZE],
                                       uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE])
{
    uint8_t secret[PAWL_VAULT_KEY_SIZE];
    enum pawl_result result = random_fill(secret, sizeof secret);
    if (result == PAWL_OK)
        result = slot_wrap(&vault->slots[0], PAWL_VAULT_UNIT_SECRET, device_id, PAWL_ID_SIZE,
                           secret, wrapped);
    pawl_wipe(secret, sizeof secret);
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
