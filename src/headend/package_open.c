/*
 * Opening a whole package, to an image or straight into another package (SPEC 7): every chunk's tag
 * and the image digest are checked on the way.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headend/package_file.h"
#include "headend/package_unit.h"
#include "headend/pipeline.h"
#include "headend/sink.h"
#include "headend/window.h"
#include "pawl/secret.h"

/* What an opened package is turned into; no `reseal` means its image. */
struct reseal {
    struct pawl_package package;
    const uint8_t *content_key;
};

struct opening {
    const struct pawl_package_job *job;
    const struct pawl_package_file *file;
    const uint8_t *content_key;
    const struct reseal *reseal;
    struct pawl_units units; /* whole spans */
    struct pawl_units parts; /* what they are read in */
    struct pawl_sink sink;
    struct pawl_verity verity;
};

struct opener {
    struct pawl_stream stream;
    uint8_t *plain; /* one unit */
    struct pawl_unit_hashes hashes;
    struct pawl_stream new_stream;
    uint8_t *sealed; /* one unit, for a reseal */
};

static enum pawl_result opener_start(void *context, void *worker)
{
    const struct opening *opening = context;
    const struct pawl_package *package = &opening->file->package;
    const struct reseal *reseal = opening->reseal;
    struct opener *opener = worker;
    opener->plain = malloc(opening->units.unit_size);
    if (opener->plain == NULL)
        return PAWL_EXHAUSTED;
    enum pawl_result result =
        pawl_stream_init(&opener->stream, opening->content_key, package->package_id,
                         opening->units.image_size, package->chunk_size);
    if (result != PAWL_OK || reseal == NULL)
        return result;
    opener->sealed =
        malloc(pawl_unit_sealed_length(&opening->units, reseal->package.chunk_size, 0));
    if (opener->sealed == NULL)
        return PAWL_EXHAUSTED;
    return pawl_stream_init(&opener->new_stream, reseal->content_key, reseal->package.package_id,
                            opening->units.image_size, reseal->package.chunk_size);
}

static void opener_stop(void *context, void *worker)
{
    const struct opening *opening = context;
    struct opener *opener = worker;
    pawl_stream_release(&opener->stream);
    pawl_stream_release(&opener->new_stream);
    if (opener->plain != NULL)
        pawl_wipe(opener->plain, opening->units.unit_size);
    free(opener->plain);
    free(opener->sealed);
}

/* Writes what became of a unit. */
static enum pawl_result unit_write(const struct opening *opening, const struct opener *opener,
                                   bool in_order, size_t unit)
{
    const struct pawl_units *units = &opening->units;
    if (opening->reseal == NULL)
        return pawl_sink_write(&opening->sink, in_order, pawl_unit_offset(units, unit),
                               opener->plain, pawl_unit_length(units, unit));
    const struct pawl_package *package = &opening->reseal->package;
    return pawl_sink_write(
        &opening->sink, in_order,
        package->preamble_size + pawl_unit_sealed_offset(units, package->chunk_size, unit),
        opener->sealed, pawl_unit_sealed_length(units, package->chunk_size, unit));
}

/* Opens a unit part by part, each through a mapping of its own. */
static enum pawl_result parts_open(const struct opening *opening, struct opener *opener,
                                   size_t unit)
{
    const struct pawl_package *package = &opening->file->package;
    const struct pawl_units *parts = &opening->parts;
    uint32_t per_unit = opening->units.unit_size / parts->unit_size;
    size_t first = unit * per_unit, part = first;
    enum pawl_result result = PAWL_OK;

    for (; result == PAWL_OK && part < first + per_unit && part < parts->count; part++) {
        struct pawl_window window = {0};
        result = pawl_window_open(
            opening->file->fd,
            package->preamble_size + pawl_unit_sealed_offset(parts, package->chunk_size, part),
            pawl_unit_sealed_length(parts, package->chunk_size, part), &window);
        if (result == PAWL_OK)
            result = pawl_unit_open(parts, &opener->stream, part, window.bytes,
                                    opener->plain + (part - first) * parts->unit_size);
        pawl_window_close(&window);
    }
    return result;
}

static enum pawl_result unit_work(void *context, void *worker, size_t unit)
{
    const struct opening *opening = context;
    const struct pawl_units *units = &opening->units;
    struct opener *opener = worker;

    enum pawl_result result = parts_open(opening, opener, unit);
    if (result != PAWL_OK)
        return result;
    pawl_unit_hash(units, unit, opener->plain, &opener->hashes);
    if (opening->reseal != NULL)
        result = pawl_unit_seal(units, &opener->new_stream, unit, opener->plain, opener->sealed);
    if (result == PAWL_OK)
        result = unit_write(opening, opener, false, unit);
    return result;
}

static enum pawl_result unit_finish(void *context, void *worker, size_t unit)
{
    struct opening *opening = context;
    const struct opener *opener = worker;
    const struct pawl_package_job *job = opening->job;
    pawl_unit_hashes_add(&opening->units, unit, &opener->hashes, &opening->verity);
    enum pawl_result result = unit_write(opening, opener, true, unit);
    if (result == PAWL_OK && job->progress != NULL)
        job->progress(job->progress_context,
                      pawl_unit_offset(&opening->units, unit) +
                          pawl_unit_length(&opening->units, unit),
                      opening->units.image_size);
    return result;
}

