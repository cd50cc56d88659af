#include "tpm_link.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define ANSWER_TIME (PAWL_TPM_COMMAND_TIME + 2000) /* ms; the relay gives up before */
#define HANGING_TIME 100                           /* the same after one that got no answer */

static struct pawl_tpm_link *link_of(TSS2_TCTI_CONTEXT *context)
{
    return (struct pawl_tpm_link *)(void *)context;
}

int64_t pawl_tpm_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static TSS2_RC transmit(TSS2_TCTI_CONTEXT *context, size_t size, const uint8_t *command)
{
    struct pawl_tpm_link *link = link_of(context);

    if (size > PAWL_TPM_MESSAGE_MAX)
        return TSS2_TCTI_RC_BAD_VALUE;
    link->number++;
    link->size = 0;
    memcpy(link->message, &link->number, sizeof link->number);
    memcpy(link->message + PAWL_TPM_NUMBER_SIZE, command, size);
    ssize_t sent =
        send(link->socket, link->message, PAWL_TPM_NUMBER_SIZE + size, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent == (ssize_t)(PAWL_TPM_NUMBER_SIZE + size) ? TSS2_RC_SUCCESS : TSS2_TCTI_RC_IO_ERROR;
}

/* Takes packets until one answers the last command; those to earlier ones came too late. */
static TSS2_RC answer_take(struct pawl_tpm_link *link)
{
    int64_t end = pawl_tpm_now() + (link->unanswered ? HANGING_TIME : ANSWER_TIME);
    uint32_t number;

    for (;;) {
        struct pollfd wait = {.fd = link->socket, .events = POLLIN};
        int64_t left = end - pawl_tpm_now();
        int ready = poll(&wait, 1, left > 0 ? (int)left : 0);
        if (ready < 0 && errno == EINTR)
            continue;
        link->unanswered = ready == 0;
        if (ready <= 0)
            return TSS2_TCTI_RC_IO_ERROR;
        ssize_t size = recv(link->socket, link->message, sizeof link->message, MSG_DONTWAIT);
        if (size < (ssize_t)PAWL_TPM_NUMBER_SIZE)
            return TSS2_TCTI_RC_IO_ERROR; /* the relay ended */
        memcpy(&number, link->message, sizeof number);
        if (number != link->number) { /* whoever hung goes on, and has our command now */
            end = pawl_tpm_now() + ANSWER_TIME;
            continue;
        }
        link->size = (size_t)size - PAWL_TPM_NUMBER_SIZE;
        return link->size > 0 ? TSS2_RC_SUCCESS : TSS2_TCTI_RC_IO_ERROR;
    }
}

/* Waits whatever `timeout` says: nobody here asks for less. tpm2-tss may ask for the size first. */
static TSS2_RC receive(TSS2_TCTI_CONTEXT *context, size_t *size, uint8_t *response, int32_t timeout)
{
    struct pawl_tpm_link *link = link_of(context);
    TSS2_RC result = link->size > 0 ? TSS2_RC_SUCCESS : answer_take(link);

    (void)timeout;
    if (result != TSS2_RC_SUCCESS)
        return result;
    size_t room = *size;
    *size = link->size;
    if (response == NULL)
        return TSS2_RC_SUCCESS;
    if (room < link->size)
        return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
    memcpy(response, link->message + PAWL_TPM_NUMBER_SIZE, link->size);
    link->size = 0;
    return TSS2_RC_SUCCESS;
}

static void finalize(TSS2_TCTI_CONTEXT *context)
{
    (void)context;
}

void pawl_tpm_link_init(struct pawl_tpm_link *link, int socket)
{
    *link = (struct pawl_tpm_link){
        .tcti = {.magic = UINT64_C(0x7061776c74706d31), /* "pawltpm1" */
                 .version = 1,
                 .transmit = transmit,
                 .receive = receive,
                 .finalize = finalize},
        .socket = socket,
    };
}
