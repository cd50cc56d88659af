/* pawl package: signs a release and seals its image. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "cli/elf.h"
#include "cli/job.h"
#include "cli/load.h"
#include "cli/package_out.h"
#include "cli/package_request.h"
#include "cli/print.h"
#include "cli/release.h"
#include "cli/verbs.h"
#include "headend/signer.h"
#include "host/file.h"
#include "pawl/chain.h"
#include "pawl/secret.h"

static const struct pawl_package_request *const request = &pawl_package_request;

static void executable_warn(int fd)
{
    switch (pawl_executable_tell(fd)) {
    case PAWL_EXECUTABLE_DYNAMIC:
        pawl_warning("%s is dynamically linked: the device must offer its loader and libraries",
                     request->image);
        break;
    case PAWL_EXECUTABLE_SCRIPT:
        pawl_warning("%s is a script: the device must offer its interpreter", request->image);
        break;
    case PAWL_EXECUTABLE_NONE:
        pawl_warning("%s is no executable for Linux; did you mean --kind raw or opaque?",
                     request->image);
        break;
    default:
        break;
    }
}

/* The content key of a direct package: the device's, for its next download. */
static enum pawl_result direct_key_make(const struct pawl_manifest *manifest,
                                        const struct pawl_release *release,
                                        uint8_t content_key[PAWL_KEY_SIZE])
{
    struct pawl_pud pud;
    uint8_t download_key[PAWL_KEY_SIZE];
    enum pawl_result result = pawl_pud_load(request->pud, &pud);

    if (result != PAWL_OK)
        return result;
    if (memcmp(pud.vendor_id, manifest->vendor_id, PAWL_ID_SIZE) != 0 ||
        memcmp(pud.class_id, manifest->class_id, PAWL_ID_SIZE) != 0)
        pawl_warning("%s is a device of another vendor or class: it will refuse this",
                     request->pud);
    if (pawl_sequence_check(&pud, request->sequence) != PAWL_OK)
        pawl_warning("%s has reached its maximum: it will refuse this", request->pud);
    pawl_download_key_make(pud.unit_secret, pud.device_id, pud.chain_length, request->sequence,
                           download_key);
    pawl_direct_key_make(download_key, release->package.package_id, content_key);
    pawl_wipe(download_key, sizeof download_key);
    pawl_wipe(&pud, sizeof pud);
    return PAWL_OK;
}

static enum pawl_result image_measure(int fd, struct pawl_image *measured)
{
    off_t size = lseek(fd, 0, SEEK_END);
    struct pawl_job job;

    pawl_job_start(&job, "measuring", size > 0 ? (uint64_t)size : 0);
    enum pawl_result result = pawl_image_measure(&job.job, fd, measured);
    if (result == PAWL_OK)
        pawl_progress_finish(&job.progress);
    else if (result == PAWL_CORRUPT)
        pawl_error(result, "%s changed while it was read", request->image);
    else if (result == PAWL_MALFORMED)
        pawl_error(result, "%s is empty", request->image);
    else if (result == PAWL_UNSUPPORTED)
        pawl_error(result, "%s is no regular file", request->image);
    else
        pawl_file_error(result, request->image, "an image");
    return result;
}

static enum pawl_result seal(const struct pawl_release *release, const struct pawl_image *measured,
                             const uint8_t content_key[PAWL_KEY_SIZE], int fd)
{
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    struct pawl_job job;

    pawl_job_start(&job, "sealing", measured->size);
    enum pawl_result result = pawl_package_seal(&job.job, release->preamble, release->preamble_size,
                                                content_key, measured, fd, package_id);
    if (result == PAWL_OK)
        pawl_progress_finish(&job.progress);
    else if (result == PAWL_CORRUPT)
        pawl_error(result, "%s changed while it was sealed", request->image);
    else
        pawl_file_error(result, request->out, "a package");
    return result;
}

