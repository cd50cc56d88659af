#include "cli/load.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "headend/table_file.h"
#include "host/file.h"
#include "host/hex.h"
#include "pawl/secret.h"

#define CONTENT_KEY_FILE_MAX 8192u /* one CMS object of 32 bytes has about 500 */

enum pawl_result pawl_pud_load(const char *path, struct pawl_pud *pud)
{
    struct pawl_buffer bytes = {0};
    enum pawl_result result = pawl_file_read(path, PAWL_PUD_SIZE_MAX, &bytes);

    if (result == PAWL_OK)
        result = pawl_pud_read(bytes.bytes, bytes.size, pud);
    else if (result == PAWL_EXHAUSTED)
        result = PAWL_MALFORMED;
    pawl_buffer_release(&bytes);
    return result == PAWL_OK ? PAWL_OK : pawl_file_error(result, path, "personalized unit data");
}

enum pawl_result pawl_content_key_load(const char *path, uint8_t content_key[PAWL_KEY_SIZE])
{
    struct pawl_buffer bytes = {0};
    enum pawl_result result = pawl_file_read(path, CONTENT_KEY_FILE_MAX, &bytes);
    size_t length = 0;

    if (result == PAWL_EXHAUSTED)
        result = PAWL_MALFORMED;
    if (result != PAWL_OK)
        return pawl_file_error(result, path, "a content key of 32 bytes");
    if (bytes.size != PAWL_KEY_SIZE &&
        pawl_cms_length_read(bytes.bytes, bytes.size, &length) == PAWL_OK && length == bytes.size) {
        result = pawl_error(PAWL_STATE, "%s is encrypted to the control server", path);
        pawl_hint("only the server can use it: 'pawl publish', then 'pawl entitle' against it");
    } else {
        result = pawl_content_key_read(bytes.bytes, bytes.size, NULL, content_key);
        if (result != PAWL_OK)
            pawl_file_error(result, path, "a content key of 32 bytes");
        else if (!pawl_file_is_private(path))
            pawl_warning("%s can be read by others; chmod 600 it", path);
    }
    pawl_buffer_release(&bytes);
    return result;
}

enum pawl_result pawl_server_cert_load(struct pawl_cms_recipient **recipient)
{
    if (pawl_cli.server_cert == NULL) {
        *recipient = NULL;
        return PAWL_OK;
    }
    enum pawl_result result = pawl_cms_recipient_load(pawl_cli.server_cert, recipient);
    if (result != PAWL_OK)
        pawl_file_error(result, pawl_cli.server_cert, "a PEM certificate");
    return result;
}

enum pawl_result pawl_package_load(const char *path, struct pawl_package_file *file)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return pawl_file_error(PAWL_IO, path, "a package");
    enum pawl_result result = pawl_package_file_read(fd, file);
    if (result != PAWL_OK) {
        pawl_file_error(result, path, "a package");
        close(fd);
        return result;
    }
    file->fd = fd;
    return PAWL_OK;
}

void pawl_package_close(struct pawl_package_file *file)
{
    close(file->fd);
    file->fd = -1;
}

enum pawl_result pawl_table_load(const char *path, int *fd, struct pawl_table *table)
{
    int opened = open(path, O_RDONLY | O_CLOEXEC);

    if (opened < 0)
        return pawl_file_error(PAWL_IO, path, "an entitlement table");
    enum pawl_result result = pawl_table_file_read(opened, table);
    if (result != PAWL_OK) {
        pawl_file_error(result, path, "a whole entitlement table");
        close(opened);
        return result;
    }
    *fd = opened;
    return PAWL_OK;
}

enum pawl_result pawl_content_key_check(const struct pawl_package_file *file, uint64_t image_size,
                                        const uint8_t content_key[PAWL_KEY_SIZE])
{
    uint32_t chunk_size = file->package.chunk_size;
    size_t counted = (size_t)image_size;
    size_t size = pawl_chunk_length(counted, chunk_size, 0) + (size_t)PAWL_CHUNK_OVERHEAD;
    struct pawl_stream stream;
    uint8_t *chunk = counted == image_size ? malloc(size) : NULL;

    if (chunk == NULL)
        return PAWL_EXHAUSTED;
    enum pawl_result result = pawl_pread_full(file->fd, chunk, size, file->package.preamble_size);
    if (result == PAWL_OK)
        result =
            pawl_stream_init(&stream, content_key, file->package.package_id, counted, chunk_size);
    if (result == PAWL_OK) {
        result = pawl_stream_open(&stream, 0, chunk, chunk);
        pawl_stream_release(&stream);
    }
    pawl_wipe(chunk, size);
    free(chunk);
    return result;
}

enum pawl_result pawl_package_id_load(const char *text, uint8_t package_id[PAWL_PACKAGE_ID_SIZE])
{
    struct pawl_package_file file;

    if (pawl_hex_decode(text, package_id, PAWL_PACKAGE_ID_SIZE) == PAWL_OK)
        return PAWL_OK;
    if (access(text, F_OK) != 0) {
        pawl_error(PAWL_IO, "%s is no package id, and no file has that name", text);
        pawl_hint("a package is named by its file, or by its id of 64 hex digits");
        return PAWL_IO;
    }
    enum pawl_result result = pawl_package_load(text, &file);
    if (result != PAWL_OK)
        return result;
    memcpy(package_id, file.package.package_id, PAWL_PACKAGE_ID_SIZE);
    pawl_package_close(&file);
    return PAWL_OK;
}
