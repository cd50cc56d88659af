/* pawl audit export. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/audit.h"
#include "cli/cli.h"
#include "host/file.h"

void pawl_audit_export_path(const struct pawl_audit_options *options, char path[64])
{
    snprintf(path, 64, "/v1/audit/export?after=%" PRIu64, options->after);
}

struct output {
    int fd;
    const char *name;
};

static enum pawl_result bytes_take(void *context, const uint8_t *bytes, size_t size)
{
    const struct output *output = context;
    enum pawl_result result = pawl_write_full(output->fd, bytes, size);

    return result == PAWL_OK ? result : pawl_error(result, "%s: %s", output->name, strerror(errno));
}

static enum pawl_result export_fetch(const struct pawl_audit_options *options,
                                     const struct output *output)
{
    struct pawl_client *client = NULL;
    struct output target = *output;
    char path[64];
    enum pawl_result result = pawl_client_open(&client);

    if (result != PAWL_OK)
        return result;
    pawl_audit_export_path(options, path);
    result = pawl_client_fetch(client, path, bytes_take, &target);
    pawl_client_close(client);
    return result;
}

int pawl_audit_export(const struct pawl_audit_options *options)
{
    struct pawl_outfile out;
    struct output output = {STDOUT_FILENO, "standard output"};

    if (options->out == NULL)
        return pawl_exit_code(export_fetch(options, &output));
    enum pawl_result result = pawl_outfile_open(&out, options->out, 0600, true);
    if (result != PAWL_OK)
        return pawl_exit_code(pawl_file_error(result, options->out, "a file"));
    output = (struct output){out.fd, options->out};
    result = export_fetch(options, &output);
    if (result == PAWL_OK) {
        result = pawl_outfile_commit(&out);
        if (result != PAWL_OK)
            pawl_error(result, "%s: %s", options->out, strerror(errno));
    }
    pawl_outfile_close(&out);
    return pawl_exit_code(result);
}
