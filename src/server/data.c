#include "server/data.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/directory.h"
#include "host/log.h"
#include "server/content_shelf.h"
#include "server/server_identity.h"

char *pawl_data_path(const struct pawl_data *data, const char *name, char text[PATH_MAX])
{
    snprintf(text, PATH_MAX, "%s/%.64s", data->path, name);
    return text;
}

static bool name_exists(const struct pawl_data *data, const char *name)
{
    char path[PATH_MAX];
    return access(pawl_data_path(data, name, path), F_OK) == 0;
}

static enum pawl_result lock_take(struct pawl_data *data)
{
    char path[PATH_MAX];
    data->lock = open(pawl_data_path(data, "lock", path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (data->lock < 0)
        return pawl_error(PAWL_IO, "%s: %s", path, strerror(errno));
    if (flock(data->lock, LOCK_EX | LOCK_NB) == 0)
        return PAWL_OK;
    pawl_error(PAWL_STATE, "%s: in use by another pawld", data->path);
    pawl_hint("stop that one first, or name another directory with --data");
    return PAWL_STATE;
}

/* Removes a file that begins with a prefix: what never got its name because its server died. */
static void unfinished_remove(void *prefix, int directory, const char *name)
{
    if (strncmp(name, prefix, strlen(prefix)) == 0)
        unlinkat(directory, name, 0);
}

static enum pawl_result packages_open(struct pawl_data *data, bool create)
{
    char upload[] = PAWL_UPLOAD_PREFIX, copy[] = PAWL_BACKUP_PREFIX;
    char path[PATH_MAX];
    pawl_data_path(data, "packages", path);
    if (create && mkdir(path, 0700) != 0 && errno != EEXIST)
        return pawl_error(PAWL_IO, "%s: %s", path, strerror(errno));
    data->packages = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (data->packages < 0)
        return pawl_error(PAWL_IO, "%s: %s", path, strerror(errno));
    pawl_directory_visit(data->packages, ".", unfinished_remove, upload);
    /* The dot, since the data directory itself may be a link. */
    pawl_directory_visit(AT_FDCWD, pawl_data_path(data, ".", path), unfinished_remove, copy);
    return PAWL_OK;
}

/* Made where it is missing: older data directories have none. */
static enum pawl_result contents_open(struct pawl_data *data)
{
    char path[PATH_MAX];
    pawl_data_path(data, "contents", path);
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return pawl_error(PAWL_IO, "%s: %s", path, strerror(errno));
    data->contents = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (data->contents < 0)
        return pawl_error(PAWL_IO, "%s: %s", path, strerror(errno));
    pawl_content_sweep(data, true);
    return PAWL_OK;
}

enum pawl_result pawl_data_open(struct pawl_data *data, const char *path, bool create)
{
    data->lock = -1;
    data->packages = -1;
    data->contents = -1;
    if (strlen(path) >= sizeof data->path)
        return pawl_error(PAWL_MALFORMED, "%s: too long", path);
    snprintf(data->path, sizeof data->path, "%s", path);
    if (create && mkdir(path, 0700) != 0 && errno != EEXIST)
        return pawl_error(PAWL_IO, "%s: %s", path, strerror(errno));
    if (!create && !name_exists(data, "master.key")) {
        pawl_error(PAWL_STATE, "%s: no data directory of pawld", path);
        pawl_hint("make one with: pawld init --data %s", path);
        return PAWL_STATE;
    }
    enum pawl_result result = lock_take(data);
    if (result == PAWL_OK)
        result = packages_open(data, create);
    if (result == PAWL_OK)
        result = contents_open(data);
    if (result != PAWL_OK)
        pawl_data_close(data);
    return result;
}

void pawl_data_close(struct pawl_data *data)
{
    if (data->packages >= 0)
        close(data->packages);
    if (data->contents >= 0)
        close(data->contents);
    if (data->lock >= 0)
        close(data->lock);
    data->packages = -1;
    data->contents = -1;
    data->lock = -1;
}

enum pawl_result pawl_data_keys_create(const struct pawl_data *data, const char *hsm,
                                       const struct pawl_hsm_access *access)
{
    struct pawl_trouble trouble;
    char key[PATH_MAX];
    enum pawl_result result = PAWL_OK;
    if (!name_exists(data, "master.key")) {
        /* A database without its master key is lost: a new one would only hide that. */
        if (name_exists(data, "pawl.db"))
            return pawl_error(PAWL_STATE, "%s: there is a database but no master.key", data->path);
        result = pawl_master_create(pawl_data_path(data, "master.key", key), hsm, access, &trouble);
    }
    if (result == PAWL_OK)
        result = pawl_server_identity_create(data, access, &trouble);
    return result == PAWL_OK ? PAWL_OK : pawl_error(result, "%s", trouble.text);
}
