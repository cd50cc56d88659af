/* The store contract: what operators do to devices, groups, history, evidence (SPEC 16.20). */
#include <stdio.h>
#include <string.h>

#include "store_fixture.h"

static struct pawl_act label_act(const char *key, const char *value)
{
    struct pawl_act act = {.kind = PAWL_ACT_LABEL};
    snprintf(act.label.key, sizeof act.label.key, "%s", key);
    snprintf(act.label.value, sizeof act.label.value, "%s", value);
    return act;
}

static enum pawl_act_outcome label_put(struct store_fixture *fixture, uint64_t number,
                                       const char *key, const char *value)
{
    const struct pawl_act act = label_act(key, value);
    return device_act(fixture, number, &act);
}

static struct pawl_totals totals_get(struct store_fixture *fixture)
{
    struct pawl_totals totals;
    assert_result(PAWL_OK, pawl_store_totals_get(fixture->reader, &totals));
    return totals;
}

static void labels_are_set_replaced_and_bounded(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_label labels[PAWL_LABELS_MAX];
    size_t count = 0;
    char key[16];
    devices_import(fixture, 1, 2, NULL);
    assert_int_equal(label_put(fixture, 1, "site", "berlin"), PAWL_ACT_CHANGED);
    assert_int_equal(label_put(fixture, 1, "site", "berlin"), PAWL_ACT_UNCHANGED);
    assert_int_equal(label_put(fixture, 1, "site", "paris"), PAWL_ACT_CHANGED);
    assert_int_equal(label_put(fixture, 1, "line", "7"), PAWL_ACT_CHANGED);
    assert_result(PAWL_OK, pawl_store_labels_get(fixture->reader, 1, labels, &count));
    assert_int_equal(count, 2);
    assert_string_equal(labels[0].key, "line");
    assert_string_equal(labels[1].value, "paris");
    assert_int_equal(label_put(fixture, 1, "line", ""), PAWL_ACT_CHANGED);
    assert_int_equal(label_put(fixture, 1, "line", ""), PAWL_ACT_UNCHANGED);
    for (unsigned i = 1; i < PAWL_LABELS_MAX; i++) {
        snprintf(key, sizeof key, "k%u", i);
        assert_int_equal(label_put(fixture, 1, key, "v"), PAWL_ACT_CHANGED);
    }
    assert_int_equal(label_put(fixture, 1, "one-more", "v"), PAWL_ACT_LABELS_FULL);
    assert_int_equal(label_put(fixture, 1, "k1", "other"), PAWL_ACT_CHANGED);
    assert_result(PAWL_OK, pawl_store_labels_get(fixture->reader, 1, labels, &count));
    assert_int_equal(count, PAWL_LABELS_MAX);
    assert_result(PAWL_OK, pawl_store_labels_get(fixture->reader, 2, labels, &count));
    assert_int_equal(count, 0);
}

static void quarantine(struct store_fixture *fixture, uint64_t number,
                       const struct pawl_evidence *evidence)
{
    struct pawl_device device = device_read(fixture, number);
    struct pawl_change change = {.number = device.number,
                                 .before = device.record,
                                 .after = device.record,
                                 .quarantine = PAWL_FINDING_OTHER_INSTANCE,
                                 .evidence = evidence,
                                 .time = 1700000001};
    change.after.standing = PAWL_STANDING_QUARANTINED;
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
    assert_result(PAWL_OK, change.result);
}

static void rows_that_are_refused_hinder_no_other(void **state)
{
    struct store_fixture *fixture = *state;
    const struct pawl_act act = {.kind = PAWL_ACT_RELEASE, .reason = "seen", .actor = "uid:0"};
    static const uint64_t numbers[] = {1, 2, 99, 3};
    static const enum pawl_act_outcome expected[] = {PAWL_ACT_CHANGED, PAWL_ACT_NOT_QUARANTINED,
                                                     PAWL_ACT_UNKNOWN, PAWL_ACT_GONE};
    struct pawl_act_row rows[4];
    devices_import(fixture, 1, 3, NULL);
    quarantine(fixture, 1, NULL);
    assert_int_equal(device_do(fixture, 3, PAWL_ACT_DECOMMISSION), PAWL_ACT_CHANGED);
    for (size_t i = 0; i < 4; i++)
        id_fill(rows[i].device_id, PAWL_ID_SIZE, numbers[i]);

    /* As if first: the same outcomes, and nothing changed. */
    assert_result(PAWL_OK, pawl_store_devices_act(fixture->store, &act, rows, 4, true));
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(rows[i].outcome, expected[i]);
    assert_int_equal(device_read(fixture, 1).record.standing, PAWL_STANDING_QUARANTINED);
    assert_int_equal(totals_get(fixture).quarantined, 1);
    assert_result(PAWL_OK, pawl_store_devices_act(fixture->store, &act, rows, 4, false));
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(rows[i].outcome, expected[i]);
    assert_int_equal(device_read(fixture, 1).record.standing, PAWL_STANDING_RELEASED);
    assert_int_equal(totals_get(fixture).quarantined, 0);
}

