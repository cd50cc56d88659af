/* The text of every statement that is kept prepared. */
#include "store/sqlite.h"

#define PACKAGE_COLUMNS                                                                    \
    "package_id, release_id, vendor_id, class_id, name, version, security_version, mode, " \
    "chunk_size, image_size, package_size, created, signed_by, revokes, profile, "         \
    "wrapped_content_key"

#define CONTENT_COLUMNS "content_id, release_id, name, segments, keys, size, created"
#define COMMAND_COLUMNS                                                                     \
    "c.number, c.device, device_id, kind, argument, seconds, actor, created, expires FROM " \
    "command AS c "                                                                         \
    "JOIN device ON device.number = c.device "

/* Puts an entry (parameter `p`) before the others and drops the oldest. */
#define HISTORY_PUT(p) "substr(CAST(" p " || ifnull(history, x'') AS BLOB), 1, 520)"

#define NO_FAILURE \
    "failed_package_id = NULL, failed_code = NULL, failed_retries = NULL, retry_asked = NULL"

#define CAMPAIGN_SELECT                                                                       \
    "SELECT c.id, c.name, c.target_kind, c.target_id, c.target_group, c.package_id, "         \
    "c.window_from, c.window_until, c.window_zone, c.rate, c.needs_approval, c.creator, "     \
    "c.approver, c.created, c.version, c.state, c.since, c.started, c.generation, c.reason, " \
    "c.listed, c.basis, c.already, p.class_id, p.security_version, p.package_size "           \
    "FROM campaign c JOIN package p USING (package_id) WHERE c.id > ?1 "

#define CAMPAIGN_VISIT                                              \
    "SELECT number, device_id, package_id FROM device "             \
    "LEFT JOIN record ON record.device = number WHERE number > ?1 " \
    "AND class = (SELECT number FROM class WHERE class_id = ?3) AND ifnull(standing, 0) <> 3 "

