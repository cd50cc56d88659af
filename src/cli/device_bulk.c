#include "cli/device_bulk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/print.h"
#include "host/file.h"

#define AT_ONCE 10000u /* devices of one request: less than its body may hold */
#define SHOWN_MOST 20u /* refusals that are printed */
#define LINE_MOST 200u /* bytes */
#define QUERY_MOST 16

/* A list on its way. */
struct work {
    const struct pawl_device_bulk *bulk;
    struct pawl_client *client;
    char *path; /* of the route, with its query */
    FILE *list;
    uint64_t line;
    uint64_t *lines; /* of the devices in the request */
    struct pawl_outfile report;
    bool has_report;
    uint64_t changed, unchanged, refused;
    json_t *shown; /* the first refusals */
};

/* Reads the next ids: a line is an id, or empty, `#` begins a comment. What is no id is sent all
 * the same: the server says so, and it is in the report. */
static enum pawl_result ids_read(struct work *work, json_t *ids)
{
    char text[LINE_MOST];

    while (json_array_size(ids) < AT_ONCE && fgets(text, sizeof text, work->list) != NULL) {
        size_t end = strcspn(text, "# \t\r\n");
        bool whole = strchr(text, '\n') != NULL || feof(work->list);
        work->line++;
        if (!whole)
            return pawl_error(PAWL_MALFORMED, "%s: line %" PRIu64 " is too long to be an id",
                              work->bulk->devices, work->line);
        if (end == 0)
            continue;
        text[end] = '\0';
        work->lines[json_array_size(ids)] = work->line;
        json_t *id = json_string(text);
        if (json_array_append_new(ids, id != NULL ? id : json_string("(not UTF-8)")) != 0)
            return pawl_error(PAWL_EXHAUSTED, "no memory");
    }
    return ferror(work->list) ? pawl_file_error(PAWL_IO, work->bulk->devices, "a list of devices")
                              : PAWL_OK;
}

/* One refused device: into the report, and among the first ones into what is shown. */
static enum pawl_result refusal_take(struct work *work, json_t *refusal)
{
    size_t index = (size_t)json_integer_value(json_object_get(refusal, "index"));
    uint64_t line = index < AT_ONCE ? work->lines[index] : 0;

    json_object_set_new(refusal, "line", json_integer((json_int_t)line));
    json_object_del(refusal, "index");
    if (json_array_size(work->shown) < SHOWN_MOST)
        json_array_append(work->shown, refusal);
    if (!work->has_report)
        return PAWL_OK;
    char *text = json_dumps(refusal, JSON_COMPACT);
    enum pawl_result result = text == NULL ? PAWL_EXHAUSTED : PAWL_OK;
    if (result == PAWL_OK)
        result = pawl_write_full(work->report.fd, text, strlen(text));
    if (result == PAWL_OK)
        result = pawl_write_full(work->report.fd, "\n", 1);
    free(text);
    return result == PAWL_OK ? result : pawl_file_error(result, work->bulk->report, "a report");
}

/* Sends one request; `ids` is given back. */
static enum pawl_result ids_send(struct work *work, json_t *ids)
{
    json_t *answer = NULL;
    size_t index;
    json_t *refusal;
    enum pawl_result result = pawl_client_json(work->client, "POST", work->path, ids, &answer);

    if (result != PAWL_OK) {
        if (work->changed + work->unchanged > 0 && !work->bulk->dry_run)
            pawl_hint("%" PRIu64 " devices before are done; repeating the command does no harm",
                      work->changed + work->unchanged);
        return result;
    }
    work->changed += (uint64_t)json_integer_value(json_object_get(answer, "changed"));
    work->unchanged += (uint64_t)json_integer_value(json_object_get(answer, "unchanged"));
    work->refused += (uint64_t)json_integer_value(json_object_get(answer, "refused_count"));
    json_array_foreach(json_object_get(answer, "refused"), index, refusal)
    {
        if (result == PAWL_OK)
            result = refusal_take(work, refusal);
    }
    json_decref(answer);
    return result;
}

static enum pawl_result list_send(struct work *work)
{
    enum pawl_result result = PAWL_OK;
    bool more = true;

    while (result == PAWL_OK && more) {
        json_t *ids = json_array();
        result = ids_read(work, ids);
        more = json_array_size(ids) > 0;
        if (result == PAWL_OK && more)
            result = ids_send(work, ids);
        else
            json_decref(ids);
    }
    return result;
}

