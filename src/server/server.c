#include "server/server.h"

#include <stdio.h>
#include <time.h>

#include "host/log.h"
#include "pawl/secret.h"
#include "server/campaign_push.h"
#include "server/command.h"
#include "server/metrics.h"
#include "server/package_shelf.h"
#include "server/server_keys.h"

static enum pawl_result store_open(const struct pawl_data *data, bool create,
                                   struct pawl_store **store)
{
    char path[PATH_MAX], url[PATH_MAX + 8];
    snprintf(url, sizeof url, "sqlite:%s", pawl_data_path(data, "pawl.db", path));
    enum pawl_result result = pawl_store_open(url, create, store);
    if (result != PAWL_OK)
        pawl_error(result, "%s: cannot open the database", path);
    return result;
}

enum pawl_result pawl_server_init(const char *path, const char *hsm,
                                  const struct pawl_hsm_access *access)
{
    struct pawl_data data;
    struct pawl_store *store = NULL;
    enum pawl_result result = pawl_data_open(&data, path, true);
    if (result != PAWL_OK)
        return result;
    result = pawl_data_keys_create(&data, hsm, access);
    bool made;
    if (result == PAWL_OK)
        result = pawl_audit_key_create(&data, &made);
    if (result == PAWL_OK)
        result = store_open(&data, true, &store);
    if (result == PAWL_OK)
        result = pawl_server_keys_create(&data, access, store);
    pawl_store_close(store);
    pawl_data_close(&data);
    return result;
}

static bool package_is_known(void *context, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE])
{
    struct pawl_package_row row;
    return pawl_store_package_get(context, package_id, &row) != PAWL_STATE;
}

static void shelf_sweep(struct pawl_server *server)
{
    struct pawl_reader *reader = NULL;
    if (pawl_reader_borrow(&server->readers, &reader) == PAWL_OK)
        pawl_shelf_sweep(&server->data, package_is_known, reader);
    pawl_reader_return(&server->readers, reader);
}

/* The more devices there are, the longer they take to come when they are called. */
static void push_tick(struct pawl_server *server)
{
    struct pawl_reader *reader = NULL;
    struct pawl_totals totals;
    if (server->push == NULL)
        return;
    if (pawl_reader_borrow(&server->readers, &reader) == PAWL_OK &&
        pawl_store_totals_get(reader, &totals) == PAWL_OK)
        pawl_push_devices_set(server->push, totals.devices);
    pawl_reader_return(&server->readers, reader);
}

/* Opens what stands on the store. */
static enum pawl_result services_open(struct pawl_server *server)
{
    pawl_readers_init(&server->readers, server->store);
    server->has_readers = true;
    pawl_alarms_init(&server->alarms);
    enum pawl_result result = pawl_refusals_init(&server->refusals);
    if (result == PAWL_OK)
        result = pawl_server_keys_load(server);
    if (result == PAWL_OK)
        result = pawl_server_identity_open(server);
    if (result != PAWL_OK)
        return result;
    result =
        pawl_checkpoints_open(&server->checkpoints, &server->data, server->store, &server->readers);
    server->has_checkpoints = result == PAWL_OK;
    if (result == PAWL_OK)
        result =
            pawl_restored_open(&server->restored, &server->data, server->store, &server->readers,
                               &server->checkpoints, server->settings.poll_after);
    server->has_restored = result == PAWL_OK;
    if (result != PAWL_OK)
        return result;
    result = pawl_plan_cache_open(&server->plans, &server->readers);
    server->has_plans = result == PAWL_OK;
    if (result == PAWL_OK)
        result = pawl_sightings_create(&server->sightings);
    if (result == PAWL_OK)
        result = pawl_device_cache_create(&server->devices);
    if (result == PAWL_OK)
        result = pawl_campaigns_open(server->store, &server->readers, &server->campaigns);
    if (result == PAWL_OK)
        result = pawl_campaign_wakes_open(&server->wakes);
    if (result == PAWL_OK)
        result = pawl_committer_start(server->store, server->devices, &server->health,
                                      &server->committer);
    if (result == PAWL_OK)
        result =
            pawl_tokens_create(&server->readers, &server->settings.token_rate, &server->tokens);
    if (result == PAWL_OK && server->settings.push.broker != NULL)
        result = pawl_push_open(&server->settings.push, &server->push_secret, &server->push);
    if (result == PAWL_OK)
        result = pawl_rewrap_start(server, &server->rewrap);
    if (result != PAWL_OK)
        return pawl_error(result, "%s: cannot start", server->data.path);
    push_tick(server);
    shelf_sweep(server);
    pawl_health_tick(server);
    return PAWL_OK;
}

