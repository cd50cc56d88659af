#include "server/server_identity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "headend/hsm.h"
#include "host/file.h"
#include "host/log.h"
#include "server/server.h"

static bool name_exists(const struct pawl_data *data, const char *name)
{
    char path[PATH_MAX];
    return access(pawl_data_path(data, name, path), F_OK) == 0;
}

/* Renames where there is something to rename. */
static bool name_move(const struct pawl_data *data, const char *from, const char *to)
{
    char a[PATH_MAX], b[PATH_MAX];
    return rename(pawl_data_path(data, from, a), pawl_data_path(data, to, b)) == 0 ||
           errno == ENOENT;
}

static bool name_remove(const struct pawl_data *data, const char *name)
{
    char path[PATH_MAX];
    return unlink(pawl_data_path(data, name, path)) == 0 || errno == ENOENT;
}

/* The URI of a further key in the HSM of the master key. False when that is a file. */
static enum pawl_result key_uri_make(const struct pawl_data *data,
                                     const struct pawl_hsm_access *access, bool *in_hsm,
                                     char uri[PAWL_MASTER_PLACE_SIZE], struct pawl_trouble *trouble)
{
    struct pawl_buffer buffer = {NULL, 0};
    char path[PATH_MAX], master[PAWL_MASTER_PLACE_SIZE], object[64];
    enum pawl_result result =
        pawl_file_read(pawl_data_path(data, "master.key", path), PAWL_MASTER_PLACE_SIZE, &buffer);
    if (result != PAWL_OK)
        return pawl_trouble_set(trouble, result, "%s: %s", path, strerror(errno));
    *in_hsm = pawl_hsm_uri_read(buffer.bytes, buffer.size, master);
    pawl_buffer_release(&buffer);
    if (!*in_hsm)
        return PAWL_OK;
    uint32_t mark;
    if (getrandom(&mark, sizeof mark, 0) != (ssize_t)sizeof mark)
        return pawl_trouble_set(trouble, PAWL_IO, "no randomness");
    snprintf(object, sizeof object, "pawl-server-%08x", mark);
    return pawl_hsm_uri_complete(master, access, object, uri, PAWL_MASTER_PLACE_SIZE, trouble);
}

static enum pawl_result pair_make(const struct pawl_data *data,
                                  const struct pawl_hsm_access *access, const char *key_name,
                                  const char *cert_name, struct pawl_trouble *trouble)
{
    char key[PATH_MAX], certificate[PATH_MAX], uri[PAWL_MASTER_PLACE_SIZE];
    bool in_hsm = false;
    enum pawl_result result = key_uri_make(data, access, &in_hsm, uri, trouble);
    if (result != PAWL_OK)
        return result;
    return pawl_identity_create(pawl_data_path(data, key_name, key),
                                pawl_data_path(data, cert_name, certificate), in_hsm ? uri : NULL,
                                access, trouble);
}

enum pawl_result pawl_server_identity_create(const struct pawl_data *data,
                                             const struct pawl_hsm_access *access,
                                             struct pawl_trouble *trouble)
{
    if (name_exists(data, "server.key") || name_exists(data, "server.crt"))
        return PAWL_OK;
    return pair_make(data, access, "server.key", "server.crt", trouble);
}

static bool next_remove(const struct pawl_data *data)
{
    return name_remove(data, "server-next.key") && name_remove(data, "server-next.crt");
}

/* Moves what was made into its place; each step can be the last before a crash. A new pair whose
 * half is missing was never used. `*adopted`: there was a whole one. */
static enum pawl_result pair_adopt(const struct pawl_data *data, bool *adopted,
                                   struct pawl_trouble *trouble)
{
    bool key = name_exists(data, "server-next.key"), cert = name_exists(data, "server-next.crt");
    bool done = true;
    *adopted = key && cert;
    if (key && cert)
        done = name_move(data, "server.key", "server-previous.key") &&
               name_move(data, "server.crt", "server-previous.crt") &&
               name_move(data, "server-next.key", "server.key") &&
               name_move(data, "server-next.crt", "server.crt");
    else if (cert && !name_exists(data, "server.crt"))
        done = name_move(data, "server-next.crt", "server.crt");
    else if (key || cert)
        done = next_remove(data);
    if (done && pawl_directory_sync(data->path) == PAWL_OK)
        return PAWL_OK;
    return pawl_trouble_set(trouble, PAWL_IO, "%s: %s", data->path, strerror(errno));
}

