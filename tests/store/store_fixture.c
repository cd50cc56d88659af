#include "store_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void url_make(struct store_fixture *fixture)
{
    const char *url = getenv("PAWL_TEST_STORE");
    const char *mark = url == NULL ? NULL : strstr(url, "%s");
    if (url == NULL)
        snprintf(fixture->url, sizeof fixture->url, "sqlite:%s/pawl.db", fixture->directory);
    else if (mark == NULL)
        snprintf(fixture->url, sizeof fixture->url, "%s", url);
    else
        snprintf(fixture->url, sizeof fixture->url, "%.*s%s%s", (int)(mark - url), url,
                 fixture->directory, mark + 2);
}

int store_setup(void **state)
{
    struct store_fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    strcpy(fixture->directory, "/tmp/pawl-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    url_make(fixture);
    assert_result(PAWL_OK, pawl_store_open(fixture->url, true, &fixture->store));
    assert_result(PAWL_OK, pawl_reader_open(fixture->store, &fixture->reader));
    *state = fixture;
    return 0;
}

static void directory_clear(const char *path)
{
    char name[320];
    DIR *directory = opendir(path);
    struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(name);
    }
    closedir(directory);
    rmdir(path);
}

int store_teardown(void **state)
{
    struct store_fixture *fixture = *state;
    pawl_reader_close(fixture->reader);
    pawl_store_close(fixture->store);
    directory_clear(fixture->directory);
    free(fixture);
    return 0;
}

void store_restart(struct store_fixture *fixture)
{
    pawl_reader_close(fixture->reader);
    pawl_store_close(fixture->store);
    fixture->reader = NULL;
    fixture->store = NULL;
    assert_result(PAWL_OK, pawl_store_open(fixture->url, false, &fixture->store));
    assert_result(PAWL_OK, pawl_reader_open(fixture->store, &fixture->reader));
}

const char *store_path(const struct store_fixture *fixture)
{
    static const char scheme[] = "sqlite:";
    bool is_file = strncmp(fixture->url, scheme, sizeof scheme - 1) == 0;
    return is_file ? fixture->url + sizeof scheme - 1 : NULL;
}

void id_fill(uint8_t *id, size_t size, uint64_t number)
{
    memset(id, (int)(size & 0xff), size);
    /* The low byte first: neighbours in number are far apart in order. */
    for (size_t i = 0; i < 8; i++)
        id[i] = (uint8_t)(number >> 8 * i);
}

void imports_fill(struct pawl_import *imports, size_t count, uint64_t first)
{
    memset(imports, 0, count * sizeof *imports);
    for (size_t i = 0; i < count; i++) {
        id_fill(imports[i].device_id, PAWL_ID_SIZE, first + i);
        id_fill(imports[i].secret_tag, PAWL_SECRET_TAG_SIZE, ~(first + i));
        id_fill(imports[i].wrapped_secret, PAWL_VAULT_WRAPPED_SIZE, first + i);
        id_fill(imports[i].vendor_id, PAWL_ID_SIZE, 1);
        id_fill(imports[i].class_id, PAWL_ID_SIZE, 1);
        imports[i].chain_length = 1024;
    }
}

void devices_import(struct store_fixture *fixture, uint64_t first, size_t count, const char *group)
{
    struct pawl_import *imports = calloc(count, sizeof *imports);
    assert_non_null(imports);
    imports_fill(imports, count, first);
    assert_result(PAWL_OK, pawl_store_device_import(fixture->store, imports, count, group, NULL));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(imports[i].outcome, PAWL_IMPORTED);
    free(imports);
}

struct pawl_device device_read(struct store_fixture *fixture, uint64_t number)
{
    struct pawl_device device = {0};
    uint8_t id[PAWL_ID_SIZE];
    id_fill(id, sizeof id, number);
    assert_result(PAWL_OK, pawl_store_device_get(fixture->reader, id, &device));
    return device;
}

enum pawl_act_outcome device_act(struct store_fixture *fixture, uint64_t number,
                                 const struct pawl_act *act)
{
    struct pawl_act_row row = {.outcome = PAWL_ACT_OUTCOME_COUNT};
    id_fill(row.device_id, PAWL_ID_SIZE, number);
    assert_result(PAWL_OK, pawl_store_devices_act(fixture->store, act, &row, 1, false));
    return row.outcome;
}

enum pawl_act_outcome device_do(struct store_fixture *fixture, uint64_t number,
                                enum pawl_act_kind kind)
{
    const struct pawl_act act = {.kind = kind};
    return device_act(fixture, number, &act);
}

void package_publish(struct store_fixture *fixture, uint64_t package, uint64_t class)
{
    struct pawl_package_row row = {.name = "app",
                                   .version = "1.0",
                                   .security_version = 3,
                                   .chunk_size = 65536,
                                   .image_size = 100000,
                                   .package_size = 100400,
                                   .created = 1700000000};
    uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE];
    id_fill(row.package_id, PAWL_PACKAGE_ID_SIZE, package);
    id_fill(row.release_id, PAWL_RELEASE_ID_SIZE, package + 1000);
    id_fill(row.vendor_id, PAWL_ID_SIZE, 1);
    id_fill(row.class_id, PAWL_ID_SIZE, class);
    id_fill(wrapped, sizeof wrapped, package);
    assert_result(PAWL_OK, pawl_store_package_add(fixture->store, &row, NULL));
    assert_result(PAWL_OK,
                  pawl_store_package_key_set(fixture->store, row.package_id, wrapped, NULL));
}

uint64_t class_assign(struct store_fixture *fixture, uint64_t package)
{
    struct pawl_target target = {.kind = PAWL_TARGET_CLASS};
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    uint64_t id = 0;
    id_fill(target.id, PAWL_ID_SIZE, 1);
    id_fill(package_id, sizeof package_id, package);
    assert_result(PAWL_OK, pawl_store_assignment_add(fixture->store, &target, package_id,
                                                     1700000000, NULL, &id));
    return id;
}

struct confirmed {
    uint64_t id, count;
};

static enum pawl_result confirmed_visit(void *context, const struct pawl_assignment_row *row)
{
    struct confirmed *confirmed = context;
    if (row->entry.assignment == confirmed->id)
        confirmed->count = row->confirmed;
    return PAWL_OK;
}

uint64_t confirmed_count(struct store_fixture *fixture, uint64_t assignment)
{
    struct confirmed confirmed = {.id = assignment};
    assert_result(
        PAWL_OK, pawl_store_assignment_list(fixture->reader, 0, 1000, confirmed_visit, &confirmed));
    return confirmed.count;
}

struct pawl_change change_confirm(const struct pawl_device *device, uint64_t package,
                                  uint64_t assignment)
{
    struct pawl_change change = {.number = device->number,
                                 .before = device->record,
                                 .after = device->record,
                                 .credit = {.assignment = assignment},
                                 .result = PAWL_CRYPTO};
    change.after.sequence++;
    change.after.has_instance = true;
    change.after.has_package = true;
    id_fill(change.after.instance, PAWL_INSTANCE_SIZE, change.after.sequence * 1000003 + package);
    id_fill(change.after.package_id, PAWL_PACKAGE_ID_SIZE, package);
    return change;
}
