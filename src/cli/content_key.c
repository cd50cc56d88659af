#include "cli/content_key.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/load.h"
#include "cli/name.h"

enum pawl_result pawl_content_key_file_open(struct pawl_content_key_file *file, const char *path,
                                            const char *package_path)
{
    struct pawl_content_key_file made = {.out = {.fd = -1}};

    made.path = path != NULL ? strdup(path) : pawl_name_derive(package_path, ".pawl", ".key");
    if (made.path == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    enum pawl_result result = pawl_server_cert_load(&made.recipient);
    if (result == PAWL_OK) {
        result = pawl_outfile_open(&made.out, made.path, 0600, pawl_cli.force);
        if (result != PAWL_OK)
            pawl_file_error(result, made.path, "a content key file");
    }
    if (result != PAWL_OK) {
        pawl_content_key_file_close(&made);
        return result;
    }
    *file = made;
    return PAWL_OK;
}

static enum pawl_result key_write(struct pawl_content_key_file *file,
                                  const uint8_t content_key[PAWL_KEY_SIZE])
{
    uint8_t *der = NULL;
    size_t size = 0;

    if (file->recipient == NULL)
        return pawl_write_full(file->out.fd, content_key, PAWL_KEY_SIZE);
    enum pawl_result result =
        pawl_cms_seal(file->recipient, content_key, PAWL_KEY_SIZE, &der, &size);
    if (result == PAWL_OK)
        result = pawl_write_full(file->out.fd, der, size);
    free(der);
    return result;
}

enum pawl_result pawl_content_key_file_commit(struct pawl_content_key_file *file,
                                              const uint8_t content_key[PAWL_KEY_SIZE])
{
    enum pawl_result result = key_write(file, content_key);

    if (result == PAWL_OK)
        result = pawl_outfile_commit(&file->out);
    if (result != PAWL_OK)
        pawl_file_error(result, file->path, "a content key file");
    return result;
}

void pawl_content_key_file_revoke(struct pawl_content_key_file *file)
{
    if (!file->out.special)
        unlink(file->path);
}

void pawl_content_key_file_close(struct pawl_content_key_file *file)
{
    if (file->path == NULL)
        return;
    pawl_outfile_close(&file->out);
    pawl_cms_recipient_free(file->recipient);
    free(file->path);
    *file = (struct pawl_content_key_file){.out = {.fd = -1}};
}
