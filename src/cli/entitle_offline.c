#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/entitle.h"
#include "cli/load.h"
#include "cli/table_out.h"
#include "cli/units.h"
#include "headend/entitle.h"
#include "host/secret.h"
#include "pawl/secret.h"

#define BATCH_UNITS 4096u

/* Units that wait for their rows, and all that rows need. */
struct entitling {
    const struct pawl_entitle_request *request;
    struct pawl_entitling common;
    struct pawl_table_out table;
    struct pawl_manifest manifest;
    struct pawl_pud *puds; /* BATCH_UNITS of them, secret */
    struct pawl_unit *units;
    uint8_t *rows;
    size_t pud_count, unit_count;
    uint64_t devices, strangers, exhausted;
    struct pawl_progress progress;
};

static enum pawl_result rows_flush(struct entitling *entitling)
{
    enum pawl_result result = pawl_rows_make(&entitling->common, entitling->units,
                                             entitling->unit_count, entitling->rows);

    if (result != PAWL_OK)
        return pawl_error(result, "entitlements could not be made");
    result = pawl_table_out_add(&entitling->table, entitling->rows, entitling->unit_count);
    pawl_progress_update(&entitling->progress, entitling->table.rows.count);
    entitling->unit_count = 0;
    return result;
}

/* One row for each sequence number asked for. A flush may come in the middle of a device. */
static enum pawl_result unit_take(void *context, const struct pawl_pud *unit)
{
    struct entitling *entitling = context;
    const struct pawl_entitle_request *request = entitling->request;
    enum pawl_result result = PAWL_OK;

    if (entitling->pud_count == BATCH_UNITS) {
        result = rows_flush(entitling);
        entitling->pud_count = 0;
    }
    struct pawl_pud *kept = &entitling->puds[entitling->pud_count++];
    *kept = *unit;
    entitling->devices++;
    if (memcmp(kept->class_id, entitling->manifest.class_id, PAWL_ID_SIZE) != 0 ||
        memcmp(kept->vendor_id, entitling->manifest.vendor_id, PAWL_ID_SIZE) != 0)
        entitling->strangers++;
    for (uint64_t s = request->first; result == PAWL_OK; s++) {
        if (pawl_sequence_check(kept, s) != PAWL_OK) {
            entitling->exhausted++;
            break;
        }
        if (entitling->unit_count == BATCH_UNITS)
            result = rows_flush(entitling);
        entitling->units[entitling->unit_count++] = (struct pawl_unit){
            .unit_secret = kept->unit_secret,
            .device_id = kept->device_id,
            .chain_length = kept->chain_length,
            .sequence = s,
        };
        if (s == request->last)
            break;
    }
    return result;
}

static void rows_warn(const struct entitling *entitling)
{
    unsigned long long devices = entitling->devices;

    if (entitling->strangers > 0)
        pawl_warning("%llu of %llu devices are of another vendor or class and will refuse it",
                     (unsigned long long)entitling->strangers, devices);
    if (entitling->exhausted > 0)
        pawl_warning("%llu of %llu devices reach their maximum and have no row beyond it",
                     (unsigned long long)entitling->exhausted, devices);
}

static enum pawl_result rows_make(struct entitling *entitling)
{
    const struct pawl_entitle_request *request = entitling->request;
    uint64_t expected =
        request->units == NULL ? request->puds->count * (request->last - request->first + 1) : 0;

    pawl_progress_start(&entitling->progress, "entitling", 0, expected, PAWL_PROGRESS_ITEMS,
                        expected < 100000 && request->units == NULL ? PAWL_PROGRESS_QUIET
                                                                    : pawl_cli_progress_style());
    enum pawl_result result = pawl_units_visit(request->puds, request->units, unit_take, entitling);
    if (result == PAWL_OK)
        result = rows_flush(entitling);
    if (result == PAWL_OK)
        pawl_progress_finish(&entitling->progress);
    if (result == PAWL_OK)
        rows_warn(entitling);
    return result;
}

static int table_make(struct entitling *entitling)
{
    int code = PAWL_EXIT_DONE;
    enum pawl_result result = pawl_table_out_open(&entitling->table, entitling->request->out,
                                                  entitling->common.package_id);

    if (result != PAWL_OK)
        return pawl_exit_code(result);
    result = rows_make(entitling);
    if (result == PAWL_OK)
        code = pawl_table_out_commit(&entitling->table);
    pawl_table_out_close(&entitling->table);
    return result == PAWL_OK ? code : pawl_exit_code(result);
}

/* A table that no device could use is refused here and not in the field. */
static enum pawl_result content_key_take(const struct pawl_entitle_request *request,
                                         const struct pawl_package_file *file,
                                         struct pawl_manifest *manifest,
                                         uint8_t content_key[PAWL_KEY_SIZE])
{
    enum pawl_result result =
        pawl_manifest_read(file->package.signed_manifest.payload,
                           file->package.signed_manifest.payload_size, manifest);

    if (result != PAWL_OK)
        return pawl_file_error(result, request->package, "a package with a readable manifest");
    if (file->package.mode == PAWL_MODE_DIRECT) {
        pawl_error(PAWL_UNSUPPORTED, "%s is a direct package", request->package);
        pawl_hint("its device derives the key and needs no entitlement");
        return PAWL_UNSUPPORTED;
    }
    result = pawl_content_key_load(request->content_key, content_key);
    if (result != PAWL_OK)
        return result;
    result = pawl_content_key_check(file, manifest->image_size, content_key);
    if (result == PAWL_CORRUPT) {
        pawl_error(result, "%s does not open %s", request->content_key, request->package);
        pawl_hint("give the content key that was written beside this package");
    } else if (result != PAWL_OK) {
        pawl_file_error(result, request->package, "a package");
    }
    return result;
}

static enum pawl_result entitling_init(struct entitling *entitling)
{
    entitling->puds = pawl_secret_alloc(BATCH_UNITS * sizeof *entitling->puds);
    entitling->units = calloc(BATCH_UNITS, sizeof *entitling->units);
    entitling->rows = calloc(BATCH_UNITS, PAWL_ROW_SIZE);
    if (entitling->puds == NULL || entitling->units == NULL || entitling->rows == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    return PAWL_OK;
}

static void entitling_release(struct entitling *entitling)
{
    pawl_secret_free(entitling->puds, BATCH_UNITS * sizeof *entitling->puds);
    free(entitling->units);
    free(entitling->rows);
}

int pawl_entitle_offline(const struct pawl_entitle_request *request)
{
    struct pawl_package_file file;
    uint8_t content_key[PAWL_KEY_SIZE] = {0};
    int code = PAWL_EXIT_DONE;
    enum pawl_result result = pawl_package_load(request->package, &file);

    if (result != PAWL_OK)
        return pawl_exit_code(result);
    struct entitling entitling = {
        .request = request,
        .common = {file.package.package_id, content_key, (unsigned)pawl_cli.threads}};
    result = entitling_init(&entitling);
    if (result == PAWL_OK)
        result = content_key_take(request, &file, &entitling.manifest, content_key);
    if (result == PAWL_OK)
        code = table_make(&entitling);
    pawl_wipe(content_key, sizeof content_key);
    entitling_release(&entitling);
    pawl_package_close(&file);
    return result == PAWL_OK ? code : pawl_exit_code(result);
}
