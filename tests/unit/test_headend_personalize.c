/* Units are unlike each other, and their stream is what SPEC 15.2 says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "headend/personalize.h"
#include "host/file.h"

static struct pawl_pud common_unit(void)
{
    struct pawl_pud common = {.chain_length = 1024, .anchor_count = 1};

    pawl_vendor_id_make("example.com", common.vendor_id);
    pawl_class_id_make(common.vendor_id, "gateway-a", common.class_id);
    memset(common.anchors[0].x, 1, 32);
    memset(common.anchors[0].y, 2, 32);
    pawl_kid_make(common.anchors[0].x, common.anchors[0].y, common.anchors[0].kid);
    return common;
}

static void units_differ_in_id_and_secret_alone(void **state)
{
    struct pawl_pud common = common_unit(), a, b;

    (void)state;
    assert_int_equal(pawl_unit_make(&common, &a), PAWL_OK);
    assert_int_equal(pawl_unit_make(&common, &b), PAWL_OK);
    assert_memory_not_equal(a.device_id, b.device_id, PAWL_ID_SIZE);
    assert_memory_not_equal(a.unit_secret, b.unit_secret, PAWL_UNIT_SECRET_SIZE);
    assert_memory_equal(a.class_id, b.class_id, PAWL_ID_SIZE);
    assert_int_equal(a.chain_length, b.chain_length);
}

/* Writes `count` units to a temporary file and reads it back. */
static struct pawl_buffer stream_write(uint32_t count, const struct pawl_cms_recipient *recipient,
                                       uint8_t first_id[PAWL_ID_SIZE])
{
    struct pawl_pud common = common_unit(), unit;
    struct pawl_units_writer writer;
    struct pawl_buffer stream = {0};
    FILE *file = tmpfile();

    assert_non_null(file);
    assert_int_equal(pawl_units_writer_init(&writer, fileno(file), recipient, count), PAWL_OK);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t bytes[PAWL_PUD_SIZE_MAX];
        size_t size = 0;
        assert_int_equal(pawl_unit_make(&common, &unit), PAWL_OK);
        if (i == 0)
            memcpy(first_id, unit.device_id, PAWL_ID_SIZE);
        assert_int_equal(pawl_pud_write(&unit, bytes, sizeof bytes, &size), PAWL_OK);
        assert_int_equal(pawl_units_writer_add(&writer, bytes, size), PAWL_OK);
    }
    assert_int_equal(pawl_units_writer_finish(&writer), PAWL_OK);
    assert_int_equal(writer.count, count);
    pawl_units_writer_release(&writer);
    assert_null(writer.bytes);
    assert_int_equal(lseek(fileno(file), 0, SEEK_SET), 0);
    assert_int_equal(pawl_fd_read(fileno(file), 64u << 20, &stream), PAWL_OK);
    fclose(file);
    return stream;
}

static uint32_t units_count(const uint8_t *bytes, size_t size, const uint8_t first_id[PAWL_ID_SIZE])
{
    uint32_t count = 0;

    for (size_t at = 0; at < size; count++) {
        struct pawl_pud unit;
        size_t used = 0;
        assert_int_equal(pawl_pud_read_next(bytes + at, size - at, &unit, &used), PAWL_OK);
        if (count == 0 && first_id != NULL)
            assert_memory_equal(unit.device_id, first_id, PAWL_ID_SIZE);
        at += used;
    }
    return count;
}

static void plain_stream_is_the_units_in_order(void **state)
{
    uint8_t first_id[PAWL_ID_SIZE];
    struct pawl_buffer stream = stream_write(5000, NULL, first_id);

    (void)state;
    assert_int_equal(units_count(stream.bytes, stream.size, first_id), 5000);
    pawl_buffer_release(&stream);
}

/* One object more than fits: no object may hold more than 65536 units. */
static void sealed_stream_is_cut_into_objects(void **state)
{
    char directory[] = "/tmp/pawl-units-XXXXXX", key[64], certificate[64];
    struct pawl_cms_recipient *recipient = NULL;
    struct pawl_cms_opener *opener = NULL;
    uint8_t first_id[PAWL_ID_SIZE];
    uint32_t counts[3] = {0}, objects = 0;

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(key, sizeof key, "%s/key", directory);
    snprintf(certificate, sizeof certificate, "%s/crt", directory);
    assert_int_equal(pawl_cms_identity_create(key, certificate), PAWL_OK);
    assert_int_equal(pawl_cms_recipient_load(certificate, &recipient), PAWL_OK);
    assert_int_equal(pawl_cms_opener_load(key, certificate, &opener), PAWL_OK);
    struct pawl_buffer stream = stream_write(PAWL_UNITS_PER_OBJECT + 3, recipient, first_id);

    for (size_t at = 0; at < stream.size; objects++) {
        uint8_t *plain = NULL;
        size_t length = 0, size = 0;
        assert_true(objects < 2);
        assert_int_equal(pawl_cms_length_read(stream.bytes + at, stream.size - at, &length),
                         PAWL_OK);
        assert_int_equal(pawl_cms_open(opener, stream.bytes + at, length, &plain, &size), PAWL_OK);
        counts[objects] = units_count(plain, size, objects == 0 ? first_id : NULL);
        pawl_cms_plain_free(plain, size);
        at += length;
    }
    assert_int_equal(objects, 2);
    assert_int_equal(counts[0], PAWL_UNITS_PER_OBJECT);
    assert_int_equal(counts[1], 3);

    pawl_buffer_release(&stream);
    pawl_cms_recipient_free(recipient);
    pawl_cms_opener_free(opener);
    unlink(key);
    unlink(certificate);
    rmdir(directory);
}

static void a_failing_file_is_told(void **state)
{
    struct pawl_units_writer writer;
    uint8_t bytes[100] = {0};

    (void)state;
    assert_int_equal(pawl_units_writer_init(&writer, -1, NULL, 1), PAWL_OK);
    assert_int_equal(pawl_units_writer_add(&writer, bytes, sizeof bytes), PAWL_OK);
    assert_int_equal(pawl_units_writer_finish(&writer), PAWL_IO);
    pawl_units_writer_release(&writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_differ_in_id_and_secret_alone),
        cmocka_unit_test(plain_stream_is_the_units_in_order),
        cmocka_unit_test(sealed_stream_is_cut_into_objects),
        cmocka_unit_test(a_failing_file_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
