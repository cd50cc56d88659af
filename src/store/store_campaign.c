/* The campaigns' part of the contract, handed on to the implementation. */
#include "store/store_campaign.h"

#include "store/driver.h"

enum pawl_result pawl_store_campaign_add(struct pawl_store *store,
                                         const struct pawl_campaign *campaign,
                                         const struct pawl_event *event, uint64_t *id)
{
    return store->driver->campaign_add(store, campaign, event, id);
}

enum pawl_result pawl_store_campaign_get(struct pawl_reader *reader, uint64_t id,
                                         struct pawl_campaign *campaign)
{
    return reader->driver->campaign_get(reader, id, campaign);
}

enum pawl_result pawl_store_campaign_list(struct pawl_reader *reader,
                                          enum pawl_campaign_state state, uint64_t after,
                                          size_t limit, pawl_campaign_fn visit, void *context)
{
    return reader->driver->campaign_list(reader, state, after, limit, visit, context);
}

enum pawl_result pawl_store_campaign_set(struct pawl_store *store,
                                         const struct pawl_campaign *campaign,
                                         const struct pawl_event *event)
{
    return store->driver->campaign_set(store, campaign, event);
}

enum pawl_result pawl_store_campaign_devices_set(struct pawl_store *store,
                                                 const struct pawl_campaign *campaign,
                                                 const uint8_t *bits, size_t size,
                                                 const struct pawl_event *event)
{
    return store->driver->campaign_devices_set(store, campaign, bits, size, event);
}

enum pawl_result pawl_store_campaign_devices_get(struct pawl_reader *reader, uint64_t id,
                                                 uint8_t **bits, size_t *size)
{
    return reader->driver->campaign_devices_get(reader, id, bits, size);
}

enum pawl_result pawl_store_campaign_delete(struct pawl_store *store, uint64_t id, uint64_t version,
                                            const struct pawl_event *event)
{
    return store->driver->campaign_delete(store, id, version, event);
}

enum pawl_result pawl_store_campaign_visit(struct pawl_reader *reader,
                                           const struct pawl_campaign *campaign, uint64_t after,
                                           size_t limit, pawl_campaign_device_fn visit,
                                           void *context, uint64_t *last)
{
    return reader->driver->campaign_visit(reader, campaign, after, limit, visit, context, last);
}

enum pawl_result pawl_store_campaign_credit(struct pawl_store *store, uint64_t id,
                                            const struct pawl_campaign_credit *credits,
                                            size_t count)
{
    return count == 0 ? PAWL_OK : store->driver->campaign_credit(store, id, credits, count);
}

enum pawl_result pawl_store_campaign_told_get(struct pawl_reader *reader, uint64_t id,
                                              uint8_t **bits, size_t *size)
{
    return reader->driver->campaign_told_get(reader, id, bits, size);
}

enum pawl_result pawl_store_campaign_totals_set(struct pawl_store *store,
                                                const struct pawl_campaign *campaign,
                                                uint64_t basis, const uint64_t *totals)
{
    return store->driver->campaign_totals_set(store, campaign, basis, totals);
}
