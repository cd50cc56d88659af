/* POST /v1/backup: a copy of the database as a stream (SPEC 21.7). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/log.h"
#include "server/operator_api.h"
#include "server/operator_json.h"

/* One at a time: each takes as much room as the database. */
static atomic_flag busy = ATOMIC_FLAG_INIT;

/* Copies the database into a file without a name, `*fd`, which is to be closed. */
static enum pawl_result copy_make(struct pawl_server *server, int *fd)
{
    char path[PATH_MAX];
    struct pawl_reader *reader = NULL;
    pawl_data_path(&server->data, PAWL_BACKUP_PREFIX "XXXXXX", path);
    int copy = mkostemp(path, O_CLOEXEC);
    if (copy < 0)
        return errno == ENOSPC || errno == EDQUOT ? PAWL_EXHAUSTED : PAWL_IO;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_backup(reader, path, (int64_t)time(NULL));
    pawl_reader_return(&server->readers, reader);
    pawl_store_unlink(path);
    if (result == PAWL_OK)
        *fd = copy;
    else
        close(copy);
    return result;
}

static enum pawl_result backup_audit(const struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    const struct pawl_event event = pawl_operator_event(request, "backup-made", NULL, NULL);
    return pawl_store_audit_append(server->store, &event, 1);
}

/* Signs the trail up to there, so that the backup can be held to it. A trail that does not hold is
 * no reason to have no backup: restore tells it. */
static enum pawl_result backup_sign(struct pawl_server *server)
{
    struct pawl_checkpoint_row row;
    enum pawl_result result = pawl_checkpoint_make(&server->checkpoints, (int64_t)time(NULL), &row);
    return result == PAWL_CORRUPT ? PAWL_OK : result;
}

/* Answers with the file, which this takes. */
static enum MHD_Result copy_answer(struct pawl_request *request, int fd)
{
    struct stat status;
    struct MHD_Response *response = NULL;
    if (fstat(fd, &status) == 0)
        response = MHD_create_response_from_fd64((uint64_t)status.st_size, fd);
    if (response == NULL) {
        close(fd);
        return pawl_request_refuse(request, PAWL_EXHAUSTED, "cannot begin the answer");
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/vnd.sqlite3");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    return pawl_request_answer(request, MHD_HTTP_OK, response);
}

static enum MHD_Result backup_answer(struct pawl_request *request)
{
    struct timespec from, to;
    int fd = -1;
    if (atomic_flag_test_and_set(&busy))
        return pawl_request_refuse(request, PAWL_STATE, "a backup is being made already");
    pawl_request_patience_set(request, true);
    clock_gettime(CLOCK_MONOTONIC, &from);
    /* First, so that the backup tells of itself. */
    enum pawl_result result = backup_audit(request);
    if (result == PAWL_OK)
        result = backup_sign(request->server);
    if (result == PAWL_OK)
        result = copy_make(request->server, &fd);
    clock_gettime(CLOCK_MONOTONIC, &to);
    atomic_flag_clear(&busy);
    pawl_request_patience_set(request, false);
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot copy the database");
    pawl_log(PAWL_LOG_NOTICE, "event=backup-made actor=%s milliseconds=%" PRId64, request->actor,
             (int64_t)(to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000);
    return copy_answer(request, fd);
}

const struct pawl_handler pawl_backup_handler = {.answer = backup_answer};
