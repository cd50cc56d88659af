/* pawl import: hands a batch of units to the control server. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/import_report.h"
#include "cli/print.h"
#include "cli/verbs.h"

static const char *group, *report;

static const struct pawl_option options[] = {
    {"group", 0, "GROUP", "put the devices into this group", .text = &group},
    {"report", 0, "FILE", "write every refused unit there, a JSON object a line", .text = &report},
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    PAWL_OPTION_QUIET,
    {.name = NULL},
};

static const struct pawl_column columns[] = {
    {"device_id", "REFUSED", 34}, {"class", "CLASS", 12}, {"message", "WHY", 0}, {NULL, NULL, 0}};

static enum pawl_result answer_print(json_t *answer)
{
    json_t *list = json_object_get(answer, "refused");

    if (pawl_cli.json)
        return pawl_print(answer);
    printf("imported  %" JSON_INTEGER_FORMAT "\nrefused   %" JSON_INTEGER_FORMAT "\n",
           json_integer_value(json_object_get(answer, "imported")),
           json_integer_value(json_object_get(answer, "refused_count")));
    if (json_array_size(list) > 0)
        pawl_print_table(json_incref(list), columns);
    json_decref(answer);
    return PAWL_OK;
}

/* Every unit taken: done. None, because all are there already: nothing to do. */
static int outcome_tell(json_t *answer)
{
    json_int_t imported = json_integer_value(json_object_get(answer, "imported"));
    json_int_t refused = json_integer_value(json_object_get(answer, "refused_count"));
    json_t *list = json_object_get(answer, "refused");
    size_t index;
    json_t *unit;
    bool known = true;

    json_array_foreach(list, index, unit)
    {
        const char *class = json_string_value(json_object_get(unit, "class"));
        known = known && class != NULL && strcmp(class, pawl_result_name(PAWL_STATE)) == 0;
    }
    if (answer_print(answer) != PAWL_OK)
        return pawl_exit_code(PAWL_EXHAUSTED);
    if (refused == 0)
        return PAWL_EXIT_DONE;
    if (imported == 0 && known)
        return pawl_nothing("the server knows all of these devices");
    pawl_error(PAWL_STATE, "%lld units were refused", (long long)refused);
    pawl_hint("those that the server knows already are refused; the others are imported");
    return PAWL_EXIT_FAILURE;
}

static int upload(const char *path, int fd)
{
    struct pawl_client *client = NULL;
    struct stat status;
    json_t *answer = NULL;

    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
        return pawl_exit_code(pawl_file_error(PAWL_IO, path, "a file of units"));
    }
    enum pawl_result result = pawl_client_open(&client);
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    char *target = pawl_client_path(
        client, "/v1/units",
        (const char *const[]){"group", group, "report", report != NULL ? "all" : NULL, NULL});
    if (target == NULL)
        result = pawl_error(PAWL_EXHAUSTED, "no memory");
    else if (report != NULL)
        result = pawl_import_report(client, target, fd, (uint64_t)status.st_size, report, &answer);
    else
        result = pawl_client_upload(client, "POST", target, fd, (uint64_t)status.st_size,
                                    "importing", &answer, NULL);
    if (result == PAWL_MALFORMED)
        pawl_hint("'pawl inspect %s' tells what the file is", path);
    free(target);
    pawl_client_close(client);
    return result == PAWL_OK ? outcome_tell(answer) : pawl_exit_code(result);
}

static int run(const struct pawl_option_list *operands)
{
    const char *path = operands->items[0];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return pawl_exit_code(pawl_file_error(PAWL_IO, path, "a file of units"));
    int code = upload(path, fd);
    close(fd);
    return code;
}

const struct pawl_verb pawl_verb_import = {
    .name = "import",
    .usage = {.command = "pawl import",
              .operands = "UNITS",
              .summary = "hand a batch of units to the control server",
              .details = "UNITS is the units.import file that 'pawl personalize' made. Of refused "
                         "units the first 100 are\nshown; --report has all of them.",
              .least = 1,
              .most = 1},
    .options = options,
    .run = run,
};
