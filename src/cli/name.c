#include "cli/name.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"

char *pawl_name_derive(const char *path, const char *old, const char *new)
{
    size_t size = strlen(path);
    size_t ending = strlen(old);
    char *derived = NULL;

    if (size > ending && strcmp(path + size - ending, old) == 0)
        size -= ending;
    return asprintf(&derived, "%.*s%s", (int)size, path, new) < 0 ? NULL : derived;
}

char *pawl_name_directory(const char *path)
{
    char *copy = strdup(path);
    char *directory = copy == NULL ? NULL : strdup(dirname(copy));

    free(copy);
    return directory;
}

enum pawl_result pawl_name_check_free(const char *path)
{
    struct stat status;

    if (lstat(path, &status) != 0 || S_ISCHR(status.st_mode)) /* nothing, or /dev/null */
        return PAWL_OK;
    errno = EEXIST;
    return pawl_file_error(PAWL_STATE, path, "a new file");
}
