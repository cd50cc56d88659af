/* What the files of `pawl campaign` share. */
#ifndef PAWL_CLI_CAMPAIGN_H
#define PAWL_CLI_CAMPAIGN_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "cli/client.h"
#include "host/options.h"

/* The plan of a new campaign as options say it; NULL where one is absent. */
struct pawl_campaign_request {
    const char *package; /* a file or an id */
    const char *name;
    const char *class_name, *vendor, *group, *devices; /* the target */
    bool skip_unknown;
    const char *percent, *window;
    struct pawl_option_list stages;
    const char *success, *error, *deadline, *soak; /* for stages that do not say it themselves */
    uint64_t minimum, rate;
    bool pause, approval, start;
};

/* Creates the campaign, hands in its list and starts it, as was asked for; prints it. */
enum pawl_result pawl_campaign_create(struct pawl_client *client,
                                      const struct pawl_campaign_request *request);

/* Makes the JSON of the stages. PAWL_MALFORMED with an error printed. */
enum pawl_result pawl_campaign_stages_make(const struct pawl_campaign_request *request,
                                           json_t **stages);

/* Prints a campaign for people, a bar for each stage, in lines for a terminal of 80 columns;
 * returns how many, the explanation counted as one. With `color`, bars are coloured. */
unsigned pawl_campaign_print(FILE *out, json_t *campaign, bool color);

/* Follows a campaign until it is finished, stopped or paused: the exit code. */
int pawl_campaign_watch(struct pawl_client *client, const char *number, uint64_t interval);

#endif
