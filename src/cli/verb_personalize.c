/* pawl personalize: units with secrets of their own, for the devices and for the server. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/batch.h"
#include "cli/load.h"
#include "cli/name.h"
#include "cli/print.h"
#include "cli/verbs.h"
#include "headend/personalize.h"
#include "headend/signer.h"
#include "host/file.h"
#include "host/hex.h"
#include "pawl/secret.h"

#define UNITS_NAME "units.import"
#define CLASS_MOST 255u
#define NO_MAXIMUM UINT64_MAX
#define COUNT_MOST 100000000u
#define IDS_PRINTED 1000u /* devices that --json names one by one */
#define PUD_NAME_SIZE (PAWL_HEX_SIZE(PAWL_ID_SIZE) + sizeof ".pud")

static const char *vendor, *class_name, *out;
static uint64_t count = 1, chain_length = PAWL_CHAIN_LENGTH_DEFAULT, maximum = NO_MAXIMUM;
static struct pawl_option_list trust;
static bool no_pud_files;

static const struct pawl_option options[] = {
    {"vendor", 0, "DOMAIN", "the vendor's domain", .text = &vendor, .required = true,
     .configurable = true},
    {"class", 0, "NAME", "the device class", .text = &class_name, .required = true},
    {"count", 'n', "N", "how many devices (1)", .number = &count, .least = 1, .most = COUNT_MOST},
    {"chain-length", 0, "N", "length of the key chain (1024)", .number = &chain_length, .least = 1,
     .most = 65535},
    {"trust", 0, "PEM", "public vendor keys to trust, 1 to 4, in their order of succession",
     .list = &trust, .required = true},
    {"maximum", 0, "S", "highest sequence number that they may reach", .number = &maximum,
     .most = NO_MAXIMUM - 1},
    {"no-pud-files", 0, NULL, "write " UNITS_NAME " alone", .flag = &no_pud_files},
    {"out", 'o', "DIR", "the directory of the batch", .text = &out, .required = true},
    PAWL_OPTION_SERVER_CERT,
    PAWL_OPTION_JSON,
    PAWL_OPTION_QUIET,
    {.name = NULL},
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    interrupted = signal_number;
}

/* What all units have in common. */
static enum pawl_result common_make(struct pawl_pud *common)
{
    *common = (struct pawl_pud){
        .chain_length = (uint32_t)chain_length,
        .has_maximum = maximum != NO_MAXIMUM,
        .maximum = maximum != NO_MAXIMUM ? maximum : 0,
    };
    pawl_vendor_id_make(vendor, common->vendor_id);
    pawl_class_id_make(common->vendor_id, class_name, common->class_id);
    for (size_t i = 0; i < trust.count; i++) {
        struct pawl_anchor *anchor = &common->anchors[i];
        enum pawl_result result = pawl_anchor_load(trust.items[i], anchor);
        if (result != PAWL_OK)
            return pawl_file_error(result, trust.items[i], "a PEM key");
        for (size_t k = 0; k < i; k++)
            if (memcmp(common->anchors[k].kid, anchor->kid, PAWL_KID_SIZE) == 0)
                return pawl_error(PAWL_MALFORMED, "%s and %s are the same key", trust.items[k],
                                  trust.items[i]);
        common->anchor_count++;
    }
    return PAWL_OK;
}

static enum pawl_result unit_add(struct pawl_batch *batch, struct pawl_units_writer *writer,
                                 const struct pawl_pud *common, json_t *ids)
{
    struct pawl_pud unit;
    uint8_t bytes[PAWL_PUD_SIZE_MAX];
    char name[PUD_NAME_SIZE];
    size_t size = 0;
    enum pawl_result result = pawl_unit_make(common, &unit);

    if (result == PAWL_OK)
        result = pawl_pud_write(&unit, bytes, sizeof bytes, &size);
    if (result == PAWL_OK)
        result = pawl_units_writer_add(writer, bytes, size);
    if (result == PAWL_OK) {
        pawl_hex_encode(unit.device_id, PAWL_ID_SIZE, name);
        if (json_array_size(ids) < IDS_PRINTED)
            json_array_append_new(ids, json_string(name));
        strcat(name, ".pud");
        if (!no_pud_files)
            result = pawl_batch_write(batch, name, bytes, size);
    }
    pawl_wipe(bytes, sizeof bytes);
    pawl_wipe(&unit, sizeof unit);
    return result;
}