static enum pawl_result outcome_print(struct work *work)
{
    static const struct pawl_column columns[] = {
        {"line", "LINE", 8}, {"device_id", "REFUSED", 34}, {"message", "WHY", 0}, {NULL, NULL, 0}};

    if (pawl_cli.json)
        return pawl_print(json_pack(
            "{s:I, s:I, s:I, s:O, s:b}", "changed", (json_int_t)work->changed, "unchanged",
            (json_int_t)work->unchanged, "refused_count", (json_int_t)work->refused, "refused",
            work->shown, "dry_run", work->bulk->dry_run));
    printf("%s  %" PRIu64 "\nunchanged     %" PRIu64 "\nrefused       %" PRIu64 "\n",
           work->bulk->dry_run ? "would change" : "changed     ", work->changed, work->unchanged,
           work->refused);
    if (work->refused > 0)
        pawl_print_table(json_incref(work->shown), columns);
    if (work->refused > json_array_size(work->shown) && !work->has_report)
        printf("more: --report FILE names them all\n");
    return PAWL_OK;
}

static int outcome_tell(struct work *work)
{
    if (outcome_print(work) != PAWL_OK)
        return pawl_exit_code(PAWL_EXHAUSTED);
    if (work->refused > 0) {
        pawl_error(PAWL_STATE, "%" PRIu64 " of %" PRIu64 " devices %s refused", work->refused,
                   work->refused + work->changed + work->unchanged,
                   work->bulk->dry_run ? "would be" : "were");
        pawl_hint(work->bulk->dry_run ? "nothing was done: this is a dry run"
                                      : "the others are done; repeating the command does no harm");
        return PAWL_EXIT_FAILURE;
    }
    if (work->changed == 0)
        return pawl_nothing("all of these devices are so already");
    return PAWL_EXIT_DONE;
}

static char *path_make(const struct work *work)
{
    const char *query[QUERY_MOST + 3];
    size_t count = 0;
    char route[64];

    for (; count < QUERY_MOST && work->bulk->query[count] != NULL; count += 2) {
        query[count] = work->bulk->query[count];
        query[count + 1] = work->bulk->query[count + 1];
    }
    query[count++] = "dry_run";
    query[count++] = work->bulk->dry_run ? "true" : NULL;
    query[count] = NULL;
    snprintf(route, sizeof route, "/v1/bulk/%s", work->bulk->act);
    return pawl_client_path(work->client, route, query);
}

/* All but the client and the report. */
static int work_do(struct work *work)
{
    bool is_input = strcmp(work->bulk->devices, "-") == 0;

    work->list = is_input ? stdin : fopen(work->bulk->devices, "re");
    if (work->list == NULL)
        return pawl_exit_code(pawl_file_error(PAWL_IO, work->bulk->devices, "a list of devices"));
    work->path = path_make(work);
    work->lines = calloc(AT_ONCE, sizeof *work->lines);
    work->shown = json_array();
    enum pawl_result result = work->path == NULL || work->lines == NULL
                                  ? pawl_error(PAWL_EXHAUSTED, "no memory")
                                  : list_send(work);
    if (result == PAWL_OK && work->has_report &&
        (result = pawl_outfile_commit(&work->report)) != PAWL_OK)
        pawl_file_error(result, work->bulk->report, "a report");
    int code = result == PAWL_OK ? outcome_tell(work) : pawl_exit_code(result);
    json_decref(work->shown);
    free(work->lines);
    free(work->path);
    if (!is_input)
        fclose(work->list);
    return code;
}

int pawl_device_bulk_run(const struct pawl_device_bulk *bulk)
{
    struct work work = {.bulk = bulk};
    enum pawl_result result = pawl_client_open(&work.client);

    if (result != PAWL_OK)
        return pawl_exit_code(result);
    if (bulk->report != NULL) {
        result = pawl_outfile_open(&work.report, bulk->report, 0600, true);
        work.has_report = result == PAWL_OK;
    }
    int code = result == PAWL_OK
                   ? work_do(&work)
                   : pawl_exit_code(pawl_file_error(result, bulk->report, "a report"));
    if (work.has_report)
        pawl_outfile_close(&work.report);
    pawl_client_close(work.client);
    return code;
}
