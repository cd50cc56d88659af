/* What follows "tpm:" in --counter: where the TPM is, and which of its indices are the device's. */
#ifndef PAWL_LINUX_TPM_ADDRESS_H
#define PAWL_LINUX_TPM_ADDRESS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* The first of four NV indices, unless another is named. */
#define PAWL_TPM_INDEX_BASE 0x01800100u

struct pawl_tpm_address {
    char device[PATH_MAX];          /* a character device, or empty: then a socket */
    struct sockaddr_storage socket; /* that of a software TPM: the stream of its commands */
    socklen_t socket_size;
    uint32_t index;               /* the first of the four */
    bool platform;                /* they are made in the platform's hierarchy, for good */
    char authorization[PATH_MAX]; /* a file with the authorization of the hierarchy, or empty */
};

/* Reads [TCTI][,index=N][,platform][,auth-file=PATH], TCTI being device:PATH, swtpm:path=PATH or
 * swtpm:host=ADDRESS,port=N, as tpm2-tools write it; NULL is device:/dev/tpmrm0. False: a usage
 * error was printed. */
bool pawl_tpm_address_read(const char *text, struct pawl_tpm_address *address);

#endif
