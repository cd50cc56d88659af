/* Makes what the tests of the processor alone need: a unit with its vendor's key, and packages. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "headend/package_file.h"
#include "headend/personalize.h"
#include "headend/signer.h"
#include "host/file.h"
#include "host/log.h"
#include "host/options.h"
#include "pawl/secret.h"

#define VENDOR "example.com"
#define CLASS "processor-test"

static const char *directory = ".", *image, *name = "image", *version = "1", *kind = "exec";
static const char *success = "exit", *out;
static uint64_t security = 1, deadline = 10, chunk = 4096;
static bool networked;

static const struct pawl_option options[] = {
    {"dir", 0, "DIR", "holds vendor.pem and unit.pud", .text = &directory},
    {"image", 0, "FILE", "the image", .text = &image},
    {"name", 0, "NAME", "of the release", .text = &name},
    {"version", 0, "VERSION", "of the release", .text = &version},
    {"security", 0, "N", "security version", .number = &security},
    {"kind", 0, "KIND", "exec or opaque", .text = &kind},
    {"success", 0, "CRITERION", "exit, ready or contact", .text = &success},
    {"deadline", 0, "SECONDS", "for success", .number = &deadline},
    {"network", 0, NULL, "the profile of an image that needs the network", .flag = &networked},
    {"chunk-size", 0, "BYTES", "of plaintext", .number = &chunk},
    {"out", 0, "FILE", "the package; FILE.key is its content key", .text = &out},
    {0},
};

static const char *path_in(const char *file)
{
    static char paths[2][4096];
    static unsigned turn;

    turn = 1 - turn;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", directory, file);
    return paths[turn];
}

static enum pawl_result unit_make(void)
{
    struct pawl_signer *signer = NULL;
    struct pawl_pud common = {.chain_length = 16, .anchor_count = 1}, unit;
    uint8_t bytes[PAWL_PUD_SIZE_MAX];
    size_t size = 0;
    enum pawl_result result = access(path_in("vendor.pem"), F_OK) == 0
                                  ? pawl_signer_load(path_in("vendor.pem"), &signer)
                                  : pawl_signer_generate(&signer);

    if (result == PAWL_OK)
        result = pawl_signer_save(signer, path_in("vendor.pem"), true);
    if (result == PAWL_OK)
        result = pawl_signer_anchor_get(signer, &common.anchors[0]);
    pawl_vendor_id_make(VENDOR, common.vendor_id);
    pawl_class_id_make(common.vendor_id, CLASS, common.class_id);
    if (result == PAWL_OK)
        result = pawl_unit_make(&common, &unit);
    if (result == PAWL_OK)
        result = pawl_pud_write(&unit, bytes, sizeof bytes, &size);
    if (result == PAWL_OK)
        result = pawl_file_write(path_in("unit.pud"), 0600, true, bytes, size);
    pawl_signer_free(signer);
    return result;
}

static struct pawl_text text_of(const char *text)
{
    return (struct pawl_text){text, (uint32_t)strlen(text)};
}

static void manifest_make(const struct pawl_image *measured,
                          const struct pawl_option_list *arguments, struct pawl_manifest *manifest)
{
    *manifest = (struct pawl_manifest){
        .name = text_of(name),
        .version = text_of(version),
        .security_version = security,
        .kind = strcmp(kind, "opaque") == 0 ? PAWL_KIND_OPAQUE : PAWL_KIND_EXEC,
        .image_size = measured->size,
        .success = strcmp(success, "exit") == 0    ? PAWL_SUCCESS_EXIT
                   : strcmp(success, "ready") == 0 ? PAWL_SUCCESS_READY
                                                   : PAWL_SUCCESS_CONTACT,
        .deadline = (uint32_t)deadline,
        .created = 1700000000,
        .argument_count = (uint32_t)arguments->count - 1,
        .profile = networked ? PAWL_PROFILE_NETWORK : PAWL_PROFILE_CONFINED,
    };
    memcpy(manifest->image_digest, measured->digest, sizeof measured->digest);
    pawl_vendor_id_make(VENDOR, manifest->vendor_id);
    pawl_class_id_make(manifest->vendor_id, CLASS, manifest->class_id);
    for (uint32_t i = 0; i < manifest->argument_count; i++)
        manifest->arguments[i] = text_of(arguments->items[i + 1]);
}

static enum pawl_result preamble_make(const struct pawl_manifest *manifest, uint8_t *preamble,
                                      size_t *size)
{
    uint8_t payload[PAWL_MANIFEST_SIZE_MAX], envelope[PAWL_MANIFEST_SIZE_MAX];
    uint8_t salt[PAWL_SALT_SIZE];
    struct pawl_signer *signer = NULL;
    enum pawl_result result = pawl_signer_load(path_in("vendor.pem"), &signer);

    if (result == PAWL_OK)
        result = pawl_manifest_write(manifest, payload, sizeof payload, size);
    if (result == PAWL_OK)
        result = pawl_manifest_sign(signer, payload, *size, envelope, sizeof envelope, size);
    if (result == PAWL_OK && getrandom(salt, sizeof salt, 0) != (ssize_t)sizeof salt)
        result = PAWL_IO;
    if (result == PAWL_OK)
        result = pawl_package_write(envelope, *size, (uint32_t)chunk, PAWL_MODE_WRAPPED, salt,
                                    preamble, PAWL_PREAMBLE_SIZE_MAX, size);
    pawl_signer_free(signer);
    return result;
}

static enum pawl_result package_make(const struct pawl_option_list *arguments)
{
    const struct pawl_package_job job = {.threads = 1};
    struct pawl_image measured;
    struct pawl_manifest manifest;
    uint8_t preamble[PAWL_PREAMBLE_SIZE_MAX], key[PAWL_KEY_SIZE];
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    char key_path[4096];
    size_t size = 0;
    struct pawl_outfile file;
    enum pawl_result result;

    if (arguments->count - 1 > PAWL_ARGUMENT_MAX ||
        getrandom(key, sizeof key, 0) != (ssize_t)sizeof key)
        return PAWL_EXHAUSTED;
    result = pawl_image_measure(&job, open(image, O_RDONLY | O_CLOEXEC), &measured);
    if (result != PAWL_OK)
        return result;
    manifest_make(&measured, arguments, &manifest);
    result = preamble_make(&manifest, preamble, &size);
    if (result == PAWL_OK)
        result = pawl_outfile_open(&file, out, 0600, true);
    if (result != PAWL_OK)
        return result;
    result = pawl_package_seal(&job, preamble, size, key, &measured, file.fd, package_id);
    if (result == PAWL_OK)
        result = pawl_outfile_commit(&file);
    pawl_outfile_close(&file);
    snprintf(key_path, sizeof key_path, "%s.key", out);
    if (result == PAWL_OK)
        result = pawl_file_write(key_path, 0600, true, key, sizeof key);
    return result;
}

int main(int argc, char **argv)
{
    static const struct pawl_usage usage = {
        .command = "processor_factory",
        .operands = "unit|package [ARGUMENT...]",
        .summary = "Makes a unit, or a package whose image gets the arguments.",
        .least = 1,
        .most = -1,
    };
    struct pawl_option_list operands = {0};

    pawl_log_init("processor_factory", PAWL_LOG_INFO);
    if (pawl_options_parse(&usage, options, argc, argv, NULL, &operands) != PAWL_OPTIONS_PROCEED)
        return PAWL_EXIT_USAGE;
    enum pawl_result result =
        strcmp(operands.items[0], "unit") == 0 ? unit_make() : package_make(&operands);
    if (result != PAWL_OK)
        pawl_error(result, "%s: %s", operands.items[0], strerror(errno));
    pawl_option_list_release(&operands);
    return pawl_exit_code(result);
}