enum pawl_result pawl_server_open(struct pawl_server *server, const char *path,
                                  const struct pawl_server_settings *settings)
{
    server->settings = *settings;
    server->started = (int64_t)time(NULL);
    pawl_health_init(&server->health, settings->patience);
    enum pawl_result result = pawl_data_open(&server->data, path, false);
    if (result != PAWL_OK)
        return result;
    result = store_open(&server->data, false, &server->store);
    if (result == PAWL_OK)
        result = services_open(server);
    if (result != PAWL_OK)
        pawl_server_close(server);
    return result;
}

void pawl_server_tick(struct pawl_server *server)
{
    enum pawl_result result = pawl_sightings_flush(server->sightings, server->store);
    if (result != PAWL_OK) {
        pawl_health_note_write(&server->health, result);
        pawl_log(PAWL_LOG_WARNING, "event=sightings-lost class=%s", pawl_result_name(result));
    }
    pawl_challenges_tick(server);
    pawl_server_identity_tick(server);
    push_tick(server);
    result = pawl_tokens_mend(server->tokens, &server->readers);
    if (result != PAWL_OK)
        pawl_log(PAWL_LOG_ERROR, "event=tokens-not-read class=%s", pawl_result_name(result));
    result = pawl_tokens_flush(server->tokens, server->store);
    if (result != PAWL_OK)
        pawl_log(PAWL_LOG_WARNING, "event=token-uses-not-written class=%s",
                 pawl_result_name(result));
    result = pawl_commands_expire(server, (int64_t)time(NULL));
    if (result != PAWL_OK)
        pawl_log(PAWL_LOG_WARNING, "event=commands-not-expired class=%s", pawl_result_name(result));
    pawl_campaigns_tick(server->campaigns, (int64_t)time(NULL));
    result = pawl_plan_cache_refresh(&server->plans, &server->readers);
    if (result != PAWL_OK) {
        pawl_count(PAWL_COUNT_PLAN_FAILURES);
        pawl_log(PAWL_LOG_WARNING, "event=plan-not-read class=%s", pawl_result_name(result));
    }
    pawl_campaigns_push(server);
    int64_t now = (int64_t)time(NULL);
    pawl_checkpoints_tick(&server->checkpoints, now);
    pawl_restored_tick(&server->restored, now);
    pawl_health_tick(server);
}

void pawl_server_settle(struct pawl_server *server)
{
    pawl_rewrap_stop(server->rewrap);
    pawl_committer_stop(server->committer);
    pawl_sightings_flush(server->sightings, server->store);
    pawl_tokens_flush(server->tokens, server->store);
}

void pawl_server_close(struct pawl_server *server)
{
    pawl_push_close(server->push);
    pawl_rewrap_stop(server->rewrap);
    pawl_rewrap_free(server->rewrap);
    pawl_committer_free(server->committer);
    pawl_device_cache_free(server->devices);
    pawl_sightings_free(server->sightings);
    pawl_campaigns_close(server->campaigns);
    pawl_campaign_wakes_close(server->wakes);
    if (server->has_restored)
        pawl_restored_close(&server->restored);
    if (server->has_checkpoints)
        pawl_checkpoints_close(&server->checkpoints);
    pawl_tokens_free(server->tokens);
    if (server->has_plans)
        pawl_plan_cache_close(&server->plans);
    pawl_server_identity_close(server);
    pawl_server_keys_wipe(server);
    if (server->has_readers) {
        pawl_readers_release(&server->readers);
        pawl_alarms_release(&server->alarms);
        pawl_refusals_release(&server->refusals);
    }
    pawl_store_close(server->store);
    pawl_data_close(&server->data);
    pawl_wipe(server, sizeof *server);
}
