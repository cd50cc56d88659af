/* What the tests of the store contract share: an empty store in a directory of its own, and rows to
 * put into it. PAWL_TEST_STORE names another implementation's URL; a %s in it becomes the
 * directory. */
#ifndef PAWL_STORE_FIXTURE_H
#define PAWL_STORE_FIXTURE_H

#include "pawl_test.h"
#include "store/device_store.h"
#include "store/store.h"

struct store_fixture {
    char directory[64];
    char url[256];
    struct pawl_store *store;
    struct pawl_reader *reader;
};

/* cmocka's setup and teardown: *state is a struct store_fixture. */
int store_setup(void **state);
int store_teardown(void **state);

/* Closes and opens again, as a restart does. */
void store_restart(struct store_fixture *fixture);

/* For tests of a file's fate: the path of a sqlite: URL, or NULL for another kind. */
const char *store_path(const struct store_fixture *fixture);

/* Identifiers that are all different, of device, secret, class or package `number`. */
void id_fill(uint8_t *id, size_t size, uint64_t number);

/* Devices first, first + 1, ... of class 1 (vendor 1), not imported yet. */
void imports_fill(struct pawl_import *imports, size_t count, uint64_t first);

/* Imports `count` devices from number `first`; all must be accepted. */
void devices_import(struct store_fixture *fixture, uint64_t first, size_t count, const char *group);

/* The device `number`, which must exist. */
struct pawl_device device_read(struct store_fixture *fixture, uint64_t number);

/* Does something to device `number`, which must not fail otherwise than by its outcome. */
enum pawl_act_outcome device_act(struct store_fixture *fixture, uint64_t number,
                                 const struct pawl_act *act);

/* The same, of a kind that needs no more. */
enum pawl_act_outcome device_do(struct store_fixture *fixture, uint64_t number,
                                enum pawl_act_kind kind);

/* A package of class `class`, published and ready. */
void package_publish(struct store_fixture *fixture, uint64_t package, uint64_t class);

/* Assigns package 1 to class 1; package 1 must be there. Returns the assignment's id. */
uint64_t class_assign(struct store_fixture *fixture, uint64_t package);

uint64_t confirmed_count(struct store_fixture *fixture, uint64_t assignment);

/* The change that confirms package `package` on a device as it was read. */
struct pawl_change change_confirm(const struct pawl_device *device, uint64_t package,
                                  uint64_t assignment);

#endif
