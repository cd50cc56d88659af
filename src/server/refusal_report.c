#include "server/refusal_report.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/media.h"

struct pawl_refusal_report {
    FILE *file;
};

struct pawl_refusal_report *pawl_refusal_report_open(const struct pawl_server *server)
{
    struct pawl_refusal_report *report = calloc(1, sizeof *report);
    int fd = open(server->data.path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (report != NULL && fd >= 0)
        report->file = fdopen(fd, "w+");
    if (report != NULL && report->file != NULL)
        return report;
    if (fd >= 0)
        close(fd);
    free(report);
    return NULL;
}

enum pawl_result pawl_refusal_report_add(struct pawl_refusal_report *report, json_t *line)
{
    bool written = line != NULL && json_dumpf(line, report->file, JSON_COMPACT) == 0 &&
                   fputc('\n', report->file) != EOF;
    json_decref(line);
    return written ? PAWL_OK : PAWL_EXHAUSTED;
}

/* A response that has the file's bytes and closes the descriptor. */
static struct MHD_Response *response_make(struct pawl_refusal_report *report)
{
    struct stat status;
    if (fflush(report->file) != 0 || fstat(fileno(report->file), &status) != 0)
        return NULL;
    int fd = fcntl(fileno(report->file), F_DUPFD_CLOEXEC, 0);
    struct MHD_Response *response =
        fd < 0 ? NULL : MHD_create_response_from_fd64((uint64_t)status.st_size, fd);
    if (response == NULL && fd >= 0)
        close(fd);
    return response;
}

enum MHD_Result pawl_refusal_report_answer(struct pawl_request *request,
                                           struct pawl_refusal_report *report, json_t *summary)
{
    struct MHD_Response *response = NULL;
    if (pawl_refusal_report_add(report, summary) == PAWL_OK)
        response = response_make(report);
    if (response == NULL)
        return pawl_request_refuse(request, PAWL_EXHAUSTED,
                                   "no room for the report; the units are imported");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, PAWL_MEDIA_LINES);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    return pawl_request_answer(request, MHD_HTTP_OK, response);
}

void pawl_refusal_report_close(struct pawl_refusal_report *report)
{
    if (report != NULL)
        fclose(report->file);
    free(report);
}