static enum pawl_result units_write(struct pawl_batch *batch, int fd,
                                    const struct pawl_cms_recipient *recipient,
                                    const struct pawl_pud *common, json_t *ids)
{
    struct pawl_units_writer writer;
    struct pawl_progress progress;
    enum pawl_result result = pawl_units_writer_init(&writer, fd, recipient, count);

    if (result != PAWL_OK)
        return result;
    pawl_progress_start(&progress, "personalizing", 0, count, PAWL_PROGRESS_ITEMS,
                        count < 10000 ? PAWL_PROGRESS_QUIET : pawl_cli_progress_style());
    for (uint64_t i = 0; i < count && result == PAWL_OK; i++) {
        result = unit_add(batch, &writer, common, ids);
        pawl_progress_update(&progress, i + 1);
        if (result == PAWL_OK && interrupted) {
            errno = EINTR;
            result = PAWL_IO;
        }
    }
    if (result == PAWL_OK)
        result = pawl_units_writer_finish(&writer);
    if (result == PAWL_OK)
        pawl_progress_finish(&progress);
    pawl_units_writer_release(&writer);
    return result;
}

static enum pawl_result batch_fill(struct pawl_batch *batch,
                                   const struct pawl_cms_recipient *recipient,
                                   const struct pawl_pud *common, json_t *ids)
{
    int fd = -1;
    enum pawl_result result = pawl_batch_create(batch, UNITS_NAME, &fd);

    if (result != PAWL_OK)
        return result;
    result = units_write(batch, fd, recipient, common, ids);
    if (close(fd) != 0 && result == PAWL_OK)
        result = PAWL_IO;
    return result == PAWL_OK ? pawl_batch_commit(batch, UNITS_NAME) : result;
}

static enum pawl_result batch_make(const struct pawl_cms_recipient *recipient,
                                   const struct pawl_pud *common, json_t *ids)
{
    struct pawl_batch batch;
    const struct sigaction stop = {.sa_handler = interrupt};

    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    enum pawl_result result = pawl_batch_open(&batch, out);

    if (result != PAWL_OK)
        return pawl_file_error(result, out, "a directory");
    result = batch_fill(&batch, recipient, common, ids);
    pawl_batch_close(&batch);
    if (interrupted && result != PAWL_OK)
        fputs("pawl: personalize: interrupted: nothing was left behind\n", stderr);
    else if (result != PAWL_OK)
        pawl_file_error(result, out, "a directory");
    return result;
}

static enum pawl_result summary_print(const struct pawl_pud *common, bool encrypted, json_t *ids)
{
    json_t *summary = json_pack("{s:I, s:o, s:o, s:o, s:b}", "devices", (json_int_t)count,
                                "vendor_id", pawl_json_hex(common->vendor_id, PAWL_ID_SIZE),
                                "class_id", pawl_json_hex(common->class_id, PAWL_ID_SIZE),
                                "directory", pawl_json_string(out), "encrypted", encrypted);

    if (summary != NULL && (pawl_cli.json || count <= 20) && count <= IDS_PRINTED)
        json_object_set(summary, "device_ids", ids);
    return pawl_print(summary);
}

/* A batch that is there already is never touched. */
static enum pawl_result target_check(void)
{
    char *units = NULL;

    if (asprintf(&units, "%s/" UNITS_NAME, out) < 0)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    enum pawl_result result = pawl_name_check_free(units);
    free(units);
    return result;
}

static int run(const struct pawl_option_list *operands)
{
    struct pawl_cms_recipient *recipient = NULL;
    struct pawl_pud common;

    (void)operands;
    if (trust.count > PAWL_ANCHOR_MAX)
        return pawl_usage_error("--trust takes at most %u keys", PAWL_ANCHOR_MAX);
    if (vendor[0] == '\0' || class_name[0] == '\0' || strlen(class_name) > CLASS_MOST)
        return pawl_usage_error("--vendor and --class are names of 1 to %u bytes", CLASS_MOST);
    enum pawl_result result = target_check();
    if (result == PAWL_OK)
        result = common_make(&common);
    if (result == PAWL_OK)
        result = pawl_server_cert_load(&recipient);
    if (result != PAWL_OK)
        return pawl_exit_code(result);

    json_t *ids = json_array();
    result = batch_make(recipient, &common, ids);
    if (result == PAWL_OK)
        result = summary_print(&common, recipient != NULL, ids);
    if (result == PAWL_OK && recipient == NULL)
        pawl_warning("%s/" UNITS_NAME " is not encrypted: move it by hand, or give --server-cert",
                     out);
    json_decref(ids);
    pawl_cms_recipient_free(recipient);
    return interrupted && result != PAWL_OK ? PAWL_EXIT_FAILURE : pawl_exit_code(result);
}

const struct pawl_verb pawl_verb_personalize = {
    .name = "personalize",
    .usage = {.command = "pawl personalize",
              .operands = "",
              .summary = "make personalized unit data for new devices",
              .details =
                  "Writes DIR/DEVICE_ID.pud for each device (0600, to be put into its one-time\n"
                  "programmable memory and then destroyed) and DIR/" UNITS_NAME " for the control "
                  "server.\nThe batch appears whole or not at all."},
    .options = options,
    .run = run,
};
