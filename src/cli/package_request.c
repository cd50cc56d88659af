#include "cli/package_request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "pawl/package.h"

#define NOT_GIVEN UINT64_MAX

struct pawl_package_request pawl_package_request = {
    .kind = "exec",
    .success = "exit",
    .profile = "confined",
    .deadline = 30,
    .chunk_size = PAWL_CHUNK_SIZE_DEFAULT,
    .created = NOT_GIVEN,
    .sequence = NOT_GIVEN,
};

/* Shorter, in this file. */
static struct pawl_package_request *const request = &pawl_package_request;

const struct pawl_option pawl_package_options[] = {
    {"image", 'i', "FILE", "the software", .text = &pawl_package_request.image, .required = true},
    {"key", 'k', "PEM", "the vendor's signing key", .text = &pawl_package_request.key,
     .required = true, .configurable = true},
    {"vendor", 0, "DOMAIN", "the vendor's domain", .text = &pawl_package_request.vendor,
     .required = true, .configurable = true},
    {"class", 0, "NAME", "the device class that it is for",
     .text = &pawl_package_request.class_name, .required = true},
    {"name", 0, "NAME", "what the software is called", .text = &pawl_package_request.name,
     .required = true},
    {"version", 0, "V", "its version, for people", .text = &pawl_package_request.version,
     .required = true},
    {"security-version", 0, "K", "devices refuse lower ones than they ever ran",
     .number = &pawl_package_request.security_version, .required = true},
    {"kind", 0, "KIND", "exec, raw or opaque (exec)", .text = &pawl_package_request.kind},
    {"args", 0, "ARG", "arguments of an executable; also after --",
     .list = &pawl_package_request.arguments},
    {"profile", 0, "PROFILE", "what an executable may reach: confined or network (confined)",
     .text = &pawl_package_request.profile},
    {"revoke", 0, "PEM", "public vendor keys that devices trust no more once they run this",
     .list = &pawl_package_request.revoke},
    {"load-address", 0, "ADDRESS", "where a raw image is loaded",
     .text = &pawl_package_request.load_address},
    {"entry-address", 0, "ADDRESS", "where a raw image starts",
     .text = &pawl_package_request.entry_address},
    {"success", 0, "WHAT", "what proves it: exit, ready or contact (exit)",
     .text = &pawl_package_request.success},
    {"deadline", 0, "S", "seconds until that must hold (30)",
     .number = &pawl_package_request.deadline, .least = 1, .most = UINT32_MAX},
    {"chunk-size", 0, "BYTES", "power of two, 1K to 1M (64K)",
     .number = &pawl_package_request.chunk_size, .least = PAWL_CHUNK_SIZE_MIN,
     .most = PAWL_CHUNK_SIZE_MAX},
    {"created", 0, "TIME", "Unix time of the release (SOURCE_DATE_EPOCH, else now)",
     .number = &pawl_package_request.created, .most = NOT_GIVEN - 1},
    {"out", 'o', "FILE", "the package", .text = &pawl_package_request.out, .required = true},
    {"content-key", 0, "FILE", "its content key (--out with .key)",
     .text = &pawl_package_request.content_key},
    {"direct", 0, NULL, "for one device, without a content key",
     .flag = &pawl_package_request.direct},
    {"pud", 0, "FILE", "that device's unit data", .text = &pawl_package_request.pud},
    {"sequence", 's', "S", "that device's sequence number",
     .number = &pawl_package_request.sequence, .most = NOT_GIVEN - 1},
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

    if (raw != (request->load_address != NULL) || raw != (request->entry_address != NULL))
        return pawl_usage_error("--load-address and --entry-address belong to --kind raw");
    if (raw && (!address_read(request->load_address, &manifest->load_address) ||
                !address_read(request->entry_address, &manifest->entry_address)))
        return pawl_usage_error("an address is a number such as 0x20000000");
    return PAWL_EXIT_DONE;
}

static int arguments_take(const struct pawl_option_list *operands, struct pawl_manifest *manifest)
{
    const struct pawl_option_list *lists[] = {&request->arguments, operands};

    if (request->arguments.count + operands->count > PAWL_ARGUMENT_MAX)
        return pawl_usage_error("there are more than %u arguments", PAWL_ARGUMENT_MAX);
    if (request->arguments.count + operands->count > 0 && manifest->kind != PAWL_KIND_EXEC)
        return pawl_usage_error("arguments belong to --kind exec");
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < lists[l]->count; i++)
            manifest->arguments[manifest->argument_count++] =
                (struct pawl_text){lists[l]->items[i], (uint32_t)strlen(lists[l]->items[i])};
    return PAWL_EXIT_DONE;
}

