#include "cli/table_out.h"

#include <stdlib.h>

#include "cli/cli.h"
#include "cli/name.h"
#include "cli/print.h"

enum pawl_result pawl_table_out_open(struct pawl_table_out *table, const char *path,
                                     const uint8_t package_id[PAWL_PACKAGE_ID_SIZE])
{
    struct pawl_table_out made = {.path = path};
    char *directory = pawl_name_directory(path);
    enum pawl_result result = PAWL_EXHAUSTED;

    if (directory == NULL)
        return pawl_error(result, "no memory");
    result = pawl_outfile_open(&made.file, path, 0644, true);
    if (result == PAWL_OK) {
        result = pawl_table_writer_init(&made.rows, package_id, directory, 0);
        if (result != PAWL_OK)
            pawl_outfile_close(&made.file);
    }
    free(directory);
    if (result != PAWL_OK)
        return pawl_file_error(result, path, "a table");
    *table = made;
    return PAWL_OK;
}

enum pawl_result pawl_table_out_add(struct pawl_table_out *table, const uint8_t *rows, size_t count)
{
    enum pawl_result result = pawl_table_writer_add(&table->rows, rows, count);

    return result == PAWL_OK ? result : pawl_file_error(result, table->path, "a table");
}

int pawl_table_out_commit(struct pawl_table_out *table)
{
    uint64_t written = 0;

    if (table->rows.count == 0)
        return pawl_nothing("no device to entitle; no table was made");
    enum pawl_result result = pawl_table_writer_finish(&table->rows, table->file.fd, &written);
    if (result == PAWL_OK)
        result = pawl_outfile_commit(&table->file);
    if (result != PAWL_OK)
        return pawl_exit_code(pawl_file_error(result, table->path, "a table"));
    result =
        pawl_print(json_pack("{s:o, s:o, s:o}", "package_id",
                             pawl_json_hex(table->rows.package_id, PAWL_PACKAGE_ID_SIZE), "rows",
                             pawl_json_number(written), "table", pawl_json_string(table->path)));
    return pawl_exit_code(result);
}

void pawl_table_out_close(struct pawl_table_out *table)
{
    pawl_table_writer_release(&table->rows);
    pawl_outfile_close(&table->file);
}
