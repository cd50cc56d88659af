/* SPEC 16.20: any text of a filter is read or refused with a place inside it. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "headend/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct pawl_query query = {.count = 99};
    struct pawl_query_error error = {.at = 0};
    char *text = malloc(size + 1);

    FUZZ_EXPECT(text != NULL);
    if (size > 0)
        memcpy(text, bytes, size);
    text[size] = '\0';
    if (pawl_query_read(text, 1700000000, &query, &error) == PAWL_OK) {
        FUZZ_EXPECT(query.count <= PAWL_QUERY_TERMS_MAX);
    } else {
        FUZZ_EXPECT(query.count == 99);
        FUZZ_EXPECT(error.at >= 1 && error.at <= strlen(text) + 1);
        FUZZ_EXPECT(error.message[0] != '\0');
    }
    free(text);
    return 0;
}
