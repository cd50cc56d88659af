#include "sim/device.h"

#include <assert.h>
#include <string.h>

void pawl_test_device_init(struct pawl_test_device *device, uint32_t number,
                           const struct pawl_ram_geometry *geometry)
{
    memset(device, 0, sizeof *device);
    pawl_ram_port_init(&device->ram, geometry);
    pawl_test_pud_make(number, &device->pud);
}

void pawl_test_device_release(struct pawl_test_device *device)
{
    pawl_test_device_stop(device);
    pawl_ram_port_release(&device->ram);
}

enum pawl_result pawl_test_device_start(struct pawl_test_device *device)
{
    enum pawl_result result =
        pawl_processor_init(device->memory, &device->ram.port, &device->pud, device->chunk,
                            sizeof device->chunk, &device->engine);
    return result == PAWL_OK ? pawl_processor_boot(device->engine) : result;
}

void pawl_test_device_stop(struct pawl_test_device *device)
{
    if (device->engine)
        pawl_processor_release(device->engine);
    device->engine = NULL;
    pawl_ram_port_restart(&device->ram);
}

enum pawl_result pawl_test_device_report(struct pawl_test_device *device)
{
    uint8_t bytes[PAWL_REPORT_SIZE_MAX];
    uint8_t auth_key[PAWL_KEY_SIZE];
    size_t size = 0;
    struct pawl_mac0 mac0;

    enum pawl_result result = pawl_processor_report(device->engine, bytes, sizeof bytes, &size);
    if (result != PAWL_OK)
        return result;
    pawl_auth_key_make(device->pud.unit_secret, auth_key);
    result = pawl_report_split(bytes, size, &mac0);
    if (result == PAWL_OK)
        result = pawl_report_verify(&mac0, auth_key);
    if (result == PAWL_OK)
        result = pawl_report_decode(&mac0, &device->report);
    assert(result == PAWL_OK);
    assert(memcmp(mac0.device_id, device->pud.device_id, PAWL_ID_SIZE) == 0);
    return result;
}

void pawl_test_directive_fill(const struct pawl_test_device *device,
                              const struct pawl_test_package *package, uint64_t sequence,
                              struct pawl_directive *directive)
{
    static const char url[] = "/v1/packages/x";

    memset(directive, 0, sizeof *directive);
    memcpy(directive->nonce, device->report.nonce, sizeof directive->nonce);
    directive->poll_after = 30;
    directive->challenge_size = 4;
    memcpy(directive->challenge, "chal", 4);
    if (!package)
        return;
    directive->action = PAWL_ACTION_DOWNLOAD;
    memcpy(directive->package_id, package->package_id, sizeof directive->package_id);
    directive->package_size = package->size;
    directive->url_size = sizeof url - 1;
    memcpy(directive->url, url, sizeof url - 1);
    directive->command = device->diagnostic;
    directive->diagnostic = device->diagnostic != 0;
    directive->has_entitlement = true;
    pawl_test_entitle(&device->pud, sequence, package, directive->entitlement);
}

enum pawl_result pawl_test_device_direct(struct pawl_test_device *device,
                                         const struct pawl_directive *directive,
                                         struct pawl_work *work)
{
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX];
    uint8_t auth_key[PAWL_KEY_SIZE];
    size_t size = 0;

    pawl_auth_key_make(device->pud.unit_secret, auth_key);
    enum pawl_result result = pawl_directive_write(directive, auth_key, bytes, sizeof bytes, &size);
    assert(result == PAWL_OK);
    return pawl_processor_directive(device->engine, bytes, size, work);
}

enum pawl_result pawl_test_device_exchange(struct pawl_test_device *device,
                                           const struct pawl_test_package *package,
                                           uint64_t sequence, struct pawl_work *work)
{
    struct pawl_directive directive;

    enum pawl_result result = pawl_test_device_report(device);
    if (result != PAWL_OK)
        return result;
    pawl_test_directive_fill(device, package, sequence, &directive);
    return pawl_test_device_direct(device, &directive, work);
}

enum pawl_result pawl_test_device_fetch(struct pawl_test_device *device,
                                        const struct pawl_test_package *package, uint64_t offset,
                                        size_t piece, uint64_t limit)
{
    enum pawl_result result = PAWL_OK;
    uint64_t brought = 0;

    while (result == PAWL_OK && offset < package->size && brought < limit) {
        size_t part = package->size - offset < piece ? (size_t)(package->size - offset) : piece;
        part = limit - brought < part ? (size_t)(limit - brought) : part;
        result =
            pawl_processor_write(device->engine, offset, package->bytes + offset, part, &offset);
        brought += part;
    }
    device->fetched += brought;
    return result;
}

enum pawl_result pawl_test_device_download(struct pawl_test_device *device,
                                           const struct pawl_test_package *package,
                                           uint64_t sequence)
{
    struct pawl_work work;

    enum pawl_result result = pawl_test_device_exchange(device, package, sequence, &work);
    if (result == PAWL_OK && work.fetch)
        result = pawl_test_device_fetch(device, package, work.offset, 700, UINT64_MAX);
    return result == PAWL_OK ? pawl_processor_install(device->engine) : result;
}

enum pawl_result pawl_test_device_update(struct pawl_test_device *device,
                                         const struct pawl_test_package *package, uint64_t sequence,
                                         enum pawl_run_event event)
{
    enum pawl_result result = pawl_test_device_download(device, package, sequence);
    return result == PAWL_OK ? pawl_processor_ran(device->engine, event) : result;
}

bool pawl_test_device_runs(const struct pawl_test_device *device,
                           const struct pawl_test_package *package)
{
    const struct pawl_ram_port *ram = &device->ram;

    return ram->running && ram->image_size == package->image_size &&
           memcmp(ram->image, package->image, package->image_size) == 0;
}

enum pawl_state pawl_test_device_state(const struct pawl_test_device *device)
{
    struct pawl_processor_status status;

    pawl_processor_status_get(device->engine, &status);
    return status.state;
}

uint64_t pawl_test_device_sequence(const struct pawl_test_device *device)
{
    struct pawl_processor_status status;

    pawl_processor_status_get(device->engine, &status);
    return status.sequence;
}
