/* pawl reseal: the same signed release under a new content key. */
#include <string.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "cli/job.h"
#include "cli/load.h"
#include "cli/package_out.h"
#include "cli/print.h"
#include "cli/verbs.h"
#include "pawl/secret.h"

static const char *old_key_path, *new_key_path, *out;
static uint64_t chunk_size;

static const struct pawl_option options[] = {
    {"content-key", 0, "FILE", "the present content key", .text = &old_key_path, .required = true},
    {"out", 'o', "FILE", "the new package", .text = &out, .required = true},
    {"new-content-key", 0, "FILE", "the new content key (--out with .key)", .text = &new_key_path},
    {"chunk-size", 0, "BYTES", "power of two, 1K to 1M (as it was)", .number = &chunk_size,
     .least = PAWL_CHUNK_SIZE_MIN, .most = PAWL_CHUNK_SIZE_MAX},
    PAWL_OPTION_SERVER_CERT,
    PAWL_OPTION_THREADS,
    PAWL_OPTION_FORCE,
    PAWL_OPTION_JSON,
    PAWL_OPTION_QUIET,
    {.name = NULL},
};

static enum pawl_result chunks_reseal(const char *path, const struct pawl_package_file *file,
                                      const uint8_t old_key[PAWL_KEY_SIZE],
                                      const uint8_t new_key[PAWL_KEY_SIZE], int fd,
                                      uint8_t package_id[PAWL_PACKAGE_ID_SIZE])
{
    uint32_t size = chunk_size > 0 ? (uint32_t)chunk_size : file->package.chunk_size;
    uint8_t salt[PAWL_SALT_SIZE];
    struct pawl_job job;

    if (RAND_bytes(salt, sizeof salt) != 1)
        return pawl_error(PAWL_CRYPTO, "no random numbers");
    pawl_job_start(&job, "resealing", file->size);
    enum pawl_result result =
        pawl_package_reseal(&job.job, file, old_key, new_key, size, salt, fd, package_id);
    if (result == PAWL_OK) {
        pawl_progress_finish(&job.progress);
    } else if (result == PAWL_CORRUPT) {
        pawl_error(result, "%s: does not open under %s, or was altered", path, old_key_path);
        pawl_hint("give the content key that 'pawl package' wrote beside this package");
    } else {
        pawl_file_error(result, result == PAWL_IO ? out : path, "a package");
    }
    return result;
}

static enum pawl_result outputs_make(const char *path, const struct pawl_package_file *file,
                                     const uint8_t old_key[PAWL_KEY_SIZE],
                                     const uint8_t new_key[PAWL_KEY_SIZE])
{
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    struct pawl_package_out made;
    enum pawl_result result = pawl_package_out_open(&made, out, true, new_key_path);

    if (result != PAWL_OK)
        return result;
    result = chunks_reseal(path, file, old_key, new_key, made.package.fd, package_id);
    if (result == PAWL_OK)
        result = pawl_package_out_commit(&made, new_key);
    if (result == PAWL_OK)
        result = pawl_print(json_pack(
            "{s:o, s:o, s:o, s:o}", "package_id", pawl_json_hex(package_id, sizeof package_id),
            "old_package_id", pawl_json_hex(file->package.package_id, PAWL_PACKAGE_ID_SIZE),
            "package", pawl_json_string(out), "content_key", pawl_json_string(made.key.path)));
    pawl_package_out_close(&made);
    return result;
}

static enum pawl_result reseal(const char *path, const struct pawl_package_file *file)
{
    uint8_t old_key[PAWL_KEY_SIZE], new_key[PAWL_KEY_SIZE];

    if (file->package.mode == PAWL_MODE_DIRECT) {
        pawl_error(PAWL_UNSUPPORTED, "%s is a direct package: it has no content key", path);
        pawl_hint("make a new one with 'pawl package'");
        return PAWL_UNSUPPORTED;
    }
    enum pawl_result result = pawl_content_key_load(old_key_path, old_key);
    if (result == PAWL_OK && RAND_priv_bytes(new_key, sizeof new_key) != 1)
        result = pawl_error(PAWL_CRYPTO, "no random numbers");
    if (result == PAWL_OK)
        result = outputs_make(path, file, old_key, new_key);
    pawl_wipe(old_key, sizeof old_key);
    pawl_wipe(new_key, sizeof new_key);
    return result;
}

static int run(const struct pawl_option_list *operands)
{
    const char *path = operands->items[0];
    struct pawl_package_file file;

    if ((chunk_size & (chunk_size - 1)) != 0)
        return pawl_usage_error("--chunk-size is a power of two");
    enum pawl_result result = pawl_package_load(path, &file);
    if (result == PAWL_OK) {
        result = reseal(path, &file);
        pawl_package_close(&file);
    }
    return pawl_exit_code(result);
}

const struct pawl_verb pawl_verb_reseal = {
    .name = "reseal",
    .usage = {.command = "pawl reseal",
              .operands = "PACKAGE",
              .summary = "put the same signed release under a new content key",
              .details = "The signing key is not needed: the signature covers the image, not its "
                         "encryption. The old\npackage and its entitlements stay as they are.",
              .least = 1,
              .most = 1},
    .options = options,
    .run = run,
};
