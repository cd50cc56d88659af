#include "headend/package_unit.h"

_Static_assert(PAWL_CHUNK_SIZE_MAX / PAWL_VERITY_SPAN_SIZE <= PAWL_UNIT_SPANS_MAX, "one chunk");

void pawl_units_init(struct pawl_units *units, size_t image_size, uint32_t least,
                     uint32_t chunk_size)
{
    units->image_size = image_size;
    units->unit_size = chunk_size > least ? chunk_size : least;
    units->count = pawl_chunk_count(image_size, units->unit_size);
}

size_t pawl_unit_offset(const struct pawl_units *units, size_t unit)
{
    return unit * units->unit_size;
}

uint32_t pawl_unit_length(const struct pawl_units *units, size_t unit)
{
    return pawl_chunk_length(units->image_size, units->unit_size, unit);
}

/* Chunks in one unit but the last. */
static uint32_t chunks_per_unit(const struct pawl_units *units, uint32_t chunk_size)
{
    return units->unit_size / chunk_size;
}

static uint32_t unit_chunk_count(const struct pawl_units *units, uint32_t chunk_size, size_t unit)
{
    return (uint32_t)pawl_chunk_count(pawl_unit_length(units, unit), chunk_size);
}

size_t pawl_unit_sealed_offset(const struct pawl_units *units, uint32_t chunk_size, size_t unit)
{
    size_t chunks = unit * chunks_per_unit(units, chunk_size);
    return pawl_unit_offset(units, unit) + chunks * PAWL_CHUNK_OVERHEAD;
}

uint32_t pawl_unit_sealed_length(const struct pawl_units *units, uint32_t chunk_size, size_t unit)
{
    return pawl_unit_length(units, unit) +
           unit_chunk_count(units, chunk_size, unit) * PAWL_CHUNK_OVERHEAD;
}

enum pawl_result pawl_unit_seal(const struct pawl_units *units, struct pawl_stream *stream,
                                size_t unit, const uint8_t *plain, uint8_t *sealed)
{
    uint32_t size = stream->chunk_size;
    uint32_t count = unit_chunk_count(units, size, unit);
    size_t first = unit * chunks_per_unit(units, size);
    for (uint32_t i = 0; i < count; i++) {
        enum pawl_result result =
            pawl_stream_seal(stream, first + i, plain + (size_t)i * size,
                             sealed + (size_t)i * (size + PAWL_CHUNK_OVERHEAD));
        if (result != PAWL_OK)
            return result;
    }
    return PAWL_OK;
}

enum pawl_result pawl_unit_open(const struct pawl_units *units, struct pawl_stream *stream,
                                size_t unit, const uint8_t *sealed, uint8_t *plain)
{
    uint32_t size = stream->chunk_size;
    uint32_t count = unit_chunk_count(units, size, unit);
    size_t first = unit * chunks_per_unit(units, size);
    for (uint32_t i = 0; i < count; i++) {
        enum pawl_result result =
            pawl_stream_open(stream, first + i, sealed + (size_t)i * (size + PAWL_CHUNK_OVERHEAD),
                             plain + (size_t)i * size);
        if (result != PAWL_OK)
            return result;
    }
    return PAWL_OK;
}

static uint32_t span_length(uint32_t length, uint32_t span)
{
    return pawl_chunk_length(length, PAWL_VERITY_SPAN_SIZE, span);
}

void pawl_unit_hash(const struct pawl_units *units, size_t unit, const uint8_t *plain,
                    struct pawl_unit_hashes *hashes)
{
    uint32_t length = pawl_unit_length(units, unit);
    uint32_t spans = (uint32_t)pawl_chunk_count(length, PAWL_VERITY_SPAN_SIZE);
    for (uint32_t i = 0; i < spans; i++)
        pawl_verity_span_make(plain + (size_t)i * PAWL_VERITY_SPAN_SIZE, span_length(length, i),
                              units->image_size, hashes->hashes[i]);
}

void pawl_unit_hashes_add(const struct pawl_units *units, size_t unit,
                          const struct pawl_unit_hashes *hashes, struct pawl_verity *verity)
{
    uint32_t length = pawl_unit_length(units, unit);
    uint32_t spans = (uint32_t)pawl_chunk_count(length, PAWL_VERITY_SPAN_SIZE);
    for (uint32_t i = 0; i < spans; i++)
        pawl_verity_span_add(verity, hashes->hashes[i], span_length(length, i));
}
