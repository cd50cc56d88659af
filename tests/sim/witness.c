#include "sim/witness.h"

#include <string.h>

#include "processor/engine.h"

static void wrong_set(struct pawl_test_witness *witness, const char *what)
{
    if (witness->wrong == NULL)
        witness->wrong = what;
}

static const struct pawl_test_issue *issue_find(const struct pawl_test_witness *witness)
{
    for (size_t i = 0; i < witness->issue_count; i++) {
        if (pawl_test_device_runs(witness->device, &witness->issues[i].package))
            return &witness->issues[i];
    }
    return NULL;
}

static void started(void *context, bool trial)
{
    struct pawl_test_witness *witness = context;
    const struct pawl_test_issue *issue = issue_find(witness);
    uint64_t counter = witness->device->ram.counter;

    if (issue == NULL)
        wrong_set(witness, "an image started that nobody released");
    else if (!trial &&
             (counter >= PAWL_TEST_COMMITS_MAX || witness->commits[counter].issue != issue))
        wrong_set(witness, "an image started that is not the committed one");
    if (trial)
        witness->attempted = issue;
    if (trial)
        witness->tried = witness->device->diagnostic != 0 ? NULL : issue;
}

static void advanced(void *context)
{
    struct pawl_test_witness *witness = context;
    uint64_t counter = witness->device->ram.counter;
    const struct pawl_test_issue *tried = witness->tried;

    if (tried == NULL || counter == 0 || counter >= PAWL_TEST_COMMITS_MAX) {
        wrong_set(witness, "the counter moved without a trial");
        return;
    }
    const struct pawl_test_commit *before = &witness->commits[counter - 1];
    uint64_t version = tried->release.security_version;
    witness->commits[counter] = (struct pawl_test_commit){
        .issue = tried,
        .security_floor = version > before->security_floor ? version : before->security_floor,
        .anchor_mask = before->anchor_mask & ~tried->release.revoked};
    witness->tried = NULL;
    witness->attempted = NULL;
}

static void watch(struct pawl_test_witness *witness, struct pawl_test_device *device)
{
    witness->device = device;
    device->ram.witness =
        (struct pawl_ram_witness){.started = started, .advanced = advanced, .context = witness};
}

void pawl_test_witness_init(struct pawl_test_witness *witness, struct pawl_test_device *device,
                            const struct pawl_test_issue *issues, size_t issue_count)
{
    memset(witness, 0, sizeof *witness);
    witness->issues = issues;
    witness->issue_count = issue_count;
    witness->commits[0].anchor_mask = (1u << device->pud.anchor_count) - 1;
    watch(witness, device);
}

void pawl_test_witness_copy(struct pawl_test_witness *witness,
                            const struct pawl_test_witness *source, struct pawl_test_device *device)
{
    *witness = *source;
    watch(witness, device);
}

const char *pawl_test_witness_judge(struct pawl_test_witness *witness)
{
    const struct pawl_test_device *device = witness->device;
    const struct pawl_test_issue *attempted = witness->attempted;
    const struct pawl_ram_port *ram = &device->ram;

    witness->attempted = NULL;
    if (witness->wrong != NULL)
        return witness->wrong;
    if (device->engine == NULL)
        return "it does not start";
    const struct pawl_test_commit *commit = &witness->commits[ram->counter];
    if (commit->issue == NULL ? ram->running
                              : !pawl_test_device_runs(device, &commit->issue->package))
        return "it does not run what is committed";
    if (device->engine->sequence != ram->counter)
        return "it takes another sequence number for the present one";
    if (device->engine->security_floor != commit->security_floor)
        return "its security floor is not that of what is committed";
    if (device->engine->anchor_mask != commit->anchor_mask)
        return "its anchor mask is not that of what is committed";
    if (attempted != NULL &&
        (!device->engine->has_failure || device->engine->state != PAWL_STATE_FAILED ||
         memcmp(device->engine->failed_package_id, attempted->package.package_id,
                PAWL_PACKAGE_ID_SIZE) != 0))
        return "it does not know that an attempt ended";
    return NULL;
}