/* The file has exactly the bytes that its manifest's image needs, now: a mapping must not reach
 * behind its end. */
static enum pawl_result size_check(const struct pawl_package_file *file, uint64_t image_size)
{
    struct stat status;
    size_t expected;
    enum pawl_result result = pawl_package_size_make(file->package.preamble_size, image_size,
                                                     file->package.chunk_size, &expected);
    if (result != PAWL_OK)
        return result;
    if (fstat(file->fd, &status) != 0)
        return PAWL_IO;
    return file->size == expected && (uint64_t)status.st_size == expected ? PAWL_OK : PAWL_CORRUPT;
}

/* The image's size was checked: it fits. */
static enum pawl_result units_open(struct opening *opening, const struct pawl_manifest *manifest)
{
    size_t image_size = (size_t)manifest->image_size;
    const struct reseal *reseal = opening->reseal;
    uint32_t chunk_size = opening->file->package.chunk_size;
    pawl_units_init(&opening->parts, image_size, PAWL_PART_SIZE, chunk_size);
    if (reseal != NULL && reseal->package.chunk_size > chunk_size)
        chunk_size = reseal->package.chunk_size;
    pawl_units_init(&opening->units, image_size, PAWL_VERITY_SPAN_SIZE, chunk_size);
    pawl_verity_init(&opening->verity);

    size_t buffers = opening->parts.unit_size + (size_t)opening->units.unit_size;
    if (reseal != NULL)
        buffers += opening->units.unit_size;
    const struct pawl_pipeline pipeline = {
        .threads = pawl_pipeline_threads(opening->job->threads, opening->units.count, buffers),
        .units = opening->units.count,
        .context = opening,
        .worker_size = sizeof(struct opener),
        .start = opener_start,
        .stop = opener_stop,
        .work = unit_work,
        .finish = unit_finish};
    enum pawl_result result = pawl_pipeline_run(&pipeline);
    if (result != PAWL_OK)
        return result;
    uint8_t digest[PAWL_SHA256_SIZE];
    pawl_verity_final(&opening->verity, digest);
    return memcmp(digest, manifest->image_digest, sizeof digest) == 0 ? PAWL_OK : PAWL_CORRUPT;
}

enum pawl_result pawl_package_open(const struct pawl_package_job *job,
                                   const struct pawl_package_file *file,
                                   const struct pawl_manifest *manifest,
                                   const uint8_t content_key[PAWL_KEY_SIZE], int out_fd)
{
    struct opening opening = {.job = job, .file = file, .content_key = content_key};
    pawl_sink_init(&opening.sink, out_fd);
    enum pawl_result result = size_check(file, manifest->image_size);
    if (result == PAWL_OK)
        result = units_open(&opening, manifest);
    if (result == PAWL_OK)
        result = pawl_sink_finish(&opening.sink, manifest->image_size);
    return result;
}

enum pawl_result pawl_package_reseal(const struct pawl_package_job *job,
                                     const struct pawl_package_file *file,
                                     const uint8_t old_key[PAWL_KEY_SIZE],
                                     const uint8_t new_key[PAWL_KEY_SIZE], uint32_t chunk_size,
                                     const uint8_t salt[PAWL_SALT_SIZE], int out_fd,
                                     uint8_t package_id[PAWL_PACKAGE_ID_SIZE])
{
    const struct pawl_package *old = &file->package;
    uint8_t preamble[PAWL_PREAMBLE_SIZE_MAX];
    size_t preamble_size;
    struct reseal reseal = {.content_key = new_key};
    struct pawl_manifest manifest;
    size_t new_size = 0;
    enum pawl_result result = pawl_manifest_read(old->signed_manifest.payload,
                                                 old->signed_manifest.payload_size, &manifest);
    if (result == PAWL_OK)
        result = size_check(file, manifest.image_size);
    if (result == PAWL_OK)
        result =
            pawl_package_write(old->manifest_bytes, old->manifest_size, chunk_size,
                               PAWL_MODE_WRAPPED, salt, preamble, sizeof preamble, &preamble_size);
    if (result == PAWL_OK)
        result = pawl_package_read(preamble, preamble_size, &reseal.package);
    if (result == PAWL_OK)
        result = pawl_package_size_make(reseal.package.preamble_size, manifest.image_size,
                                        chunk_size, &new_size);
    if (result != PAWL_OK)
        return result;

    struct opening opening = {.job = job, .file = file, .content_key = old_key, .reseal = &reseal};
    pawl_sink_init(&opening.sink, out_fd);
    result = pawl_sink_write(&opening.sink, !opening.sink.random, 0, preamble, preamble_size);
    if (result == PAWL_OK)
        result = units_open(&opening, &manifest);
    if (result == PAWL_OK)
        result = pawl_sink_finish(&opening.sink, new_size);
    if (result == PAWL_OK)
        memcpy(package_id, reseal.package.package_id, PAWL_PACKAGE_ID_SIZE);
    return result;
}

enum pawl_result pawl_package_file_read(int fd, struct pawl_package_file *file)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return PAWL_IO;
    ssize_t taken = pread(fd, file->preamble, sizeof file->preamble, 0);
    if (taken < 0)
        return PAWL_IO;
    file->fd = fd;
    file->size = (uint64_t)status.st_size;
    return pawl_package_read(file->preamble, (size_t)taken, &file->package);
}
