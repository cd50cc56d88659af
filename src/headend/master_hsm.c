/* The master key in an HSM: used there, never here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "headend/hsm.h"
#include "headend/master_driver.h"

struct master_hsm {
    struct pawl_master base;
    struct pawl_hsm_access access;
    char uri[PAWL_MASTER_PLACE_SIZE];
};

static void hsm_master_close(struct pawl_master *master)
{
    free(master);
}

/* Logs in for one thing to be done. */
static enum pawl_result hsm_wrap(struct pawl_master *master, const uint8_t *key, uint8_t *wrapped,
                                 struct pawl_trouble *trouble)
{
    const struct master_hsm *self = (const struct master_hsm *)master;
    struct pawl_hsm *hsm = NULL;
    enum pawl_result result = pawl_hsm_open(self->uri, &self->access, &hsm, trouble);
    if (result == PAWL_OK)
        result = pawl_hsm_wrap(hsm, key, wrapped, trouble);
    pawl_hsm_close(hsm);
    return result;
}

static enum pawl_result hsm_unwrap(struct pawl_master *master, const uint8_t *wrapped, uint8_t *key,
                                   struct pawl_trouble *trouble)
{
    const struct master_hsm *self = (const struct master_hsm *)master;
    struct pawl_hsm *hsm = NULL;
    enum pawl_result result = pawl_hsm_open(self->uri, &self->access, &hsm, trouble);
    if (result == PAWL_OK)
        result = pawl_hsm_unwrap(hsm, wrapped, key, trouble);
    pawl_hsm_close(hsm);
    return result;
}

static const struct pawl_master_driver driver = {hsm_master_close, hsm_wrap, hsm_unwrap};

enum pawl_result pawl_master_hsm_open(const char *uri, const struct pawl_hsm_access *access,
                                      struct pawl_master **master, struct pawl_trouble *trouble)
{
    struct master_hsm *self = calloc(1, sizeof *self);
    if (self == NULL)
        return pawl_trouble_set(trouble, PAWL_EXHAUSTED, "no memory");
    self->base.driver = &driver;
    self->access = *access;
    snprintf(self->uri, sizeof self->uri, "%s", uri);
    snprintf(self->base.place, sizeof self->base.place, "%.*s", (int)strcspn(uri, "?"), uri);
    *master = &self->base;
    return PAWL_OK;
}

enum pawl_result pawl_master_hsm_create(const char *uri, const struct pawl_hsm_access *access,
                                        struct pawl_trouble *trouble)
{
    struct pawl_hsm *hsm = NULL;
    enum pawl_result result = pawl_hsm_open(uri, access, &hsm, trouble);
    if (result == PAWL_OK)
        result = access->existing ? pawl_hsm_master_check(hsm, trouble)
                                  : pawl_hsm_master_make(hsm, trouble);
    pawl_hsm_close(hsm);
    return result;
}
