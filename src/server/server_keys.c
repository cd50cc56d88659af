#include "server/server_keys.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/log.h"
#include "pawl/secret.h"
#include "server/master_place.h"

/* Wraps a new data key and gives it to the store. */
static enum pawl_result data_key_add(struct pawl_master *master, struct pawl_store *store,
                                     const uint8_t key[PAWL_VAULT_KEY_SIZE], uint32_t generation,
                                     const struct pawl_event *event, struct pawl_trouble *trouble)
{
    struct pawl_data_key_row row = {.generation = generation, .created = (int64_t)time(NULL)};
    enum pawl_result result = pawl_master_wrap(master, key, row.wrapped, trouble);
    if (result != PAWL_OK)
        return result;
    result = pawl_store_data_key_add(store, &row, event);
    return result == PAWL_OK ? PAWL_OK
                             : pawl_trouble_set(trouble, result, "the data key cannot be written");
}

/* Unwraps all data keys of the store into a vault. */
static enum pawl_result data_keys_open(struct pawl_master *master,
                                       const struct pawl_data_key_row *rows, size_t count,
                                       struct pawl_vault *vault, struct pawl_trouble *trouble)
{
    uint8_t key[PAWL_VAULT_KEY_SIZE];
    enum pawl_result result = PAWL_OK;
    for (size_t i = 0; result == PAWL_OK && i < count; i++) {
        result = pawl_master_unwrap(master, rows[i].wrapped, key, trouble);
        if (result == PAWL_OK)
            result = pawl_vault_data_key_add(vault, rows[i].generation, key);
    }
    pawl_wipe(key, sizeof key);
    return result;
}

/* Makes the first data key, or opens those that there are. */
static enum pawl_result first_key_make(struct pawl_master *master, struct pawl_store *store,
                                       struct pawl_reader *reader, struct pawl_vault *vault,
                                       struct pawl_trouble *trouble)
{
    struct pawl_data_key_row rows[PAWL_STORE_DATA_KEYS_MAX];
    uint8_t key[PAWL_VAULT_KEY_SIZE];
    size_t count = 0;
    enum pawl_result result = pawl_store_data_keys_get(reader, rows, &count);
    if (result != PAWL_OK)
        return pawl_trouble_set(trouble, result, "the data keys cannot be read");
    if (count > 0)
        return data_keys_open(master, rows, count, vault, trouble);
    result = pawl_data_key_make(key);
    if (result == PAWL_OK)
        result = data_key_add(master, store, key, 1, NULL, trouble);
    if (result == PAWL_OK)
        result = pawl_vault_data_key_add(vault, 1, key);
    pawl_wipe(key, sizeof key);
    return result;
}

/* Makes the keys that a store has beside its data key. */
static enum pawl_result others_make(struct pawl_store *store, const struct pawl_vault *vault,
                                    struct pawl_trouble *trouble)
{
    static const enum pawl_key_slot slots[2] = {PAWL_KEY_SLOT_FINGERPRINT, PAWL_KEY_SLOT_CHALLENGE};
    struct pawl_key_row rows[2];
    enum pawl_result result = PAWL_OK;
    for (int i = 0; i < 2 && result == PAWL_OK; i++) {
        rows[i].slot = slots[i];
        rows[i].created = (int64_t)time(NULL);
        result = pawl_vault_key_create(vault, pawl_key_slot_name(slots[i]), rows[i].wrapped);
    }
    if (result == PAWL_OK)
        result = pawl_store_keys_add(store, rows, 2, NULL);
    if (result == PAWL_OK || result == PAWL_STATE) /* they are there already */
        return PAWL_OK;
    return pawl_trouble_set(trouble, result, "the server's keys cannot be made");
}

