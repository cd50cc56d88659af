/*
 * Packages as files: sealing, resealing and opening whole images with bounded memory (SPEC 7), on
 * as many threads as asked.
 */
#ifndef PAWL_HEADEND_PACKAGE_FILE_H
#define PAWL_HEADEND_PACKAGE_FILE_H

#include <stdint.h>
#include <time.h>

#include "pawl/entitlement.h"
#include "pawl/package.h"
#include "pawl/pud.h"
#include "pawl/result.h"

/* Called after every part with the image bytes done so far, from any of the job's threads but never
 * from two at once; may be NULL. */
typedef void (*pawl_package_progress_fn)(void *context, uint64_t done, uint64_t total);

/* How to work. All functions below hold at most a few MiB whatever the size: threads are reduced
 * where large chunks would need more.
 *
 * Input files are read through short mappings, which costs a third of what read() does beside a
 * hash. A file that someone truncates meanwhile therefore raises SIGBUS; a program that must
 * survive that catches the signal (the `pawl` command ends with an error, and its output never
 * appears). */
struct pawl_package_job {
    unsigned threads; /* 0: as many as there are processors, at most 4 */
    pawl_package_progress_fn progress;
    void *progress_context;
};

/* An image whose digest is known, and what tells that the file was not changed since. */
struct pawl_image {
    int fd; /* a regular file, the caller's */
    uint64_t size;
    uint8_t digest[PAWL_SHA256_SIZE];
    struct timespec modified, changed;
};

/* Measures an image. PAWL_IO, PAWL_CORRUPT when the file changed meanwhile, PAWL_MALFORMED when it
 * is empty, PAWL_UNSUPPORTED when it is no regular file. */
enum pawl_result pawl_image_measure(const struct pawl_package_job *job, int fd,
                                    struct pawl_image *image);

/* PAWL_OK while the file is as it was measured; PAWL_CORRUPT otherwise, PAWL_IO. */
enum pawl_result pawl_image_check(const struct pawl_image *image);

/* Seals a measured image under `content_key`: writes preamble and chunks to `out_fd` in order (it
 * may be a pipe). PAWL_CORRUPT when the manifest inside the preamble names another image, or the
 * file changed since it was measured. `package_id` is set on success. */
enum pawl_result pawl_package_seal(const struct pawl_package_job *job, const uint8_t *preamble,
                                   size_t preamble_size, const uint8_t content_key[PAWL_KEY_SIZE],
                                   const struct pawl_image *image, int out_fd,
                                   uint8_t package_id[PAWL_PACKAGE_ID_SIZE]);

/* A package file whose preamble was read and taken apart. `package` and `manifest` point into
 * `preamble`: do not copy the struct. */
struct pawl_package_file {
    int fd; /* the caller's */
    uint64_t size;
    uint8_t preamble[PAWL_PREAMBLE_SIZE_MAX];
    struct pawl_package package;
};

/* Reads and takes apart the preamble. Nothing is verified. PAWL_IO, PAWL_MALFORMED,
 * PAWL_UNSUPPORTED. */
enum pawl_result pawl_package_file_read(int fd, struct pawl_package_file *file);

/* Opens all chunks of an accepted package under `content_key` and writes the plaintext to `out_fd`
 * (-1: only check). PAWL_CORRUPT for a wrong length, chunk or image digest: what was written until
 * then is not to be used. */
enum pawl_result pawl_package_open(const struct pawl_package_job *job,
                                   const struct pawl_package_file *file,
                                   const struct pawl_manifest *manifest,
                                   const uint8_t content_key[PAWL_KEY_SIZE], int out_fd);

/* The same signed release under a new content key and salt, without the signing key: opens `file`
 * under `old_key` and seals it again in one pass. */
enum pawl_result pawl_package_reseal(const struct pawl_package_job *job,
                                     const struct pawl_package_file *file,
                                     const uint8_t old_key[PAWL_KEY_SIZE],
                                     const uint8_t new_key[PAWL_KEY_SIZE], uint32_t chunk_size,
                                     const uint8_t salt[PAWL_SALT_SIZE], int out_fd,
                                     uint8_t package_id[PAWL_PACKAGE_ID_SIZE]);

#endif
