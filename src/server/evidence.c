#include "server/evidence.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "host/hex.h"

/* The peer's address without its port; empty when there is none to name. */
static void source_find(struct MHD_Connection *connection, char source[PAWL_SOURCE_SIZE])
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info != NULL ? info->client_addr : NULL;
    const void *bytes = NULL;
    source[0] = '\0';
    if (address != NULL && address->sa_family == AF_INET)
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    else if (address != NULL && address->sa_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (bytes != NULL && inet_ntop(address->sa_family, bytes, source, PAWL_SOURCE_SIZE) == NULL)
        source[0] = '\0';
}

void pawl_evidence_make(const struct pawl_exchange *exchange, struct pawl_evidence *evidence)
{
    const struct pawl_device_record *record = &exchange->device.record;
    const struct pawl_report *report = &exchange->report;
    *evidence = (struct pawl_evidence){
        .time = exchange->now,
        .recorded = {.sequence = record->sequence,
                     .has_instance = record->has_instance,
                     .has_package = record->has_package},
        .reported = {.sequence = report->sequence,
                     .has_instance = report->has_instance,
                     .has_package = report->has_package},
    };
    memcpy(evidence->recorded.instance, record->instance, PAWL_INSTANCE_SIZE);
    memcpy(evidence->recorded.package_id, record->package_id, PAWL_PACKAGE_ID_SIZE);
    if (report->has_instance)
        memcpy(evidence->reported.instance, report->instance, PAWL_INSTANCE_SIZE);
    if (report->has_package)
        memcpy(evidence->reported.package_id, report->package_id, PAWL_PACKAGE_ID_SIZE);
    source_find(exchange->request->connection, evidence->source);
}

/* Appends `,"NAME":"hex"`, or null. */
static size_t hex_append(char *out, size_t room, const char *name, const uint8_t *bytes,
                         size_t size, bool present)
{
    char text[PAWL_HEX_SIZE(PAWL_PACKAGE_ID_SIZE)];
    const char *quote = present ? "\"" : "";
    int written = snprintf(out, room, ",\"%s\":%s%s%s", name, quote,
                           present ? pawl_hex_encode(bytes, size, text) : "null", quote);
    return written > 0 ? (size_t)written : 0;
}

void pawl_evidence_write(const struct pawl_evidence *evidence, char *detail, size_t room)
{
    const struct pawl_evidence_side *held = &evidence->recorded, *said = &evidence->reported;
    size_t at = (size_t)snprintf(detail, room, "{\"recorded\":%" PRIu64 ",\"reported\":%" PRIu64,
                                 held->sequence, said->sequence);
    at += hex_append(detail + at, room - at, "recorded_instance", held->instance,
                     PAWL_INSTANCE_SIZE, held->has_instance);
    at += hex_append(detail + at, room - at, "reported_instance", said->instance,
                     PAWL_INSTANCE_SIZE, said->has_instance);
    at += hex_append(detail + at, room - at, "recorded_package_id", held->package_id,
                     PAWL_PACKAGE_ID_SIZE, held->has_package);
    at += hex_append(detail + at, room - at, "reported_package_id", said->package_id,
                     PAWL_PACKAGE_ID_SIZE, said->has_package);
    snprintf(detail + at, room - at, ",\"source\":\"%s\"}", evidence->source);
}
