/*
 * Campaigns in the store: a part of the contract of store.h, with its rules for threads, errors and
 * durability. Progress of a campaign comes with what reports change (pawl_store_changes_apply,
 * pawl_store_failures_set).
 */
#ifndef PAWL_STORE_STORE_CAMPAIGN_H
#define PAWL_STORE_STORE_CAMPAIGN_H

#include "headend/campaign.h"
#include "store/store.h"

/* Adds a campaign as it is given, but for its counters; `*id` is its number, the next of
 * assignments and campaigns. In the event's detail "campaign" is put first, here and in the
 * functions below. PAWL_STATE when the package is not there or not ready. */
enum pawl_result pawl_store_campaign_add(struct pawl_store *store,
                                         const struct pawl_campaign *campaign,
                                         const struct pawl_event *event, uint64_t *id);

/* PAWL_STATE when there is none. */
enum pawl_result pawl_store_campaign_get(struct pawl_reader *reader, uint64_t id,
                                         struct pawl_campaign *campaign);

/* Lists campaigns by ascending id above `after`, at most `limit`; with `state` not 0 those in that
 * state alone. */
typedef enum pawl_result (*pawl_campaign_fn)(void *context, const struct pawl_campaign *campaign);
enum pawl_result pawl_store_campaign_list(struct pawl_reader *reader,
                                          enum pawl_campaign_state state, uint64_t after,
                                          size_t limit, pawl_campaign_fn visit, void *context);

/* Writes how far a campaign is: what pawl_campaign_advance and pawl_campaign_order change. A
 * compare and set: PAWL_STATE, and nothing written, when it is no longer of `campaign->version`.
 * Where its generation grew, nobody counts as failed in it any more. */
enum pawl_result pawl_store_campaign_set(struct pawl_store *store,
                                         const struct pawl_campaign *campaign,
                                         const struct pawl_event *event);

/* The same together with the campaign's list of devices: bit n mod 8 of byte n div 8 stands for the
 * device with number n, and `size` is at most what the highest one needs. Replaces the list. */
enum pawl_result pawl_store_campaign_devices_set(struct pawl_store *store,
                                                 const struct pawl_campaign *campaign,
                                                 const uint8_t *bits, size_t size,
                                                 const struct pawl_event *event);

/* The list; free `*bits`, which is NULL when `*size` is 0. PAWL_EXHAUSTED. */
enum pawl_result pawl_store_campaign_devices_get(struct pawl_reader *reader, uint64_t id,
                                                 uint8_t **bits, size_t *size);

/* Deletes it with its plan and counts. A compare and set on the version, as above. */
enum pawl_result pawl_store_campaign_delete(struct pawl_store *store, uint64_t id, uint64_t version,
                                            const struct pawl_event *event);

/* Counting. */

struct pawl_campaign_device {
    uint64_t number;
    const uint8_t *device_id;
    const uint8_t *package_id; /* what it runs by its record; NULL: nothing */
};

/* Visits the devices that a campaign's target names (of a list: all of the class) and whose class
 * is that of its package, from the one after number `after` on, at most `limit`, in the order of
 * their numbers. `*last` is the number of the last one; 0: there are no more. */
typedef enum pawl_result (*pawl_campaign_device_fn)(void *context,
                                                    const struct pawl_campaign_device *device);
enum pawl_result pawl_store_campaign_visit(struct pawl_reader *reader,
                                           const struct pawl_campaign *campaign, uint64_t after,
                                           size_t limit, pawl_campaign_device_fn visit,
                                           void *context, uint64_t *last);

/* A device that was found to run the package of a campaign. */
struct pawl_campaign_credit {
    uint64_t number;
    unsigned stage; /* from 1 */
    bool gone;      /* it is decommissioned instead: it counts as nothing from now on */
};

/* Counts those that were not counted before as finished, as one transaction. PAWL_STATE when there
 * is no such campaign. */
enum pawl_result pawl_store_campaign_credit(struct pawl_store *store, uint64_t id,
                                            const struct pawl_campaign_credit *credits,
                                            size_t count);

/* Who counts in it as finished or failed, as bits like those of the list; free `*bits`, which is
 * NULL when `*size` is 0. PAWL_EXHAUSTED. */
enum pawl_result pawl_store_campaign_told_get(struct pawl_reader *reader, uint64_t id,
                                              uint8_t **bits, size_t *size);

/* Says that the totals are exact now, for a target of `basis` devices: totals[i] is that of stage
 * i + 1 of `campaign`, which was read before they were counted. PAWL_STATE, and nothing written,
 * when it is no longer there, or its group has another name by now: then they are of nobody. */
enum pawl_result pawl_store_campaign_totals_set(struct pawl_store *store,
                                                const struct pawl_campaign *campaign,
                                                uint64_t basis, const uint64_t *totals);

#endif