enum pawl_result pawl_server_keys_create(const struct pawl_data *data,
                                         const struct pawl_hsm_access *access,
                                         struct pawl_store *store)
{
    struct pawl_trouble trouble = {""};
    struct pawl_master *master = NULL;
    struct pawl_reader *reader = NULL;
    struct pawl_vault *vault = NULL;
    enum pawl_result result = pawl_master_place_open(data, access, &master, &trouble);
    if (result == PAWL_OK)
        result = pawl_reader_open(store, &reader);
    if (result == PAWL_OK)
        result = pawl_vault_create(&vault);
    if (result == PAWL_OK)
        result = first_key_make(master, store, reader, vault, &trouble);
    if (result == PAWL_OK)
        result = others_make(store, vault, &trouble);
    pawl_vault_close(vault);
    pawl_reader_close(reader);
    pawl_master_close(master);
    return result == PAWL_OK ? PAWL_OK : pawl_error(result, "%s: %s", data->path, trouble.text);
}

enum pawl_result pawl_server_key_read(const struct pawl_vault *vault, struct pawl_reader *reader,
                                      enum pawl_key_slot slot, struct pawl_key_row *row,
                                      uint8_t key[PAWL_VAULT_KEY_SIZE])
{
    const char *name = pawl_key_slot_name(slot);
    enum pawl_result result = pawl_store_key_get(reader, slot, row);
    if (result != PAWL_OK)
        return result;
    return pawl_vault_unwrap(vault, PAWL_VAULT_SERVER_KEY, name, strlen(name), row->wrapped, key);
}

/* Opens the vault with the master key, or with the next one where a rotation was interrupted after
 * the database had changed over to it. */
static enum pawl_result vault_open(struct pawl_server *server, const struct pawl_data_key_row *rows,
                                   size_t count, struct pawl_trouble *trouble)
{
    const struct pawl_hsm_access *access = &server->settings.hsm;
    struct pawl_trouble of_next = {""};
    struct pawl_master *master = NULL, *next = NULL;
    enum pawl_result result = pawl_master_place_open(&server->data, access, &master, trouble);
    if (result == PAWL_OK)
        result = data_keys_open(master, rows, count, server->vault, trouble);
    if (result != PAWL_OK && pawl_master_next_exists(&server->data) &&
        pawl_master_next_open(&server->data, access, &next, &of_next) == PAWL_OK &&
        data_keys_open(next, rows, count, server->vault, &of_next) == PAWL_OK) {
        pawl_log(PAWL_LOG_NOTICE, "event=master-key-rotation-resumed");
        result = pawl_master_next_adopt(&server->data, trouble);
    }
    if (result == PAWL_OK)
        snprintf(server->master_place, sizeof server->master_place, "%s",
                 pawl_master_place(next != NULL ? next : master));
    pawl_master_close(next);
    pawl_master_close(master);
    return result;
}

enum pawl_result pawl_server_keys_check(const struct pawl_data *data,
                                        const struct pawl_hsm_access *access,
                                        struct pawl_reader *reader, const char *name)
{
    struct pawl_trouble trouble = {"the keys cannot be read"};
    struct pawl_data_key_row rows[PAWL_STORE_DATA_KEYS_MAX];
    struct pawl_key_row row;
    struct pawl_master *master = NULL;
    struct pawl_vault *vault = NULL;
    uint8_t key[PAWL_VAULT_KEY_SIZE];
    size_t count = 0;
    enum pawl_result result = pawl_store_data_keys_get(reader, rows, &count);
    if (result == PAWL_OK && count == 0)
        result = pawl_trouble_set(&trouble, PAWL_STATE, "there is no data key");
    if (result == PAWL_OK)
        result = pawl_vault_create(&vault);
    if (result == PAWL_OK)
        result = pawl_master_place_open(data, access, &master, &trouble);
    if (result == PAWL_OK)
        result = data_keys_open(master, rows, count, vault, &trouble);
    if (result == PAWL_OK)
        result = pawl_server_key_read(vault, reader, PAWL_KEY_SLOT_FINGERPRINT, &row, key);
    pawl_wipe(key, sizeof key);
    pawl_vault_close(vault);
    pawl_master_close(master);
    return result == PAWL_OK ? PAWL_OK
                             : pawl_error(result, "%s: master key: %s", name, trouble.text);
}

