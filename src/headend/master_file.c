/* The master key in a file: in memory while it is open. */
#include <errno.h>
#include <string.h>

#include "headend/master_driver.h"
#include "host/file.h"
#include "host/secret.h"
#include "pawl/entitlement.h"
#include "pawl/secret.h"

struct master_file {
    struct pawl_master base;
    uint8_t key[PAWL_VAULT_KEY_SIZE];
};

static void file_close(struct pawl_master *master)
{
    pawl_secret_free(master, sizeof(struct master_file));
}

static enum pawl_result file_wrap(struct pawl_master *master, const uint8_t *key, uint8_t *wrapped,
                                  struct pawl_trouble *trouble)
{
    const struct master_file *self = (const struct master_file *)master;
    enum pawl_result result = pawl_key_wrap(self->key, key, PAWL_VAULT_KEY_SIZE, wrapped);
    return result == PAWL_OK ? PAWL_OK : pawl_trouble_set(trouble, result, "cannot wrap a key");
}

static enum pawl_result file_unwrap(struct pawl_master *master, const uint8_t *wrapped,
                                    uint8_t *key, struct pawl_trouble *trouble)
{
    const struct master_file *self = (const struct master_file *)master;
    enum pawl_result result = pawl_key_unwrap(self->key, wrapped, PAWL_DATA_KEY_WRAPPED_SIZE, key);
    return result == PAWL_OK
               ? PAWL_OK
               : pawl_trouble_set(trouble, result, "it is not the key of this database");
}

static const struct pawl_master_driver driver = {file_close, file_wrap, file_unwrap};

enum pawl_result pawl_master_file_open(const uint8_t bytes[PAWL_VAULT_KEY_SIZE],
                                       struct pawl_master **master, struct pawl_trouble *trouble)
{
    struct master_file *self = pawl_secret_alloc(sizeof *self);
    if (self == NULL)
        return pawl_trouble_set(trouble, PAWL_EXHAUSTED, "no memory");
    self->base.driver = &driver;
    strcpy(self->base.place, "file");
    memcpy(self->key, bytes, sizeof self->key);
    *master = &self->base;
    return PAWL_OK;
}

enum pawl_result pawl_master_file_create(const char *path, struct pawl_trouble *trouble)
{
    uint8_t key[PAWL_VAULT_KEY_SIZE];
    enum pawl_result result = pawl_data_key_make(key);
    if (result == PAWL_OK)
        result = pawl_file_write(path, 0600, false, key, sizeof key);
    int cause = errno;
    pawl_wipe(key, sizeof key);
    return result == PAWL_OK ? PAWL_OK
                             : pawl_trouble_set(trouble, result, "%s: %s", path, strerror(cause));
}
