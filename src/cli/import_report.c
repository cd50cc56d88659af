#include "cli/import_report.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "host/file.h"

#define LINE_MOST 4096u /* bytes of a line of the server's */
#define SHOWN_MOST \
    100u /* refusals that are kept for printing, as many as the server's other answer
                            has */
#define WRITE_ROOM 65536u /* bytes written at a time */

struct lines {
    const char *name;
    struct pawl_outfile out;
    char line[LINE_MOST];
    size_t line_size;
    char *waiting; /* for the file */
    size_t waiting_size;
    json_t *shown, *summary;
};

static enum pawl_result waiting_write(struct lines *lines)
{
    enum pawl_result result = pawl_write_full(lines->out.fd, lines->waiting, lines->waiting_size);

    lines->waiting_size = 0;
    return result == PAWL_OK ? result : pawl_file_error(result, lines->name, "a report");
}

/* A whole line: a refused unit, or in the end the summary. */
static enum pawl_result line_take(struct lines *lines)
{
    json_t *value = json_loadb(lines->line, lines->line_size, 0, NULL);
    enum pawl_result result = PAWL_OK;

    if (value == NULL || lines->summary != NULL) {
        json_decref(value);
        return pawl_error(PAWL_MALFORMED, "pawld's answer is not what it should be");
    }
    if (json_object_get(value, "device_id") == NULL) {
        lines->summary = value;
        return PAWL_OK;
    }
    if (json_array_size(lines->shown) < SHOWN_MOST)
        json_array_append(lines->shown, value);
    json_decref(value);
    if (lines->waiting_size + lines->line_size + 1 > WRITE_ROOM)
        result = waiting_write(lines);
    memcpy(lines->waiting + lines->waiting_size, lines->line, lines->line_size);
    lines->waiting_size += lines->line_size;
    lines->waiting[lines->waiting_size++] = '\n';
    return result;
}

static enum pawl_result bytes_take(void *context, const uint8_t *bytes, size_t size)
{
    struct lines *lines = context;
    enum pawl_result result = PAWL_OK;

    for (size_t i = 0; i < size && result == PAWL_OK; i++) {
        if (bytes[i] == '\n') {
            result = line_take(lines);
            lines->line_size = 0;
        } else if (lines->line_size == LINE_MOST) {
            result = pawl_error(PAWL_MALFORMED, "a line of pawld's answer is too long");
        } else {
            lines->line[lines->line_size++] = (char)bytes[i];
        }
    }
    return result;
}

/* The file takes its name when the answer was whole. */
static enum pawl_result lines_finish(struct lines *lines, json_t **answer)
{
    if (lines->summary == NULL || lines->line_size > 0)
        return pawl_error(PAWL_IO, "pawld's answer broke off; the units may be imported");
    enum pawl_result result = waiting_write(lines);
    if (result == PAWL_OK && (result = pawl_outfile_commit(&lines->out)) != PAWL_OK)
        pawl_file_error(result, lines->name, "a report");
    if (result == PAWL_OK) {
        json_object_set(lines->summary, "refused", lines->shown);
        *answer = json_incref(lines->summary);
    }
    return result;
}

enum pawl_result pawl_import_report(struct pawl_client *client, const char *path, int fd,
                                    uint64_t size, const char *report, json_t **answer)
{
    struct lines *lines = calloc(1, sizeof *lines);
    char *waiting = malloc(WRITE_ROOM);
    enum pawl_result result = PAWL_EXHAUSTED;

    if (lines == NULL || waiting == NULL) {
        free(lines);
        free(waiting);
        return pawl_error(result, "no memory");
    }
    lines->name = report;
    lines->waiting = waiting;
    lines->shown = json_array();
    result = pawl_outfile_open(&lines->out, report, 0600, true);
    if (result == PAWL_OK) {
        result = pawl_client_upload_stream(client, "POST", path, fd, size, "importing", bytes_take,
                                           lines);
        if (result == PAWL_OK)
            result = lines_finish(lines, answer);
        pawl_outfile_close(&lines->out);
    } else {
        pawl_file_error(result, report, "a report");
    }
    json_decref(lines->shown);
    json_decref(lines->summary);
    free(waiting);
    free(lines);
    return result;
}
