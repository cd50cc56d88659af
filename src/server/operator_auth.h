/* Who speaks to the operator API over the network: a token, or a client certificate (SPEC 16.11 to
 * 16.15). */
#ifndef PAWL_SERVER_OPERATOR_AUTH_H
#define PAWL_SERVER_OPERATOR_AUTH_H

#include "server/http.h"

/* Gives the request its role and its actor, "token:NAME", or fails it: 401 without a credential
 * that is good now, 429 when there are too many requests of one credential, or too many failures
 * of one address. */
void pawl_operator_authorize(struct pawl_request *request);

#endif
