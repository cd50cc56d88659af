/*
 * The control server for the protocol simulator: pawld's own code from the report's bytes to the
 * directive's, with its database, in as many replicas as are wanted. Played are libmicrohttpd, the
 * clock, and the thread that writes: what a report changes is handed out here and written when the
 * simulator says so, so that a write may come late, or never.
 */
#ifndef PAWL_TESTS_CONTROL_H
#define PAWL_TESTS_CONTROL_H

#include "headend/reconcile.h"
#include "pawl/pud.h"
#include "support/make_package.h"

#define CONTROL_REPLICAS 3u
#define CONTROL_REPLY_MAX 1024u

struct control_request;

/* How far a request is. */
enum control_step {
    CONTROL_ANSWERED = 0, /* with `size` bytes of a directive in `reply` */
    CONTROL_REFUSED = 1,  /* with an error */
    CONTROL_WRITES = 2    /* something must be written first: control_write */
};

/* Opens a new server in a directory of its own. `shared`: the replicas are threads of one process
 * and share its cache of devices; else they are processes and have none. Ends the program when
 * something fails that can't, as do all functions here. */
void control_open(bool shared);
void control_close(void);

/* The time that whoever acts next takes it to be. Unix seconds. */
void control_clock_set(int64_t now);

/* A replica gets a report. A request that was answered or refused is over. */
enum control_step control_report(unsigned replica, const uint8_t *report, size_t size,
                                 uint8_t reply[CONTROL_REPLY_MAX], size_t *reply_size,
                                 struct control_request **request);
/* Writes what the request waits for, durably, and goes on with it. */
enum control_step control_write(struct control_request *request, uint8_t reply[CONTROL_REPLY_MAX],
                                size_t *reply_size);
unsigned control_request_replica(const struct control_request *request);
/* Writes that found the row changed, so far. */
uint64_t control_overtaken(void);
/* The replica died: the request is forgotten. */
void control_request_drop(struct control_request *request);

/* Operators. */
void control_import(const struct pawl_pud *pud);
void control_decommission(const struct pawl_pud *pud);
void control_release(const struct pawl_pud *pud);
/* Publishes a package and assigns it to the class. Gives the assignment's number. */
uint64_t control_assign(const struct pawl_test_package *package, uint64_t security_version);
/* Makes a backup; puts the newest one back. No request may wait meanwhile. */
void control_backup(void);
void control_restore(void);

/* What is held. */
struct pawl_device_record control_record(const struct pawl_pud *pud);
uint64_t control_confirmed(uint64_t assignment);
uint64_t control_confirmations(void); /* reports that advanced a record by one */

#endif
