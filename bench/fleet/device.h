/*
 * A simulated device: it reports, answers challenges, opens entitlements for real and "commits".
 * Its flash and counter are this struct.
 */
#ifndef PAWL_FLEET_DEVICE_H
#define PAWL_FLEET_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/pud.h"
#include "pawl/report.h"

struct device {
    uint8_t device_id[PAWL_ID_SIZE];
    uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE];
    uint8_t auth_key[PAWL_KEY_SIZE];
    uint8_t instance[PAWL_INSTANCE_SIZE];
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE]; /* committed */
    uint8_t nonce[PAWL_NONCE_SIZE];           /* of the last report */
    uint8_t challenge[PAWL_CHALLENGE_SIZE_MAX];
    uint32_t challenge_size;
    uint32_t chain_length;
    uint64_t sequence;
    bool has_package;    /* and an instance */
    bool is_busy;        /* a connection is at work for it */
    bool has_failure;    /* its last attempt failed, with the package below */
    bool is_unconfirmed; /* it committed, and has not been answered since */
    uint8_t failed_package_id[PAWL_PACKAGE_ID_SIZE];
    uint64_t due; /* microseconds: when it polls again */
};

/* All devices of a PUD file, of a CBOR sequence of PUDs, or of a directory of .pud files. */
struct device_list {
    struct device *devices;
    size_t count;
};

/* Says on stderr what is wrong. Release `list` in any case. */
enum pawl_result device_list_read(const char *path, struct device_list *list);
void device_list_release(struct device_list *list);

/* Keeps what devices would have in flash and counter in a file between runs: without it they would
 * come back as they were made, which a server takes for copies. A file that is not there yet is no
 * error. They say on stderr what is wrong. */
enum pawl_result device_list_load(struct device_list *list, const char *path);
enum pawl_result device_list_save(const struct device_list *list, const char *path);

/* Makes the device's next report. */
enum pawl_result device_report(struct device *device, uint8_t report[PAWL_REPORT_SIZE_MAX],
                               size_t *size);

/* Takes what the server answered and remembers its challenge. */
enum pawl_result device_direct(struct device *device, const uint8_t *bytes, size_t size,
                               struct pawl_directive *directive);

/* Opens the entitlement of a directive as the secure processor would: PAWL_NOT_ENTITLED when its
 * key is not the one for this device, package and sequence number. */
enum pawl_result device_entitle(const struct device *device,
                                const struct pawl_directive *directive);

/* Gives the device a challenge that no server made, of the size of a real one. */
void device_blind(struct device *device);

/* The package runs: sequence number and instance move on. */
void device_commit(struct device *device, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE]);

/* An attempt with the package failed: the program ended without success. */
void device_fail(struct device *device, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE]);

/* Random bytes, fast and not secret: nonces and instances of devices that do not exist. */
void device_random_fill(uint8_t *bytes, size_t size);

#endif
