/*
 * The small readers of text that comes from outside (I9): what HTTP says to the server and the
 * agent, queries, hours, names of requests, settings, and log lines with what clients sent. The
 * first byte chooses the reader, the rest is the text.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/content_address.h"
#include "agent/content_range.h"
#include "agent/url.h"
#include "fuzz.h"
#include "headend/hours.h"
#include "headend/label.h"
#include "headend/query.h"
#include "host/config.h"
#include "host/log.h"
#include "host/log_line.h"
#include "host/options.h"
#include "server/http.h"
#include "server/media.h"
#include "server/operator_api.h"
#include "server/range.h"
#include "server/request_id.h"
#include "server/route.h"

#define TEXT_MAX 4096u

static void range_read(const char *text)
{
    static const uint64_t totals[] = {0, 1, 1000, UINT64_MAX};
    for (size_t i = 0; i < sizeof totals / sizeof totals[0]; i++) {
        struct pawl_range range = {0, totals[i]};
        if (pawl_range_read(text, totals[i], &range) == PAWL_RANGE_PART) {
            FUZZ_EXPECT(range.size > 0 && range.first < totals[i]);
            FUZZ_EXPECT(range.size <= totals[i] - range.first);
        }
    }
}

static void content_range_read(const char *text)
{
    struct pawl_content_range range;
    if (pawl_content_range_read(text, &range) == PAWL_OK)
        FUZZ_EXPECT(range.first <= range.last && (!range.has_total || range.last < range.total));
}

static void media_read(const char *text)
{
    FUZZ_EXPECT(!pawl_media_is_mac0(text) || !pawl_media_is_json(text));
}

/* What a directive names leads to the server or to a whole URL, and nowhere else. */
static void url_read(const char *text)
{
    char url[256];
    (void)pawl_url_is_valid(text);
    if (pawl_url_join("https://server:8480/base", text, strlen(text), url, sizeof url) == PAWL_OK) {
        FUZZ_EXPECT(pawl_url_is_valid(url));
        FUZZ_EXPECT(strncmp(url, "https://server:8480/", 20) == 0 || strcmp(url, text) == 0);
    }
}

static void address_read(const char *text)
{
    (void)pawl_content_address_is_valid(text);
    (void)pawl_content_host_is_local(text);
}

static void query_read(const char *text)
{
    struct pawl_query query = {.count = 0};
    struct pawl_query_error error = {.at = 0};
    if (pawl_query_read(text, 1800000000, &query, &error) == PAWL_OK) {
        FUZZ_EXPECT(query.count <= PAWL_QUERY_TERMS_MAX);
    } else {
        FUZZ_EXPECT(error.at >= 1 && error.at <= strlen(text) + 1);
        FUZZ_EXPECT(memchr(error.message, '\0', sizeof error.message) != NULL);
    }
}

static void hours_read(const char *text)
{
    int32_t minutes;
    char again[PAWL_CLOCK_SIZE];
    if (pawl_clock_read(text, &minutes) == PAWL_OK)
        FUZZ_EXPECT(strcmp(pawl_clock_format(minutes, again), text) == 0);
    if (pawl_zone_read(text, &minutes) == PAWL_OK)
        FUZZ_EXPECT(minutes >= -PAWL_ZONE_MINUTES_MAX && minutes <= PAWL_ZONE_MINUTES_MAX);
}

static void names_read(const char *text)
{
    uint64_t number;
    (void)pawl_label_key_is_good(text, strlen(text));
    (void)pawl_label_value_is_good(text, strlen(text));
    (void)pawl_group_is_good(text, strlen(text));
    (void)pawl_number_parse(text, &number);
    if (pawl_request_id_is_good(text))
        FUZZ_EXPECT(strpbrk(text, " \t\r\n\"=;") == NULL && strlen(text) < PAWL_REQUEST_ID_SIZE);
}

/* The method up to the first blank, then the path. */
static void route_read(const char *text)
{
    char method[32];
    struct pawl_route_match match;
    size_t size = strcspn(text, " ");
    if (size >= sizeof method || text[size] == '\0')
        return;
    memcpy(method, text, size);
    method[size] = '\0';
    pawl_route_find(pawl_operator_routes, pawl_operator_route_count, method, text + size + 1,
                    &match);
    FUZZ_EXPECT(match.handler == NULL || match.path_known);
    FUZZ_EXPECT(match.handler == NULL || strchr(match.part, '/') == NULL);
    FUZZ_EXPECT(memchr(match.part, '\0', sizeof match.part) != NULL);
    FUZZ_EXPECT(memchr(match.allow, '\0', sizeof match.allow) != NULL);
}

/* As a value no text makes a second key, and as JSON it stays one string. */
static void log_write(const char *text)
{
    char value[PAWL_LOG_VALUE_SIZE], said[PAWL_LOG_VALUE_SIZE + 16];
    struct pawl_log_line line = {.size = 0};
    snprintf(said, sizeof said, "event=%s", pawl_log_value(text, value, sizeof value));
    pawl_log_json_add(&line, said);
    FUZZ_EXPECT(strncmp(line.text, ",\"event\":\"", 10) == 0);
    size_t at = 10;
    while (at < line.size && line.text[at] != '"') {
        FUZZ_EXPECT((unsigned char)line.text[at] >= ' ');
        at += line.text[at] == '\\' ? 2 : 1;
    }
    FUZZ_EXPECT(at == line.size - 1);
    line.size = 0;
    pawl_log_json_add(&line, text);
}

/* Settings are a file's: here one in memory. What is wrong with it is printed, which nobody reads.
 */
static void config_read(const char *text)
{
    struct pawl_config config = {.path = NULL};
    char path[64];
    int fd = memfd_create("settings", MFD_CLOEXEC);
    FUZZ_EXPECT(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    setenv("PAWL_CONFIG", path, 1);
    int kept = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    FUZZ_EXPECT(kept >= 0 && null >= 0 && dup2(null, STDERR_FILENO) >= 0);
    if (pawl_config_load(&config, "pawld") == PAWL_OK) {
        (void)pawl_config_find(&config, "listen", NULL);
        pawl_config_release(&config);
    }
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(null);
    close(fd);
}

static void (*const readers[])(const char *text) = {
    range_read, content_range_read, media_read, url_read,  address_read, query_read,
    hours_read, names_read,         route_read, log_write, config_read,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char text[TEXT_MAX];
    if (size < 1 || size > sizeof text)
        return 0;
    memcpy(text, bytes + 1, size - 1);
    text[size - 1] = '\0';
    readers[bytes[0] % (sizeof readers / sizeof readers[0])](text);
    return 0;
}