static enum pawl_result outputs_make(const struct pawl_release *release,
                                     const struct pawl_image *measured,
                                     const uint8_t content_key[PAWL_KEY_SIZE])
{
    struct pawl_package_out out;
    enum pawl_result result =
        pawl_package_out_open(&out, request->out, !request->direct, request->content_key);

    if (result != PAWL_OK)
        return result;
    result = seal(release, measured, content_key, out.package.fd);
    if (result == PAWL_OK)
        result = pawl_package_out_commit(&out, content_key);
    if (result == PAWL_OK)
        result = pawl_print(json_pack(
            "{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "package_id",
            pawl_json_hex(release->package.package_id, PAWL_PACKAGE_ID_SIZE), "release_id",
            pawl_json_hex(release->release_id, PAWL_RELEASE_ID_SIZE), "name",
            pawl_json_string(request->name), "version", pawl_json_string(request->version),
            "image_size", pawl_json_number(measured->size), "package",
            pawl_json_string(request->out), "content_key", pawl_json_string(out.key.path)));
    pawl_package_out_close(&out);
    return result;
}

/* Measures, signs and seals the image in `fd`. */
static enum pawl_result package_make(struct pawl_manifest *manifest,
                                     const struct pawl_signer *signer, int fd)
{
    struct pawl_image measured;
    struct pawl_release release;
    uint8_t content_key[PAWL_KEY_SIZE];
    enum pawl_result result = image_measure(fd, &measured);

    if (result != PAWL_OK)
        return result;
    if (manifest->kind == PAWL_KIND_EXEC)
        executable_warn(fd);
    manifest->image_size = measured.size;
    memcpy(manifest->image_digest, measured.digest, PAWL_SHA256_SIZE);
    result = pawl_release_make(signer, manifest, (uint32_t)request->chunk_size,
                               request->direct ? PAWL_MODE_DIRECT : PAWL_MODE_WRAPPED, &release);
    if (result == PAWL_OK && request->direct)
        result = direct_key_make(manifest, &release, content_key);
    else if (result == PAWL_OK && RAND_priv_bytes(content_key, sizeof content_key) != 1)
        result = pawl_error(PAWL_CRYPTO, "no random numbers");
    if (result == PAWL_OK)
        result = outputs_make(&release, &measured, content_key);
    pawl_wipe(content_key, sizeof content_key);
    return result;
}

static enum pawl_result image_package(struct pawl_manifest *manifest,
                                      const struct pawl_signer *signer)
{
    int fd = open(request->image, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return pawl_file_error(PAWL_IO, request->image, "an image");
    enum pawl_result result = package_make(manifest, signer, fd);
    close(fd);
    return result;
}

static int run(const struct pawl_option_list *operands)
{
    struct pawl_manifest manifest;
    struct pawl_signer *signer = NULL;
    int code = pawl_package_request_check(operands, &manifest);

    if (code != PAWL_EXIT_DONE)
        return code;
    enum pawl_result result = pawl_signer_load(request->key, &signer);
    if (result != PAWL_OK)
        return pawl_exit_code(pawl_file_error(result, request->key, "a PEM signing key (P-256)"));
    if (!pawl_file_is_private(request->key))
        pawl_warning("%s can be read by others; chmod 600 it", request->key);
    result = pawl_package_request_revoke(signer, &manifest);
    if (result == PAWL_OK)
        result = image_package(&manifest, signer);
    pawl_signer_free(signer);
    return pawl_exit_code(result);
}

const struct pawl_verb pawl_verb_package = {
    .name = "package",
    .usage = {.command = "pawl package",
              .operands = "[-- ARG...]",
              .summary = "sign a release and seal its image",
              .details =
                  "The package is one ciphertext for every device; its content key goes to "
                  "a file of its own\n(0600, or encrypted to --server-cert) and from there "
                  "into entitlements. With --direct there\nis no content key: the one device "
                  "derives it.\n\nA device that trusts the key of --key and has committed this "
                  "no longer trusts those of --revoke,\nif they come before it in its order of "
                  "succession; else it refuses this (docs/vendor-keys.md).",
              .most = -1},
    .options = pawl_package_options,
    .run = run,
};
