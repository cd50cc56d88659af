/* The server entitles its own devices; the table is sorted and written here. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/client.h"
#include "cli/entitle.h"
#include "cli/load.h"
#include "cli/print.h"
#include "cli/table_out.h"
#include "cli/target.h"
#include "host/hex.h"

#define DEVICES_AT_ONCE 10000u /* ids in one request */

/* An answer: u64be count, then rows, cut anywhere. */
struct answer {
    struct pawl_table_out *table;
    uint8_t rest[PAWL_ROW_SIZE]; /* the begin of a row, or of the count */
    size_t rest_size;
    bool counted;
    uint64_t expected, rows;
    struct pawl_progress progress;
};

static void count_take(struct answer *answer)
{
    answer->expected = 0;
    for (unsigned i = 0; i < 8; i++)
        answer->expected = answer->expected << 8 | answer->rest[i];
    answer->counted = true;
    answer->rest_size = 0;
    pawl_progress_start(&answer->progress, "entitling", 0, answer->expected, PAWL_PROGRESS_ITEMS,
                        answer->expected < 100000 ? PAWL_PROGRESS_QUIET
                                                  : pawl_cli_progress_style());
}

/* Completes what an earlier part began; tells how many bytes it took. */
static enum pawl_result rest_complete(struct answer *answer, const uint8_t *bytes, size_t size,
                                      size_t *used)
{
    size_t whole = answer->counted ? PAWL_ROW_SIZE : sizeof(uint64_t);
    size_t part = whole - answer->rest_size < size ? whole - answer->rest_size : size;

    memcpy(answer->rest + answer->rest_size, bytes, part);
    answer->rest_size += part;
    *used = part;
    if (answer->rest_size < whole)
        return PAWL_OK;
    if (!answer->counted) {
        count_take(answer);
        return PAWL_OK;
    }
    answer->rest_size = 0;
    answer->rows++;
    return pawl_table_out_add(answer->table, answer->rest, 1);
}

static enum pawl_result answer_take(void *context, const uint8_t *bytes, size_t size)
{
    struct answer *answer = context;
    enum pawl_result result = PAWL_OK;

    while (size > 0 && result == PAWL_OK) {
        size_t used = size / PAWL_ROW_SIZE * PAWL_ROW_SIZE;
        if (answer->counted && answer->rest_size == 0 && used > 0) {
            result = pawl_table_out_add(answer->table, bytes, used / PAWL_ROW_SIZE);
            answer->rows += used / PAWL_ROW_SIZE;
        } else {
            result = rest_complete(answer, bytes, size, &used);
        }
        bytes += used;
        size -= used;
    }
    if (answer->counted)
        pawl_progress_update(&answer->progress, answer->rows);
    return result;
}

/* One request for one target, which is given back here. */
static enum pawl_result target_entitle(struct pawl_client *client, struct pawl_table_out *table,
                                       json_t *target)
{
    struct answer answer = {.table = table};
    json_t *body =
        json_pack("{s:o, s:o}", "package_id",
                  pawl_json_hex(table->rows.package_id, PAWL_PACKAGE_ID_SIZE), "target", target);

    if (body == NULL)
        return pawl_error(PAWL_MALFORMED, "the target's name is not UTF-8 text");
    enum pawl_result result =
        pawl_client_stream(client, "/v1/entitlements", body, answer_take, &answer);
    if (result != PAWL_OK)
        return result;
    if (!answer.counted || answer.rest_size != 0 || answer.rows != answer.expected)
        return pawl_error(PAWL_IO, "pawld's answer broke off after %llu of %llu rows",
                          (unsigned long long)answer.rows, (unsigned long long)answer.expected);
    pawl_progress_finish(&answer.progress);
    return PAWL_OK;
}

/* Reads ids, one a line, until the list is full or the file ends; `#` begins a comment. */
static enum pawl_result ids_read(FILE *file, const char *path, uint64_t *line, json_t *ids)
{
    char text[128];

    while (json_array_size(ids) < DEVICES_AT_ONCE && fgets(text, sizeof text, file) != NULL) {
        uint8_t id[PAWL_ID_SIZE];
        size_t end = strcspn(text, "# \t\r\n");
        ++*line;
        if (end == 0 && strchr(text, '\n') != NULL)
            continue;
        text[end] = '\0';
        if (pawl_hex_decode(text, id, sizeof id) != PAWL_OK) {
            pawl_error(PAWL_MALFORMED, "%s: line %llu is no device id of 32 hex digits", path,
                       (unsigned long long)*line);
            pawl_hint("a list of devices has one id a line");
            return PAWL_MALFORMED;
        }
        json_array_append_new(ids, pawl_json_hex(id, sizeof id));
    }
    if (ferror(file))
        return pawl_file_error(PAWL_IO, path, "a list of devices");
    return PAWL_OK;
}

static enum pawl_result list_entitle(struct pawl_client *client, struct pawl_table_out *table,
                                     FILE *file, const char *path)
{
    uint64_t line = 0;

    for (;;) {
        json_t *ids = json_array();
        enum pawl_result result = ids_read(file, path, &line, ids);
        if (result != PAWL_OK || json_array_size(ids) == 0) {
            json_decref(ids);
            return result;
        }
        result = target_entitle(client, table, json_pack("{s:o}", "devices", ids));
        if (result != PAWL_OK)
            return result;
    }
}

static enum pawl_result rows_fetch(const struct pawl_entitle_request *request,
                                   struct pawl_client *client, struct pawl_table_out *table)
{
    json_t *target = NULL;

    if (request->class_name != NULL) {
        enum pawl_result result = pawl_class_target_make(
            client, request->class_name, request->vendor, table->rows.package_id, &target);
        return result == PAWL_OK ? target_entitle(client, table, target) : result;
    }
    if (request->group != NULL)
        return target_entitle(client, table, json_pack("{s:s}", "group", request->group));
    FILE *file = fopen(request->devices, "re");
    if (file == NULL)
        return pawl_file_error(PAWL_IO, request->devices, "a list of devices");
    enum pawl_result result = list_entitle(client, table, file, request->devices);
    fclose(file);
    return result;
}

int pawl_entitle_online(const struct pawl_entitle_request *request)
{
    struct pawl_client *client = NULL;
    struct pawl_table_out table;
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    int code = PAWL_EXIT_DONE;
    enum pawl_result result = pawl_package_id_load(request->package, package_id);

    if (result == PAWL_OK)
        result = pawl_client_open(&client);
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    result = pawl_table_out_open(&table, request->out, package_id);
    if (result == PAWL_OK) {
        result = rows_fetch(request, client, &table);
        if (result == PAWL_OK)
            code = pawl_table_out_commit(&table);
        pawl_table_out_close(&table);
    }
    pawl_client_close(client);
    return result == PAWL_OK ? code : pawl_exit_code(result);
}