/* A group that a dry run would have made must not be known by its number afterwards. */
static void dry_run_leaves_no_group_behind(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_act_row row;
    const struct pawl_act first = {.kind = PAWL_ACT_GROUP, .group = "first"};
    const struct pawl_act second = {.kind = PAWL_ACT_GROUP, .group = "second"};
    devices_import(fixture, 1, 1, NULL);
    id_fill(row.device_id, PAWL_ID_SIZE, 1);
    assert_result(PAWL_OK, pawl_store_devices_act(fixture->store, &first, &row, 1, true));
    assert_int_equal(row.outcome, PAWL_ACT_CHANGED);
    assert_int_equal(device_act(fixture, 1, &second), PAWL_ACT_CHANGED);
    assert_string_equal(device_read(fixture, 1).group, "second");
}

static void decommissioned_device_is_gone_and_never_comes_back_spec_3(void **state)
{
    struct store_fixture *fixture = *state;
    static const uint8_t none[PAWL_VAULT_WRAPPED_SIZE];
    struct pawl_import imports[2];
    struct pawl_target class = {.kind = PAWL_TARGET_CLASS},
                       lab = {.kind = PAWL_TARGET_GROUP, .group = "lab"};
    uint64_t count;
    devices_import(fixture, 1, 3, "lab");
    assert_int_equal(label_put(fixture, 2, "site", "berlin"), PAWL_ACT_CHANGED);
    quarantine(fixture, 2, NULL);
    assert_int_equal(device_do(fixture, 2, PAWL_ACT_DECOMMISSION), PAWL_ACT_CHANGED);
    assert_int_equal(device_do(fixture, 2, PAWL_ACT_DECOMMISSION), PAWL_ACT_UNCHANGED);
    struct pawl_device device = device_read(fixture, 2);
    assert_int_equal(device.record.standing, PAWL_STANDING_DECOMMISSIONED);
    assert_memory_equal(device.wrapped_secret, none, sizeof none);
    assert_string_equal(device.group, "");
    struct pawl_totals totals = totals_get(fixture);
    assert_int_equal(totals.devices, 2);
    assert_int_equal(totals.decommissioned, 1);
    assert_int_equal(totals.quarantined, 0);
    id_fill(class.id, PAWL_ID_SIZE, 1);
    assert_result(PAWL_OK, pawl_store_device_count(fixture->reader, &class, &count));
    assert_int_equal(count, 2);
    assert_result(PAWL_OK, pawl_store_device_count(fixture->reader, &lab, &count));
    assert_int_equal(count, 2);

    imports_fill(imports, 1, 2);     /* itself */
    imports_fill(imports + 1, 1, 8); /* its secret under another id */
    id_fill(imports[1].secret_tag, PAWL_SECRET_TAG_SIZE, ~UINT64_C(2));
    assert_result(PAWL_OK, pawl_store_device_import(fixture->store, imports, 2, NULL, NULL));
    assert_int_equal(imports[0].outcome, PAWL_IMPORT_DEVICE_KNOWN);
    assert_int_equal(imports[1].outcome, PAWL_IMPORT_SECRET_KNOWN);

    /* A report that was on its way changes nothing any more. */
    struct pawl_change change = change_confirm(&device, 1, 0);
    change.before.standing = PAWL_STANDING_ACTIVE;
    change.after.standing = PAWL_STANDING_ACTIVE;
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
    assert_result(PAWL_STATE, change.result);
    struct pawl_failure_change failure = {.number = device.number, .note = {.present = true}};
    assert_result(PAWL_OK, pawl_store_failures_set(fixture->store, &failure, 1));
    assert_result(PAWL_STATE, failure.result);
    assert_false(device_read(fixture, 2).failure.present);
}

static enum pawl_result audit_last(void *context, const struct pawl_audit_row *row)
{
    char *detail = context;
    snprintf(detail, 512, "%s %s", row->action, row->detail);
    return PAWL_OK;
}

