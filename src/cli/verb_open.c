/* pawl open: what a device would do, for the bench and the factory. */
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cli/job.h"
#include "cli/load.h"
#include "cli/print.h"
#include "cli/verbs.h"
#include "headend/table_file.h"
#include "host/file.h"
#include "host/hex.h"
#include "pawl/chain.h"
#include "pawl/secret.h"

static const char *pud_path, *table_path, *entitlement_text, *out;
static uint64_t sequence, security_floor;

static const struct pawl_option options[] = {
    {"pud", 0, "FILE", "the device's unit data", .text = &pud_path, .required = true},
    {"sequence", 's', "S", "the device's sequence number", .number = &sequence, .required = true},
    {"entitlements", 'e', "TABLE", "look the entitlement up in this table", .text = &table_path},
    {"entitlement", 0, "HEX|FILE", "the entitlement itself, 40 bytes", .text = &entitlement_text},
    {"floor", 0, "K", "lowest security version that the device takes (0)",
     .number = &security_floor},
    {"out", 'o', "FILE", "the image", .text = &out, .required = true},
    PAWL_OPTION_THREADS,
    PAWL_OPTION_JSON,
    PAWL_OPTION_QUIET,
    {.name = NULL},
};

/* Either the signature, or what it signs: only then is it good (SPEC 6.8). */
static void untrusted_say(const char *path, const struct pawl_signed_manifest *manifest,
                          const struct pawl_pud *pud)
{
    char kid[PAWL_HEX_SIZE(PAWL_KID_SIZE)];

    pawl_hex_encode(manifest->kid, PAWL_KID_SIZE, kid);
    if (pawl_signed_manifest_verify(manifest, pud->anchors, pud->anchor_count, UINT32_MAX) ==
        PAWL_OK) {
        pawl_error(PAWL_UNTRUSTED, "%s revokes its own key %s or one that comes after it", path,
                   kid);
        pawl_hint("sign it with a key that comes after those that it revokes");
        return;
    }
    pawl_error(PAWL_UNTRUSTED, "%s: no trusted signature (it names key %s)", path, kid);
    pawl_hint("'pawl inspect' shows which keys the device trusts");
}

static enum pawl_result acceptance_check(const char *path, const struct pawl_package_file *file,
                                         const struct pawl_pud *pud, struct pawl_manifest *manifest)
{
    struct pawl_acceptance acceptance = {
        .pud = pud, .anchor_mask = UINT32_MAX, .security_floor = security_floor};
    enum pawl_result result = pawl_package_accept(&file->package, &acceptance, manifest);

    switch (result) {
    case PAWL_OK:
        break;
    case PAWL_UNTRUSTED:
        untrusted_say(path, &file->package.signed_manifest, pud);
        break;
    case PAWL_WRONG_CLASS:
        pawl_error(result, "%s is for another vendor or device class", path);
        pawl_hint("compare vendor and class of both with 'pawl inspect'");
        break;
    case PAWL_ROLLBACK:
        pawl_error(result, "%s has a security version below %llu", path,
                   (unsigned long long)security_floor);
        pawl_hint("the device takes this security version or a higher one");
        break;
    default:
        pawl_file_error(result, path, "a package whose manifest can be read");
        break;
    }
    return result;
}

static enum pawl_result direct_key_find(const struct pawl_package_file *file,
                                        const struct pawl_pud *pud, uint64_t image_size,
                                        uint8_t content_key[PAWL_KEY_SIZE])
{
    uint8_t download_key[PAWL_KEY_SIZE];

    if (pawl_sequence_check(pud, sequence) != PAWL_OK)
        return PAWL_NOT_ENTITLED;
    pawl_download_key_make(pud->unit_secret, pud->device_id, pud->chain_length, sequence,
                           download_key);
    pawl_direct_key_make(download_key, file->package.package_id, content_key);
    pawl_wipe(download_key, sizeof download_key);
    /* Chunk 0 is what tells whether this device was meant (SPEC 8). A file that ends inside it
     * tells nothing about that: its length is wrong, which is found later. */
    uint64_t first = (uint64_t)file->package.preamble_size + PAWL_CHUNK_OVERHEAD +
                     pawl_chunk_length((size_t)image_size, file->package.chunk_size, 0);
    if (file->size < first)
        return PAWL_OK;
    enum pawl_result result = pawl_content_key_check(file, image_size, content_key);
    if (result == PAWL_CORRUPT)
        return PAWL_NOT_ENTITLED;
    return result == PAWL_OK ? result : pawl_error(result, "the first chunk cannot be read");
}

static enum pawl_result table_key_find(const struct pawl_package_file *file,
                                       const struct pawl_pud *pud,
                                       uint8_t content_key[PAWL_KEY_SIZE])
{
    struct pawl_table table;
    int fd = -1;
    enum pawl_result result = pawl_table_load(table_path, &fd, &table);

    if (result != PAWL_OK)
        return result;
    if (memcmp(table.package_id, file->package.package_id, PAWL_PACKAGE_ID_SIZE) != 0)
        result = PAWL_NOT_ENTITLED;
    else
        result = pawl_table_open(&table, pawl_table_file_read_at, &fd, pud, sequence, content_key);
    close(fd);
    if (result != PAWL_OK && result != PAWL_NOT_ENTITLED)
        pawl_file_error(result, table_path, "a whole entitlement table");
    return result;
}

