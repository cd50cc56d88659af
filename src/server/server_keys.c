#include "server/server_keys.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "host/log.h"
#include "pawl/secret.h"

static enum pawl_result master_read(const struct pawl_data *data,
                                    uint8_t master[PAWL_VAULT_KEY_SIZE])
{
    char path[PATH_MAX];
    enum pawl_result result =
        pawl_master_key_read(pawl_data_path(data, "master.key", path), master);
    if (result == PAWL_UNTRUSTED) {
        pawl_error(result, "%s: others may read it", path);
        pawl_hint("chmod 600 %s; if others could read it, its data is to be thought known", path);
    } else if (result != PAWL_OK) {
        pawl_error(result, "%s: %s", path,
                   result == PAWL_IO ? strerror(errno) : "not a master key of 32 bytes");
    }
    return result;
}

/* Makes all rows of a fresh store. */
static enum pawl_result rows_make(const uint8_t master[PAWL_VAULT_KEY_SIZE],
                                  struct pawl_key_row rows[3])
{
    static const enum pawl_key_slot slots[3] = {PAWL_KEY_SLOT_DATA, PAWL_KEY_SLOT_FINGERPRINT,
                                                PAWL_KEY_SLOT_CHALLENGE};
    struct pawl_vault *vault = NULL;
    enum pawl_result result = pawl_data_key_create(master, rows[0].wrapped);
    if (result == PAWL_OK)
        result = pawl_vault_open(master, rows[0].wrapped, &vault);
    for (int i = 1; i < 3 && result == PAWL_OK; i++)
        result = pawl_vault_key_create(vault, pawl_key_slot_name(slots[i]), rows[i].wrapped);
    for (int i = 0; i < 3; i++) {
        rows[i].slot = slots[i];
        rows[i].created = (int64_t)time(NULL);
    }
    pawl_vault_close(vault);
    return result;
}

enum pawl_result pawl_server_keys_create(const struct pawl_data *data, struct pawl_store *store)
{
    uint8_t master[PAWL_VAULT_KEY_SIZE];
    struct pawl_key_row rows[3];
    enum pawl_result result = master_read(data, master);
    if (result != PAWL_OK)
        return result;
    result = rows_make(master, rows);
    pawl_wipe(master, sizeof master);
    if (result == PAWL_OK)
        result = pawl_store_keys_add(store, rows, 3, NULL);
    if (result == PAWL_STATE) /* they are there already */
        return PAWL_OK;
    return result == PAWL_OK ? PAWL_OK
                             : pawl_error(result, "%s: cannot make the server's keys", data->path);
}

static enum pawl_result server_key_read(const struct pawl_vault *vault, struct pawl_reader *reader,
                                        enum pawl_key_slot slot, uint8_t key[PAWL_VAULT_KEY_SIZE])
{
    struct pawl_key_row row;
    const char *name = pawl_key_slot_name(slot);
    enum pawl_result result = pawl_store_key_get(reader, slot, &row);
    if (result != PAWL_OK)
        return result;
    return pawl_vault_unwrap(vault, PAWL_VAULT_SERVER_KEY, name, strlen(name), row.wrapped, key);
}

static enum pawl_result vault_open(struct pawl_server *server, struct pawl_reader *reader)
{
    uint8_t master[PAWL_VAULT_KEY_SIZE];
    struct pawl_key_row row;
    enum pawl_result result = pawl_store_key_get(reader, PAWL_KEY_SLOT_DATA, &row);
    if (result != PAWL_OK)
        return pawl_error(result, "%s: the database has no data key", server->data.path);
    result = master_read(&server->data, master);
    if (result != PAWL_OK)
        return result;
    result = pawl_vault_open(master, row.wrapped, &server->vault);
    pawl_wipe(master, sizeof master);
    if (result != PAWL_OK)
        pawl_error(result, "%s: master.key is not the key of this database", server->data.path);
    return result;
}

static enum pawl_result challenge_key_load(struct pawl_server *server, struct pawl_reader *reader)
{
    uint8_t keys[2][PAWL_CHALLENGE_SECRET_SIZE];
    enum pawl_result previous = PAWL_STATE;
    enum pawl_result result =
        server_key_read(server->vault, reader, PAWL_KEY_SLOT_CHALLENGE, keys[0]);
    if (result == PAWL_OK)
        previous =
            server_key_read(server->vault, reader, PAWL_KEY_SLOT_CHALLENGE_PREVIOUS, keys[1]);
    if (result == PAWL_OK)
        pawl_challenge_key_init(&server->challenge_key, keys[0],
                                previous == PAWL_OK ? keys[1] : NULL,
                                server->settings.challenge_lifetime);
    pawl_wipe(keys, sizeof keys);
    return result;
}

static enum pawl_result fingerprint_load(struct pawl_server *server, struct pawl_reader *reader)
{
    uint8_t key[PAWL_VAULT_KEY_SIZE];
    enum pawl_result result =
        server_key_read(server->vault, reader, PAWL_KEY_SLOT_FINGERPRINT, key);
    if (result == PAWL_OK)
        pawl_hmac_init(&server->fingerprint, key, sizeof key);
    pawl_wipe(key, sizeof key);
    return result;
}

static enum pawl_result decoy_make(struct pawl_server *server)
{
    uint8_t secret[PAWL_UNIT_SECRET_SIZE];
    if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret)
        return PAWL_IO;
    enum pawl_result result =
        pawl_vault_wrap(server->vault, PAWL_VAULT_UNIT_SECRET, server->decoy.device_id,
                        PAWL_ID_SIZE, secret, server->decoy.wrapped_secret);
    pawl_wipe(secret, sizeof secret);
    return result;
}

enum pawl_result pawl_server_keys_load(struct pawl_server *server)
{
    struct pawl_reader *reader = NULL;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result != PAWL_OK)
        return pawl_error(result, "%s: cannot read the database", server->data.path);
    result = vault_open(server, reader);
    if (result == PAWL_OK) {
        result = challenge_key_load(server, reader);
        if (result == PAWL_OK)
            result = fingerprint_load(server, reader);
        if (result == PAWL_OK)
            result = decoy_make(server);
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
    pawl_challenge_key_wipe(&server->challenge_key);
    pawl_wipe(&server->fingerprint, sizeof server->fingerprint);
}
