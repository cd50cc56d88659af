#include "host/credential.h"

#include <stdlib.h>
#include <string.h>

/* Directly in the directory, and nowhere else by way of "..". */
static bool is_credential(const char *path)
{
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    size_t size = directory != NULL ? strlen(directory) : 0;

    return size > 0 && directory[0] == '/' && strncmp(path, directory, size) == 0 &&
           path[size] == '/' && strchr(path + size + 1, '/') == NULL;
}

bool pawl_status_is_private(const char *path, const struct stat *status)
{
    mode_t others = status->st_mode & (S_IRWXG | S_IRWXO);

    if (others == 0)
        return true;
    return others == S_IRGRP && status->st_uid == 0 && status->st_gid == 0 && is_credential(path);
}
