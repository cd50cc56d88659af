#include "protocol/control.h"

#include <ftw.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/log.h"
#include "server/commit_batch.h"
#include "server/device_api.h"
#include "server/server.h"
#include "store/backup.h"
#include "store/device_store.h"

#define MUST(condition)                                                               \
    do {                                                                              \
        if (!(condition)) {                                                           \
            fprintf(stderr, "%s:%d: %s is not so\n", __FILE__, __LINE__, #condition); \
            abort();                                                                  \
        }                                                                             \
    } while (0)

struct control_request {
    struct pawl_request request;
    unsigned replica;
    struct pawl_commit *commit; /* what is to be written; NULL: nothing */
    uint8_t report[PAWL_SMALL_BODY_MAX];
};

/* What replicas share is here: store and secrets. What they do not is the clock, and their caches:
 * control_open. */
static struct pawl_server server;
static char directory[64];
static bool cache_is_shared;
static int64_t clock_now = 1700000000;
static uint32_t secrets_told; /* for tags that must differ */
static uint64_t overtaken;

/* The clock of whoever asks. */
time_t time(time_t *out)
{
    if (out != NULL)
        *out = (time_t)clock_now;
    return (time_t)clock_now;
}

/* Libmicrohttpd, as far as an answer to a report needs it. */
enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned status,
                                   struct MHD_Response *response)
{
    (void)connection, (void)status, (void)response;
    return MHD_YES;
}

const char *MHD_lookup_connection_value(struct MHD_Connection *connection, enum MHD_ValueKind kind,
                                        const char *name)
{
    (void)connection, (void)kind, (void)name;
    return NULL;
}

const union MHD_ConnectionInfo *MHD_get_connection_info(struct MHD_Connection *connection,
                                                        enum MHD_ConnectionInfoType type, ...)
{
    static struct sockaddr_in client = {.sin_family = AF_INET};
    static union MHD_ConnectionInfo info;

    (void)connection, (void)type;
    info.client_addr = (struct sockaddr *)(void *)&client;
    return &info;
}

/* The committer (server/committer.h), without its thread. */
struct pawl_committer {
    int nothing;
};
static struct pawl_committer committer_only;

enum pawl_result pawl_committer_start(struct pawl_store *store, struct pawl_device_cache *devices,
                                      struct pawl_health *health, struct pawl_committer **committer)
{
    (void)store, (void)devices, (void)health;
    *committer = &committer_only;
    return PAWL_OK;
}

void pawl_committer_stop(struct pawl_committer *committer)
{
    (void)committer;
}

void pawl_committer_free(struct pawl_committer *committer)
{
    (void)committer;
}

void pawl_committer_look(struct pawl_committer *committer, struct pawl_committer_state *state)
{
    (void)committer;
    *state = (struct pawl_committer_state){.queued = 0};
}

bool pawl_commit_submit(struct pawl_committer *committer, struct pawl_commit *commit)
{
    struct control_request *request = (struct control_request *)(void *)commit->request;

    (void)committer;
    request->commit = commit;
    return true;
}

static void server_start(void)
{
    static const struct pawl_server_settings settings = {
        .challenge_lifetime = 900, .poll_after = 60, .token_rate = {1, 1000}};

    memset(&server, 0, sizeof server);
    MUST(pawl_server_open(&server, directory, &settings) == PAWL_OK);
}

static void server_stop(void)
{
    pawl_server_settle(&server);
    pawl_server_close(&server);
}

