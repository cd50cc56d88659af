/* Content objects at the head end (SPEC 20.6 to 20.8): playlist, bundle, segments, whom to grant.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "headend/content_bundle.h"
#include "headend/content_grant.h"
#include "headend/playlist.h"
#include "headend/segment_cipher.h"
#include "pawl_test.h"

/* Nine segments; a new key after each third. */
static void playlist_make(struct pawl_playlist *playlist)
{
    playlist->segment_count = 9;
    playlist->key_count = 3;
    playlist->segments = calloc(9, sizeof *playlist->segments);
    playlist->key_ids = calloc(3, sizeof *playlist->key_ids);
    for (uint32_t i = 0; i < 9; i++)
        playlist->segments[i] = (struct pawl_segment){4000000 + i, i / 3};
    for (unsigned i = 0; i < 3; i++)
        memset(playlist->key_ids[i], (int)(0xa0 + i), PAWL_CONTENT_KEY_ID_SIZE);
}

#define KEY_A "#EXT-X-KEY:METHOD=AES-128,URI=\"key/a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0\"\n"
#define HEAD                                                                        \
    "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n" \
    "#EXT-X-PLAYLIST-TYPE:VOD\n"
#define FIRST "#EXTINF:4.000000,\n000000.ts\n"
#define END "#EXT-X-ENDLIST\n"

static void spec20_7_a_playlist_is_read_as_it_is_written(void **state)
{
    struct pawl_playlist playlist, read;
    struct pawl_buffer text;

    (void)state;
    playlist_make(&playlist);
    assert_result(PAWL_OK, pawl_playlist_write(&playlist, &text));
    assert_int_equal(strncmp((char *)text.bytes, HEAD KEY_A FIRST, strlen(HEAD KEY_A FIRST)), 0);
    assert_result(PAWL_OK, pawl_playlist_read((char *)text.bytes, text.size, &read));
    assert_int_equal(read.segment_count, 9);
    assert_int_equal(read.key_count, 3);
    assert_memory_equal(read.segments, playlist.segments, 9 * sizeof *read.segments);
    assert_memory_equal(read.key_ids, playlist.key_ids, 3 * sizeof *read.key_ids);
    pawl_playlist_release(&read);
    /* One text for one meaning: any other byte makes another playlist or none. */
    for (size_t i = 0; i < text.size; i++) {
        text.bytes[i] ^= 1;
        if (pawl_playlist_read((char *)text.bytes, text.size, &read) == PAWL_OK) {
            assert_true(memcmp(read.segments, playlist.segments, 9 * sizeof *read.segments) != 0 ||
                        memcmp(read.key_ids, playlist.key_ids, 3 * sizeof *read.key_ids) != 0);
            pawl_playlist_release(&read);
        }
        text.bytes[i] ^= 1;
        assert_result(PAWL_MALFORMED, pawl_playlist_read((char *)text.bytes, i, &read));
    }
    pawl_buffer_release(&text);
    pawl_playlist_release(&playlist);
}

/* I9: what a player might take and we do not understand. */
static void i9_other_playlists_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        HEAD END,
        HEAD KEY_A END,
        HEAD FIRST END,
        HEAD KEY_A FIRST,
        HEAD KEY_A FIRST END END,
        HEAD KEY_A FIRST END "x",
        HEAD KEY_A KEY_A FIRST END,
        HEAD KEY_A FIRST KEY_A "#EXTINF:4.000000,\n000001.ts\n" END,
        HEAD KEY_A FIRST KEY_A END,
        HEAD KEY_A "#EXTINF:4.0,\n000000.ts\n" END,
        HEAD KEY_A "#EXTINF:4.0000000,\n000000.ts\n" END,
        HEAD KEY_A "#EXTINF:0.000000,\n000000.ts\n" END,
        HEAD KEY_A "#EXTINF:99999999999.000000,\n000000.ts\n" END,
        HEAD KEY_A "#EXTINF:4.000000,title\n000000.ts\n" END,
        HEAD KEY_A "#EXTINF:4.000000,\n../../master.key\n" END,
        HEAD KEY_A "#EXTINF:4.000000,\n/etc/passwd\n" END,
        HEAD KEY_A "#EXTINF:4.000000,\nhttp://example.com/000000.ts\n" END,
        HEAD KEY_A "#EXTINF:4.000000,\n000001.ts\n" END,
        HEAD KEY_A "#EXTINF:4.000000,\n#EXTINF:4.000000,\n000000.ts\n" END,
        HEAD "#EXT-X-KEY:METHOD=NONE\n" FIRST END,
        HEAD "#EXT-X-KEY:METHOD=AES-128,URI=\"key/A0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0\"\n" FIRST END,
        HEAD "#EXT-X-KEY:METHOD=AES-128,URI=\"http://example.com/key\"\n" FIRST END,
        HEAD "#EXT-X-KEY:METHOD=AES-128,URI=\"key/../../v1/report\"\n" FIRST END,
        HEAD "#EXT-X-MAP:URI=\"init.mp4\"\n" KEY_A FIRST END,
        "#EXTM3U\r\n" HEAD KEY_A FIRST END,
    };
    struct pawl_playlist read;

    (void)state;
    assert_result(PAWL_OK,
                  pawl_playlist_read(HEAD KEY_A FIRST END, strlen(HEAD KEY_A FIRST END), &read));
    pawl_playlist_release(&read);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (pawl_playlist_read(texts[i], strlen(texts[i]), &read) != PAWL_MALFORMED)
            fail_msg("case %d", (int)i);
}

