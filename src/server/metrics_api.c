/* GET /metrics: what was counted, and what is so now. */
#include "host/hex.h"
#include "host/log.h"
#include "pawl/version.h"
#include "server/campaign_metrics.h"
#include "server/health_api.h"
#include "server/http_metrics.h"
#include "server/metric_table.h"
#include "server/process_metrics.h"
#include "server/server.h"

#define CLASSES_MOST 64u /* with a sample of their own; the rest is summed up as "other" */

static void build_write(struct pawl_metrics_text *text)
{
    static const char *const labels[] = {"version", PAWL_VERSION, NULL};
    pawl_metrics_family(text, "pawl_build_info", "gauge", "The program's version; always 1.");
    pawl_metrics_number(text, "pawl_build_info", labels, 1);
}

static void health_write(struct pawl_metrics_text *text, const struct pawl_server *server)
{
    unsigned found = pawl_health_complaints(server);
    pawl_metrics_single(text, "pawl_ready", "gauge", "1 when /readyz says so.", found == 0);
    pawl_metrics_family(text, "pawl_complaint", "gauge", "1 for each reason not to be ready.");
    for (unsigned i = 0; i < PAWL_COMPLAINT_COUNT; i++)
        pawl_metrics_number(text, "pawl_complaint",
                            (const char *const[]){"reason", pawl_complaint_name(i), NULL},
                            (found >> i) & 1u);
    uint64_t free_bytes = server->health.disk_free;
    if (free_bytes != UINT64_MAX)
        pawl_metrics_single(text, "pawl_disk_free_bytes", "gauge",
                            "Room in the data directory's file system.", (double)free_bytes);
}

static void committer_write(struct pawl_metrics_text *text, const struct pawl_server *server)
{
    struct pawl_committer_state state;
    pawl_committer_look(server->committer, &state);
    pawl_metrics_single(text, "pawl_commit_queue_length", "gauge",
                        "Reports that wait for being written.", (double)state.queued);
}

static void keys_write(struct pawl_metrics_text *text, const struct pawl_server *server)
{
    struct pawl_rewrap_progress progress;
    pawl_rewrap_progress_get(server->rewrap, &progress);
    pawl_metrics_single(text, "pawl_data_key_generation", "gauge", "Of the current data key.",
                        pawl_vault_generation(server->vault));
    pawl_metrics_single(text, "pawl_data_key_rotating", "gauge",
                        "1 while objects are moved to the current data key.", progress.running);
    pawl_metrics_single(text, "pawl_data_key_objects_left", "gauge",
                        "Objects that are under the data key before.",
                        progress.running ? (double)progress.left : 0);
}

static void store_errors_write(struct pawl_metrics_text *text)
{
    static const enum pawl_result classes[] = {PAWL_STORAGE, PAWL_EXHAUSTED};
    pawl_metrics_family(text, "pawl_store_errors_total", "counter",
                        "Failures of the database, by result class.");
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        pawl_metrics_number(text, "pawl_store_errors_total",
                            (const char *const[]){"class", pawl_result_name(classes[i]), NULL},
                            pawl_store_error_count(classes[i]));
}

static void totals_write(struct pawl_metrics_text *text, const struct pawl_totals *totals)
{
    pawl_metrics_single(text, "pawl_devices", "gauge", "Devices that are known.",
                        (double)totals->devices);
    pawl_metrics_single(text, "pawl_devices_quarantined", "gauge", "Devices in quarantine.",
                        (double)totals->quarantined);
    pawl_metrics_single(text, "pawl_devices_decommissioned", "gauge",
                        "Devices that were decommissioned; they are in no other number.",
                        (double)totals->decommissioned);
    pawl_metrics_single(text, "pawl_packages", "gauge", "Packages that were published.",
                        (double)totals->packages);
    pawl_metrics_single(text, "pawl_assignments", "gauge", "Assignments that hold.",
                        (double)totals->assignments);
}

/* Store and memory for the classes' samples. */
struct class_writing {
    struct pawl_metrics_text *text;
    unsigned count;
    uint64_t others;
};

static enum pawl_result class_write(void *context, const struct pawl_class_row *row)
{
    struct class_writing *writing = context;
    char id[PAWL_HEX_SIZE(PAWL_ID_SIZE)];
    if (writing->count++ >= CLASSES_MOST)
        writing->others += row->devices;
    else
        pawl_metrics_number(
            writing->text, "pawl_class_devices",
            (const char *const[]){"class", pawl_hex_encode(row->class_id, PAWL_ID_SIZE, id), NULL},
            row->devices);
    return PAWL_OK;
}

static enum pawl_result store_write(struct pawl_metrics_text *text, struct pawl_server *server)
{
    struct pawl_reader *reader = NULL;
    struct pawl_totals totals;
    struct class_writing writing = {.text = text};
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_totals_get(reader, &totals);
    if (result == PAWL_OK) {
        totals_write(text, &totals);
        pawl_metrics_family(
            text, "pawl_class_devices", "gauge",
            "Devices by class; \"other\": those of the classes beyond the first 64.");
        result = pawl_store_class_list(reader, class_write, &writing);
        if (writing.count > CLASSES_MOST)
            pawl_metrics_number(text, "pawl_class_devices",
                                (const char *const[]){"class", "other", NULL}, writing.others);
    }
    if (result == PAWL_OK)
        result = pawl_campaign_metrics_write(text, reader);
    pawl_reader_return(&server->readers, reader);
    return result;
}

/* Nothing where there is no push. */
static void push_write(struct pawl_metrics_text *text, struct pawl_push *push)
{
    struct pawl_push_status status;
    if (push == NULL)
        return;
    pawl_push_status_get(push, &status);
    pawl_metrics_single(text, "pawl_push_connected", "gauge", "Whether the broker is reached.",
                        status.connected ? 1 : 0);
    pawl_metrics_single(text, "pawl_push_waiting", "gauge", "Notifications that wait for it.",
                        (double)status.waiting);
    pawl_metrics_single(text, "pawl_push_published_total", "counter",
                        "Notifications that were published.", (double)status.published);
    pawl_metrics_single(text, "pawl_push_dropped_total", "counter",
                        "Notifications that found no room.", (double)status.dropped);
}

static enum MHD_Result metrics_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct pawl_metrics_text text = {.bytes = NULL};
    build_write(&text);
    health_write(&text, server);
    pawl_metric_table_write(&text);
    committer_write(&text, server);
    keys_write(&text, server);
    store_errors_write(&text);
    /* A scrape must tell that the database fails, so that does not fail it. */
    if (store_write(&text, server) != PAWL_OK)
        pawl_log(PAWL_LOG_WARNING, "event=totals-not-read");
    push_write(&text, server->push);
    pawl_http_metrics_write(&text);
    pawl_process_metrics_write(&text);
    if (text.failed) {
        pawl_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE, PAWL_EXHAUSTED, "no memory");
        return MHD_YES;
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(text.size, text.bytes, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        pawl_metrics_release(&text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, PAWL_METRICS_MEDIA);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    return pawl_request_answer(request, MHD_HTTP_OK, response);
}

const struct pawl_handler pawl_metrics_handler = {.answer = metrics_answer};
