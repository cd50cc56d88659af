/* Waking the devices of a stage of a list, a part at a time (SPEC 19.9): a list may have millions
 * of them, and the thread that goes through it has other things to do. */
#ifndef PAWL_SERVER_LIST_WAKE_H
#define PAWL_SERVER_LIST_WAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headend/campaign.h"
#include "headend/campaign_rule.h"
#include "store/store.h"

#define PAWL_LIST_WAKE_MAX 50000u /* devices of a stage: more, and their polls are soon enough */

/* A list while it is gone through. */
struct pawl_list_wake {
    struct pawl_campaign_rule rule; /* with the list, which is its own */
    uint8_t class_id[PAWL_ID_SIZE]; /* of the package */
    unsigned stage;                 /* from 1 */
    uint64_t next;                  /* number of the device that is to be looked at */
    size_t woken;
};

/* Wakes a device. */
typedef void (*pawl_list_wake_fn)(void *context, const uint8_t device_id[PAWL_ID_SIZE]);

/* Reads the list of a campaign. What the store answers; on PAWL_OK end it. */
enum pawl_result pawl_list_wake_begin(struct pawl_reader *reader,
                                      const struct pawl_campaign *campaign, unsigned stage,
                                      struct pawl_list_wake *wake);

/* Goes on: looks at no more than `most` devices of the list, and at none from `until` of
 * pawl_clock_ns on. `*ended`: there is nothing more to do. What the store answers. */
enum pawl_result pawl_list_wake_step(struct pawl_list_wake *wake, struct pawl_reader *reader,
                                     size_t most, uint64_t until, pawl_list_wake_fn fn,
                                     void *context, bool *ended);

void pawl_list_wake_end(struct pawl_list_wake *wake);

#endif