static enum pawl_result data_keys_load(struct pawl_server *server, struct pawl_reader *reader)
{
    struct pawl_trouble trouble = {"cannot read the data keys"};
    struct pawl_data_key_row rows[PAWL_STORE_DATA_KEYS_MAX];
    size_t count = 0;
    enum pawl_result result = pawl_store_data_keys_get(reader, rows, &count);
    if (result == PAWL_OK && count == 0)
        result = pawl_trouble_set(&trouble, PAWL_STATE, "the database has no data key");
    if (result == PAWL_OK)
        result = pawl_vault_create(&server->vault);
    if (result == PAWL_OK)
        result = vault_open(server, rows, count, &trouble);
    if (result != PAWL_OK)
        pawl_error(result, "%s: master key: %s", server->data.path, trouble.text);
    else if (strcmp(server->master_place, "file") == 0)
        pawl_log(PAWL_LOG_WARNING, "the master key is in a file: for development; an HSM keeps it "
                                   "to itself (pawld new-master --hsm)");
    return result;
}

static enum pawl_result fingerprint_load(struct pawl_server *server, struct pawl_reader *reader)
{
    uint8_t key[PAWL_VAULT_KEY_SIZE];
    struct pawl_key_row row;
    enum pawl_result result =
        pawl_server_key_read(server->vault, reader, PAWL_KEY_SLOT_FINGERPRINT, &row, key);
    if (result == PAWL_OK)
        pawl_hmac_init(&server->fingerprint, key, sizeof key);
    pawl_wipe(key, sizeof key);
    return result;
}

/* Older databases have none: it is made when push is used first. */
static enum pawl_result push_secret_load(struct pawl_server *server, struct pawl_reader *reader)
{
    uint8_t key[PAWL_VAULT_KEY_SIZE];
    struct pawl_key_row row;
    if (server->settings.push.broker == NULL)
        return PAWL_OK;
    enum pawl_result result =
        pawl_server_key_read(server->vault, reader, PAWL_KEY_SLOT_PUSH, &row, key);
    if (result == PAWL_STATE) {
        row = (struct pawl_key_row){.slot = PAWL_KEY_SLOT_PUSH, .created = (int64_t)time(NULL)};
        result = pawl_vault_key_create(server->vault, pawl_key_slot_name(row.slot), row.wrapped);
        if (result == PAWL_OK)
            result = pawl_store_keys_add(server->store, &row, 1, NULL);
        if (result == PAWL_OK || result == PAWL_STATE)
            result = pawl_server_key_read(server->vault, reader, PAWL_KEY_SLOT_PUSH, &row, key);
    }
    if (result == PAWL_OK)
        pawl_hmac_init(&server->push_secret, key, sizeof key);
    pawl_wipe(key, sizeof key);
    return result;
}

enum pawl_result pawl_server_keys_load(struct pawl_server *server)
{
    struct pawl_reader *reader = NULL;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result != PAWL_OK)
        return pawl_error(result, "%s: cannot read the database", server->data.path);
    result = data_keys_load(server, reader);
    if (result == PAWL_OK) {
        result = pawl_challenges_load(server, reader);
        if (result == PAWL_OK)
            result = fingerprint_load(server, reader);
        if (result == PAWL_OK)
            result = push_secret_load(server, reader);
        if (result == PAWL_OK)
            result = pawl_vault_decoy_make(server->vault, server->decoy.device_id,
                                           server->decoy.wrapped_secret);
        if (result != PAWL_OK)
            pawl_error(result, "%s: cannot open the server's keys", server->data.path);
    }
    pawl_reader_return(&server->readers, reader);
    return result;
}

void pawl_server_keys_wipe(struct pawl_server *server)
{
    pawl_vault_close(server->vault);
    server->vault = NULL;
    pawl_wipe(&server->challenges, sizeof server->challenges);
    pawl_wipe(&server->fingerprint, sizeof server->fingerprint);
    pawl_wipe(&server->push_secret, sizeof server->push_secret);
}

