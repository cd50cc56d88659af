/* What a place of the master key provides to master.c. */
#ifndef PAWL_HEADEND_MASTER_DRIVER_H
#define PAWL_HEADEND_MASTER_DRIVER_H

#include "headend/master.h"

struct pawl_master_driver {
    void (*close)(struct pawl_master *master);
    enum pawl_result (*wrap)(struct pawl_master *master, const uint8_t *key, uint8_t *wrapped,
                             struct pawl_trouble *trouble);
    enum pawl_result (*unwrap)(struct pawl_master *master, const uint8_t *wrapped, uint8_t *key,
                               struct pawl_trouble *trouble);
};

/* What every kind of master begins with. */
struct pawl_master {
    const struct pawl_master_driver *driver;
    char place[PAWL_MASTER_PLACE_SIZE];
};

/* master_file.c */
enum pawl_result pawl_master_file_open(const uint8_t bytes[PAWL_VAULT_KEY_SIZE],
                                       struct pawl_master **master, struct pawl_trouble *trouble);
enum pawl_result pawl_master_file_create(const char *path, struct pawl_trouble *trouble);

/* master_hsm.c: opens nothing yet; the HSM is asked when the key is used. */
enum pawl_result pawl_master_hsm_open(const char *uri, const struct pawl_hsm_access *access,
                                      struct pawl_master **master, struct pawl_trouble *trouble);
/* Makes the key in the HSM. */
enum pawl_result pawl_master_hsm_create(const char *uri, const struct pawl_hsm_access *access,
                                        struct pawl_trouble *trouble);

#endif
