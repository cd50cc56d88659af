/* Sealing a whole image into a package (SPEC 7). */
#include <stdlib.h>
#include <string.h>

#include "headend/package_file.h"
#include "headend/package_unit.h"
#include "headend/pipeline.h"
#include "headend/sink.h"
#include "headend/window.h"
#include "pawl/secret.h"

struct seal {
    const struct pawl_package_job *job;
    const struct pawl_package *package;
    const uint8_t *content_key;
    const struct pawl_image *image;
    struct pawl_units units; /* what is mapped at once */
    struct pawl_units parts; /* what is sealed and written at once: some for each unit */
    struct pawl_sink sink;
};

struct sealer {
    struct pawl_stream stream;
    uint8_t *sealed; /* one part */
};

static enum pawl_result sealer_start(void *context, void *worker)
{
    const struct seal *seal = context;
    struct sealer *sealer = worker;
    sealer->sealed = malloc(pawl_unit_sealed_length(&seal->parts, seal->package->chunk_size, 0));
    if (sealer->sealed == NULL)
        return PAWL_EXHAUSTED;
    return pawl_stream_init(&sealer->stream, seal->content_key, seal->package->package_id,
                            seal->units.image_size, seal->package->chunk_size);
}

static void sealer_stop(void *context, void *worker)
{
    (void)context;
    struct sealer *sealer = worker;
    pawl_stream_release(&sealer->stream);
    free(sealer->sealed); /* ciphertext */
}

static enum pawl_result part_write(const struct seal *seal, const struct sealer *sealer,
                                   bool in_order, size_t part)
{
    uint32_t chunk_size = seal->package->chunk_size;
    uint64_t offset =
        seal->package->preamble_size + pawl_unit_sealed_offset(&seal->parts, chunk_size, part);
    return pawl_sink_write(&seal->sink, in_order, offset, sealer->sealed,
                           pawl_unit_sealed_length(&seal->parts, chunk_size, part));
}

static enum pawl_result unit_work(void *context, void *worker, size_t unit)
{
    const struct seal *seal = context;
    struct sealer *sealer = worker;
    uint32_t part_size = seal->parts.unit_size, per_unit = seal->units.unit_size / part_size;
    size_t first = unit * per_unit, part = first;
    struct pawl_window window = {0};
    enum pawl_result result =
        pawl_window_open(seal->image->fd, pawl_unit_offset(&seal->units, unit),
                         pawl_unit_length(&seal->units, unit), &window);
    for (; result == PAWL_OK && part < first + per_unit && part < seal->parts.count; part++) {
        result = pawl_unit_seal(&seal->parts, &sealer->stream, part,
                                window.bytes + (part - first) * part_size, sealer->sealed);
        if (result == PAWL_OK)
            result = part_write(seal, sealer, false, part);
    }
    pawl_window_close(&window);
    return result;
}

static enum pawl_result unit_finish(void *context, void *worker, size_t unit)
{
    const struct seal *seal = context;
    const struct pawl_package_job *job = seal->job;
    /* A sink that takes bytes in order alone has units of one part: the one in the buffer. */
    enum pawl_result result = part_write(seal, worker, true, unit);
    if (result == PAWL_OK && job->progress != NULL)
        job->progress(job->progress_context,
                      pawl_unit_offset(&seal->units, unit) + pawl_unit_length(&seal->units, unit),
                      seal->units.image_size);
    return result;
}

/* The manifest in the preamble must name this very image: a package that no device could ever run
 * is refused here and not in the field. */
static enum pawl_result image_matches(const struct pawl_package *package,
                                      const struct pawl_image *image)
{
    struct pawl_manifest manifest;
    enum pawl_result result = pawl_manifest_read(package->signed_manifest.payload,
                                                 package->signed_manifest.payload_size, &manifest);
    if (result != PAWL_OK)
        return result;
    bool same = manifest.image_size == image->size &&
                memcmp(manifest.image_digest, image->digest, PAWL_SHA256_SIZE) == 0;
    return same ? PAWL_OK : PAWL_CORRUPT;
}

static enum pawl_result chunks_write(struct seal *seal)
{
    const struct pawl_pipeline pipeline = {
        .threads = pawl_pipeline_threads(seal->job->threads, seal->units.count,
                                         seal->units.unit_size + (size_t)seal->parts.unit_size),
        .units = seal->units.count,
        .context = seal,
        .worker_size = sizeof(struct sealer),
        .start = sealer_start,
        .stop = sealer_stop,
        .work = unit_work,
        .finish = unit_finish};
    return pawl_pipeline_run(&pipeline);
}

enum pawl_result pawl_package_seal(const struct pawl_package_job *job, const uint8_t *preamble,
                                   size_t preamble_size, const uint8_t content_key[PAWL_KEY_SIZE],
                                   const struct pawl_image *image, int out_fd,
                                   uint8_t package_id[PAWL_PACKAGE_ID_SIZE])
{
    struct pawl_package package;
    enum pawl_result result = pawl_package_read(preamble, preamble_size, &package);
    if (result == PAWL_OK)
        result = image_matches(&package, image);
    size_t package_size = 0;
    if (result == PAWL_OK)
        result = pawl_package_size_make(package.preamble_size, image->size, package.chunk_size,
                                        &package_size);
    if (result != PAWL_OK)
        return result;

    struct seal seal = {
        .job = job, .package = &package, .content_key = content_key, .image = image};
    pawl_sink_init(&seal.sink, out_fd);
    size_t image_size = (size_t)image->size;
    pawl_units_init(&seal.parts, image_size, PAWL_PART_SIZE, package.chunk_size);
    pawl_units_init(&seal.units, image_size,
                    seal.sink.random ? PAWL_VERITY_SPAN_SIZE : PAWL_PART_SIZE, package.chunk_size);
    result = pawl_sink_write(&seal.sink, !seal.sink.random, 0, preamble, package.preamble_size);
    if (result == PAWL_OK)
        result = chunks_write(&seal);
    if (result == PAWL_OK)
        result = pawl_sink_finish(&seal.sink, package_size);
    if (result == PAWL_OK)
        result = pawl_image_check(image);
    if (result == PAWL_OK)
        memcpy(package_id, package.package_id, PAWL_PACKAGE_ID_SIZE);
    return result;
}
