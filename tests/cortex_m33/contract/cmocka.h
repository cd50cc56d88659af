/* As much of cmocka as tests/unit/test_crypto_contract.c needs, for a target without an operating
 * system. An assertion that does not hold is printed and counted, and its test goes on. */
#ifndef PAWL_TESTS_CONTRACT_CMOCKA_H
#define PAWL_TESTS_CONTRACT_CMOCKA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct CMUnitTest {
    void (*run)(void **state);
};

void contract_hold(bool holds, uint32_t line);
int contract_run(const struct CMUnitTest *tests, size_t count);

#define assert_true(condition) contract_hold((condition), __LINE__)
#define assert_int_equal(a, b) contract_hold((a) == (b), __LINE__)
#define assert_memory_equal(a, b, size) contract_hold(memcmp(a, b, size) == 0, __LINE__)
#define assert_memory_not_equal(a, b, size) contract_hold(memcmp(a, b, size) != 0, __LINE__)

#define cmocka_unit_test(function) \
    {                              \
        function                   \
    }
#define cmocka_run_group_tests_name(name, tests, setup, teardown) \
    contract_run(tests, sizeof(tests) / sizeof(tests)[0])

int main(void);

#endif
