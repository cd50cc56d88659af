/* pawl package: signs a release and seals its image. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "cli/content_key.h"
#include "cli/elf.h"
#include "cli/load.h"
#include "cli/print.h"
#include "cli/release.h"
#include "cli/verbs.h"
#include "headend/package_file.h"
#include "headend/signer.h"
#include "host/file.h"
#include "pawl/chain.h"
#include "pawl/secret.h"

#define NOT_GIVEN UINT64_MAX

static const char *image, *key, *vendor, *class_name, *name, *version,
    *kind_name = "exec", *success_name = "exit", *load_address, *entry_address, *pud_path, *out,
    *content_key_path;
static uint64_t security_version, deadline = 30, chunk_size = PAWL_CHUNK_SIZE_DEFAULT,
                                  created = NOT_GIVEN, sequence = NOT_GIVEN;
static bool direct;
static struct pawl_option_list arguments;

static const struct pawl_option options[] = {
    {"image", 'i', "FILE", "the software", .text = &image, .required = true},
    {"key", 'k', "PEM", "the vendor's signing key", .text = &key, .required = true,
     .configurable = true},
    {"vendor", 0, "DOMAIN", "the vendor's domain", .text = &vendor, .required = true,
     .configurable = true},
    {"class", 0, "NAME", "the device class that it is for", .text = &class_name, .required = true},
    {"name", 0, "NAME", "what the software is called", .text = &name, .required = true},
    {"version", 0, "V", "its version, for people", .text = &version, .required = true},
    {"security-version", 0, "K", "devices refuse lower ones than they ever ran",
     .number = &security_version, .required = true},
    {"kind", 0, "KIND", "exec, raw or opaque (exec)", .text = &kind_name},
    {"args", 0, "ARG", "arguments of an executable; also after --", .list = &arguments},
    {"load-address", 0, "ADDRESS", "where a raw image is loaded", .text = &load_address},
    {"entry-address", 0, "ADDRESS", "where a raw image starts", .text = &entry_address},
    {"success", 0, "WHAT", "what proves it: exit, ready or contact (exit)", .text = &success_name},
    {"deadline", 0, "S", "seconds until that must hold (30)", .number = &deadline, .least = 1,
     .most = UINT32_MAX},
    {"chunk-size", 0, "BYTES", "power of two, 1K to 1M (64K)", .number = &chunk_size,
     .least = PAWL_CHUNK_SIZE_MIN, .most = PAWL_CHUNK_SIZE_MAX},
    {"created", 0, "TIME", "Unix time of the release (SOURCE_DATE_EPOCH, else now)",
     .number = &created, .most = NOT_GIVEN - 1},
    {"out", 'o', "FILE", "the package", .text = &out, .required = true},
    {"content-key", 0, "FILE", "its content key (--out with .key)", .text = &content_key_path},
    {"direct", 0, NULL, "for one device, without a content key", .flag = &direct},
    {"pud", 0, "FILE", "that device's unit data", .text = &pud_path},
    {"sequence", 's', "S", "that device's sequence number", .number = &sequence,
     .most = NOT_GIVEN - 1},
    PAWL_OPTION_SERVER_CERT,
    PAWL_OPTION_THREADS,
    PAWL_OPTION_FORCE,
    PAWL_OPTION_JSON,
    PAWL_OPTION_QUIET,
    {.name = NULL},
};

struct word {
    const char *text;
    int value;
};

static const struct word kinds[] = {
    {"exec", PAWL_KIND_EXEC}, {"raw", PAWL_KIND_RAW}, {"opaque", PAWL_KIND_OPAQUE}, {NULL, 0}};
static const struct word successes[] = {{"exit", PAWL_SUCCESS_EXIT},
                                        {"ready", PAWL_SUCCESS_READY},
                                        {"contact", PAWL_SUCCESS_CONTACT},
                                        {NULL, 0}};

/* 0 when there is no such word. */
static int word_find(const struct word *words, const char *text)
{
    while (words->text != NULL && strcmp(words->text, text) != 0)
        words++;
    return words->value;
}

static bool address_read(const char *text, uint64_t *address)
{
    char *end;

    if (text[0] == '\0' || text[0] == '-')
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 0);
    if (errno != 0 || *end != '\0')
        return false;
    *address = value;
    return true;
}

static int addresses_take(struct pawl_manifest *manifest)
{
    bool raw = manifest->kind == PAWL_KIND_RAW;

    if (raw != (load_address != NULL) || raw != (entry_address != NULL))
        return pawl_usage_error("--load-address and --entry-address belong to --kind raw");
    if (raw && (!address_read(load_address, &manifest->load_address) ||
                !address_read(entry_address, &manifest->entry_address)))
        return pawl_usage_error("an address is a number such as 0x20000000");
    return PAWL_EXIT_DONE;
}

