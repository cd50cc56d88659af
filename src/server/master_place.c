#include "server/master_place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/file.h"

enum pawl_result pawl_master_place_open(const struct pawl_data *data,
                                        const struct pawl_hsm_access *access,
                                        struct pawl_master **master, struct pawl_trouble *trouble)
{
    char path[PATH_MAX];
    return pawl_master_open(pawl_data_path(data, "master.key", path), access, master, trouble);
}

enum pawl_result pawl_master_next_create(const char *directory, const char *uri,
                                         const struct pawl_hsm_access *hsm,
                                         struct pawl_trouble *trouble)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/master.key", directory);
    if (access(path, F_OK) != 0)
        return pawl_trouble_set(trouble, PAWL_STATE, "%s: no data directory of pawld", directory);
    snprintf(path, sizeof path, "%s/master.next", directory);
    return pawl_master_create(path, uri, hsm, trouble);
}

bool pawl_master_next_exists(const struct pawl_data *data)
{
    char path[PATH_MAX];
    return access(pawl_data_path(data, "master.next", path), F_OK) == 0;
}

enum pawl_result pawl_master_next_open(const struct pawl_data *data,
                                       const struct pawl_hsm_access *access,
                                       struct pawl_master **master, struct pawl_trouble *trouble)
{
    char path[PATH_MAX];
    return pawl_master_open(pawl_data_path(data, "master.next", path), access, master, trouble);
}

enum pawl_result pawl_master_next_adopt(const struct pawl_data *data, struct pawl_trouble *trouble)
{
    char key[PATH_MAX], next[PATH_MAX], old[PATH_MAX];
    pawl_data_path(data, "master.key", key);
    pawl_data_path(data, "master.next", next);
    pawl_data_path(data, "master.old", old);
    /* The old one is linked, not moved: at no moment is there no master.key. */
    if ((unlink(old) != 0 && errno != ENOENT) || link(key, old) != 0 || rename(next, key) != 0 ||
        pawl_directory_sync(data->path) != PAWL_OK)
        return pawl_trouble_set(trouble, PAWL_IO, "%s: %s; the database needs master.next already",
                                data->path, strerror(errno));
    return PAWL_OK;
}