static void audit_tells_before_and_after(void **state)
{
    struct store_fixture *fixture = *state;
    char detail[512] = "";
    struct pawl_act group = {.kind = PAWL_ACT_GROUP, .group = "a\"b", .actor = "u", .reason = "x"};
    devices_import(fixture, 1, 1, "old");
    assert_int_equal(device_act(fixture, 1, &group), PAWL_ACT_CHANGED);
    assert_result(PAWL_OK, pawl_store_audit_list(fixture->reader, 0, 100, audit_last, detail));
    assert_string_equal(detail,
                        "group-set {\"before\":\"old\",\"after\":\"a\\\"b\",\"reason\":\"x\"}");
    group = (struct pawl_act){.kind = PAWL_ACT_GROUP, .actor = "u"};
    assert_int_equal(device_act(fixture, 1, &group), PAWL_ACT_CHANGED);
    assert_result(PAWL_OK, pawl_store_audit_list(fixture->reader, 0, 100, audit_last, detail));
    assert_string_equal(detail, "group-set {\"before\":\"a\\\"b\",\"after\":null}");
    struct pawl_act label = label_act("site", "berlin");
    label.actor = "u";
    assert_int_equal(device_act(fixture, 1, &label), PAWL_ACT_CHANGED);
    assert_result(PAWL_OK, pawl_store_audit_list(fixture->reader, 0, 100, audit_last, detail));
    assert_string_equal(detail,
                        "label-set {\"key\":\"site\",\"before\":null,\"after\":\"berlin\"}");
}

static void history_is_kept_newest_first_and_bounded(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_history_entry entries[PAWL_HISTORY_MAX];
    size_t count = 99;
    devices_import(fixture, 1, 1, NULL);
    assert_result(PAWL_OK, pawl_store_history_get(fixture->reader, 1, entries, &count));
    assert_int_equal(count, 0);
    struct pawl_failure_change failure = {
        .number = 1, .note = {.present = true, .code = 65}, .attempted = true, .time = 1700000000};
    id_fill(failure.note.package_id, PAWL_PACKAGE_ID_SIZE, 7);
    assert_result(PAWL_OK, pawl_store_failures_set(fixture->store, &failure, 1));
    failure.before = failure.note;
    failure.attempted = false; /* a note that changes otherwise is no attempt */
    assert_result(PAWL_OK, pawl_store_failures_set(fixture->store, &failure, 1));
    for (unsigned i = 0; i < PAWL_HISTORY_MAX - 1; i++) {
        struct pawl_device device = device_read(fixture, 1);
        struct pawl_change change = change_confirm(&device, 1 + i % 3, 0);
        change.time = 1700000001 + i;
        assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
        assert_result(PAWL_OK, change.result);
    }
    assert_result(PAWL_OK, pawl_store_history_get(fixture->reader, 1, entries, &count));
    assert_int_equal(count, PAWL_HISTORY_MAX);
    const struct pawl_attempt *oldest = &entries[PAWL_HISTORY_MAX - 1].attempt;
    assert_int_equal(oldest->outcome, PAWL_ATTEMPT_FAILED);
    assert_int_equal(oldest->detail, 65);
    assert_memory_equal(entries[PAWL_HISTORY_MAX - 1].package_id, failure.note.package_id,
                        PAWL_PACKAGE_ID_SIZE);
    assert_int_equal(entries[0].attempt.from, PAWL_HISTORY_MAX - 2);
    assert_int_equal(entries[0].attempt.time, 1700000001 + PAWL_HISTORY_MAX - 2);

    quarantine(fixture, 1, NULL); /* the 21st: the failure falls out */
    assert_result(PAWL_OK, pawl_store_history_get(fixture->reader, 1, entries, &count));
    assert_int_equal(count, PAWL_HISTORY_MAX);
    assert_int_equal(entries[0].attempt.outcome, PAWL_ATTEMPT_QUARANTINED);
    assert_int_equal(entries[0].attempt.detail, PAWL_FINDING_OTHER_INSTANCE);
    assert_int_equal(entries[PAWL_HISTORY_MAX - 1].attempt.outcome, PAWL_ATTEMPT_CONFIRMED);
    assert_true(entries[1].has_package);
}

static void change_that_lost_leaves_no_history(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_history_entry entries[PAWL_HISTORY_MAX];
    size_t count = 99;
    devices_import(fixture, 1, 1, NULL);
    struct pawl_device device = device_read(fixture, 1);
    struct pawl_change changes[2] = {change_confirm(&device, 1, 0), change_confirm(&device, 2, 0)};
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, changes, 2));
    assert_result(PAWL_OK, changes[0].result);
    assert_result(PAWL_STATE, changes[1].result);
    assert_result(PAWL_OK, pawl_store_history_get(fixture->reader, 1, entries, &count));
    assert_int_equal(count, 1);
}