enum pawl_result pawl_data_key_rotate(struct pawl_server *server, const char *actor,
                                      struct pawl_trouble *trouble)
{
    uint32_t before = pawl_vault_generation(server->vault);
    uint8_t key[PAWL_VAULT_KEY_SIZE];
    char detail[80];
    snprintf(detail, sizeof detail, "{\"before\":%u,\"after\":%u}", before, before + 1);
    const struct pawl_event event = {
        .time = (int64_t)time(NULL),
        .actor = actor,
        .action = "data-key-rotated",
        .detail = detail,
    };
    struct pawl_master *master = NULL;
    enum pawl_result result =
        pawl_master_place_open(&server->data, &server->settings.hsm, &master, trouble);
    if (result != PAWL_OK)
        return result;
    result = pawl_data_key_make(key);
    if (result == PAWL_OK)
        result = data_key_add(master, server->store, key, before + 1, &event, trouble);
    if (result == PAWL_OK)
        result = pawl_vault_data_key_add(server->vault, before + 1, key);
    pawl_wipe(key, sizeof key);
    pawl_master_close(master);
    if (result == PAWL_STATE)
        pawl_trouble_set(trouble, result, "a data key is being rotated already");
    if (result == PAWL_OK)
        pawl_log(PAWL_LOG_NOTICE, "event=data-key-rotated actor=%s generation=%u", actor,
                 before + 1);
    return result;
}

/* Wraps the data keys, which `from` opens, under `to`. */
static enum pawl_result data_keys_move(struct pawl_server *server, struct pawl_master *from,
                                       struct pawl_master *to, const char *actor,
                                       struct pawl_trouble *trouble)
{
    struct pawl_data_key_row rows[PAWL_STORE_DATA_KEYS_MAX];
    struct pawl_reader *reader = NULL;
    size_t count = 0;
    uint8_t key[PAWL_VAULT_KEY_SIZE];
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_data_keys_get(reader, rows, &count);
    pawl_reader_return(&server->readers, reader);
    if (result != PAWL_OK)
        return pawl_trouble_set(trouble, result, "the data keys cannot be read");
    for (size_t i = 0; result == PAWL_OK && i < count; i++) {
        result = pawl_master_unwrap(from, rows[i].wrapped, key, trouble);
        if (result == PAWL_OK)
            result = pawl_master_wrap(to, key, rows[i].wrapped, trouble);
    }
    pawl_wipe(key, sizeof key);
    if (result != PAWL_OK)
        return result;
    char detail[2 * sizeof server->master_place + 32];
    snprintf(detail, sizeof detail, "{\"before\":\"%s\",\"after\":\"%s\"}", server->master_place,
             pawl_master_place(to));
    const struct pawl_event event = {
        .time = (int64_t)time(NULL),
        .actor = actor,
        .action = "master-key-rotated",
        .detail = detail,
    };
    result = pawl_store_data_keys_rewrap(server->store, rows, count, &event);
    return result == PAWL_OK ? PAWL_OK
                             : pawl_trouble_set(trouble, result, "the data keys cannot be written");
}

enum pawl_result pawl_master_key_rotate(struct pawl_server *server, const char *actor,
                                        struct pawl_trouble *trouble)
{
    const struct pawl_hsm_access *access = &server->settings.hsm;
    struct pawl_master *from = NULL, *to = NULL;
    unsigned attempts = 0;
    if (!pawl_master_next_exists(&server->data))
        return pawl_trouble_set(trouble, PAWL_STATE,
                                "there is no next master key: make one with pawld new-master");
    enum pawl_result result = pawl_master_place_open(&server->data, access, &from, trouble);
    if (result == PAWL_OK)
        result = pawl_master_next_open(&server->data, access, &to, trouble);
    if (result == PAWL_OK)
        do /* a data key may be deleted meanwhile, at the end of its own rotation */
            result = data_keys_move(server, from, to, actor, trouble);
        while (result == PAWL_STATE && attempts++ < 3);
    if (result == PAWL_OK)
        result = pawl_master_next_adopt(&server->data, trouble);
    if (result == PAWL_OK) {
        snprintf(server->master_place, sizeof server->master_place, "%s", pawl_master_place(to));
        pawl_log(PAWL_LOG_NOTICE, "event=master-key-rotated actor=%s place=%s", actor,
                 server->master_place);
    }
    pawl_master_close(to);
    pawl_master_close(from);
    return result;
}
