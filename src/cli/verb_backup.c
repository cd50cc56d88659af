/* pawl backup: a copy of the server's database, made while it goes on. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/print.h"
#include "cli/verbs.h"
#include "host/file.h"
#include "host/hex.h"

static const char *out_path, *packages_path;

static const struct pawl_option options[] = {
    {"out", 'o', "FILE", "write the backup here", .text = &out_path, .required = true},
    {"packages", 0, "DIR", "bring the package files in here up to date, too",
     .text = &packages_path},
    {"force", 0, NULL, "replace a backup that has this name", .flag = &pawl_cli.force},
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    {.name = NULL},
};

/* How an SQLite database of ours begins: its first bytes, and its application id. */
static const char database_magic[16] = "SQLite format 3";
static const char application_id[4] = {'P', 'A', 'W', 'L'};
#define APPLICATION_ID_AT 68u
#define HEAD_SIZE 100u

struct output {
    int fd;
    const char *name;
    uint64_t size;
    uint8_t head[HEAD_SIZE];
};

static enum pawl_result bytes_take(void *context, const uint8_t *bytes, size_t size)
{
    struct output *output = context;
    if (output->size < HEAD_SIZE) {
        size_t at = (size_t)output->size;
        size_t part = size < HEAD_SIZE - at ? size : HEAD_SIZE - at;
        memcpy(output->head + at, bytes, part);
    }
    output->size += size;
    enum pawl_result result = pawl_write_full(output->fd, bytes, size);
    return result == PAWL_OK ? result : pawl_error(result, "%s: %s", output->name, strerror(errno));
}

static enum pawl_result head_check(const struct output *output)
{
    if (output->size >= HEAD_SIZE &&
        memcmp(output->head, database_magic, sizeof database_magic) == 0 &&
        memcmp(output->head + APPLICATION_ID_AT, application_id, sizeof application_id) == 0)
        return PAWL_OK;
    return pawl_error(PAWL_MALFORMED, "what the server sent is no backup");
}

/* The database. It appears under its name when it is whole, or not at all. */
static enum pawl_result database_fetch(struct pawl_client *client, uint64_t *size)
{
    struct pawl_outfile out;
    enum pawl_result result = pawl_outfile_open(&out, out_path, 0600, pawl_cli.force);
    if (result == PAWL_STATE) {
        pawl_error(result, "%s: it exists", out_path);
        pawl_hint("--force replaces it");
        return result;
    }
    if (result != PAWL_OK)
        return pawl_file_error(result, out_path, "a file");
    struct output output = {.fd = out.fd, .name = out_path};
    result = pawl_client_stream(client, "/v1/backup", NULL, bytes_take, &output);
    if (result == PAWL_OK)
        result = head_check(&output);
    if (result == PAWL_OK) {
        result = pawl_outfile_commit(&out);
        if (result != PAWL_OK)
            pawl_error(result, "%s: %s", out_path, strerror(errno));
    }
    pawl_outfile_close(&out);
    *size = output.size;
    return result;
}

/* Whether the package's file is there, as long as it has to be: it never changes. */
static bool package_is_there(const char *path, uint64_t size)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && (uint64_t)status.st_size == size;
}

static enum pawl_result package_fetch(struct pawl_client *client, const char *id, const char *path)
{
    struct pawl_outfile out;
    char resource[128];
    enum pawl_result result = pawl_outfile_open(&out, path, 0644, true);
    if (result != PAWL_OK)
        return pawl_file_error(result, path, "a file");
    struct output output = {.fd = out.fd, .name = path};
    snprintf(resource, sizeof resource, "/v1/backup/packages/%.64s", id);
    result = pawl_client_fetch(client, resource, bytes_take, &output);
    if (result == PAWL_OK && pawl_outfile_commit(&out) != PAWL_OK)
        result = pawl_error(PAWL_IO, "%s: %s", path, strerror(errno));
    pawl_outfile_close(&out);
    return result;
}

/* Fetches a package that is ready and not there. */
static enum pawl_result package_see_to(struct pawl_client *client, json_t *package,
                                       unsigned *fetched)
{
    const char *id = json_string_value(json_object_get(package, "package_id"));
    const char *state = json_string_value(json_object_get(package, "state"));
    json_int_t size = json_integer_value(json_object_get(package, "package_size"));
    uint8_t bytes[PAWL_PACKAGE_ID_SIZE];
    char *path = NULL;
    if (id == NULL || state == NULL || pawl_hex_decode(id, bytes, sizeof bytes) != PAWL_OK)
        return pawl_error(PAWL_MALFORMED, "the server's list of packages is none");
    if (strcmp(state, "ready") != 0)
        return PAWL_OK;
    if (asprintf(&path, "%s/%s.pawl", packages_path, id) < 0)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    enum pawl_result result = PAWL_OK;
    if (!package_is_there(path, (uint64_t)size)) {
        result = package_fetch(client, id, path);
        (*fetched)++;
    }
    free(path);
    return result;
}

static enum pawl_result packages_fetch(struct pawl_client *client, unsigned *fetched)
{
    char path[128] = "/v1/packages?limit=1000";
    if (mkdir(packages_path, 0755) != 0 && errno != EEXIST)
        return pawl_error(PAWL_IO, "%s: %s", packages_path, strerror(errno));
    for (bool more = true; more;) {
        json_t *answer = NULL, *package;
        size_t index;
        enum pawl_result result = pawl_client_json(client, "GET", path, NULL, &answer);
        if (result != PAWL_OK)
            return result;
        json_array_foreach(json_object_get(answer, "items"), index, package)
        {
            if (result == PAWL_OK)
                result = package_see_to(client, package, fetched);
        }
        const char *next = json_string_value(json_object_get(answer, "next"));
        more = next != NULL;
        snprintf(path, sizeof path, "/v1/packages?limit=1000&after=%.64s", more ? next : "");
        json_decref(answer);
        if (result != PAWL_OK)
            return result;
    }
    return PAWL_OK;
}

static int run(const struct pawl_option_list *operands)
{
    struct pawl_client *client = NULL;
    uint64_t size = 0;
    unsigned fetched = 0;
    enum pawl_result result = pawl_client_open(&client);

    (void)operands;
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    /* The database first: each package that it knows is on the server then. */
    result = database_fetch(client, &size);
    if (result == PAWL_OK && packages_path != NULL)
        result = packages_fetch(client, &fetched);
    pawl_client_close(client);
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    json_t *told =
        json_pack("{s:o, s:I}", "backup", pawl_json_string(out_path), "size", (json_int_t)size);
    if (packages_path != NULL && told != NULL)
        json_object_set_new(told, "packages_fetched", json_integer(fetched));
    return pawl_exit_code(pawl_print(told));
}

const struct pawl_verb pawl_verb_backup = {
    .name = "backup",
    .usage = {.command = "pawl backup",
              .operands = "",
              .summary = "copy the server's database while it goes on",
              .details = "The backup holds no secret that opens without the server's master key, "
                         "which is not in it:\nkeep that elsewhere. `pawld restore` checks a "
                         "backup and puts it in place."},
    .options = options,
    .run = run,
};