static int profile_take(struct pawl_manifest *manifest)
{
    if (strcmp(request->profile, "network") == 0)
        manifest->profile = PAWL_PROFILE_NETWORK;
    else if (strcmp(request->profile, "confined") != 0)
        return pawl_usage_error("--profile is confined or network");
    if (manifest->profile != PAWL_PROFILE_CONFINED && manifest->kind != PAWL_KIND_EXEC)
        return pawl_usage_error("--profile network belongs to --kind exec");
    return PAWL_EXIT_DONE;
}

enum pawl_result pawl_package_request_revoke(const struct pawl_signer *signer,
                                             struct pawl_manifest *manifest)
{
    struct pawl_anchor own, named;
    enum pawl_result result = pawl_signer_anchor_get(signer, &own);

    if (result != PAWL_OK)
        return pawl_error(result, "the signing key cannot be used");
    for (size_t i = 0; i < request->revoke.count; i++) {
        const char *path = request->revoke.items[i];
        result = pawl_anchor_load(path, &named);
        if (result != PAWL_OK)
            return pawl_file_error(result, path, "a PEM key");
        if (memcmp(named.kid, own.kid, PAWL_KID_SIZE) == 0) {
            pawl_error(PAWL_STATE, "%s is the signing key: no device would take this", path);
            pawl_hint("sign with the key that comes after it in --trust of 'pawl personalize'");
            return PAWL_STATE;
        }
        if (pawl_manifest_revokes(manifest, named.kid))
            return pawl_error(PAWL_MALFORMED, "%s is named twice", path);
        memcpy(manifest->revoked[manifest->revoked_count++], named.kid, PAWL_KID_SIZE);
    }
    return PAWL_OK;
}

static int created_take(struct pawl_manifest *manifest)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");

    manifest->created = request->created;
    if (request->created != NOT_GIVEN)
        return PAWL_EXIT_DONE;
    manifest->created = (uint64_t)time(NULL);
    if (epoch != NULL && pawl_number_parse(epoch, &manifest->created) != PAWL_OK)
        return pawl_usage_error("SOURCE_DATE_EPOCH is not a number");
    return PAWL_EXIT_DONE;
}

int pawl_package_request_check(const struct pawl_option_list *operands,
                               struct pawl_manifest *manifest)
{
    int kind = word_find(kinds, request->kind);
    int success = word_find(successes, request->success);

    if (kind == 0)
        return pawl_usage_error("--kind is exec, raw or opaque");
    if (success == 0)
        return pawl_usage_error("--success is exit, ready or contact");
    if ((request->chunk_size & (request->chunk_size - 1)) != 0)
        return pawl_usage_error("--chunk-size is a power of two");
    if (request->direct != (request->pud != NULL) ||
        request->direct != (request->sequence != NOT_GIVEN))
        return pawl_usage_error("--pud and --sequence belong to --direct");
    if (request->direct && request->content_key != NULL)
        return pawl_usage_error("a direct package has no content key");
    if (request->revoke.count > PAWL_REVOKED_MAX)
        return pawl_usage_error("--revoke takes at most %u keys", PAWL_REVOKED_MAX);
    *manifest = (struct pawl_manifest){
        .name = {request->name, (uint32_t)strlen(request->name)},
        .version = {request->version, (uint32_t)strlen(request->version)},
        .security_version = request->security_version,
        .kind = (enum pawl_kind)kind,
        .success = (enum pawl_success)success,
        .deadline = (uint32_t)request->deadline,
    };
    pawl_vendor_id_make(request->vendor, manifest->vendor_id);
    pawl_class_id_make(manifest->vendor_id, request->class_name, manifest->class_id);
    int code = addresses_take(manifest);
    if (code == PAWL_EXIT_DONE)
        code = arguments_take(operands, manifest);
    if (code == PAWL_EXIT_DONE)
        code = profile_take(manifest);
    return code == PAWL_EXIT_DONE ? created_take(manifest) : code;
}