static int arguments_take(const struct pawl_option_list *operands, struct pawl_manifest *manifest)
{
    const struct pawl_option_list *lists[] = {&arguments, operands};

    if (arguments.count + operands->count > PAWL_ARGUMENT_MAX)
        return pawl_usage_error("there are more than %u arguments", PAWL_ARGUMENT_MAX);
    if (arguments.count + operands->count > 0 && manifest->kind != PAWL_KIND_EXEC)
        return pawl_usage_error("arguments belong to --kind exec");
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < lists[l]->count; i++)
            manifest->arguments[manifest->argument_count++] =
                (struct pawl_text){lists[l]->items[i], (uint32_t)strlen(lists[l]->items[i])};
    return PAWL_EXIT_DONE;
}

static int created_take(struct pawl_manifest *manifest)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");

    manifest->created = created;
    if (created != NOT_GIVEN)
        return PAWL_EXIT_DONE;
    manifest->created = (uint64_t)time(NULL);
    if (epoch != NULL && pawl_number_parse(epoch, &manifest->created) != PAWL_OK)
        return pawl_usage_error("SOURCE_DATE_EPOCH is not a number");
    return PAWL_EXIT_DONE;
}

/* Puts the command line into a manifest; the image's digest comes later. */
static int manifest_take(const struct pawl_option_list *operands, struct pawl_manifest *manifest)
{
    int kind = word_find(kinds, kind_name);
    int success = word_find(successes, success_name);

    if (kind == 0)
        return pawl_usage_error("--kind is exec, raw or opaque");
    if (success == 0)
        return pawl_usage_error("--success is exit, ready or contact");
    if ((chunk_size & (chunk_size - 1)) != 0)
        return pawl_usage_error("--chunk-size is a power of two");
    if (direct != (pud_path != NULL) || direct != (sequence != NOT_GIVEN))
        return pawl_usage_error("--pud and --sequence belong to --direct");
    if (direct && content_key_path != NULL)
        return pawl_usage_error("a direct package has no content key");
    *manifest = (struct pawl_manifest){
        .name = {name, (uint32_t)strlen(name)},
        .version = {version, (uint32_t)strlen(version)},
        .security_version = security_version,
        .kind = (enum pawl_kind)kind,
        .success = (enum pawl_success)success,
        .deadline = (uint32_t)deadline,
    };
    pawl_vendor_id_make(vendor, manifest->vendor_id);
    pawl_class_id_make(manifest->vendor_id, class_name, manifest->class_id);
    int code = addresses_take(manifest);
    if (code == PAWL_EXIT_DONE)
        code = arguments_take(operands, manifest);
    return code == PAWL_EXIT_DONE ? created_take(manifest) : code;
}

