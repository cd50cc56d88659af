#include "cli/package_out.h"

#include "cli/cli.h"

enum pawl_result pawl_package_out_open(struct pawl_package_out *out, const char *path, bool has_key,
                                       const char *key_path)
{
    struct pawl_package_out made = {.path = path, .has_key = has_key};
    enum pawl_result result = PAWL_OK;

    if (has_key)
        result = pawl_content_key_file_open(&made.key, key_path, path);
    if (result != PAWL_OK)
        return result;
    result = pawl_outfile_open(&made.package, path, 0644, true);
    if (result != PAWL_OK) {
        pawl_file_error(result, path, "a package");
        pawl_content_key_file_close(&made.key);
        return result;
    }
    *out = made;
    return PAWL_OK;
}

enum pawl_result pawl_package_out_commit(struct pawl_package_out *out,
                                         const uint8_t content_key[PAWL_KEY_SIZE])
{
    enum pawl_result result = PAWL_OK;

    if (out->has_key)
        result = pawl_content_key_file_commit(&out->key, content_key);
    if (result != PAWL_OK)
        return result;
    result = pawl_outfile_commit(&out->package);
    if (result == PAWL_OK)
        return PAWL_OK;
    pawl_file_error(result, out->path, "a package");
    if (out->has_key)
        pawl_content_key_file_revoke(&out->key);
    return result;
}

void pawl_package_out_close(struct pawl_package_out *out)
{
    pawl_outfile_close(&out->package);
    pawl_content_key_file_close(&out->key);
}
