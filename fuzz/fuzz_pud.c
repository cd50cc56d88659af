/* SPEC 3: a PUD that is accepted is written back to the same bytes. */
#include <string.h>

#include "fuzz.h"
#include "pawl/pud.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    uint8_t again[PAWL_PUD_SIZE_MAX];
    struct pawl_pud pud;
    size_t used = 0, again_size = 0;

    while (size > 0 && pawl_pud_read_next(bytes, size, &pud, &used) == PAWL_OK) {
        FUZZ_EXPECT(used > 0 && used <= size);
        FUZZ_EXPECT(pawl_pud_read(bytes, used, &pud) == PAWL_OK);
        FUZZ_EXPECT((pawl_pud_read(bytes, size, &pud) == PAWL_OK) == (used == size));
        FUZZ_EXPECT(pawl_pud_write(&pud, again, sizeof again, &again_size) == PAWL_OK);
        FUZZ_EXPECT(again_size == used && memcmp(again, bytes, used) == 0);
        bytes += used;
        size -= used;
    }
    return 0;
}