static void executable_warn(int fd)
{
    switch (pawl_executable_tell(fd)) {
    case PAWL_EXECUTABLE_DYNAMIC:
        pawl_warning("%s is dynamically linked: the device must offer its loader and libraries",
                     image);
        break;
    case PAWL_EXECUTABLE_SCRIPT:
        pawl_warning("%s is a script: the device must offer its interpreter", image);
        break;
    case PAWL_EXECUTABLE_NONE:
        pawl_warning("%s is no executable for Linux; did you mean --kind raw or opaque?", image);
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
    enum pawl_result result = pawl_pud_load(pud_path, &pud);

    if (result != PAWL_OK)
        return result;
    if (memcmp(pud.vendor_id, manifest->vendor_id, PAWL_ID_SIZE) != 0 ||
        memcmp(pud.class_id, manifest->class_id, PAWL_ID_SIZE) != 0)
        pawl_warning("%s is a device of another vendor or class: it will refuse this", pud_path);
    if (pawl_sequence_check(&pud, sequence) != PAWL_OK)
        pawl_warning("%s has reached its maximum: it will refuse this", pud_path);
    pawl_download_key_make(pud.unit_secret, pud.device_id, pud.chain_length, sequence,
                           download_key);
    pawl_direct_key_make(download_key, release->package.package_id, content_key);
    pawl_wipe(download_key, sizeof download_key);
    pawl_wipe(&pud, sizeof pud);
    return PAWL_OK;
}

static void progress_show(void *context, uint64_t done, uint64_t total)
{
    (void)total;
    pawl_progress_update(context, done);
}

static enum pawl_result image_measure(int fd, struct pawl_image *measured)
{
    struct pawl_progress progress;
    off_t size = lseek(fd, 0, SEEK_END);
    pawl_cli_progress_bytes(&progress, "measuring", size > 0 ? (uint64_t)size : 0);
    struct pawl_package_job job = {(unsigned)pawl_cli.threads, progress_show, &progress};
    enum pawl_result result = pawl_image_measure(&job, fd, measured);

    if (result == PAWL_OK)
        pawl_progress_finish(&progress);
    else if (result == PAWL_CORRUPT)
        pawl_error(result, "%s changed while it was read", image);
    else if (result == PAWL_MALFORMED)
        pawl_error(result, "%s is empty", image);
    else if (result == PAWL_UNSUPPORTED)
        pawl_error(result, "%s is no regular file", image);
    else
        pawl_file_error(result, image, "an image");
    return result;
}

/* Seals into `package` and makes both outputs appear, the content key first: a package without its
 * key would be lost work, a key without a package is taken back. */
static enum pawl_result seal(const struct pawl_release *release, const struct pawl_image *measured,
                             const uint8_t content_key[PAWL_KEY_SIZE],
                             struct pawl_content_key_file *key_file, struct pawl_outfile *package)
{
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    struct pawl_progress progress;
    pawl_cli_progress_bytes(&progress, "sealing", measured->size);
    struct pawl_package_job job = {(unsigned)pawl_cli.threads, progress_show, &progress};
    enum pawl_result result = pawl_package_seal(&job, release->preamble, release->preamble_size,
                                                content_key, measured, package->fd, package_id);

    if (result == PAWL_CORRUPT)
        return pawl_error(result, "%s changed while it was sealed", image);
    if (result != PAWL_OK)
        return pawl_file_error(result, out, "a package");
    pawl_progress_finish(&progress);
    if (!direct)
        result = pawl_content_key_file_commit(key_file, content_key);
    if (result != PAWL_OK)
        return result;
    result = pawl_outfile_commit(package);
    if (result == PAWL_OK)
        return PAWL_OK;
    pawl_file_error(result, out, "a package");
    if (!direct)
        pawl_content_key_file_revoke(key_file);
    return result;
}

static enum pawl_result outputs_make(const struct pawl_release *release,
                                     const struct pawl_image *measured,
                                     const uint8_t content_key[PAWL_KEY_SIZE])
{
    struct pawl_content_key_file key_file = {.path = NULL};
    struct pawl_outfile package;
    enum pawl_result result = PAWL_OK;

    if (!direct)
        result = pawl_content_key_file_open(&key_file, content_key_path, out);
    if (result == PAWL_OK) {
        result = pawl_outfile_open(&package, out, 0644, true);
        if (result != PAWL_OK)
            pawl_file_error(result, out, "a package");
    }
    if (result == PAWL_OK) {
        result = seal(release, measured, content_key, &key_file, &package);
        pawl_outfile_close(&package);
    }
    if (result == PAWL_OK) {
        json_t *summary = json_pack(
            "{s:o, s:o, s:s, s:s, s:o, s:s, s:o}", "package_id",
            pawl_json_hex(release->package.package_id, PAWL_PACKAGE_ID_SIZE), "release_id",
            pawl_json_hex(release->release_id, PAWL_RELEASE_ID_SIZE), "name", name, "version",
            version, "image_size", pawl_json_number(measured->size), "package", out, "content_key",
            direct ? json_null() : json_string(key_file.path));
        result = pawl_print(summary);
    }
    pawl_content_key_file_close(&key_file);
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
    result = pawl_release_make(signer, manifest, (uint32_t)chunk_size,
                               direct ? PAWL_MODE_DIRECT : PAWL_MODE_WRAPPED, &release);
    if (result == PAWL_OK && direct)
        result = direct_key_make(manifest, &release, content_key);
    else if (result == PAWL_OK && RAND_priv_bytes(content_key, sizeof content_key) != 1)
        result = pawl_error(PAWL_CRYPTO, "no random numbers");
    if (result == PAWL_OK)
        result = outputs_make(&release, &measured, content_key);
    pawl_wipe(content_key, sizeof content_key);
    return result;
}

static int run(const struct pawl_option_list *operands)
{
    struct pawl_manifest manifest;
    struct pawl_signer *signer = NULL;
    int code = manifest_take(operands, &manifest);

    if (code != PAWL_EXIT_DONE)
        return code;
    enum pawl_result result = pawl_signer_load(key, &signer);
    if (result != PAWL_OK)
        return pawl_exit_code(pawl_file_error(result, key, "a PEM signing key (P-256)"));
    if (!pawl_file_is_private(key))
        pawl_warning("%s can be read by others; chmod 600 it", key);
    int fd = open(image, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        result = pawl_file_error(PAWL_IO, image, "an image");
    } else {
        result = package_make(&manifest, signer, fd);
        close(fd);
    }
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
                  "derives it.",
              .most = -1},
    .options = options,
    .run = run,
};
