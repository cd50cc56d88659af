#include "server/device_find.h"

#include <string.h>
#include <time.h>

bool pawl_device_find(struct pawl_request *request, struct pawl_reader **reader,
                      struct pawl_device *device)
{
    struct pawl_server *server = request->server;
    uint8_t device_id[PAWL_ID_SIZE];
    *reader = NULL;
    if (!pawl_part_read(request, device_id, sizeof device_id))
        return false;
    enum pawl_result result = pawl_reader_borrow(&server->readers, reader);
    if (result == PAWL_OK)
        result = pawl_store_device_get(*reader, device_id, device);
    if (result == PAWL_OK)
        return true;
    if (result == PAWL_STATE)
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such device");
    else
        pawl_request_refuse(request, result, "cannot read the device");
    pawl_reader_return(&server->readers, *reader);
    *reader = NULL;
    return false;
}

void pawl_device_foresee(const struct pawl_plan *plan, const struct pawl_device *device,
                         struct pawl_offer *offer)
{
    const struct pawl_subject subject = pawl_device_subject(device);
    const struct pawl_offer_terms terms = {.now = (int64_t)time(NULL)};
    struct pawl_report report = {
        .sequence = device->record.sequence,
        .has_instance = device->record.has_instance,
        .has_package = device->record.has_package,
        .state = PAWL_STATE_READY,
    };
    memcpy(report.package_id, device->record.package_id, PAWL_PACKAGE_ID_SIZE);
    if (device->failure.present) {
        report.has_failure = true;
        memcpy(report.failed_package_id, device->failure.package_id, PAWL_PACKAGE_ID_SIZE);
        report.failure = device->failure.code;
    }
    pawl_offer_decide(plan, &subject, &device->record, &device->failure, &report, &terms, offer);
}
