#include "device.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "host/file.h"
#include "host/log.h"
#include "pawl/secret.h"

#define UNITS_SIZE_MAX ((size_t)1 << 30)
#define CHALLENGE_SIZE 41u /* bytes, as pawld makes them */

/* xorshift64*, seeded once. */
static uint64_t random_draw(void)
{
    static uint64_t state;
    while (state == 0)
        if (getrandom(&state, sizeof state, 0) != (ssize_t)sizeof state)
            state = 0;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1du;
}

void device_random_fill(uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
        uint64_t random = random_draw();
        memcpy(bytes + i, &random, size - i < sizeof random ? size - i : sizeof random);
    }
}

static enum pawl_result device_add(struct device_list *list, const struct pawl_pud *pud)
{
    if ((list->count & (list->count - 1)) == 0) {
        size_t room = list->count == 0 ? 1 : 2 * list->count;
        struct device *devices = realloc(list->devices, room * sizeof *devices);
        if (devices == NULL)
            return pawl_error(PAWL_EXHAUSTED, "no memory for so many devices");
        list->devices = devices;
    }
    struct device *device = &list->devices[list->count++];
    *device = (struct device){.chain_length = pud->chain_length};
    memcpy(device->device_id, pud->device_id, sizeof device->device_id);
    memcpy(device->unit_secret, pud->unit_secret, sizeof device->unit_secret);
    pawl_auth_key_make(pud->unit_secret, device->auth_key);
    return PAWL_OK;
}

static enum pawl_result sequence_read(const char *path, struct device_list *list)
{
    struct pawl_buffer units = {0};
    struct pawl_pud pud;
    enum pawl_result result = pawl_file_read(path, UNITS_SIZE_MAX, &units);

    if (result != PAWL_OK)
        return pawl_error(result, "%s: %s", path, strerror(errno));
    for (size_t at = 0, used; result == PAWL_OK && at < units.size; at += used) {
        result = pawl_pud_read_next(units.bytes + at, units.size - at, &pud, &used);
        if (result != PAWL_OK)
            pawl_error(result, "%s: byte %zu is not the start of a PUD", path, at);
        else
            result = device_add(list, &pud);
    }
    pawl_wipe(&pud, sizeof pud);
    pawl_buffer_release(&units);
    return result;
}

static enum pawl_result directory_read(const char *path, DIR *directory, struct device_list *list)
{
    enum pawl_result result = PAWL_OK;
    for (struct dirent *entry; result == PAWL_OK && (entry = readdir(directory)) != NULL;) {
        char file[4096];
        const char *suffix = strrchr(entry->d_name, '.');
        if (suffix == NULL || strcmp(suffix, ".pud") != 0)
            continue;
        int size = snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        result = size > 0 && (size_t)size < sizeof file ? sequence_read(file, list) : PAWL_IO;
    }
    return result;
}

enum pawl_result device_list_read(const char *path, struct device_list *list)
{
    DIR *directory = opendir(path);
    enum pawl_result result;

    *list = (struct device_list){0};
    if (directory == NULL)
        return sequence_read(path, list);
    result = directory_read(path, directory, list);
    closedir(directory);
    return result;
}

void device_list_release(struct device_list *list)
{
    if (list->devices != NULL)
        pawl_wipe(list->devices, list->count * sizeof *list->devices);
    free(list->devices);
    *list = (struct device_list){0};
}

enum pawl_result device_report(struct device *device, uint8_t report[PAWL_REPORT_SIZE_MAX],
                               size_t *size)
{
    struct pawl_report fields = {
        .sequence = device->sequence,
        .has_instance = device->has_package,
        .has_package = device->has_package,
        .has_challenge = device->challenge_size > 0,
        .challenge_size = device->challenge_size,
        .has_failure = device->has_failure,
        .failure = PAWL_FAILURE_EXIT,
        .state = device->has_failure   ? PAWL_STATE_FAILED
                 : device->has_package ? PAWL_STATE_UPDATED
                                       : PAWL_STATE_READY,
    };
    memcpy(fields.failed_package_id, device->failed_package_id, sizeof fields.failed_package_id);
    device_random_fill(device->nonce, sizeof device->nonce);
    memcpy(fields.nonce, device->nonce, sizeof fields.nonce);
    memcpy(fields.instance, device->instance, sizeof fields.instance);
    memcpy(fields.package_id, device->package_id, sizeof fields.package_id);
    memcpy(fields.challenge, device->challenge, sizeof fields.challenge);
    return pawl_report_write(&fields, device->device_id, device->auth_key, report,
                             PAWL_REPORT_SIZE_MAX, size);
}

enum pawl_result device_direct(struct device *device, const uint8_t *bytes, size_t size,
                               struct pawl_directive *directive)
{
    enum pawl_result result =
        pawl_directive_read(bytes, size, device->auth_key, device->nonce, directive);
    if (result != PAWL_OK)
        return result;
    device->challenge_size = directive->challenge_size;
    memcpy(device->challenge, directive->challenge, directive->challenge_size);
    return PAWL_OK;
}

void device_blind(struct device *device)
{
    device->challenge_size = CHALLENGE_SIZE;
}

enum pawl_result device_entitle(const struct device *device, const struct pawl_directive *directive)
{
    struct pawl_pud pud = {.chain_length = device->chain_length};
    uint8_t content_key[PAWL_KEY_SIZE];

    if (!directive->has_entitlement)
        return PAWL_NOT_ENTITLED;
    memcpy(pud.device_id, device->device_id, sizeof pud.device_id);
    memcpy(pud.unit_secret, device->unit_secret, sizeof pud.unit_secret);
    enum pawl_result result = pawl_entitlement_open(&pud, device->sequence, directive->package_id,
                                                    directive->entitlement, content_key);
    pawl_wipe(&pud, sizeof pud);
    pawl_wipe(content_key, sizeof content_key);
    return result;
}

void device_commit(struct device *device, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE])
{
    device->sequence++;
    device->has_package = true;
    device->has_failure = false;
    device_random_fill(device->instance, sizeof device->instance);
    memmove(device->package_id, package_id, PAWL_PACKAGE_ID_SIZE);
}

void device_fail(struct device *device, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE])
{
    device->has_failure = true;
    memmove(device->failed_package_id, package_id, PAWL_PACKAGE_ID_SIZE);
}
