/* The HSM's PIN in a file (SPEC 22.10): one that was refused is not tried again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "headend/hsm_session.h"
#include "host/file.h"
#include "pawl_test.h"

struct fixture {
    char directory[64], one[96], two[96];
    P11KitUri *uri;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    strcpy(fixture->directory, "/tmp/pawl-pin-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    snprintf(fixture->one, sizeof fixture->one, "%s/one", fixture->directory);
    snprintf(fixture->two, sizeof fixture->two, "%s/two", fixture->directory);
    fixture->uri = p11_kit_uri_new();
    assert_non_null(fixture->uri);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    unlink(fixture->one);
    unlink(fixture->two);
    rmdir(fixture->directory);
    p11_kit_uri_free(fixture->uri);
    free(fixture);
    return 0;
}

/* A file of its own each time, as an editor or a secret store leaves it. */
static void pin_write(const char *path, const char *pin)
{
    assert_result(PAWL_OK, pawl_file_write(path, 0600, true, pin, strlen(pin)));
}

static enum pawl_result pin_read(struct fixture *fixture, const char *path,
                                 struct pawl_hsm_pin *pin)
{
    const struct pawl_hsm_access access = {.pin_file = path};
    struct pawl_trouble trouble;
    memset(pin, 0, sizeof *pin);
    return pawl_hsm_pin_read(fixture->uri, &access, pin, &trouble);
}

/* The PINs of two HSMs are wrong: using them in turn must not lock either. */
static void refused_pins_of_two_tokens_are_remembered(void **state)
{
    struct fixture *fixture = *state;
    const char *const paths[] = {fixture->one, fixture->two};
    struct pawl_hsm_pin pin;
    for (int i = 0; i < 2; i++) {
        pin_write(paths[i], "1234\n");
        assert_result(PAWL_OK, pin_read(fixture, paths[i], &pin));
        assert_int_equal(pin.size, 4);
        pawl_hsm_pin_refused(&pin);
    }
    for (int i = 0; i < 4; i++)
        assert_result(PAWL_UNTRUSTED, pin_read(fixture, paths[i % 2], &pin));
    pin_write(fixture->two, "4321\n");
    assert_result(PAWL_OK, pin_read(fixture, fixture->two, &pin));
    assert_result(PAWL_UNTRUSTED, pin_read(fixture, fixture->one, &pin));
}

/* What was refused is what was read: a file that came since is another. */
static void a_pin_that_came_meanwhile_is_tried(void **state)
{
    struct fixture *fixture = *state;
    struct pawl_hsm_pin pin, next;
    pin_write(fixture->one, "1111\n");
    assert_result(PAWL_OK, pin_read(fixture, fixture->one, &pin));
    pin_write(fixture->one, "2222\n");
    pawl_hsm_pin_refused(&pin);
    assert_result(PAWL_OK, pin_read(fixture, fixture->one, &next));
    assert_memory_equal(next.text, "2222", 4);
}

/* More files than are remembered: the newest ones count. */
static void the_newest_refusals_are_remembered(void **state)
{
    struct fixture *fixture = *state;
    struct pawl_hsm_pin pin;
    for (int i = 0; i < 40; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d\n", 1000 + i);
        pin_write(fixture->one, text);
        assert_result(PAWL_OK, pin_read(fixture, fixture->one, &pin));
        pawl_hsm_pin_refused(&pin);
        assert_result(PAWL_UNTRUSTED, pin_read(fixture, fixture->one, &pin));
    }
}

int main(void)
{
#define PIN_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        PIN_TEST(refused_pins_of_two_tokens_are_remembered),
        PIN_TEST(a_pin_that_came_meanwhile_is_tried),
        PIN_TEST(the_newest_refusals_are_remembered),
    };
    return cmocka_run_group_tests_name("pin", tests, NULL, NULL);
}
