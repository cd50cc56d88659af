/* SPEC 5, 6: the epoch and place of a sequence number, and the number of chunks, are quotients.
 * What divides them agrees with the compiler's own division. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/divide.h"
#include "fixture.h"

static void check(uint64_t dividend, uint32_t divisor)
{
    assert_true(pawl_quotient(dividend, divisor) == dividend / divisor);
    assert_true(pawl_remainder(dividend, divisor) == dividend % divisor);
}

static void edges_divide_as_the_compiler_says(void **state)
{
    static const uint64_t dividends[] = {
        0, 1, 2, 1023, 1024, 65535, 65536, UINT32_MAX, UINT64_C(1) << 32, INT64_MAX, UINT64_MAX};
    static const uint32_t divisors[] = {1, 2, 3, 1024, 65535, 65536, INT32_MAX, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof dividends / sizeof dividends[0]; i++) {
        for (size_t j = 0; j < sizeof divisors / sizeof divisors[0]; j++)
            check(dividends[i], divisors[j]);
    }
}

static void noise_divides_as_the_compiler_says(void **state)
{
    struct {
        uint64_t dividend;
        uint32_t divisor;
    } noise;

    (void)state;
    for (uint64_t seed = 0; seed < 10000; seed++) {
        noise_fill(&noise, sizeof noise, seed);
        check(noise.dividend >> seed % 64, (noise.divisor >> seed % 31) | 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges_divide_as_the_compiler_says),
        cmocka_unit_test(noise_divides_as_the_compiler_says),
    };

    return cmocka_run_group_tests_name("division", tests, NULL, NULL);
}
