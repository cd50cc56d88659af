/* The engine's end of the relay, as a TCTI of tpm2-tss. */
#ifndef PAWL_LINUX_TPM_LINK_H
#define PAWL_LINUX_TPM_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tss2/tss2_tcti.h>

#include "tpm_relay.h"

struct pawl_tpm_link {
    TSS2_TCTI_CONTEXT_COMMON_V1 tcti; /* first, for tpm2-tss has a pointer to this alone */
    int socket;
    uint32_t number; /* of the last command */
    bool unanswered; /* it got no answer in time: the TPM, or the relay, hangs */
    size_t size;     /* of the answer in `message` */
    uint8_t message[PAWL_TPM_NUMBER_SIZE + PAWL_TPM_MESSAGE_MAX];
};

/* Milliseconds of a clock that only goes on. */
int64_t pawl_tpm_now(void);

void pawl_tpm_link_init(struct pawl_tpm_link *link, int socket);

#endif
