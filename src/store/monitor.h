/* The contract of storage, continued: what those ask who watch over the server (store.h). */
#ifndef PAWL_STORE_MONITOR_H
#define PAWL_STORE_MONITOR_H

#include "store/store.h"

struct pawl_class_row {
    uint8_t vendor_id[PAWL_ID_SIZE];
    uint8_t class_id[PAWL_ID_SIZE];
    uint64_t devices;
};

/* Visits every class that devices were imported for, in the order in which they came. What the
 * callback returns other than PAWL_OK ends the list and is returned. */
typedef enum pawl_result (*pawl_class_fn)(void *context, const struct pawl_class_row *row);
enum pawl_result pawl_store_class_list(struct pawl_reader *reader, pawl_class_fn visit,
                                       void *context);

/* Writes durably what changes nothing: whether the database can be written now. */
enum pawl_result pawl_store_trial(struct pawl_store *store);

/* How often a database of this process failed with PAWL_STORAGE or PAWL_EXHAUSTED. */
uint64_t pawl_store_error_count(enum pawl_result class);

#endif