static void evidence_is_kept_until_the_next_quarantine(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_evidence found;
    struct pawl_evidence evidence = {
        .time = 1700000001,
        .recorded = {.sequence = 3, .has_instance = true, .instance = {1}},
        .reported = {.sequence = 2,
                     .has_instance = true,
                     .instance = {2},
                     .has_package = true,
                     .package_id = {7}},
        .source = "192.0.2.7",
    };
    devices_import(fixture, 1, 2, NULL);
    assert_result(PAWL_STATE, pawl_store_evidence_get(fixture->reader, 1, &found));
    quarantine(fixture, 1, &evidence);
    assert_int_equal(device_do(fixture, 1, PAWL_ACT_RELEASE), PAWL_ACT_CHANGED);
    assert_result(PAWL_OK, pawl_store_evidence_get(fixture->reader, 1, &found));
    assert_int_equal(found.time, evidence.time);
    assert_int_equal(found.recorded.sequence, 3);
    assert_false(found.recorded.has_package);
    assert_int_equal(found.reported.instance[0], 2);
    assert_int_equal(found.reported.package_id[0], 7);
    assert_string_equal(found.source, "192.0.2.7");
    evidence.reported.sequence = 0;
    quarantine(fixture, 1, &evidence);
    assert_result(PAWL_OK, pawl_store_evidence_get(fixture->reader, 1, &found));
    assert_int_equal(found.reported.sequence, 0);
}

struct group_list {
    struct pawl_group_row rows[8];
    size_t count;
};

static enum pawl_result group_visit(void *context, const struct pawl_group_row *row)
{
    struct group_list *list = context;
    list->rows[list->count++] = *row;
    return PAWL_OK;
}

static enum pawl_group_outcome group_edit(struct store_fixture *fixture, const char *name,
                                          const char *new_name)
{
    enum pawl_group_outcome outcome;
    assert_result(PAWL_OK, pawl_store_group_edit(fixture->store, name, new_name, NULL, &outcome));
    return outcome;
}

static void groups_are_counted_renamed_and_deleted(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_target target = {.kind = PAWL_TARGET_GROUP, .group = "lab"};
    struct group_list list = {.count = 0};
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    uint64_t id;
    devices_import(fixture, 1, 3, "lab");
    devices_import(fixture, 4, 2, "field");
    package_publish(fixture, 1, 1);
    id_fill(package_id, sizeof package_id, 1);
    assert_result(PAWL_OK,
                  pawl_store_assignment_add(fixture->store, &target, package_id, 1, NULL, &id));
    assert_string_equal(device_read(fixture, 1).group, "lab"); /* the reader keeps the name */
    assert_int_equal(group_edit(fixture, "lab", "field"), PAWL_GROUP_TAKEN);
    assert_int_equal(group_edit(fixture, "nobody", "x"), PAWL_GROUP_MISSING);
    assert_int_equal(group_edit(fixture, "lab", NULL), PAWL_GROUP_IN_USE);
    assert_int_equal(group_edit(fixture, "lab", "kitchen"), PAWL_GROUP_DONE);
    assert_string_equal(device_read(fixture, 1).group, "kitchen");
    assert_result(PAWL_OK, pawl_store_group_list(fixture->reader, 0, 8, group_visit, &list));
    assert_int_equal(list.count, 2);
    assert_string_equal(list.rows[0].name, "kitchen");
    assert_int_equal(list.rows[0].devices, 3);
    assert_int_equal(list.rows[0].assignments, 1);

    for (uint64_t i = 4; i <= 5; i++)
        assert_int_equal(device_do(fixture, i, PAWL_ACT_GROUP), PAWL_ACT_CHANGED);
    assert_int_equal(group_edit(fixture, "field", NULL), PAWL_GROUP_DONE);
    assert_int_equal(group_edit(fixture, "field", NULL), PAWL_GROUP_MISSING);

    /* A new group may get the number of one that is gone. */
    const struct pawl_act fresh = {.kind = PAWL_ACT_GROUP, .group = "fresh"};
    assert_int_equal(device_act(fixture, 5, &fresh), PAWL_ACT_CHANGED);
    assert_string_equal(device_read(fixture, 5).group, "fresh");
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        STORE_TEST(labels_are_set_replaced_and_bounded),
        STORE_TEST(rows_that_are_refused_hinder_no_other),
        STORE_TEST(dry_run_leaves_no_group_behind),
        STORE_TEST(decommissioned_device_is_gone_and_never_comes_back_spec_3),
        STORE_TEST(audit_tells_before_and_after),
        STORE_TEST(history_is_kept_newest_first_and_bounded),
        STORE_TEST(change_that_lost_leaves_no_history),
        STORE_TEST(evidence_is_kept_until_the_next_quarantine),
        STORE_TEST(groups_are_counted_renamed_and_deleted),
    };
    return cmocka_run_group_tests_name("store: acts on devices", tests, NULL, NULL);
}
