#include "headend/playlist.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/hex.h"

#define SECOND 1000000u /* microseconds */
#define KEY_LINE "#EXT-X-KEY:METHOD=AES-128,URI=\"key/"

char *pawl_segment_name_make(uint32_t number, char name[PAWL_SEGMENT_NAME_SIZE])
{
    snprintf(name, PAWL_SEGMENT_NAME_SIZE, "%06" PRIu32 ".ts", number % 1000000u);
    return name;
}

void pawl_playlist_release(struct pawl_playlist *playlist)
{
    free(playlist->segments);
    free(playlist->key_ids);
    *playlist = (struct pawl_playlist){.segments = NULL};
}

/* What the longest segment lasts, in whole seconds as RFC 8216 rounds them. */
static uint32_t target_duration_make(const struct pawl_playlist *playlist)
{
    uint32_t longest = 1;
    for (uint32_t i = 0; i < playlist->segment_count; i++) {
        uint32_t seconds = (playlist->segments[i].duration + SECOND / 2) / SECOND;
        longest = seconds > longest ? seconds : longest;
    }
    return longest;
}

enum pawl_result pawl_playlist_write(const struct pawl_playlist *playlist, struct pawl_buffer *text)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);
    if (out == NULL)
        return PAWL_EXHAUSTED;
    fprintf(out,
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:%" PRIu32
            "\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n",
            target_duration_make(playlist));
    for (uint32_t i = 0; i < playlist->segment_count; i++) {
        const struct pawl_segment *segment = &playlist->segments[i];
        char key_id[PAWL_HEX_SIZE(PAWL_CONTENT_KEY_ID_SIZE)], name[PAWL_SEGMENT_NAME_SIZE];
        if (i == 0 || segment->key != segment[-1].key)
            fprintf(
                out, KEY_LINE "%s\"\n",
                pawl_hex_encode(playlist->key_ids[segment->key], PAWL_CONTENT_KEY_ID_SIZE, key_id));
        fprintf(out, "#EXTINF:%" PRIu32 ".%06" PRIu32 ",\n%s\n", segment->duration / SECOND,
                segment->duration % SECOND, pawl_segment_name_make(i, name));
    }
    fputs("#EXT-X-ENDLIST\n", out);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(bytes);
        return PAWL_EXHAUSTED;
    }
    *text = (struct pawl_buffer){(uint8_t *)bytes, size};
    return PAWL_OK;
}

/* What is left of a text, taken line by line. */
struct lines {
    const char *next;
    size_t left;
};

/* The next line without its end; false at the end, or when it is longer than any that is ours. */
static bool line_take(struct lines *lines, char *line, size_t room)
{
    const char *end = memchr(lines->next, '\n', lines->left);
    size_t size = end != NULL ? (size_t)(end - lines->next) : lines->left;
    if (end == NULL || size >= room || memchr(lines->next, '\0', size) != NULL)
        return false;
    memcpy(line, lines->next, size);
    line[size] = '\0';
    lines->next += size + 1;
    lines->left -= size + 1;
    return true;
}

/* "4.000000," with one to six digits behind the point, or none. */
static bool duration_read(const char *text, uint32_t *duration)
{
    uint64_t value = 0;
    unsigned decimals = 0;
    bool point = false;
    for (; (*text >= '0' && *text <= '9') || (*text == '.' && !point); text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        value = 10 * value + (uint64_t)(*text - '0');
        decimals += point;
        if (value > PAWL_SEGMENT_DURATION_MAX || decimals > 6)
            return false;
    }
    for (; decimals < 6; decimals++)
        value *= 10;
    if (*text != ',' || value < 1 || value > PAWL_SEGMENT_DURATION_MAX)
        return false;
    *duration = (uint32_t)value;
    return true;
}

static enum pawl_result segment_add(struct pawl_playlist *playlist, uint32_t duration)
{
    uint32_t count = playlist->segment_count;
    if (count == PAWL_SEGMENTS_MAX)
        return PAWL_MALFORMED;
    if ((count & (count - 1)) == 0) { /* 0 and powers of two */
        size_t room = count == 0 ? 1 : 2 * (size_t)count;
        void *longer = realloc(playlist->segments, room * sizeof *playlist->segments);
        if (longer == NULL)
            return PAWL_EXHAUSTED;
        playlist->segments = longer;
    }
    uint32_t key = playlist->key_count > 0 ? playlist->key_count - 1 : 0;
    playlist->segments[count] = (struct pawl_segment){duration, key};
    playlist->segment_count = count + 1;
    return PAWL_OK;
}

