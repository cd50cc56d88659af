/*
 * The process that talks to the TPM for the engine, which can open and connect nothing.
 *
 * It moves whole commands one way and whole answers the other, and connects again when a software
 * TPM went away. It is forked before there is a secret and is given none: commands and answers are
 * authenticated, and what is secret in them encrypted, between engine and TPM. So it may do what
 * whoever sits on the TPM's bus may do: withhold.
 *
 * Messages are packets of a socket pair: a number of four bytes that the engine chose, and the
 * command; and back the same number and the answer, which is empty when there is no TPM.
 */
#ifndef PAWL_LINUX_TPM_RELAY_H
#define PAWL_LINUX_TPM_RELAY_H

#include <stdint.h>

#include "pawl/result.h"
#include "tpm_address.h"

#define PAWL_TPM_MESSAGE_MAX 4096u
#define PAWL_TPM_NUMBER_SIZE 4u

/* How long the TPM may take for one command, milliseconds. */
#define PAWL_TPM_COMMAND_TIME 10000

/* Forks it; `socket` is the engine's end. PAWL_IO, printed. */
enum pawl_result pawl_tpm_relay_start(const struct pawl_tpm_address *address, int *socket);

#endif
