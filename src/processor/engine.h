/* The engine's memory, and the functions that its files share. Files by concept: see
 * transition.h. */
#ifndef PAWL_PROCESSOR_ENGINE_H
#define PAWL_PROCESSOR_ENGINE_H

#include "pawl/processor.h"
#include "pawl/secret.h"
#include "pawl/verity.h"
#include "processor/record.h"
#include "processor/slot.h"
#include "processor/transition.h"

/* Both structs begin with what is asked for most: a Cortex-M reaches the first 32 bytes, and words
 * in the first 128, with its short instructions. */

/* The download under way, from the directive that offered it until it is whole. */
struct pawl_download {
    bool open;     /* the fields below `recorded` are valid; else resume finds them again */
    bool recorded; /* the trial record in flash is this package's */
    bool accepted; /* the preamble passed and the stream is keyed */
    bool has_entitlement;
    uint32_t preamble_size; /* 0 until the prefix was read */
    size_t offset;          /* package byte wanted next */
    size_t chunk_index;     /* the chunk in the chunk buffer */
    size_t chunk_start;     /* its offset in the package */
    uint64_t diagnostic;    /* number of the command to run it once and not commit it; 0: no such */
    uint8_t entitlement[PAWL_ENTITLEMENT_SIZE];
};

struct pawl_processor {
    const struct pawl_port *port;
    const struct pawl_pud *pud;
    uint8_t *chunk; /* sealed bytes of one chunk; plaintext while one is checked or loaded */
    size_t chunk_capacity;

    enum pawl_state state;
    bool settled; /* counter, cells and records were read and nothing since made them doubtful */
    bool running;
    bool opened; /* the committed image opened when it was last loaded */
    bool has_committed;
    bool has_failure;
    bool has_nonce; /* the newest report waits for its directive */
    bool has_challenge;
    enum pawl_success trial_success; /* of the image in trial */

    unsigned free_slot; /* where downloads go */
    unsigned committed_slot;
    uint32_t anchor_mask;
    uint32_t trial_revoked; /* anchors that leave the mask once the image in trial is committed */
    uint32_t failure;
    uint32_t challenge_size;
    uint64_t sequence;
    uint64_t security_floor;
    uint64_t trial_floor;     /* floor once the image in trial is committed */
    uint64_t command;         /* number of the last one that was taken; 0: none */
    uint64_t command_waiting; /* of the one that the caller is to carry out; 0: none */

    struct pawl_download download;
    struct pawl_record trial; /* of the package under way, from its offer on */
    struct pawl_record committed;
    uint8_t failed_package_id[PAWL_PACKAGE_ID_SIZE];
    uint8_t nonce[PAWL_NONCE_SIZE];
    uint8_t challenge[PAWL_CHALLENGE_SIZE_MAX];
    uint8_t loaded[PAWL_SHA256_SIZE]; /* digest of what executable memory holds, else zeros */

    struct pawl_stream stream; /* of the download, or of the image being loaded */
    union {
        struct pawl_slot_cursor cursor; /* while downloading */
        struct pawl_verity verity;      /* while loading */
    };
    union { /* nothing of it is needed from one call to the next */
        struct {
            struct pawl_manifest manifest; /* of the package in `preamble` */
            struct pawl_package package;
        };
        struct pawl_directive directive; /* during its call, until a package is opened in it */
    };
    uint8_t preamble[PAWL_PREAMBLE_SIZE_MAX];
};

_Static_assert(sizeof(struct pawl_processor) <= PAWL_PROCESSOR_SIZE, "PAWL_PROCESSOR_SIZE");
_Static_assert(_Alignof(struct pawl_processor) <= PAWL_PROCESSOR_ALIGNMENT, "alignment");

/* ledger.c: counter, cells and records. */

/* Reads them all and sets sequence, committed, free_slot and what is left of a trial.
 * PAWL_STORAGE. */
enum pawl_result pawl_ledger_load(struct pawl_processor *engine);
/* PAWL_STORAGE unless the counter still stands at the engine's sequence number. */
enum pawl_result pawl_ledger_check(struct pawl_processor *engine);
/* Loads again when an error left the counter in doubt, and runs what is committed. PAWL_STORAGE. */
enum pawl_result pawl_ledger_settle(struct pawl_processor *engine);

/* image.c: packages in slots and in executable memory. */

/* Takes the preamble in engine->preamble apart and checks that this device may take the package and
 * can run it: sets engine->package and engine->manifest. The package must be the record's, and
 * allowed by its floor and mask and by the engine's. Classes of SPEC 7, and PAWL_EXHAUSTED. */
enum pawl_result pawl_image_accept(struct pawl_processor *engine, size_t preamble_size,
                                   const struct pawl_record *record);
/* Keys engine->stream for the accepted package. PAWL_CRYPTO. */
enum pawl_result pawl_image_key(struct pawl_processor *engine,
                                const uint8_t content_key[PAWL_KEY_SIZE]);
/* Reads a slot's preamble, checks it as above, keys engine->stream. */
enum pawl_result pawl_image_open(struct pawl_processor *engine, unsigned slot,
                                 const struct pawl_record *record);
/* The whole way from flash to executable memory, every check anew (I3). On an error nothing stays
 * loaded. */
enum pawl_result pawl_image_load(struct pawl_processor *engine, unsigned slot,
                                 const struct pawl_record *record);
/* Starts what was loaded. Asks once more, at another place than the loading, whether that is the
 * image of the manifest, and the package of the record: a fault that skips the loading or its
 * outcome does not start anything (SPEC 13.13). PAWL_CORRUPT, or what the port returned. */
enum pawl_result pawl_image_run(struct pawl_processor *engine, const struct pawl_record *record,
                                bool trial);
/* Sealed bytes of a chunk of the open stream. */
size_t pawl_image_chunk_size(const struct pawl_processor *engine, size_t index);

/* download.c */

/* Forgets keys and position; flash and the package's identity stay, so that it can be resumed. */
void pawl_download_suspend(struct pawl_processor *engine);
/* Forgets the package as well. */
void pawl_download_forget(struct pawl_processor *engine);
/* Starts taking bytes at 0. */
void pawl_download_restart(struct pawl_processor *engine);
/* Makes a download whose last byte was taken a candidate. */
enum pawl_result pawl_download_complete(struct pawl_processor *engine);

/* resume.c: finds the offset wanted next from what flash holds. */
enum pawl_result pawl_download_reopen(struct pawl_processor *engine);

/* attempt.c */

/* Ends an attempt: remembers why (enum pawl_failure or a result class), in flash too unless the
 * error is flash's own, and forgets the download. */
void pawl_attempt_end(struct pawl_processor *engine, uint32_t failure);
/* Ends an attempt unless `result`, which it returns, is PAWL_OK. */
enum pawl_result pawl_attempt_check(struct pawl_processor *engine, enum pawl_result result);
/* Stops what runs, ends the attempt and runs what is committed. */
void pawl_attempt_fall_back(struct pawl_processor *engine, uint32_t failure);
/* The criterion of the image in trial holds: commits, or ends what was to run once. */
enum pawl_result pawl_trial_succeed(struct pawl_processor *engine);
/* Stops whatever runs. */
void pawl_attempt_stop(struct pawl_processor *engine);

/* boot.c: loads and starts the committed image, if there is one. */
enum pawl_result pawl_committed_run(struct pawl_processor *engine);

#endif
