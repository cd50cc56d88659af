/* Read before each file of BearSSL (cmake/bearssl.cmake): its numbers have room for curves of 521
 * bits, on the stack. The one curve that src/crypto/bearssl.c verifies with has 256. */
#include "inner.h"

#undef BR_MAX_EC_SIZE
#define BR_MAX_EC_SIZE 256
