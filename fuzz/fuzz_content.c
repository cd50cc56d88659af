/* SPEC 20: whatever comes as a content object's header or playlist, or as a directive with grants,
 * is refused or understood; what is understood is written again to the same bytes. The first byte
 * of the input chooses. */
#include <string.h>

#include "fuzz.h"
#include "headend/content_bundle.h"
#include "headend/playlist.h"
#include "pawl/content.h"
#include "pawl/report.h"

static void playlist_try(const uint8_t *bytes, size_t size)
{
    struct pawl_playlist playlist;
    struct pawl_buffer again;

    if (pawl_playlist_read((const char *)bytes, size, &playlist) == PAWL_OK) {
        FUZZ_EXPECT(playlist.segment_count > 0 && playlist.segment_count <= PAWL_SEGMENTS_MAX);
        FUZZ_EXPECT(playlist.key_count > 0 && playlist.key_count <= playlist.segment_count);
        FUZZ_EXPECT(pawl_playlist_write(&playlist, &again) == PAWL_OK);
        FUZZ_EXPECT(again.size == size && memcmp(again.bytes, bytes, size) == 0);
        pawl_buffer_release(&again);
        pawl_playlist_release(&playlist);
    }
    if (pawl_playlist_import((const char *)bytes, size, &playlist) == PAWL_OK) {
        FUZZ_EXPECT(playlist.segment_count > 0 && playlist.key_count == 0);
        pawl_playlist_release(&playlist);
    }
}

static void bundle_try(const uint8_t *bytes, size_t size)
{
    struct pawl_bundle bundle;
    struct pawl_buffer again;
    uint32_t header_size;

    if (size >= PAWL_BUNDLE_PREFIX_SIZE && pawl_bundle_prefix_read(bytes, &header_size) == PAWL_OK)
        FUZZ_EXPECT(header_size > 0 && header_size <= PAWL_BUNDLE_HEADER_MAX);
    if (pawl_bundle_header_read(bytes, size, &bundle) != PAWL_OK)
        return;
    FUZZ_EXPECT(bundle.segment_count > 0 && bundle.segment_count <= PAWL_SEGMENTS_MAX);
    FUZZ_EXPECT(bundle.name[0] != '\0' && strnlen(bundle.name, sizeof bundle.name) < 256);
    FUZZ_EXPECT(pawl_bundle_preamble_write(&bundle, &again) == PAWL_OK);
    FUZZ_EXPECT(again.size == PAWL_BUNDLE_PREFIX_SIZE + size);
    FUZZ_EXPECT(memcmp(again.bytes + PAWL_BUNDLE_PREFIX_SIZE, bytes, size) == 0);
    pawl_buffer_release(&again);
    pawl_bundle_release(&bundle);
}

static void grants_try(const uint8_t *bytes, size_t size)
{
    static const uint8_t key[PAWL_KEY_SIZE] = {1};
    struct pawl_grant grants[PAWL_CONTENT_WANTED_MAX], again[PAWL_CONTENT_WANTED_MAX];
    struct pawl_directive directive = {.action = PAWL_ACTION_IDLE};
    uint8_t written[PAWL_DIRECTIVE_SIZE_MAX];
    size_t count = 0, written_size = 0, found = 0;

    if (pawl_grants_read(bytes, size, grants, &count) != PAWL_OK || count == 0)
        return;
    FUZZ_EXPECT(count <= PAWL_CONTENT_WANTED_MAX);
    FUZZ_EXPECT(pawl_directive_write(&directive, key, written, sizeof written, &written_size) ==
                PAWL_OK);
    FUZZ_EXPECT(pawl_grants_append(grants, count, key, written, sizeof written, &written_size) ==
                PAWL_OK);
    FUZZ_EXPECT(pawl_grants_read(written, written_size, again, &found) == PAWL_OK);
    FUZZ_EXPECT(found == count && memcmp(grants, again, count * sizeof grants[0]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static void (*const tries[])(const uint8_t *bytes, size_t size) = {playlist_try, bundle_try,
                                                                       grants_try};

    if (size > 0)
        tries[bytes[0] % 3](bytes + 1, size - 1);
    return 0;
}