static enum pawl_result key_add(struct pawl_playlist *playlist, const char *line)
{
    const size_t start = sizeof KEY_LINE - 1, digits = 2u * PAWL_CONTENT_KEY_ID_SIZE;
    uint32_t count = playlist->key_count;
    char hex[PAWL_HEX_SIZE(PAWL_CONTENT_KEY_ID_SIZE)];
    if (strlen(line) != start + digits + 1 || count == PAWL_SEGMENTS_MAX)
        return PAWL_MALFORMED;
    void *longer = realloc(playlist->key_ids, (count + (size_t)1) * sizeof *playlist->key_ids);
    if (longer == NULL)
        return PAWL_EXHAUSTED;
    playlist->key_ids = longer;
    memcpy(hex, line + start, digits);
    hex[digits] = '\0';
    playlist->key_count = count + 1;
    return pawl_hex_decode(hex, playlist->key_ids[count], PAWL_CONTENT_KEY_ID_SIZE);
}

/* Takes the lines that mean something; `strict` is for our own text, which is compared afterwards.
 */
static enum pawl_result lines_read(struct lines lines, bool strict, struct pawl_playlist *playlist)
{
    char line[128], name[PAWL_SEGMENT_NAME_SIZE];
    uint32_t duration = 0;
    bool ended = false;
    enum pawl_result result = PAWL_OK;
    if (!line_take(&lines, line, sizeof line) || strcmp(line, "#EXTM3U") != 0)
        return PAWL_MALFORMED;
    while (result == PAWL_OK && !ended && lines.left > 0) {
        if (!line_take(&lines, line, sizeof line))
            return PAWL_MALFORMED;
        if (strncmp(line, "#EXTINF:", 8) == 0) {
            result = duration == 0 && duration_read(line + 8, &duration) ? PAWL_OK : PAWL_MALFORMED;
        } else if (strncmp(line, "#EXT-X-KEY:", 11) == 0) {
            result = strict ? key_add(playlist, line) : PAWL_MALFORMED;
        } else if (strcmp(line, "#EXT-X-ENDLIST") == 0) {
            ended = true;
        } else if (line[0] != '#') {
            if (duration == 0 ||
                strcmp(line, pawl_segment_name_make(playlist->segment_count, name)) != 0)
                return PAWL_MALFORMED;
            result = segment_add(playlist, duration);
            duration = 0;
        }
    }
    bool whole = ended && lines.left == 0 && duration == 0 && playlist->segment_count > 0;
    return result == PAWL_OK && !whole ? PAWL_MALFORMED : result;
}

static int key_id_compare(const void *a, const void *b)
{
    return memcmp(a, b, PAWL_CONTENT_KEY_ID_SIZE);
}

/* Whether no key id is there twice. */
static enum pawl_result key_ids_check(const struct pawl_playlist *playlist)
{
    const size_t size = playlist->key_count * sizeof *playlist->key_ids;
    uint8_t(*sorted)[PAWL_CONTENT_KEY_ID_SIZE] = malloc(size);
    enum pawl_result result = PAWL_OK;
    if (sorted == NULL)
        return PAWL_EXHAUSTED;
    memcpy(sorted, playlist->key_ids, size);
    qsort(sorted, playlist->key_count, sizeof *sorted, key_id_compare);
    for (uint32_t i = 1; i < playlist->key_count; i++)
        if (key_id_compare(sorted[i - 1], sorted[i]) == 0)
            result = PAWL_MALFORMED;
    free(sorted);
    return result;
}

/* Whether the text is the one that we would write, which says all that was not looked at. */
static enum pawl_result text_check(const struct pawl_playlist *playlist, const char *text,
                                   size_t size)
{
    struct pawl_buffer canonical;
    if (playlist->key_count == 0 || playlist->segments[0].key != 0 ||
        playlist->segments[playlist->segment_count - 1].key != playlist->key_count - 1)
        return PAWL_MALFORMED;
    enum pawl_result result = pawl_playlist_write(playlist, &canonical);
    if (result != PAWL_OK)
        return result;
    bool same = canonical.size == size && memcmp(canonical.bytes, text, size) == 0;
    pawl_buffer_release(&canonical);
    return same ? key_ids_check(playlist) : PAWL_MALFORMED;
}

enum pawl_result pawl_playlist_read(const char *text, size_t size, struct pawl_playlist *playlist)
{
    struct pawl_playlist found = {.segments = NULL};
    enum pawl_result result = lines_read((struct lines){text, size}, true, &found);
    if (result == PAWL_OK)
        result = text_check(&found, text, size);
    if (result == PAWL_OK)
        *playlist = found;
    else
        pawl_playlist_release(&found);
    return result;
}

enum pawl_result pawl_playlist_import(const char *text, size_t size, struct pawl_playlist *playlist)
{
    struct pawl_playlist found = {.segments = NULL};
    enum pawl_result result = lines_read((struct lines){text, size}, false, &found);
    if (result == PAWL_OK)
        *playlist = found;
    else
        pawl_playlist_release(&found);
    return result;
}
