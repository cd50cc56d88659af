/* cmocka with what its header expects to be included before it. */
#ifndef PAWL_TEST_H
#define PAWL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Asserts a result class, and prints classes by value when it differs. */
#define assert_result(expected, call) assert_int_equal((int)(expected), (int)(call))

#endif
