/* pawl inspect: tells what an artefact is. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/inspect.h"
#include "cli/print.h"
#include "cli/verbs.h"
#include "headend/signer.h"
#include "host/file.h"
#include "pawl/keys.h"
#include "pawl/secret.h"

static const char *trust;

static const struct pawl_option options[] = {
    {"trust", 0, "PEM", "check a manifest's signature with this key", .text = &trust},
    PAWL_OPTION_JSON,
    {.name = NULL},
};

/* How artefacts begin; the first that fits explains. */
static const struct {
    const char *magic;
    size_t size;
    pawl_describe_fn describe;
} kinds[] = {
    {"PAWLPKG1", 8, pawl_package_describe},
    {"PAWLENT1", 8, pawl_table_describe},
    {"-----BEGIN ", 11, pawl_pem_describe},
    {"\xd2\x84", 2, pawl_manifest_describe}, /* COSE_Sign1 */
    {"\xd1\x84", 2, pawl_message_describe},  /* COSE_Mac0 */
    {"\xa7\x01", 2, pawl_units_describe},    /* a map of 7 or 8 that begins with key 1 */
    {"\xa8\x01", 2, pawl_units_describe},
    {"\x30\x82", 2, pawl_cms_describe}, /* DER, a long SEQUENCE */
    {"\x30\x83", 2, pawl_cms_describe},
    {"\x30\x84", 2, pawl_cms_describe},
};

/* 32 bytes can only be a content key, whatever they begin with. */
static pawl_describe_fn describer_find(const struct pawl_artefact *artefact)
{
    if (artefact->size == PAWL_KEY_SIZE)
        return pawl_secret_describe;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (artefact->head_size >= kinds[i].size &&
            memcmp(artefact->head, kinds[i].magic, kinds[i].size) == 0)
            return kinds[i].describe;
    return NULL;
}

static enum pawl_result artefact_load(struct pawl_artefact *artefact)
{
    struct stat status;

    if (fstat(artefact->fd, &status) != 0)
        return pawl_file_error(PAWL_IO, artefact->path, "an artefact");
    if (!S_ISREG(status.st_mode)) {
        errno = S_ISDIR(status.st_mode) ? EISDIR : ESPIPE;
        return pawl_file_error(PAWL_IO, artefact->path, "an artefact");
    }
    artefact->size = (uint64_t)status.st_size;
    size_t wanted = artefact->size < PAWL_INSPECT_HEAD ? (size_t)artefact->size : PAWL_INSPECT_HEAD;
    if (pawl_pread_full(artefact->fd, artefact->head, wanted, 0) != PAWL_OK)
        return pawl_file_error(PAWL_IO, artefact->path, "an artefact");
    artefact->head_size = wanted;
    return PAWL_OK;
}

static void damage_explain(enum pawl_result result, const char *path)
{
    switch (result) {
    case PAWL_MALFORMED:
        pawl_error(result, "%s is damaged, or no artefact of Pawl", path);
        pawl_hint("known are: unit data, keys, packages, manifests, tables, reports, directives, "
                  "units.import");
        break;
    case PAWL_UNSUPPORTED:
        pawl_error(result, "%s has a version, algorithm or field that this program does not know",
                   path);
        break;
    case PAWL_UNTRUSTED:
        pawl_error(result, "%s: %s did not make this signature", path, trust);
        break;
    case PAWL_CORRUPT:
        pawl_error(result, "%s has not the length that it should have", path);
        pawl_hint("fetch it again");
        break;
    default:
        pawl_file_error(result, path, "an artefact");
        break;
    }
}

static enum pawl_result artefact_explain(const struct pawl_artefact *artefact)
{
    pawl_describe_fn describe = describer_find(artefact);
    json_t *found = json_object();
    enum pawl_result result = PAWL_MALFORMED;

    if (describe != NULL)
        result = describe(artefact, found);
    if (json_object_size(found) > 0)
        pawl_print(found);
    else
        json_decref(found);
    if (result != PAWL_OK)
        damage_explain(result, artefact->path);
    return result;
}

static int run(const struct pawl_option_list *operands)
{
    static struct pawl_artefact artefact;
    struct pawl_anchor anchor;
    enum pawl_result result = PAWL_OK;

    artefact.path = operands->items[0];
    if (trust != NULL) {
        result = pawl_anchor_load(trust, &anchor);
        if (result != PAWL_OK)
            return pawl_exit_code(pawl_file_error(result, trust, "a PEM key"));
        artefact.anchor = &anchor;
    }
    artefact.fd = open(artefact.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (artefact.fd < 0)
        return pawl_exit_code(pawl_file_error(PAWL_IO, artefact.path, "an artefact"));
    result = artefact_load(&artefact);
    if (result == PAWL_OK)
        result = artefact_explain(&artefact);
    pawl_wipe(artefact.head, sizeof artefact.head);
    close(artefact.fd);
    return pawl_exit_code(result);
}

const struct pawl_verb pawl_verb_inspect = {
    .name = "inspect",
    .usage = {.command = "pawl inspect",
              .operands = "FILE",
              .summary = "explain a package, key, table, report or any other artefact",
              .details = "Shows no secret. The exit code tells what is wrong with a damaged file.",
              .least = 1,
              .most = 1},
    .options = options,
    .run = run,
};
