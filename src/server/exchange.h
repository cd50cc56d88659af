/* One report while it is judged and answered (SPEC 9 to 11). Lives on the stack of an answer step;
 * holds a key: pawl_exchange_end wipes it. */
#ifndef PAWL_SERVER_EXCHANGE_H
#define PAWL_SERVER_EXCHANGE_H

#include "pawl/report.h"
#include "server/grants.h"
#include "server/http.h"
#include "server/server.h"

struct pawl_exchange {
    struct pawl_request *request;
    struct pawl_server *server;
    struct pawl_reader *reader; /* borrowed when it is needed; see pawl_exchange_reader_get */
    int64_t now;                /* Unix seconds */
    struct pawl_mac0 mac0;
    struct pawl_report report;
    struct pawl_device device; /* as held when the exchange began */
    uint8_t auth_key[PAWL_KEY_SIZE];
    struct pawl_grants grants; /* when the report asks for content keys */
    uint64_t push_counter;     /* as it was before anything was looked up */
    uint64_t campaign;         /* that holds for the device, as far as it was found; 0: none */
    bool fresh;                /* the challenge is ours, young, and made for what is held */
    int64_t challenged;        /* when that challenge was made; 0: it is not fresh */
};

/* Takes the report in the request's body apart, reads the device and verifies the MAC. PAWL_OK: the
 * report is authentic. PAWL_MALFORMED, PAWL_UNSUPPORTED; PAWL_UNTRUSTED for an unknown device as
 * for a bad MAC, after the same work; an error of the store. End it in any case. */
enum pawl_result pawl_exchange_begin(struct pawl_exchange *exchange, struct pawl_request *request);
void pawl_exchange_end(struct pawl_exchange *exchange);

/* A reader of the store, the exchange's until it ends. What pawl_reader_borrow returns. */
enum pawl_result pawl_exchange_reader_get(struct pawl_exchange *exchange,
                                          struct pawl_reader **reader);

/* Answers with a directive, to which it adds what wakes the device. */
enum MHD_Result pawl_exchange_send(struct pawl_exchange *exchange,
                                   struct pawl_directive *directive);

/* Makes the grants that the report asks for, unless that was done. The request must be one that is
 * answered as assigned: neither held nor told to repeat. An error of store or vault. */
enum pawl_result pawl_exchange_grants_make(struct pawl_exchange *exchange);

/* Begins an idle directive that brings the grants. False: they could not be made, and the request
 * was refused. */
bool pawl_exchange_directive_begin(struct pawl_exchange *exchange,
                                   struct pawl_directive *directive);

/* Answers with an action that is not a download, and without grants. */
enum MHD_Result pawl_exchange_answer(struct pawl_exchange *exchange, enum pawl_action action);

/* Answers with a download of the entry's package; with idle where `entry` is NULL or its package
 * has gone meanwhile. Grants go with it. */
enum MHD_Result pawl_exchange_offer(struct pawl_exchange *exchange,
                                    const struct pawl_plan_entry *entry);

#endif
