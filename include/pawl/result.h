/*
 * Result classes (SPEC 1): what every function of Pawl that can fail returns.
 *
 * The first eight are those of the protocol: a reader of any Pawl implementation answers a given
 * input with the same one. Values are stable: the command line's exit code of a class is 9 + value,
 * the link protocol and the server's answers carry them.
 */
#ifndef PAWL_RESULT_H
#define PAWL_RESULT_H

enum pawl_result {
    PAWL_OK = 0,
    PAWL_MALFORMED = 1,    /* these bytes are not this format */
    PAWL_UNSUPPORTED = 2,  /* a version, algorithm or field that we do not know */
    PAWL_UNTRUSTED = 3,    /* a signature or MAC does not verify, or the signer is unknown */
    PAWL_WRONG_CLASS = 4,  /* made for another vendor or device class */
    PAWL_NOT_ENTITLED = 5, /* this device, at this sequence number, may not open it */
    PAWL_ROLLBACK = 6,     /* security version below the device's floor */
    PAWL_CORRUPT = 7,      /* a chunk, length or digest does not match */
    PAWL_IO = 8,           /* a file, socket or peer failed */
    PAWL_STORAGE = 9,      /* flash, counter or database failed or does not hold what was written */
    PAWL_EXHAUSTED = 10,   /* no room, or a maximum was reached */
    PAWL_STATE = 11,       /* not possible in the present state */
    PAWL_CRYPTO = 12,      /* the cryptographic library itself failed */
    PAWL_RESULT_COUNT
};

/* The name of a class as users see it ("wrong-class"); "unknown" for a value outside the enum.
 * Points to static memory. */
const char *pawl_result_name(enum pawl_result result);

#endif
