/* A whole device for tests: engine, RAM port and unit, with the control server's side of the
 * exchange played by the test. */
#ifndef PAWL_TESTS_DEVICE_H
#define PAWL_TESTS_DEVICE_H

#include "pawl/processor.h"
#include "pawl/pud.h"
#include "pawl/report.h"
#include "sim/ram_port.h"
#include "support/make_package.h"

#define PAWL_TEST_CHUNK_CAPACITY (4096u + PAWL_CHUNK_OVERHEAD)

struct pawl_test_device {
    struct pawl_ram_port ram;
    struct pawl_pud pud;
    struct pawl_processor *engine; /* NULL while it is off, or when it could not start */
    struct pawl_report report;     /* the newest, as the server read it */
    uint64_t diagnostic;           /* number of the command that what is offered is for; 0: none */
    uint64_t fetched;              /* package bytes brought since this was last set to 0 */
    uint8_t chunk[PAWL_TEST_CHUNK_CAPACITY];
    _Alignas(PAWL_PROCESSOR_ALIGNMENT) uint8_t memory[PAWL_PROCESSOR_SIZE];
};

/* A fresh device of unit `number`, off. Ends the test program when memory runs out. */
void pawl_test_device_init(struct pawl_test_device *device, uint32_t number,
                           const struct pawl_ram_geometry *geometry);
void pawl_test_device_release(struct pawl_test_device *device);

/* Switches it on: the engine starts and boots. The result is init's, else boot's. */
enum pawl_result pawl_test_device_start(struct pawl_test_device *device);
/* Takes the power away; what persists stays. */
void pawl_test_device_stop(struct pawl_test_device *device);

/* One report and its directive: `package` is offered, with an entitlement for sequence number
 * `sequence`; NULL offers none. */
enum pawl_result pawl_test_device_exchange(struct pawl_test_device *device,
                                           const struct pawl_test_package *package,
                                           uint64_t sequence, struct pawl_work *work);
/* Makes a report and reads it as the server does. */
enum pawl_result pawl_test_device_report(struct pawl_test_device *device);
/* The directive that answers device->report; the caller may alter it before it is sent. */
void pawl_test_directive_fill(const struct pawl_test_device *device,
                              const struct pawl_test_package *package, uint64_t sequence,
                              struct pawl_directive *directive);
enum pawl_result pawl_test_device_direct(struct pawl_test_device *device,
                                         const struct pawl_directive *directive,
                                         struct pawl_work *work);

/* Brings package bytes from `offset` on in pieces of `piece` bytes, following what the engine asks
 * for, until it is whole or refused, or `limit` bytes were brought. */
enum pawl_result pawl_test_device_fetch(struct pawl_test_device *device,
                                        const struct pawl_test_package *package, uint64_t offset,
                                        size_t piece, uint64_t limit);

/* The whole way: exchange, bytes, install. Leaves the device in trial. */
enum pawl_result pawl_test_device_download(struct pawl_test_device *device,
                                           const struct pawl_test_package *package,
                                           uint64_t sequence);
/* The same, and the trial ends with `event`. */
enum pawl_result pawl_test_device_update(struct pawl_test_device *device,
                                         const struct pawl_test_package *package, uint64_t sequence,
                                         enum pawl_run_event event);

/* Whether it runs exactly this package's image. */
bool pawl_test_device_runs(const struct pawl_test_device *device,
                           const struct pawl_test_package *package);
enum pawl_state pawl_test_device_state(const struct pawl_test_device *device);
uint64_t pawl_test_device_sequence(const struct pawl_test_device *device);

#endif