static void the_segmenters_playlist_gives_its_durations(void **state)
{
    static const char text[] = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n"
                               "#EXT-X-INDEPENDENT-SEGMENTS\n#EXTINF:4.04,\n000000.ts\n"
                               "#EXTINF:1,\n000001.ts\n#EXT-X-ENDLIST\n";
    static const char keyed[] = HEAD KEY_A FIRST END;
    struct pawl_playlist read;

    (void)state;
    assert_result(PAWL_OK, pawl_playlist_import(text, sizeof text - 1, &read));
    assert_int_equal(read.segment_count, 2);
    assert_int_equal(read.segments[0].duration, 4040000);
    assert_int_equal(read.segments[1].duration, 1000000);
    pawl_playlist_release(&read);
    assert_result(PAWL_MALFORMED, pawl_playlist_import(keyed, sizeof keyed - 1, &read));
}

static void spec20_8_a_bundles_header_comes_back(void **state)
{
    uint32_t sizes[] = {16, 1u << 30, 32};
    struct pawl_bundle bundle = {
        .name = "film \xc3\xa4", .playlist_size = 77, .segment_count = 3, .segment_sizes = sizes};
    struct pawl_bundle read;
    struct pawl_buffer preamble;
    uint32_t size = 0;

    (void)state;
    memset(bundle.release_id, 9, sizeof bundle.release_id);
    assert_result(PAWL_OK, pawl_bundle_preamble_write(&bundle, &preamble));
    assert_result(PAWL_OK, pawl_bundle_prefix_read(preamble.bytes, &size));
    assert_int_equal(PAWL_BUNDLE_PREFIX_SIZE + size, preamble.size);
    const uint8_t *header = preamble.bytes + PAWL_BUNDLE_PREFIX_SIZE;
    assert_result(PAWL_OK, pawl_bundle_header_read(header, size, &read));
    assert_string_equal(read.name, bundle.name);
    assert_memory_equal(read.release_id, bundle.release_id, sizeof read.release_id);
    assert_int_equal(read.playlist_size, 77);
    assert_int_equal(read.segment_count, 3);
    assert_memory_equal(read.segment_sizes, sizes, sizeof sizes);
    pawl_bundle_release(&read);
    for (uint32_t cut = 0; cut < size; cut++)
        assert_result(PAWL_MALFORMED, pawl_bundle_header_read(header, cut, &read));
    for (size_t bit = 0; bit < 8 * preamble.size; bit++) {
        preamble.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (pawl_bundle_header_read(header, size, &read) == PAWL_OK)
            pawl_bundle_release(&read);
        preamble.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    pawl_buffer_release(&preamble);
    sizes[2] = 33; /* no multiple of a cipher block */
    assert_result(PAWL_MALFORMED, pawl_bundle_preamble_write(&bundle, &preamble));
    sizes[2] = 0;
    assert_result(PAWL_MALFORMED, pawl_bundle_preamble_write(&bundle, &preamble));
    bundle.name[0] = '\0';
    sizes[2] = 32;
    assert_result(PAWL_MALFORMED, pawl_bundle_preamble_write(&bundle, &preamble));
}

/* A file without a name that holds `packets` of a transport stream. */
static int stream_make(unsigned packets)
{
    char path[] = "/tmp/pawl-segment-XXXXXX";
    uint8_t packet[188];
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    unlink(path);
    for (unsigned i = 0; i < packets; i++) {
        memset(packet, (int)i, sizeof packet);
        packet[0] = 0x47;
        assert_int_equal(write(fd, packet, sizeof packet), sizeof packet);
    }
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void spec20_7_a_segment_opens_with_its_key(void **state)
{
    static const unsigned packets[] = {1, 4, 348, 349, 1000}; /* around the part that is read */
    const uint8_t key[16] = {1}, other[16] = {2};

    (void)state;
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        int in = stream_make(packets[i]), out = stream_make(0);
        uint64_t size = 0;
        assert_result(PAWL_OK, pawl_segment_seal(in, out, 7, key, &size));
        assert_int_equal(size, (packets[i] * 188u / 16 + 1) * 16);
        assert_int_equal(lseek(out, 0, SEEK_END), size);
        assert_result(PAWL_OK, pawl_segment_prove(out, 7, key));
        assert_result(PAWL_CORRUPT, pawl_segment_prove(out, 7, other));
        assert_int_equal(ftruncate(out, (off_t)size - 16), 0);
        assert_result(PAWL_CORRUPT, pawl_segment_prove(out, 7, key));
        close(in);
        close(out);
    }
}

static void i7_a_content_key_at_rest_is_bound_to_its_id(void **state)
{
    const uint8_t key_id[16] = {1}, other_id[16] = {2}, key[16] = {3};
    uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE], opened[16] = {0};
    struct pawl_vault *vault = NULL;

    (void)state;
    assert_result(PAWL_OK, pawl_vault_create(&vault));
    assert_result(PAWL_OK, pawl_vault_data_key_add(vault, 1, (const uint8_t[32]){9}));
    assert_result(PAWL_OK, pawl_content_key_shut(vault, key_id, key, wrapped));
    assert_result(PAWL_UNTRUSTED, pawl_content_key_unshut(vault, other_id, wrapped, opened));
    assert_int_equal(opened[0], 0);
    assert_result(PAWL_OK, pawl_content_key_unshut(vault, key_id, wrapped, opened));
    assert_memory_equal(opened, key, sizeof key);
    pawl_vault_close(vault);
}