static const char *const texts[PAWL_SQL_COUNT] = {
    [PAWL_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [PAWL_SQL_COMMIT] = "COMMIT",
    [PAWL_SQL_ROLLBACK] = "ROLLBACK",

    [PAWL_SQL_AUDIT_ADD] = "INSERT INTO audit (id, time, actor, action, device_id, detail, hash) "
                           "VALUES (?, ?, ?, ?, ?, ?, ?)",
    [PAWL_SQL_AUDIT_HEAD] = "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1",

    [PAWL_SQL_CHECKPOINT_ADD] =
        "INSERT OR REPLACE INTO audit_checkpoint (entry, time, message) VALUES (?, ?, ?)",
    [PAWL_SQL_CHECKPOINT_LIST] = "SELECT entry, time, message FROM audit_checkpoint "
                                 "WHERE entry > ? ORDER BY entry LIMIT ?",
    [PAWL_SQL_CHECKPOINT_NEWEST] = "SELECT entry, time, message FROM audit_checkpoint "
                                   "ORDER BY entry DESC LIMIT 1",
    [PAWL_SQL_SERVER_ID] = "SELECT server_id FROM server",

    [PAWL_SQL_BACKUP_MARK_GET] = "SELECT time, entry FROM backup_mark",
    [PAWL_SQL_BACKUP_MARK_DELETE] = "DELETE FROM backup_mark",
    [PAWL_SQL_RESTORATION_ADD] =
        "INSERT INTO restoration (entry, time, backup_time, caught_up, learnt, unattributed) "
        "SELECT ?1, ?2, ?3, caught_up, learnt, unattributed FROM total",
    [PAWL_SQL_RESTORATION_GET] =
        "SELECT r.entry, r.time, r.backup_time, "
        "iif(settled, r.caught_up, t.caught_up - r.caught_up), "
        "iif(settled, r.learnt, t.learnt - r.learnt), "
        "iif(settled, r.unattributed, t.unattributed - r.unattributed), r.settled "
        "FROM restoration r, total t ORDER BY r.entry DESC LIMIT 1",
    [PAWL_SQL_RESTORATION_SETTLE] =
        "UPDATE restoration SET settled = ?2, caught_up = t.caught_up - restoration.caught_up, "
        "learnt = t.learnt - restoration.learnt, "
        "unattributed = t.unattributed - restoration.unattributed "
        "FROM total t WHERE entry = ?1 AND settled = 0",

    [PAWL_SQL_CLASS_ADD] = "INSERT INTO class (vendor_id, class_id) VALUES (?, ?)",
    [PAWL_SQL_CLASS_FIND] = "SELECT number, vendor_id, devices FROM class WHERE class_id = ?",
    [PAWL_SQL_CLASS_GET] = "SELECT vendor_id, class_id FROM class WHERE number = ?",
    [PAWL_SQL_CLASS_GROW] = "UPDATE class SET devices = devices + ? WHERE number = ?",
    [PAWL_SQL_GROUP_ADD] = "INSERT INTO device_group (name) VALUES (?)",
    [PAWL_SQL_GROUP_FIND] = "SELECT number, devices FROM device_group WHERE name = ?",
    [PAWL_SQL_GROUP_GET] = "SELECT name FROM device_group WHERE number = ?",
    [PAWL_SQL_GROUP_GROW] = "UPDATE device_group SET devices = devices + ? WHERE number = ?",

    [PAWL_SQL_DEVICE_GET] = "SELECT " PAWL_SQLITE_DEVICE_COLUMNS " FROM device "
                            "LEFT JOIN record ON record.device = device.number WHERE device_id = ?",
    [PAWL_SQL_DEVICE_NUMBERED] =
        "SELECT " PAWL_SQLITE_DEVICE_COLUMNS " FROM device "
        "LEFT JOIN record ON record.device = device.number WHERE number = ?",
    [PAWL_SQL_DEVICE_FIND] =
        "SELECT number, device_group, standing, class, failed_package_id IS NOT NULL, "
        "retry_asked, package_id, failed_code, quarantine FROM device "
        "LEFT JOIN record ON record.device = device.number WHERE device_id = ?",
    [PAWL_SQL_DEVICE_ADD] = "INSERT OR IGNORE INTO device (device_id, wrapped_secret, class, "
                            "device_group, chain_length, maximum) VALUES (?, ?, ?, ?, ?, ?)",
    [PAWL_SQL_DEVICE_GROUP_SET] = "UPDATE device SET device_group = ? WHERE number = ?",
    [PAWL_SQL_DEVICE_RELEASE] = "UPDATE record SET standing = ?, quarantine = 0 WHERE device = ?",
    [PAWL_SQL_DEVICE_RETRY] = "UPDATE record SET retry_asked = 1 WHERE device = ?",
    [PAWL_SQL_DEVICE_RETIRE] =
        "INSERT INTO record (device, sequence, standing) VALUES (?1, 0, ?2) ON CONFLICT (device) "
        "DO UPDATE SET standing = ?2, quarantine = 0, instance = NULL, package_id = "
        "NULL, " NO_FAILURE,
    [PAWL_SQL_SECRET_DESTROY] =
        "UPDATE device SET wrapped_secret = zeroblob(length(wrapped_secret)), device_group = NULL "
        "WHERE number = ?",

    [PAWL_SQL_LABEL_FIND] = "SELECT number FROM label WHERE key = ? AND value = ?",
    [PAWL_SQL_LABEL_ADD] = "INSERT INTO label (key, value) VALUES (?, ?)",
    [PAWL_SQL_LABEL_GROW] = "UPDATE label SET devices = devices + ? WHERE number = ?",
    [PAWL_SQL_LABEL_CLEAN] = "DELETE FROM label WHERE number = ? AND devices = 0",
    [PAWL_SQL_LABELS_GET] =
        "SELECT key, value, label FROM device_label JOIN label ON label.number = label "
        "WHERE device = ? ORDER BY key",
    [PAWL_SQL_DEVICE_LABEL_ADD] = "INSERT INTO device_label (label, device) VALUES (?, ?)",
    [PAWL_SQL_DEVICE_LABEL_DELETE] = "DELETE FROM device_label WHERE label = ? AND device = ?",

    [PAWL_SQL_RAN_FIND] = "SELECT number FROM ran WHERE package_id = ?",
    [PAWL_SQL_RAN_ADD] = "INSERT INTO ran (package_id) VALUES (?)",
    [PAWL_SQL_RAN_GET] = "SELECT package_id FROM ran WHERE number = ?",
    [PAWL_SQL_RAN_GROW] = "UPDATE ran SET devices = devices + ? WHERE number = ?",
    [PAWL_SQL_RUNNING_GET] = "SELECT bits FROM running WHERE package = ? AND block = ?",
    [PAWL_SQL_RUNNING_SET] =
        "INSERT OR REPLACE INTO running (package, block, bits) VALUES (?, ?, ?)",
    [PAWL_SQL_RUNNING_DELETE] = "DELETE FROM running WHERE package = ? AND block = ?",
    [PAWL_SQL_HISTORY_GET] = "SELECT history FROM record WHERE device = ?",
    [PAWL_SQL_EVIDENCE_SET] = "INSERT OR REPLACE INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [PAWL_SQL_EVIDENCE_GET] =
        "SELECT time, recorded_sequence, recorded_instance, recorded_package_id, "
        "reported_sequence, reported_instance, reported_package_id, source FROM evidence "
        "WHERE device = ?",
    [PAWL_SQL_GROUP_LIST] =
        "SELECT number, name, devices, (SELECT count(*) FROM assignment "
        "WHERE target_group = name), (SELECT count(*) FROM campaign WHERE target_group = name) "
        "FROM device_group WHERE number > ? ORDER BY number LIMIT ?",
    [PAWL_SQL_GROUP_RENAME] = "UPDATE device_group SET name = ?2 WHERE name = ?1",
    [PAWL_SQL_GROUP_RETARGET] = "UPDATE assignment SET target_group = ?2 WHERE target_group = ?1",
    [PAWL_SQL_GROUP_RETARGET_CAMPAIGN] =
        "UPDATE campaign SET target_group = ?2, version = version + 1 WHERE target_group = ?1",
    [PAWL_SQL_GROUP_DELETE] = "DELETE FROM device_group WHERE name = ?",

    [PAWL_SQL_TAG_ADD] = "INSERT OR IGNORE INTO secret_tag (tag) VALUES (?)",
    [PAWL_SQL_TAG_DELETE] = "DELETE FROM secret_tag WHERE tag = ?",

    /* Compare and set, three ways: the first change of a device finds no row; the usual one touches
     * no index. */
    [PAWL_SQL_RECORD_ADD] =
        "INSERT INTO record (sequence, instance, package_id, device, standing, quarantine, "
        "history) "
        "VALUES (?1, ?2, ?3, ?4, ?8, ?9, ?10) ON CONFLICT (device) DO UPDATE SET "
        "sequence = ?1, instance = ?2, package_id = ?3, standing = ?8, quarantine = ?9, "
        "history = " HISTORY_PUT("?10") ", " NO_FAILURE
                                        " WHERE sequence = ?5 AND instance IS ?6 AND standing = ?7",
    [PAWL_SQL_RECORD_SET] =
        "UPDATE record SET sequence = ?1, instance = ?2, package_id = ?3, "
        "history = " HISTORY_PUT(
            "?10") ", " NO_FAILURE
                   " WHERE device = ?4 AND sequence = ?5 AND instance IS ?6 AND standing = ?7",
    [PAWL_SQL_STANDING_SET] =
        "UPDATE record SET sequence = ?1, instance = ?2, package_id = ?3, standing = ?8, "
        "quarantine = ?9, history = " HISTORY_PUT(
            "?10") ", " NO_FAILURE
                   " WHERE device = ?4 AND sequence = ?5 AND instance IS ?6 AND standing = ?7",
    [PAWL_SQL_FAILURE_SET] =
        "INSERT INTO record (device, sequence, failed_package_id, failed_code, failed_retries, "
        "retry_asked, failed_attempt, failed_settled, history) "
        "VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
        "ON CONFLICT (device) DO UPDATE SET failed_package_id = ?2, failed_code = ?3, "
        "failed_retries = ?4, retry_asked = ?5, failed_attempt = ?6, failed_settled = ?7, "
        "history = ifnull(" HISTORY_PUT(
            "?8") ", history) WHERE standing = ?9 AND sequence = ?10 "
                  "AND instance IS ?11 AND failed_package_id IS ?12 AND (?12 IS NULL OR "
                  "(failed_code = ?13 "
                  "AND ifnull(failed_retries, 0) = ?14 AND ifnull(retry_asked, 0) = ?15 AND "
                  "ifnull(failed_attempt, 0) = ?16 AND ifnull(failed_settled, 0) = ?17))",
    [PAWL_SQL_SEEN_SET] = "INSERT INTO seen (device, time) VALUES (?, ?) ON CONFLICT (device) "
                          "DO UPDATE SET time = excluded.time WHERE excluded.time > time",
    [PAWL_SQL_SEEN_GET] = "SELECT time FROM seen WHERE device = ?",

    [PAWL_SQL_PACKAGE_ADD] = "INSERT OR IGNORE INTO package (" PACKAGE_COLUMNS ") "
                             "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
    [PAWL_SQL_PACKAGE_KEY_SET] = "UPDATE package SET wrapped_content_key = ? WHERE package_id = ?",
    [PAWL_SQL_PACKAGE_GET] = "SELECT " PACKAGE_COLUMNS " FROM package WHERE package_id = ?",
    [PAWL_SQL_PACKAGE_LIST] = "SELECT " PACKAGE_COLUMNS " FROM package WHERE package_id > ?1 "
                              "AND (?2 IS NULL OR class_id = ?2) AND (?3 IS NULL OR name = ?3) "
                              "AND (?4 IS NULL OR (wrapped_content_key IS NOT NULL OR mode = 1) = "
                              "?4) ORDER BY package_id LIMIT ?5",

    [PAWL_SQL_RELEASE_FIND] = "SELECT 1 FROM package WHERE release_id = ? LIMIT 1",

    [PAWL_SQL_CONTENT_ADD] = "INSERT OR IGNORE INTO content (" CONTENT_COLUMNS ") "
                             "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 "
                             "WHERE EXISTS (SELECT 1 FROM package WHERE release_id = ?2)",
    [PAWL_SQL_CONTENT_DELETE] = "DELETE FROM content WHERE content_id = ?",
    [PAWL_SQL_CONTENT_GET] = "SELECT " CONTENT_COLUMNS " FROM content WHERE content_id = ?",
    [PAWL_SQL_CONTENT_LIST] = "SELECT " CONTENT_COLUMNS " FROM content WHERE content_id > ? "
                              "ORDER BY content_id LIMIT ?",
    [PAWL_SQL_CONTENT_KEY_ADD] =
        "INSERT OR IGNORE INTO content_key (key_id, content_id, wrapped_key) VALUES (?, ?, ?)",
    [PAWL_SQL_CONTENT_KEYS_DELETE] = "DELETE FROM content_key WHERE content_id = ?",
    [PAWL_SQL_CONTENT_KEY_GET] = "SELECT wrapped_key, release_id FROM content_key "
                                 "JOIN content USING (content_id) WHERE key_id = ?",

    [PAWL_SQL_ASSIGNMENT_ADD] =
        "INSERT INTO assignment (target_kind, target_id, target_group, package_id, created) "
        "SELECT ?1, ?2, ?3, package_id, ?5 FROM package "
        "WHERE package_id = ?4 AND (wrapped_content_key IS NOT NULL OR mode = 1)",
    [PAWL_SQL_ASSIGNMENT_DELETE] = "DELETE FROM assignment WHERE id = ?",
    [PAWL_SQL_ASSIGNMENT_GROW] = "UPDATE assignment SET confirmed = confirmed + ? WHERE id = ?",
    [PAWL_SQL_ASSIGNMENT_LIST] =
        "SELECT a.id, a.target_kind, a.target_id, a.target_group, a.package_id, a.created, "
        "a.confirmed, p.class_id, p.security_version, p.package_size "
        "FROM assignment a JOIN package p USING (package_id) WHERE a.id > ? ORDER BY a.id LIMIT ?",
    [PAWL_SQL_COUNTED_GET] = "SELECT bits FROM counted WHERE assignment = ? AND block = ?",
    [PAWL_SQL_COUNTED_SET] =
        "INSERT OR REPLACE INTO counted (assignment, block, bits) VALUES (?, ?, ?)",
    [PAWL_SQL_COUNTED_DELETE] = "DELETE FROM counted WHERE assignment = ?",
    [PAWL_SQL_COUNTED_LIST] = "SELECT block, bits FROM counted WHERE assignment = ? ORDER BY block",
    [PAWL_SQL_PLAN_VERSION] = "SELECT plan_version FROM total",

    [PAWL_SQL_NUMBER_TAKE] =
        "INSERT INTO assignment (target_kind, package_id, created) VALUES (0, x'', 0)",
    [PAWL_SQL_CAMPAIGN_ADD] =
        "INSERT INTO campaign (id, name, target_kind, target_id, target_group, package_id, "
        "window_from, window_until, window_zone, rate, needs_approval, creator, created, state, "
        "since) SELECT ?1, ?2, ?3, ?4, ?5, package_id, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15 "
        "FROM package WHERE package_id = ?6 AND (wrapped_content_key IS NOT NULL OR mode = 1)",
    [PAWL_SQL_CAMPAIGN_LIST] = CAMPAIGN_SELECT "ORDER BY c.id LIMIT ?2",
    [PAWL_SQL_CAMPAIGN_LIST_STATE] = CAMPAIGN_SELECT "AND c.state = ?3 ORDER BY c.id LIMIT ?2",
    [PAWL_SQL_CAMPAIGN_GENERATION] = "SELECT generation FROM campaign WHERE id = ?",
    [PAWL_SQL_CAMPAIGN_SET] =
        "UPDATE campaign SET version = version + 1, approver = ?3, state = ?4, since = ?5, "
        "started = ?6, generation = ?7, reason = ?8, listed = ?9 WHERE id = ?1 AND version = ?2",
    [PAWL_SQL_CAMPAIGN_BASIS] =
        "UPDATE campaign SET basis = ?2 WHERE id = ?1 AND target_group IS ?3",
    [PAWL_SQL_CAMPAIGN_ALREADY] = "UPDATE campaign SET already = already + ?2 WHERE id = ?1",
    [PAWL_SQL_CAMPAIGN_DELETE] = "DELETE FROM campaign WHERE id = ? AND version = ?",
    [PAWL_SQL_CAMPAIGN_VISIT] = CAMPAIGN_VISIT "ORDER BY number LIMIT ?2",
    [PAWL_SQL_CAMPAIGN_VISIT_GROUP] =
        CAMPAIGN_VISIT "AND device_group = (SELECT number FROM device_group WHERE name = ?4) "
                       "ORDER BY number LIMIT ?2",
    [PAWL_SQL_STAGE_ADD] =
        "INSERT INTO campaign_stage (campaign, stage, slots, success, error, minimum, deadline, "
        "soak, action, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [PAWL_SQL_STAGE_LIST] =
        "SELECT stage, slots, success, error, minimum, deadline, soak, action, state, passed, "
        "opened, succeeded, excused, total, finished, failed FROM campaign_stage "
        "WHERE campaign = ? ORDER BY stage",
    [PAWL_SQL_STAGE_SET] = "UPDATE campaign_stage SET state = ?3, passed = ?4, opened = ?5, "
                           "succeeded = ?6, excused = ?7 WHERE campaign = ?1 AND stage = ?2",
    [PAWL_SQL_STAGE_GROW] = "UPDATE campaign_stage SET finished = finished + ?3, "
                            "failed = failed + ?4 WHERE campaign = ?1 AND stage = ?2",
    [PAWL_SQL_STAGE_TOTAL] =
        "UPDATE campaign_stage SET total = ?3 WHERE campaign = ?1 AND stage = ?2",
    [PAWL_SQL_STAGE_FORGET] = "UPDATE campaign_stage SET failed = 0 WHERE campaign = ?",
    [PAWL_SQL_STAGE_DELETE] = "DELETE FROM campaign_stage WHERE campaign = ?",
    [PAWL_SQL_FAILED_GET] = "SELECT bits FROM campaign_failed WHERE campaign = ? AND block = ?",
    [PAWL_SQL_FAILED_SET] =
        "INSERT OR REPLACE INTO campaign_failed (campaign, block, bits) VALUES (?, ?, ?)",
    [PAWL_SQL_FAILED_DELETE] = "DELETE FROM campaign_failed WHERE campaign = ?",
    [PAWL_SQL_FAILED_LIST] =
        "SELECT block, bits FROM campaign_failed WHERE campaign = ? ORDER BY block",
    [PAWL_SQL_LISTED_SET] =
        "INSERT OR REPLACE INTO campaign_listed (campaign, block, bits) VALUES (?, ?, ?)",
    [PAWL_SQL_LISTED_LIST] =
        "SELECT block, bits FROM campaign_listed WHERE campaign = ? ORDER BY block",
    [PAWL_SQL_LISTED_DELETE] = "DELETE FROM campaign_listed WHERE campaign = ?",

    [PAWL_SQL_COMMAND_ADD] =
        "INSERT INTO command (device, kind, argument, seconds, actor, created, expires) "
        "SELECT number, ?2, ?3, ?4, ?5, ?6, ?7 FROM device WHERE number = ?1 AND commands < ?8",
    [PAWL_SQL_COMMAND_FIND] = "SELECT device, device_id FROM command "
                              "JOIN device ON device.number = device WHERE command.number = ?",
    [PAWL_SQL_COMMAND_DELETE] = "DELETE FROM command WHERE number = ? AND device = ?",
    [PAWL_SQL_COMMAND_LIST] = "SELECT " COMMAND_COLUMNS "WHERE c.number > ?1 AND expires > ?3 "
                              "ORDER BY c.number LIMIT ?2",
    [PAWL_SQL_COMMAND_EXPIRED] =
        "SELECT " COMMAND_COLUMNS "WHERE +c.number > ?1 AND expires <= ?3 ORDER BY expires, "
        "c.number LIMIT ?2",
    [PAWL_SQL_COMMAND_OF_DEVICE] =
        "SELECT " COMMAND_COLUMNS
        "WHERE device = ?4 AND c.number > ?1 AND expires > ?3 ORDER BY c.number LIMIT ?2",
    [PAWL_SQL_DEVICE_COMMANDS_SET] =
        "UPDATE device SET commands = (SELECT count(*) FROM command WHERE device = ?1) "
        "WHERE number = ?1",
    [PAWL_SQL_DEVICE_POLL_SET] = "UPDATE device SET poll_after = ? WHERE number = ?",

    [PAWL_SQL_KEY_ADD] =
        "INSERT OR IGNORE INTO server_key (slot, wrapped, created) VALUES (?, ?, ?)",
    [PAWL_SQL_KEY_GET] = "SELECT wrapped, created FROM server_key WHERE slot = ?",
    [PAWL_SQL_CHALLENGE_KEEP] = "INSERT OR REPLACE INTO server_key (slot, wrapped, created) "
                                "SELECT ?2, wrapped, created FROM server_key WHERE slot = ?1",
    [PAWL_SQL_CHALLENGE_SET] = "UPDATE server_key SET wrapped = ?2, created = ?3 WHERE slot = ?1",

    [PAWL_SQL_DATA_KEYS_GET] =
        "SELECT generation, wrapped, created FROM data_key ORDER BY generation",
    [PAWL_SQL_DATA_KEY_ADD] =
        "INSERT INTO data_key (generation, wrapped, created) SELECT ?1, ?2, ?3 "
        "WHERE (SELECT count(*) FROM data_key) = (?1 > 1) "
        "AND ?1 = 1 + (SELECT coalesce(max(generation), 0) FROM data_key)",
    [PAWL_SQL_DATA_KEY_SET] = "UPDATE data_key SET wrapped = ?2 WHERE generation = ?1",
    [PAWL_SQL_DATA_KEY_DELETE] = "DELETE FROM data_key WHERE generation = ?1 "
                                 "AND ?1 < (SELECT max(generation) FROM data_key)",

    /* ?2: four bytes that an object under the current data key begins with. Secrets that were
     * destroyed begin with zeros. */
    [PAWL_SQL_DEVICE_WRAPPED_LIST] =
        "SELECT number, device_id, wrapped_secret FROM device WHERE number > ?1 "
        "AND substr(wrapped_secret, 1, 4) NOT IN (?2, x'00000000') ORDER BY number LIMIT ?3",
    [PAWL_SQL_DEVICE_WRAPPED_SET] =
        "UPDATE device SET wrapped_secret = ?1 WHERE number = ?2 AND wrapped_secret = ?3",
    [PAWL_SQL_PACKAGE_WRAPPED_LIST] =
        "SELECT 0, package_id, wrapped_content_key FROM package WHERE ?1 = 0 "
        "AND substr(wrapped_content_key, 1, 4) <> ?2 LIMIT ?3",
    [PAWL_SQL_PACKAGE_WRAPPED_SET] = "UPDATE package SET wrapped_content_key = ?1 "
                                     "WHERE package_id = ?2 AND wrapped_content_key = ?3",
    [PAWL_SQL_CONTENT_WRAPPED_LIST] = "SELECT 0, key_id, wrapped_key FROM content_key WHERE ?1 = 0 "
                                      "AND substr(wrapped_key, 1, 4) <> ?2 LIMIT ?3",
    [PAWL_SQL_CONTENT_WRAPPED_SET] =
        "UPDATE content_key SET wrapped_key = ?1 WHERE key_id = ?2 AND wrapped_key = ?3",
    [PAWL_SQL_KEY_WRAPPED_LIST] = "SELECT slot, NULL, wrapped FROM server_key WHERE slot > ?1 "
                                  "AND substr(wrapped, 1, 4) <> ?2 ORDER BY slot LIMIT ?3",
    [PAWL_SQL_KEY_WRAPPED_SET] =
        "UPDATE server_key SET wrapped = ?1 WHERE slot = ?2 AND wrapped = ?3",
    [PAWL_SQL_WRAPPED_COUNT] =
        "SELECT (SELECT count(*) FROM device WHERE substr(wrapped_secret, 1, 4) "
        "NOT IN (?1, x'00000000')) + "
        "(SELECT count(*) FROM package WHERE substr(wrapped_content_key, 1, 4) <> ?1) + "
        "(SELECT count(*) FROM content_key WHERE substr(wrapped_key, 1, 4) <> ?1) + "
        "(SELECT count(*) FROM server_key WHERE substr(wrapped, 1, 4) <> ?1)",
    [PAWL_SQL_ONCE_EXPIRE] = "DELETE FROM once WHERE created <= ?1",
    [PAWL_SQL_ONCE_TRIM] =
        "DELETE FROM once WHERE (actor, key) IN (SELECT actor, key FROM once WHERE actor = (SELECT "
        "actor FROM once GROUP BY actor ORDER BY count(*) DESC LIMIT 1) AND NOT (actor = ?1 AND "
        "key = ?2) ORDER BY created LIMIT max(0, (SELECT count(*) FROM once) - ?3))",
    [PAWL_SQL_ONCE_TRIM_OWN] =
        "DELETE FROM once WHERE actor = ?1 AND key IN (SELECT key FROM once WHERE actor = ?1 AND "
        "key <> ?2 ORDER BY created DESC LIMIT -1 OFFSET ?3 - 1)",
    [PAWL_SQL_ONCE_COUNT] = "SELECT count(*) FROM once",
    [PAWL_SQL_ONCE_ADD] =
        "INSERT OR IGNORE INTO once (actor, key, digest, created) VALUES (?, ?, ?, ?)",
    [PAWL_SQL_ONCE_GET] =
        "SELECT digest, created, status, answer FROM once WHERE actor = ? AND key = ?",
    [PAWL_SQL_ONCE_FINISH] =
        "UPDATE once SET status = ?3, answer = ?4 WHERE actor = ?1 AND key = ?2",
    [PAWL_SQL_ONCE_DROP] = "DELETE FROM once WHERE actor = ? AND key = ?",

    [PAWL_SQL_TOKEN_ADD] =
        "INSERT OR IGNORE INTO token (name, digest, role, subject, created, expires) "
        "VALUES (?, ?, ?, ?, ?, NULLIF(?, 0))",
    [PAWL_SQL_TOKEN_COUNT] = "SELECT count(*) FROM token WHERE revoked IS NULL",
    [PAWL_SQL_TOKEN_REVOKE] = "UPDATE token SET revoked = ?2 WHERE name = ?1 AND revoked IS NULL",
    [PAWL_SQL_TOKEN_USED_SET] =
        "UPDATE token SET last_used = ?2 WHERE id = ?1 AND ?2 > coalesce(last_used, 0)",
    [PAWL_SQL_TOKEN_LIST] =
        "SELECT id, name, digest, role, subject, created, expires, last_used, revoked FROM token "
        "WHERE id > ?1 AND (?2 = 0 OR revoked IS NULL) ORDER BY id LIMIT ?3",

    [PAWL_SQL_TOTALS_GET] = "SELECT devices, quarantined, packages, assignments, confirmations, "
                            "sequence_total, decommissioned, caught_up, learnt, unattributed "
                            "FROM total",
    [PAWL_SQL_TOTALS_ADD] =
        "UPDATE total SET devices = devices + ?1, quarantined = quarantined + ?2, "
        "packages = packages + ?3, assignments = assignments + ?4, "
        "confirmations = confirmations + ?5, sequence_total = ?6, "
        "plan_version = plan_version + ?7, decommissioned = decommissioned + ?8, "
        "caught_up = caught_up + ?9, learnt = learnt + ?10, unattributed = unattributed + ?11",

    [PAWL_SQL_CLASS_LIST] = "SELECT vendor_id, class_id, devices FROM class ORDER BY number",
    [PAWL_SQL_TRIAL] = "UPDATE total SET devices = devices",
};

const char *pawl_sqlite_text(enum pawl_sql sql)
{
    return texts[sql];
}