void control_open(bool shared)
{
    static const struct pawl_hsm_access no_hsm;

    cache_is_shared = shared;
    pawl_log_init("protocol", PAWL_LOG_ERROR);
    /* In memory where there is such a place: nothing here is to survive. */
    snprintf(directory, sizeof directory, "%s/pawl-protocol-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    MUST(mkdtemp(directory) != NULL);
    MUST(pawl_server_init(directory, NULL, &no_hsm) == PAWL_OK);
    server_start();
}

static int entry_remove(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

void control_close(void)
{
    server_stop();
    nftw(directory, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}

void control_clock_set(int64_t now)
{
    clock_now = now;
}

static void request_free(struct control_request *request)
{
    if (pawl_report_handler.release != NULL)
        pawl_report_handler.release(&request->request);
    if (request->request.reply_response != NULL)
        MHD_destroy_response(request->request.reply_response);
    free(request);
}

/* Lets the handler take its next step. */
static enum control_step step(struct control_request *request, uint8_t reply[CONTROL_REPLY_MAX],
                              size_t *reply_size)
{
    struct pawl_request *inner = &request->request;

    request->commit = NULL;
    pawl_report_handler.answer(inner);
    if (request->commit != NULL)
        return CONTROL_WRITES;
    enum control_step end = inner->status != 0 ? CONTROL_REFUSED : CONTROL_ANSWERED;
    if (end == CONTROL_ANSWERED) {
        MUST(inner->reply_size > 0 && inner->reply_size <= CONTROL_REPLY_MAX);
        memcpy(reply, inner->reply, inner->reply_size);
        *reply_size = inner->reply_size;
    }
    request_free(request);
    return end;
}

/* A process of its own would not know what another one wrote. */
static void caches_forget(const uint8_t *report, size_t size)
{
    struct pawl_mac0 mac0;

    if (!cache_is_shared && pawl_report_split(report, size, &mac0) == PAWL_OK)
        pawl_device_cache_drop(server.devices, mac0.device_id);
}

enum control_step control_report(unsigned replica, const uint8_t *report, size_t size,
                                 uint8_t reply[CONTROL_REPLY_MAX], size_t *reply_size,
                                 struct control_request **out)
{
    struct control_request *request = calloc(1, sizeof *request);

    MUST(request != NULL && size <= sizeof request->report);
    memcpy(request->report, report, size);
    request->replica = replica;
    request->request.server = &server;
    request->request.handler = &pawl_report_handler;
    request->request.body = request->report;
    request->request.received = size;
    caches_forget(report, size);
    enum control_step end = step(request, reply, reply_size);
    *out = end == CONTROL_WRITES ? request : NULL;
    return end;
}

enum control_step control_write(struct control_request *request, uint8_t reply[CONTROL_REPLY_MAX],
                                size_t *reply_size)
{
    static struct pawl_commit_batch batch;
    struct pawl_commit *commit = request->commit;

    batch.count = 1;
    batch.commits[0] = commit;
    pawl_commit_batch_write(&batch, server.store);
    MUST(commit->result == PAWL_OK || commit->result == PAWL_STATE);
    overtaken += commit->result == PAWL_STATE;
    pawl_commit_cache(commit, server.devices);
    caches_forget(request->report, request->request.received);
    return step(request, reply, reply_size);
}

uint64_t control_overtaken(void)
{
    return overtaken;
}

unsigned control_request_replica(const struct control_request *request)
{
    return request->replica;
}

void control_request_drop(struct control_request *request)
{
    request_free(request);
}

void control_import(const struct pawl_pud *pud)
{
    struct pawl_import unit = {.chain_length = pud->chain_length,
                               .has_maximum = pud->has_maximum,
                               .maximum = pud->maximum};

    memcpy(unit.device_id, pud->device_id, PAWL_ID_SIZE);
    memcpy(unit.vendor_id, pud->vendor_id, PAWL_ID_SIZE);
    memcpy(unit.class_id, pud->class_id, PAWL_ID_SIZE);
    secrets_told++;
    memcpy(unit.secret_tag, &secrets_told, sizeof secrets_told);
    MUST(pawl_vault_wrap(server.vault, PAWL_VAULT_UNIT_SECRET, pud->device_id, PAWL_ID_SIZE,
                         pud->unit_secret, unit.wrapped_secret) == PAWL_OK);
    MUST(pawl_store_device_import(server.store, &unit, 1, NULL, NULL) == PAWL_OK);
    MUST(unit.outcome == PAWL_IMPORTED);
}

static void device_act(const struct pawl_pud *pud, enum pawl_act_kind kind)
{
    const struct pawl_act act = {.kind = kind, .time = clock_now};
    struct pawl_act_row row = {.outcome = PAWL_ACT_OUTCOME_COUNT};

    memcpy(row.device_id, pud->device_id, PAWL_ID_SIZE);
    MUST(pawl_store_devices_act(server.store, &act, &row, 1, false) == PAWL_OK);
    MUST(row.outcome == PAWL_ACT_CHANGED);
    pawl_device_cache_drop(server.devices, pud->device_id);
}

void control_decommission(const struct pawl_pud *pud)
{
    device_act(pud, PAWL_ACT_DECOMMISSION);
}

void control_release(const struct pawl_pud *pud)
{
    device_act(pud, PAWL_ACT_RELEASE);
}

uint64_t control_assign(const struct pawl_test_package *package, uint64_t security_version)
{
    struct pawl_package_row row = {.name = "app",
                                   .version = "1.0",
                                   .security_version = security_version,
                                   .chunk_size = PAWL_CHUNK_SIZE_MIN,
                                   .image_size = package->image_size,
                                   .package_size = package->size,
                                   .created = clock_now};
    struct pawl_target target = {.kind = PAWL_TARGET_CLASS};
    uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE];
    uint64_t assignment = 0;

    memcpy(row.package_id, package->package_id, PAWL_PACKAGE_ID_SIZE);
    memcpy(row.release_id, package->package_id, PAWL_RELEASE_ID_SIZE);
    pawl_vendor_id_make(PAWL_TEST_VENDOR, row.vendor_id);
    pawl_class_id_make(row.vendor_id, PAWL_TEST_CLASS, row.class_id);
    memcpy(target.id, row.class_id, PAWL_ID_SIZE);
    MUST(pawl_store_package_add(server.store, &row, NULL) == PAWL_OK);
    MUST(pawl_vault_wrap(server.vault, PAWL_VAULT_CONTENT_KEY, row.package_id, PAWL_PACKAGE_ID_SIZE,
                         package->content_key, wrapped) == PAWL_OK);
    MUST(pawl_store_package_key_set(server.store, row.package_id, wrapped, NULL) == PAWL_OK);
    MUST(pawl_store_assignment_add(server.store, &target, row.package_id, clock_now, NULL,
                                   &assignment) == PAWL_OK);
    MUST(pawl_plan_cache_refresh(&server.plans, &server.readers) == PAWL_OK);
    return assignment;
}

static const char *backup_path(char path[96])
{
    snprintf(path, 96, "%s/copy", directory);
    return path;
}

void control_backup(void)
{
    struct pawl_reader *reader = NULL;
    char path[96];

    pawl_store_unlink(backup_path(path));
    FILE *file = fopen(path, "w");
    MUST(file != NULL && fclose(file) == 0);
    MUST(pawl_reader_borrow(&server.readers, &reader) == PAWL_OK);
    MUST(pawl_store_backup(reader, path, clock_now) == PAWL_OK);
    pawl_reader_return(&server.readers, reader);
}

void control_restore(void)
{
    char from[96], to[96];

    snprintf(to, sizeof to, "%s/pawl.db", directory);
    server_stop();
    pawl_store_unlink(to);
    MUST(rename(backup_path(from), to) == 0);
    server_start();
    control_backup();
}

struct pawl_device_record control_record(const struct pawl_pud *pud)
{
    struct pawl_reader *reader = NULL;
    struct pawl_device device;

    MUST(pawl_reader_borrow(&server.readers, &reader) == PAWL_OK);
    MUST(pawl_store_device_get(reader, pud->device_id, &device) == PAWL_OK);
    pawl_reader_return(&server.readers, reader);
    return device.record;
}

struct confirmed {
    uint64_t assignment, count;
};

static enum pawl_result confirmed_visit(void *context, const struct pawl_assignment_row *row)
{
    struct confirmed *confirmed = context;

    if (row->entry.assignment == confirmed->assignment)
        confirmed->count = row->confirmed;
    return PAWL_OK;
}

uint64_t control_confirmed(uint64_t assignment)
{
    struct confirmed confirmed = {.assignment = assignment};
    struct pawl_reader *reader = NULL;

    MUST(pawl_reader_borrow(&server.readers, &reader) == PAWL_OK);
    MUST(pawl_store_assignment_list(reader, 0, 1000, confirmed_visit, &confirmed) == PAWL_OK);
    pawl_reader_return(&server.readers, reader);
    return confirmed.count;
}

uint64_t control_confirmations(void)
{
    struct pawl_reader *reader = NULL;
    struct pawl_totals totals;

    MUST(pawl_reader_borrow(&server.readers, &reader) == PAWL_OK);
    MUST(pawl_store_totals_get(reader, &totals) == PAWL_OK);
    pawl_reader_return(&server.readers, reader);
    return totals.confirmations;
}
