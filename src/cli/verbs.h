/* All verbs, each defined in its own file. */
#ifndef PAWL_CLI_VERBS_H
#define PAWL_CLI_VERBS_H

#include "cli/cli.h"

extern const struct pawl_verb pawl_verb_assign;
extern const struct pawl_verb pawl_verb_audit;
extern const struct pawl_verb pawl_verb_backup;
extern const struct pawl_verb pawl_verb_completion;
extern const struct pawl_verb pawl_verb_content;
extern const struct pawl_verb pawl_verb_device;
extern const struct pawl_verb pawl_verb_campaign;
extern const struct pawl_verb pawl_verb_devices;
extern const struct pawl_verb pawl_verb_entitle;
extern const struct pawl_verb pawl_verb_env;
extern const struct pawl_verb pawl_verb_group;
extern const struct pawl_verb pawl_verb_import;
extern const struct pawl_verb pawl_verb_inspect;
extern const struct pawl_verb pawl_verb_key;
extern const struct pawl_verb pawl_verb_keygen;
extern const struct pawl_verb pawl_verb_notify;
extern const struct pawl_verb pawl_verb_open;
extern const struct pawl_verb pawl_verb_package;
extern const struct pawl_verb pawl_verb_packages;
extern const struct pawl_verb pawl_verb_personalize;
extern const struct pawl_verb pawl_verb_publish;
extern const struct pawl_verb pawl_verb_quarantine;
extern const struct pawl_verb pawl_verb_reseal;
extern const struct pawl_verb pawl_verb_status;
extern const struct pawl_verb pawl_verb_token;

#endif