/* SPEC 20.6: whom a key may be granted to. Each case differs in one thing from the one that may. */
static void spec20_6_only_what_is_confirmed_is_granted_to(void **state)
{
    const struct pawl_device_record record = {.sequence = 5,
                                              .has_instance = true,
                                              .has_package = true,
                                              .instance = {1},
                                              .package_id = {2}};
    const struct pawl_report report = {.sequence = 5,
                                       .has_instance = true,
                                       .has_package = true,
                                       .instance = {1},
                                       .package_id = {2}};
    struct pawl_device_record held = record;
    struct pawl_report made = report;

    (void)state;
    assert_true(pawl_content_may_grant(&record, &report));
    held.standing = PAWL_STANDING_QUARANTINED;
    assert_false(pawl_content_may_grant(&held, &report));
    held.standing = PAWL_STANDING_RELEASED;
    assert_false(pawl_content_may_grant(&held, &report));
    made.sequence = 6;
    assert_false(pawl_content_may_grant(&record, &made));
    made.sequence = 4;
    assert_false(pawl_content_may_grant(&record, &made));
    made = report;
    made.has_instance = false;
    assert_false(pawl_content_may_grant(&record, &made));
    made = report;
    made.instance[7] ^= 1;
    assert_false(pawl_content_may_grant(&record, &made));
    made = report;
    made.has_package = false;
    assert_false(pawl_content_may_grant(&record, &made));
    made = report;
    made.package_id[31] ^= 1;
    assert_false(pawl_content_may_grant(&record, &made));
    held = record;
    held.has_package = false;
    assert_false(pawl_content_may_grant(&held, &report));
    held = record;
    held.has_instance = false;
    assert_false(pawl_content_may_grant(&held, &report));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spec20_7_a_playlist_is_read_as_it_is_written),
        cmocka_unit_test(i9_other_playlists_are_refused),
        cmocka_unit_test(the_segmenters_playlist_gives_its_durations),
        cmocka_unit_test(spec20_8_a_bundles_header_comes_back),
        cmocka_unit_test(spec20_7_a_segment_opens_with_its_key),
        cmocka_unit_test(i7_a_content_key_at_rest_is_bound_to_its_id),
        cmocka_unit_test(spec20_6_only_what_is_confirmed_is_granted_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
