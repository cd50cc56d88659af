/* The devices' flash and counters between two runs: one record each, in the order of the list. */
#include <errno.h>
#include <string.h>

#include "device.h"
#include "host/file.h"
#include "host/log.h"

struct state_record {
    uint8_t device_id[PAWL_ID_SIZE];
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    uint8_t instance[PAWL_INSTANCE_SIZE];
    uint64_t sequence;
    uint64_t has_package;
};

enum pawl_result device_list_load(struct device_list *list, const char *path)
{
    struct pawl_buffer file = {0};
    struct state_record record;

    enum pawl_result result = pawl_file_read(path, list->count * sizeof record, &file);
    if (result != PAWL_OK)
        return errno == ENOENT ? PAWL_OK : pawl_error(result, "%s: %s", path, strerror(errno));
    for (size_t i = 0; result == PAWL_OK && i < list->count; i++) {
        struct device *device = &list->devices[i];
        if (file.size >= (i + 1) * sizeof record)
            memcpy(&record, file.bytes + i * sizeof record, sizeof record);
        else
            memset(&record, 0, sizeof record);
        if (memcmp(record.device_id, device->device_id, PAWL_ID_SIZE) != 0) {
            result = pawl_error(PAWL_MALFORMED, "%s: the state of other devices", path);
            continue;
        }
        memcpy(device->package_id, record.package_id, PAWL_PACKAGE_ID_SIZE);
        memcpy(device->instance, record.instance, PAWL_INSTANCE_SIZE);
        device->sequence = record.sequence;
        device->has_package = record.has_package != 0;
    }
    pawl_buffer_release(&file);
    return result;
}

enum pawl_result device_list_save(const struct device_list *list, const char *path)
{
    struct pawl_outfile out;
    enum pawl_result result = pawl_outfile_open(&out, path, 0600, true);

    for (size_t i = 0; result == PAWL_OK && i < list->count; i++) {
        const struct device *device = &list->devices[i];
        struct state_record record = {.sequence = device->sequence,
                                      .has_package = device->has_package};
        memcpy(record.device_id, device->device_id, PAWL_ID_SIZE);
        memcpy(record.package_id, device->package_id, PAWL_PACKAGE_ID_SIZE);
        memcpy(record.instance, device->instance, PAWL_INSTANCE_SIZE);
        result = pawl_write_full(out.fd, &record, sizeof record);
    }
    if (result == PAWL_OK)
        result = pawl_outfile_commit(&out);
    if (result != PAWL_OK)
        pawl_error(result, "%s: %s", path, strerror(errno));
    pawl_outfile_close(&out);
    return result;
}
