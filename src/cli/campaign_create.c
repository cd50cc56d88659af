/* pawl campaign create. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/campaign.h"
#include "cli/cli.h"
#include "cli/load.h"
#include "cli/print.h"
#include "cli/target.h"
#include "host/file.h"

static enum pawl_result target_make(struct pawl_client *client,
                                    const struct pawl_campaign_request *request,
                                    const uint8_t package_id[PAWL_PACKAGE_ID_SIZE], json_t **target)
{
    if (request->class_name != NULL)
        return pawl_class_target_make(client, request->class_name, request->vendor, package_id,
                                      target);
    *target = request->devices != NULL ? json_pack("{s:b}", "list", 1)
                                       : json_pack("{s:s}", "group", request->group);
    return *target != NULL ? PAWL_OK
                           : pawl_error(PAWL_MALFORMED, "the group's name is not UTF-8 text");
}

/* "22:00-05:00+01:00", the zone being UTC when it is absent. */
static enum pawl_result window_make(const char *text, json_t **window)
{
    enum { CLOCK = 5 };
    size_t size = strlen(text);
    if (size < 2 * CLOCK + 1 || text[CLOCK] != '-') {
        pawl_error(PAWL_MALFORMED, "--window %s", text);
        pawl_hint("a window is 22:00-05:00, or with a zone 22:00-05:00+01:00");
        return PAWL_MALFORMED;
    }
    *window = json_pack("{s:s%, s:s%}", "from", text, (size_t)CLOCK, "until", text + CLOCK + 1,
                        (size_t)CLOCK);
    if (size > 2 * CLOCK + 1)
        json_object_set_new(*window, "zone", json_string(text + 2 * CLOCK + 1));
    return PAWL_OK;
}

static enum pawl_result plan_make(struct pawl_client *client,
                                  const struct pawl_campaign_request *request, json_t **plan)
{
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    json_t *target = NULL, *stages = NULL, *window = NULL;
    enum pawl_result result = pawl_package_id_load(request->package, package_id);
    if (result == PAWL_OK)
        result = pawl_campaign_stages_make(request, &stages);
    if (result == PAWL_OK && request->window != NULL)
        result = window_make(request->window, &window);
    if (result == PAWL_OK)
        result = target_make(client, request, package_id, &target);
    if (result != PAWL_OK) {
        json_decref(stages);
        json_decref(window);
        return result;
    }
    *plan = json_pack("{s:s, s:o, s:o, s:o, s:o*, s:I, s:b}", "name", request->name, "package_id",
                      pawl_json_hex(package_id, sizeof package_id), "target", target, "stages",
                      stages, "window", window, "rate", (json_int_t)request->rate, "approval",
                      (int)request->approval);
    if (*plan == NULL)
        return pawl_error(PAWL_MALFORMED, "the name is not UTF-8 text");
    if (request->percent != NULL) {
        char *end = NULL;
        double percent = strtod(request->percent, &end);
        if (end == request->percent || *end != '\0') {
            json_decref(*plan);
            return pawl_error(PAWL_MALFORMED, "--percent %s is no number", request->percent);
        }
        json_object_set_new(*plan, "percent", json_real(percent));
    }
    return PAWL_OK;
}

/* Standard input is put into a file, so that it can be sent from its start. */
static enum pawl_result input_keep(FILE **file)
{
    uint8_t bytes[65536];
    size_t got = 0;
    *file = tmpfile();
    if (*file == NULL)
        return pawl_error(PAWL_IO, "a temporary file: %s", strerror(errno));
    do {
        if (pawl_read_most(STDIN_FILENO, bytes, sizeof bytes, &got) != PAWL_OK ||
            fwrite(bytes, 1, got, *file) != got)
            return pawl_error(PAWL_IO, "standard input: %s", strerror(errno));
    } while (got == sizeof bytes);
    return fflush(*file) == 0 ? PAWL_OK : pawl_error(PAWL_IO, "%s", strerror(errno));
}

static enum pawl_result list_send(struct pawl_client *client, const char *path, int fd)
{
    struct stat about;
    json_t *answer = NULL;
    if (fstat(fd, &about) != 0)
        return pawl_error(PAWL_IO, "the list of devices: %s", strerror(errno));
    enum pawl_result result = pawl_client_upload(client, "PUT", path, fd, (uint64_t)about.st_size,
                                                 "sending the list", &answer, NULL);
    json_int_t unknown = json_integer_value(json_object_get(answer, "unknown"));
    if (result == PAWL_OK && unknown > 0)
        pawl_warning("%lld of the devices are not known to the server, and were passed over",
                     (long long)unknown);
    json_decref(answer);
    return result;
}

static enum pawl_result list_hand_in(struct pawl_client *client,
                                     const struct pawl_campaign_request *request, json_int_t id)
{
    char path[96];
    FILE *input = NULL;
    snprintf(path, sizeof path, "/v1/campaigns/%lld/devices%s", (long long)id,
             request->skip_unknown ? "?skip_unknown=true" : "");
    if (strcmp(request->devices, "-") == 0) {
        enum pawl_result result = input_keep(&input);
        if (result == PAWL_OK)
            result = list_send(client, path, fileno(input));
        if (input != NULL)
            fclose(input);
        return result;
    }
    int fd = open(request->devices, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return pawl_file_error(PAWL_IO, request->devices, "a list of devices");
    enum pawl_result result = list_send(client, path, fd);
    close(fd);
    return result;
}

/* What follows on its creation. A campaign whose list was refused is taken away again. */
static enum pawl_result create_follow(struct pawl_client *client,
                                      const struct pawl_campaign_request *request, json_int_t id)
{
    char path[64];
    enum pawl_result result = PAWL_OK;
    if (request->devices != NULL)
        result = list_hand_in(client, request, id);
    if (result != PAWL_OK) {
        snprintf(path, sizeof path, "/v1/campaigns/%lld", (long long)id);
        (void)pawl_client_json(client, "DELETE", path, NULL, NULL);
        return result;
    }
    if (!request->start)
        return PAWL_OK;
    snprintf(path, sizeof path, "/v1/campaigns/%lld/start", (long long)id);
    return pawl_client_json(client, "POST", path, NULL, NULL);
}

enum pawl_result pawl_campaign_create(struct pawl_client *client,
                                      const struct pawl_campaign_request *request)
{
    json_t *plan = NULL, *answer = NULL;
    char path[64];
    enum pawl_result result = plan_make(client, request, &plan);
    if (result == PAWL_OK)
        result = pawl_client_json(client, "POST", "/v1/campaigns", plan, &answer);
    if (result != PAWL_OK)
        return result;
    json_int_t id = json_integer_value(json_object_get(answer, "id"));
    json_decref(answer);
    result = create_follow(client, request, id);
    snprintf(path, sizeof path, "/v1/campaigns/%lld", (long long)id);
    if (result == PAWL_OK)
        result = pawl_client_json(client, "GET", path, NULL, &answer);
    if (result != PAWL_OK)
        return result;
    if (pawl_cli.json)
        return pawl_print(answer);
    pawl_campaign_print(stdout, answer, false);
    json_decref(answer);
    return PAWL_OK;
}