/* Loads the pairs and puts them in the place of those in use. */
static enum pawl_result pairs_load(struct pawl_server *server, struct pawl_trouble *trouble)
{
    struct pawl_server_identity *identity = &server->identity;
    const struct pawl_data *data = &server->data;
    const struct pawl_hsm_access *access = &server->settings.hsm;
    struct pawl_cms_opener *opener = NULL, *previous = NULL;
    struct pawl_trouble ignored;
    struct stat status;
    char key[PATH_MAX], cert[PATH_MAX];
    enum pawl_result result =
        pawl_identity_open(pawl_data_path(data, "server.key", key),
                           pawl_data_path(data, "server.crt", cert), access, &opener, trouble);
    if (result != PAWL_OK)
        return result;
    int64_t created = stat(cert, &status) == 0 ? (int64_t)status.st_mtim.tv_sec : 0;
    bool has_previous = name_exists(data, "server-previous.crt") &&
                        pawl_identity_open(pawl_data_path(data, "server-previous.key", key),
                                           pawl_data_path(data, "server-previous.crt", cert),
                                           access, &previous, &ignored) == PAWL_OK;
    pawl_cms_opener_chain(opener, previous);
    pthread_rwlock_wrlock(&identity->lock);
    struct pawl_cms_opener *old = identity->opener;
    identity->opener = opener;
    identity->has_previous = has_previous;
    identity->created = created;
    pthread_rwlock_unlock(&identity->lock);
    pawl_cms_opener_free(old);
    return PAWL_OK;
}

enum pawl_result pawl_server_identity_open(struct pawl_server *server)
{
    struct pawl_trouble trouble = {""};
    pthread_rwlock_init(&server->identity.lock, NULL);
    server->identity.opened = true;
    enum pawl_result result = pair_adopt(&server->data, &server->identity.resumed, &trouble);
    if (result == PAWL_OK)
        result = pairs_load(server, &trouble);
    return result == PAWL_OK ? PAWL_OK : pawl_error(result, "%s", trouble.text);
}

void pawl_server_identity_close(struct pawl_server *server)
{
    if (!server->identity.opened)
        return;
    pawl_cms_opener_free(server->identity.opener);
    server->identity.opener = NULL;
    pthread_rwlock_destroy(&server->identity.lock);
    server->identity.opened = false;
}

const struct pawl_cms_opener *pawl_server_identity_acquire(struct pawl_server *server)
{
    pthread_rwlock_rdlock(&server->identity.lock);
    return server->identity.opener;
}

void pawl_server_identity_release(struct pawl_server *server)
{
    pthread_rwlock_unlock(&server->identity.lock);
}

int64_t pawl_server_identity_created(struct pawl_server *server)
{
    pthread_rwlock_rdlock(&server->identity.lock);
    int64_t created = server->identity.created;
    pthread_rwlock_unlock(&server->identity.lock);
    return created;
}

int64_t pawl_server_identity_previous_until(struct pawl_server *server)
{
    struct pawl_server_identity *identity = &server->identity;
    pthread_rwlock_rdlock(&identity->lock);
    int64_t until = identity->created + (int64_t)server->settings.server_key_days * 86400;
    until = identity->has_previous ? until : 0;
    pthread_rwlock_unlock(&identity->lock);
    return until;
}

static enum pawl_result identity_audit(struct pawl_server *server, const char *actor,
                                       const char *action)
{
    const struct pawl_event event = {
        .time = (int64_t)time(NULL),
        .actor = actor,
        .action = action,
    };
    enum pawl_result result = pawl_store_audit_append(server->store, &event, 1);
    if (result == PAWL_OK)
        pawl_log(PAWL_LOG_NOTICE, "event=%s actor=%s", action, actor);
    return result;
}

enum pawl_result pawl_server_identity_rotate(struct pawl_server *server, const char *actor,
                                             struct pawl_trouble *trouble)
{
    const struct pawl_data *data = &server->data;
    if (pawl_server_identity_previous_until(server) != 0)
        return pawl_trouble_set(trouble, PAWL_STATE,
                                "the key before is still kept: wait, or remove "
                                "server-previous.key and .crt and restart");
    bool adopted;
    enum pawl_result result =
        pair_make(data, &server->settings.hsm, "server-next.key", "server-next.crt", trouble);
    if (result == PAWL_OK)
        result = identity_audit(server, actor, "server-key-rotated");
    if (result != PAWL_OK) {
        /* Nothing is left that the next start would take up; but of a move that broke off in the
         * middle everything. */
        if (name_exists(data, "server.key") && name_exists(data, "server.crt"))
            next_remove(data);
        return result;
    }
    result = pair_adopt(data, &adopted, trouble);
    return result == PAWL_OK ? pairs_load(server, trouble) : result;
}

void pawl_server_identity_tick(struct pawl_server *server)
{
    const struct pawl_data *data = &server->data;
    struct pawl_trouble trouble = {"its files cannot be removed"};
    /* Not at the start itself: the first entry then is that of a restore, if there was one. */
    if (server->identity.resumed &&
        identity_audit(server, "pawld", "server-key-rotation-resumed") == PAWL_OK)
        server->identity.resumed = false;
    int64_t until = pawl_server_identity_previous_until(server);
    if (until == 0 || (int64_t)time(NULL) <= until)
        return;
    if (identity_audit(server, "pawld", "server-key-retired") != PAWL_OK)
        return; /* in the next second, then */
    if (!name_remove(data, "server-previous.crt") || !name_remove(data, "server-previous.key") ||
        pairs_load(server, &trouble) != PAWL_OK)
        pawl_log(PAWL_LOG_ERROR, "event=server-key-not-retired why=\"%s\"", trouble.text);
}
