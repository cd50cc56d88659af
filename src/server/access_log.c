#include "server/access_log.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "host/log.h"
#include "server/http_metrics.h"
#include "server/metrics.h"
#include "server/request_id.h"

static enum pawl_access_log access_which = PAWL_ACCESS_FAILURES;
static enum pawl_log_level access_level = PAWL_LOG_INFO;

static bool access_parse(const char *name, enum pawl_access_log *which)
{
    static const char *const names[] = {"none", "failures", "operators", "all"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0) {
            *which = (enum pawl_access_log)i;
            return true;
        }
    return false;
}

int pawl_log_configure(const char *program, const struct pawl_log_settings *settings)
{
    static const char levels[] = "error, warning, notice, info or debug";
    enum pawl_log_level level;
    enum pawl_log_format format;
    if (pawl_log_level_parse(settings->level, &level) != PAWL_OK)
        return pawl_usage_error("--log-level %s: %s", settings->level, levels);
    if (pawl_log_format_parse(settings->format, &format) != PAWL_OK)
        return pawl_usage_error("--log-format %s: text or json", settings->format);
    if (!access_parse(settings->access, &access_which))
        return pawl_usage_error("--access-log %s: none, failures, operators or all",
                                settings->access);
    if (pawl_log_level_parse(settings->access_level, &access_level) != PAWL_OK)
        return pawl_usage_error("--access-log-level %s: %s", settings->access_level, levels);
    pawl_log_init(program, level);
    pawl_log_set_format(format);
    return 0;
}

void pawl_access_begin(struct pawl_request *request, const char *method, const char *path)
{
    request->started = pawl_clock_ns();
    request->method = method;
    request->path = path;
    request->route = NULL;
    request->answered = 0;
    request->package_bytes = 0;
    request->used = true;
    request->id[0] = '\0';
    if (request->settings->threads ==
        0) /* an operator's, who is audited; a device's may need none */
        (void)pawl_request_id(request);
}

/* Called by the log, for a line within a request. */
static const char *name_of_request(void *request)
{
    return pawl_request_id(request);
}

void pawl_access_enter(struct pawl_request *request)
{
    pawl_log_context_set(name_of_request, request);
}

void pawl_access_leave(void)
{
    pawl_log_context_set(NULL, NULL);
}

static bool is_wanted(const struct pawl_request *request)
{
    bool failed = request->answered == 0 || request->answered >= 400;
    switch (access_which) {
    case PAWL_ACCESS_NONE:
        return false;
    case PAWL_ACCESS_FAILURES:
        return failed;
    case PAWL_ACCESS_OPERATORS:
        return failed || request->actor[0] != '\0';
    case PAWL_ACCESS_ALL:
        break;
    }
    return true;
}

/* The peer's address, "-" where it has none. */
static const char *peer_name(const struct pawl_request *request, char text[INET6_ADDRSTRLEN])
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info != NULL ? info->client_addr : NULL;
    const void *bytes = NULL;
    if (address != NULL && address->sa_family == AF_INET)
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    else if (address != NULL && address->sa_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (bytes == NULL || inet_ntop(address->sa_family, bytes, text, INET6_ADDRSTRLEN) == NULL)
        return "-";
    return text;
}

static void line_log(struct pawl_request *request, uint64_t elapsed)
{
    char path[PAWL_LOG_VALUE_SIZE], method[40], actor[2 * PAWL_PEER_NAME_SIZE];
    char peer[INET6_ADDRSTRLEN];
    bool has_actor = request->actor[0] != '\0';
    pawl_log(access_level,
             "event=request listener=%s method=%s path=%s status=%u microseconds=%" PRIu64
             " peer=%s%s%s",
             request->settings->name, pawl_log_value(request->method, method, sizeof method),
             pawl_log_value(request->path, path, sizeof path), request->answered, elapsed / 1000u,
             peer_name(request, peer), has_actor ? " actor=" : "",
             has_actor ? pawl_log_value(request->actor, actor, sizeof actor) : "");
}

uint64_t pawl_access_end(struct pawl_request *request, bool whole)
{
    uint64_t now = pawl_clock_ns(), elapsed = now - request->started;
    if (whole && request->package_bytes > 0)
        pawl_count_add(PAWL_COUNT_PACKAGE_BYTES, request->package_bytes);
    pawl_http_count_request(request->settings->metrics, request, elapsed);
    if (is_wanted(request)) {
        pawl_access_enter(request);
        line_log(request, elapsed);
        pawl_access_leave();
    }
    return now;
}