static enum pawl_result entitlement_key_find(const struct pawl_package_file *file,
                                             const struct pawl_pud *pud,
                                             uint8_t content_key[PAWL_KEY_SIZE])
{
    uint8_t entitlement[PAWL_ENTITLEMENT_SIZE];

    if (pawl_hex_decode(entitlement_text, entitlement, sizeof entitlement) != PAWL_OK) {
        enum pawl_result result =
            pawl_key_file_read(entitlement_text, entitlement, sizeof entitlement);
        if (result != PAWL_OK)
            return pawl_file_error(result, entitlement_text, "an entitlement of 40 bytes");
    }
    enum pawl_result result =
        pawl_entitlement_open(pud, sequence, file->package.package_id, entitlement, content_key);
    if (result != PAWL_OK && result != PAWL_NOT_ENTITLED)
        pawl_error(result, "the entitlement cannot be opened");
    return result;
}

static enum pawl_result content_key_find(const struct pawl_package_file *file,
                                         const struct pawl_pud *pud, uint64_t image_size,
                                         uint8_t content_key[PAWL_KEY_SIZE])
{
    enum pawl_result result = PAWL_NOT_ENTITLED;

    if (file->package.mode == PAWL_MODE_DIRECT)
        result = direct_key_find(file, pud, image_size, content_key);
    else if (entitlement_text != NULL)
        result = entitlement_key_find(file, pud, content_key);
    else if (table_path != NULL)
        result = table_key_find(file, pud, content_key);
    if (result != PAWL_NOT_ENTITLED)
        return result;
    pawl_error(result, "this device may not open it at sequence number %llu",
               (unsigned long long)sequence);
    if (file->package.mode == PAWL_MODE_DIRECT)
        pawl_hint("a direct package is for one device at one sequence number");
    else if (entitlement_text == NULL && table_path == NULL)
        pawl_hint("give the device's entitlement: --entitlements TABLE or --entitlement HEX");
    else
        pawl_hint("entitle it for this package at this number: 'pawl entitle'");
    return result;
}

/* Nothing but a regular file, which appears when all is checked, or /dev/null: a pipe would hand
 * on bytes before the image's digest is known (I3). */
static bool out_allowed(void)
{
    struct stat status;

    return stat(out, &status) != 0 || S_ISREG(status.st_mode) ||
           (S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3));
}

static enum pawl_result image_write(const char *path, const struct pawl_package_file *file,
                                    const struct pawl_manifest *manifest,
                                    const uint8_t content_key[PAWL_KEY_SIZE])
{
    struct pawl_outfile image;
    struct pawl_job job;
    mode_t mode = manifest->kind == PAWL_KIND_EXEC ? 0700 : 0600;
    enum pawl_result result = pawl_outfile_open(&image, out, mode, true);

    if (result != PAWL_OK)
        return pawl_file_error(result, out, "an image");
    pawl_job_start(&job, "opening", manifest->image_size);
    result = pawl_package_open(&job.job, file, manifest, content_key, image.fd);
    if (result == PAWL_CORRUPT) {
        pawl_error(result, "%s: a chunk, its length or the image's digest does not match", path);
        pawl_hint("fetch the package again");
    } else if (result == PAWL_OK) {
        pawl_progress_finish(&job.progress);
        result = pawl_outfile_commit(&image);
        if (result != PAWL_OK)
            pawl_file_error(result, out, "an image");
    } else {
        pawl_file_error(result, out, "an image");
    }
    pawl_outfile_close(&image);
    return result;
}

/* The order of checks is that of SPEC 1: the earliest failing one names the class. */
static enum pawl_result package_open(const char *path, const struct pawl_package_file *file,
                                     const struct pawl_pud *pud)
{
    struct pawl_manifest manifest;
    uint8_t content_key[PAWL_KEY_SIZE] = {0};
    enum pawl_result result = acceptance_check(path, file, pud, &manifest);

    if (result == PAWL_OK)
        result = content_key_find(file, pud, manifest.image_size, content_key);
    if (result == PAWL_OK)
        result = image_write(path, file, &manifest, content_key);
    pawl_wipe(content_key, sizeof content_key);
    if (result != PAWL_OK)
        return result;
    return pawl_print(json_pack(
        "{s:o, s:o, s:o, s:o, s:o}", "package_id",
        pawl_json_hex(file->package.package_id, PAWL_PACKAGE_ID_SIZE), "name",
        pawl_json_text(&manifest.name), "version", pawl_json_text(&manifest.version), "image_size",
        pawl_json_number(manifest.image_size), "image", pawl_json_string(out)));
}

static int run(const struct pawl_option_list *operands)
{
    const char *path = operands->items[0];
    struct pawl_package_file file;
    struct pawl_pud pud;

    if (entitlement_text != NULL && table_path != NULL)
        return pawl_usage_error("--entitlement and --entitlements exclude each other");
    if (!out_allowed())
        return pawl_usage_error("--out is a file: an image is seen only when all of it is checked");
    enum pawl_result result = pawl_pud_load(pud_path, &pud);
    if (result == PAWL_OK)
        result = pawl_package_load(path, &file);
    if (result == PAWL_OK) {
        result = package_open(path, &file, &pud);
        pawl_package_close(&file);
    }
    pawl_wipe(&pud, sizeof pud);
    return pawl_exit_code(result);
}

const struct pawl_verb pawl_verb_open = {
    .name = "open",
    .usage = {.command = "pawl open",
              .operands = "PACKAGE",
              .summary = "open a package as a device would",
              .details = "Checks what a device checks, in its order, and writes the image when all "
                         "of it held. The\nexit code tells the first check that failed.",
              .least = 1,
              .most = 1},
    .options = options,
    .run = run,
};
