/*
 * Commit and reconciliation as a model that Spin searches exhaustively (SPEC 11, 13; I2 to I5).
 *
 * A device keeps a counter, two cells and two slots; power fails between any two of its stores,
 * inside a store of a record, and again while it recovers. A server of two replicas keeps one row.
 * Messages are lost, doubled, delayed and reordered without bound. On top of that, each alone:
 *
 *   CLONE   all that the device keeps is copied once, at any moment, and both go on
 *   FLASH   somebody keeps a record of flash and puts it back later, or erases both
 *   DIAGNOSTIC   an offer may be one of an image that runs once and is not committed (SPEC 13.9)
 *
 * A ROW is a row of the engine's table (src/processor/transition.h); a test compares them. Left out
 * are cryptography (a record is whole or torn; its digest is its instance, which is unique), chunks
 * (bytes come all at once) and time (a challenge never gets too old by itself).
 *
 * Each MUTATE_ macro takes one rule away; the test expects the search to find an error then.
 */
#ifndef DOWNLOADS
#define DOWNLOADS 2 /* sequence numbers that are reached */
#endif
#ifndef CUTS
#define CUTS 2 /* power cuts in all */
#endif
#ifdef CLONE
#define DEVICES 2
#define HONEST false
#else
#define DEVICES 1
#define HONEST true
#endif
#define REPLICAS 2 /* at most: Replica(1) is run unless ALONE */
#define MESSAGES 2 /* reports under way at a time, beside those that replicas work at; ALONE: 1 */
#define NONE 0     /* no instance, no package */
#define NO_SLOT 2

mtype:state = { READY, WRITING, CANDIDATE, STAGED, FAILED, TRIAL, REJECTED, UPDATED };
mtype:event = { NOTHING, DIRECTIVE, OFFER, AGAIN, BYTES, WHOLE, CANCEL, BOOT, INSTALL, LOADED,
                SUCCESS, FAILURE, DONE };
mtype:action = { IDLE, DOWNLOAD, HOLD, REPEAT };
mtype:standing = { ACTIVE, QUARANTINED };

typedef Record { bool whole; byte seq, instance, package };
typedef Trial { bool whole, attempted, ended, diagnostic; byte seq, package };
typedef Device {
    /* what a power cut leaves */
    byte counter;
    byte cell[2];
    Record record[2];
    Trial trial[2];
    /* what it takes */
    bool on;
    mtype:state state;
    byte committed; /* slot, or NO_SLOT */
    byte free;      /* slot */
    byte package;   /* of the download */
    byte entitled;  /* the sequence number at which it opens */
    bool diagnostic; /* it is to run once and not to be committed */
    bool whole;     /* all of its bytes are there */
    byte failed;    /* package of the last failed attempt */
    bool asked;     /* the newest report waits for its directive */
    bool challenged;
    byte held_seq, held_instance; /* in the challenge */
    /* for what must hold */
    byte truth; /* instance that was committed last */
    bool committed_since, judged_since /* the copy was made */
};
typedef Report {
    bool used, newest, challenged;
    byte from, seq, instance, package, failed, held_seq, held_instance
};
/* Only the answer to the newest report is taken (SPEC 10.3), so that is all there is to keep. */
typedef Directive {
    bool used, diagnostic;
    mtype:action action;
    byte package, entitled, held_seq, held_instance
};

Device device[DEVICES];
Report up[MESSAGES];
Report inbox[REPLICAS]; /* at which each replica is */
Directive down[DEVICES];

/* The server's row. */
mtype:standing standing = ACTIVE;
byte row_seq, row_instance, row_package, confirmations;
byte wanted = 1; /* the package that is offered */

byte cuts, instances;
bool copied, flash_touched, calm;
Record kept; /* FLASH: of a slot, by somebody */

/* ---- The device ---- */

#ifdef MUTATE_NO_CELL
#define IS_VOUCHED(d, k) true
#else
#define IS_VOUCHED(d, k) (device[d].record[k].instance == device[d].cell[device[d].counter % 2])
#endif
#define IS_HONOURED(d, k)                                                                          \
    (device[d].record[k].whole && device[d].record[k].seq == device[d].counter && IS_VOUCHED(d, k))
#define COMMITTED(d) device[d].record[device[d].committed]
#define FREE(d) device[d].record[device[d].free]
#define TRYING(d) device[d].trial[device[d].free]

inline download_forget(d)
{
    device[d].package = NONE;
    device[d].entitled = 0;
    device[d].diagnostic = false;
    device[d].whole = false
}

inline power_off(d)
{
    device[d].on = false;
    device[d].state = READY;
    device[d].committed = NO_SLOT;
    device[d].free = 0;
    download_forget(d);
    device[d].failed = NONE;
    device[d].asked = false;
    device[d].challenged = false;
    device[d].held_seq = 0;
    device[d].held_instance = NONE
}

/* SPEC 13.5. */
inline power_on(d)
{
    if
    :: IS_HONOURED(d, 0) -> device[d].committed = 0; device[d].free = 1
    :: !IS_HONOURED(d, 0) && IS_HONOURED(d, 1) -> device[d].committed = 1; device[d].free = 0
    :: else -> device[d].committed = NO_SLOT; device[d].free = 0
    fi;
    /* I4: what was committed is there. I2: nothing else is honoured. */
    assert(device[d].committed != NO_SLOT || device[d].counter == 0 || flash_touched);
    assert(device[d].committed == NO_SLOT || COMMITTED(d).instance == device[d].truth);
    if
    :: !TRYING(d).whole || TRYING(d).seq != device[d].counter -> skip
    :: else ->
        if
        :: TRYING(d).attempted -> device[d].state = FAILED; device[d].failed = TRYING(d).package
        :: !TRYING(d).attempted && TRYING(d).ended ->
            device[d].state = REJECTED; device[d].failed = TRYING(d).package
        :: else ->
            device[d].state = WRITING;
            device[d].package = TRYING(d).package;
            device[d].diagnostic = TRYING(d).diagnostic
        fi
    fi;
    device[d].on = true
}

/* The end of an attempt of which flash knows nothing yet. */
inline attempt_refuse(d)
{
    device[d].failed = device[d].package;
    download_forget(d)
}

/* The end of an attempt that is no commit. */
inline attempt_end(d)
{
    device[d].failed = device[d].package;
    TRYING(d).ended = TRYING(d).whole;
    download_forget(d)
}

#ifdef CLONE
inline everything_copy()
{
    device[1].counter = device[0].counter;
    device[1].truth = device[0].truth;
    for (k : 0 .. 1) {
        device[1].cell[k] = device[0].cell[k];
        device[1].record[k].whole = device[0].record[k].whole;
        device[1].record[k].seq = device[0].record[k].seq;
        device[1].record[k].instance = device[0].record[k].instance;
        device[1].record[k].package = device[0].record[k].package;
        device[1].trial[k].whole = device[0].trial[k].whole;
        device[1].trial[k].attempted = device[0].trial[k].attempted;
        device[1].trial[k].ended = device[0].trial[k].ended;
        device[1].trial[k].diagnostic = device[0].trial[k].diagnostic;
        device[1].trial[k].seq = device[0].trial[k].seq;
        device[1].trial[k].package = device[0].trial[k].package
    }
    k = 0;
    copied = true
}
#define THEFT ::!copied && d == 0 -> everything_copy()
#elif defined(FLASH)
/* The protected store is out of reach; a record is not, nor is the chance to put it back. */
inline record_keep(k)
{
    kept.whole = true;
    kept.seq = device[0].record[k].seq;
    kept.instance = device[0].record[k].instance;
    kept.package = device[0].record[k].package
}
inline record_put(k)
{
    flash_touched = true;
    device[0].record[k].whole = true;
    device[0].record[k].seq = kept.seq;
    device[0].record[k].instance = kept.instance;
    device[0].record[k].package = kept.package
}
inline flash_erase()
{
    flash_touched = true;
    device[0].record[0].whole = false;
    device[0].record[1].whole = false;
    device[0].trial[0].whole = false;
    device[0].trial[1].whole = false
}
#define THEFT                                                                                      \
    ::!kept.whole && device[0].record[0].whole -> record_keep(0)                                   \
    ::!kept.whole && device[0].record[1].whole -> record_keep(1)
#else
#define THEFT
#endif

/* Between two stores power may fail, and a thief may come by. */
#ifdef MUTATE_ANY_SEQUENCE
#define IS_ENTITLED(d) true
#else
#define IS_ENTITLED(d) (device[d].entitled == device[d].counter)
#endif
#define IS_UNDER_WAY(d)                                                                            \
    (TRYING(d).whole && TRYING(d).seq == device[d].counter &&                                      \
     TRYING(d).package == device[d].package && TRYING(d).diagnostic == device[d].diagnostic &&     \
     !TRYING(d).attempted && !TRYING(d).ended)

#define CUT(d)                                                                                     \
    if                                                                                             \
    :: true                                                                                        \
    :: cuts < CUTS -> cuts++; goto off                                                             \
    THEFT                                                                                          \
    fi

#define DO_heed(d) good = true
#define DO_begin(d)                                                                                \
    device[d].package = offered;                                                                   \
    device[d].diagnostic = once;                                                                   \
    device[d].entitled = entitled;                                                                 \
    device[d].whole = false;                                                                       \
    good = device[d].counter < DOWNLOADS;                                                          \
    if                                                                                             \
    :: good                                                                                        \
    :: else -> attempt_refuse(d)                                                                   \
    fi
#define DO_resume(d) good = true
/* A record that is there is gone on with; a new one needs what the server entitled it for. */
#define DO_take(d)                                                                                 \
    if                                                                                             \
    :: IS_UNDER_WAY(d) -> good = true                                                              \
    :: !IS_UNDER_WAY(d) && IS_ENTITLED(d) ->                                                       \
        TRYING(d).whole = false;                                                                   \
        CUT(d);                                                                                    \
        TRYING(d).seq = device[d].counter;                                                         \
        TRYING(d).package = device[d].package;                                                     \
        TRYING(d).diagnostic = device[d].diagnostic;                                               \
        TRYING(d).attempted = false;                                                               \
        TRYING(d).ended = false;                                                                   \
        TRYING(d).whole = true;                                                                    \
        CUT(d);                                                                                    \
        good = true                                                                                \
    :: else -> attempt_refuse(d)                                                                   \
    fi;                                                                                            \
    if                                                                                             \
    :: good -> device[d].whole = true                                                              \
    :: good -> attempt_end(d); good = false /* a chunk does not open */                            \
    :: else                                                                                        \
    fi
#define DO_finish(d) good = true
#define DO_drop(d)                                                                                 \
    TRYING(d).whole = false;                                                                       \
    download_forget(d);                                                                            \
    good = true
#define DO_boot(d) good = true
#define DO_stage(d)                                                                                \
    if /* the image is what was signed, or not */                                                  \
    :: good = true                                                                                 \
    :: attempt_end(d)                                                                              \
    fi
#define DO_start(d)                                                                                \
    TRYING(d).attempted = true;                                                                    \
    CUT(d);                                                                                        \
    good = true
#define DO_fall_back(d)                                                                            \
    CUT(d);                                                                                        \
    attempt_end(d);                                                                                \
    good = true

/* The steps of a commit (SPEC 13.4). A record that is being written is torn. */
#define STEP_RECORD(d)                                                                             \
    FREE(d).whole = false;                                                                         \
    CUT(d);                                                                                        \
    instances++;                                                                                   \
    FREE(d).seq = next;                                                                            \
    FREE(d).instance = instances;                                                                  \
    FREE(d).package = device[d].package;                                                           \
    FREE(d).whole = true;                                                                          \
    CUT(d)
#ifdef MUTATE_SAME_CELL
#define CELL (1 - next % 2)
#else
#define CELL (next % 2)
#endif
#define STEP_CELL(d)                                                                               \
    device[d].cell[CELL] = FREE(d).instance;                                                       \
    CUT(d)
#define STEP_COUNTER(d)                                                                            \
    device[d].counter = next;                                                                      \
    device[d].truth = FREE(d).instance;                                                            \
    device[d].committed_since = copied;                                                            \
    CUT(d)
#if defined(MUTATE_COUNTER_FIRST)
#define STEPS(d) STEP_COUNTER(d); STEP_RECORD(d); STEP_CELL(d)
#elif defined(MUTATE_COUNTER_BEFORE_CELL)
#define STEPS(d) STEP_RECORD(d); STEP_COUNTER(d); STEP_CELL(d)
#else
#define STEPS(d) STEP_RECORD(d); STEP_CELL(d); STEP_COUNTER(d)
#endif
#define DO_commit(d)                                                                               \
    next = device[d].counter + 1;                                                                  \
    STEPS(d);                                                                                      \
    device[d].committed = device[d].free;                                                          \
    device[d].free = 1 - device[d].committed;                                                      \
    device[d].failed = NONE;                                                                       \
    download_forget(d);                                                                            \
    good = true

#define ROW(from, what, act, then, otherwise)                                                      \
    ::device[d].state == from && event == what ->                                                  \
        DO_##act(d);                                                                               \
        if                                                                                         \
        :: good -> device[d].state = then                                                          \
        :: else -> device[d].state = otherwise                                                     \
        fi

inline directive_clear(d)
{
    down[d].used = false;
    down[d].diagnostic = false;
    down[d].action = IDLE;
    down[d].package = NONE;
    down[d].entitled = 0;
    down[d].held_seq = 0;
    down[d].held_instance = NONE
}

inline report_clear(at)
{
    at.used = false;
    at.newest = false;
    at.challenged = false;
    at.from = 0;
    at.seq = 0;
    at.instance = NONE;
    at.package = NONE;
    at.failed = NONE;
    at.held_seq = 0;
    at.held_instance = NONE
}

/* Its answer will not be taken any more; it still says what it says. */
inline report_outdate(at, d)
{
    if
    :: at.used && at.from == d -> at.newest = false; at.failed = NONE
    :: else
    fi
}

/* A new report; what was in its place is lost. */
inline report_make(d, i)
{
    report_outdate(up[0], d);
    report_outdate(up[1], d);
    report_outdate(inbox[0], d);
    report_outdate(inbox[1], d);
    directive_clear(d);
    device[d].asked = true;
    up[i].used = true;
    up[i].newest = true;
    up[i].from = d;
    up[i].seq = device[d].counter;
    if
    :: device[d].committed == NO_SLOT -> up[i].instance = NONE; up[i].package = NONE
    :: else -> up[i].instance = COMMITTED(d).instance; up[i].package = COMMITTED(d).package
    fi;
    up[i].failed = device[d].failed;
    up[i].challenged = device[d].challenged;
    up[i].held_seq = device[d].held_seq;
    up[i].held_instance = device[d].held_instance
}

inline directive_take(d)
{
    device[d].asked = false;
    device[d].challenged = true;
    device[d].held_seq = down[d].held_seq;
    device[d].held_instance = down[d].held_instance;
    offered = down[d].package;
    entitled = down[d].entitled;
    once = down[d].diagnostic;
    if
    :: down[d].action != DOWNLOAD -> event = DIRECTIVE
    :: down[d].action == DOWNLOAD && device[d].package == down[d].package &&
           device[d].diagnostic == once &&
           (device[d].state == WRITING || device[d].state == CANDIDATE ||
            device[d].state == TRIAL) ->
        event = AGAIN
    :: else -> event = OFFER
    fi;
    directive_clear(d)
}

/* I5: two exchanges that nobody disturbs, and both sides agree. */
inline agree(d)
{
    for (k : 0 .. 1) {
        if
        :: !device[d].challenged || device[d].held_seq != row_seq ||
               device[d].held_instance != row_instance ->
            device[d].challenged = true; /* the first is answered with a challenge */
            device[d].held_seq = row_seq;
            device[d].held_instance = row_instance
        :: else ->
            if
            :: device[d].counter == row_seq + 1 -> confirmations++
            :: else
            fi;
            if
            :: device[d].counter > row_seq || (row_instance == NONE && row_seq > 0) ->
                row_seq = device[d].counter;
                row_instance = (device[d].committed == NO_SLOT -> NONE : COMMITTED(d).instance)
            :: else
            fi
        fi
    }
    assert(row_seq == device[d].counter && standing == ACTIVE);
    assert(confirmations == device[d].counter);
    assert(device[d].committed == NO_SLOT || row_instance == COMMITTED(d).instance)
}

/* What the device does, or does not. The engine makes no report while it carries out an event, and
 * nobody else touches what it works with, so that nothing is lost when an event is one step here. */
proctype Processor(byte d)
{
    mtype:event event = NOTHING;
    byte offered, entitled, next, k;
    bool once, good;
off:
    atomic {
        event = NOTHING; offered = NONE; entitled = 0; once = false; next = 0;
        k = 0; good = false;
        power_off(d);
#ifdef CLONE
        (d == 0 || copied);
#endif
        power_on(d)
    }
    do
    :: atomic { !calm -> report_make(d, 0) }
#ifndef ALONE
    :: atomic { !calm -> report_make(d, 1) }
#endif
    :: atomic { !calm && cuts < CUTS -> cuts++; goto off }
    :: atomic { !calm && HONEST -> calm = true; agree(d); break }
#ifdef CLONE
    :: atomic { !copied && d == 0 -> everything_copy() }
#endif
#ifdef FLASH
    :: atomic { !calm && kept.whole && !flash_touched -> record_put(0); goto off }
    :: atomic { !calm && kept.whole && !flash_touched -> record_put(1); goto off }
    :: atomic { !calm && !flash_touched -> flash_erase(); goto off }
#endif
    :: atomic {
        !calm ->
        if
        :: down[d].used && device[d].asked -> directive_take(d)
        :: device[d].state == WRITING && !device[d].whole -> event = BYTES
        :: device[d].state == WRITING && device[d].whole -> event = WHOLE
        :: event = CANCEL
        :: event = BOOT
        :: event = INSTALL
        :: device[d].state == STAGED -> event = LOADED
        :: device[d].state == TRIAL -> event = (device[d].diagnostic -> DONE : SUCCESS)
        :: device[d].state == TRIAL -> event = FAILURE
        fi;
        if
    ROW(READY, DIRECTIVE, heed, READY, READY)
    ROW(READY, OFFER, begin, WRITING, REJECTED)
    ROW(READY, CANCEL, heed, READY, READY)
    ROW(READY, BOOT, boot, READY, READY)
    ROW(WRITING, DIRECTIVE, heed, WRITING, WRITING)
    ROW(WRITING, OFFER, begin, WRITING, REJECTED)
    ROW(WRITING, AGAIN, resume, WRITING, REJECTED)
    ROW(WRITING, BYTES, take, WRITING, REJECTED)
    ROW(WRITING, WHOLE, finish, CANDIDATE, REJECTED)
    ROW(WRITING, CANCEL, drop, READY, READY)
    ROW(WRITING, BOOT, boot, WRITING, WRITING)
    ROW(CANDIDATE, DIRECTIVE, heed, CANDIDATE, CANDIDATE)
    ROW(CANDIDATE, OFFER, begin, WRITING, REJECTED)
    ROW(CANDIDATE, AGAIN, heed, CANDIDATE, CANDIDATE)
    ROW(CANDIDATE, CANCEL, drop, READY, READY)
    ROW(CANDIDATE, BOOT, boot, CANDIDATE, CANDIDATE)
    ROW(CANDIDATE, INSTALL, stage, STAGED, REJECTED)
    ROW(STAGED, LOADED, start, TRIAL, FAILED)
    ROW(FAILED, DIRECTIVE, heed, READY, FAILED)
    ROW(FAILED, OFFER, begin, WRITING, REJECTED)
    ROW(FAILED, BOOT, boot, FAILED, FAILED)
    ROW(TRIAL, DIRECTIVE, heed, TRIAL, TRIAL)
    ROW(TRIAL, OFFER, heed, TRIAL, TRIAL)
    ROW(TRIAL, AGAIN, heed, TRIAL, TRIAL)
    ROW(TRIAL, SUCCESS, commit, UPDATED, FAILED)
    ROW(TRIAL, FAILURE, fall_back, FAILED, FAILED)
    ROW(TRIAL, DONE, fall_back, FAILED, FAILED)
    ROW(REJECTED, DIRECTIVE, heed, READY, REJECTED)
    ROW(REJECTED, OFFER, begin, WRITING, REJECTED)
    ROW(REJECTED, BOOT, boot, REJECTED, REJECTED)
    ROW(UPDATED, DIRECTIVE, heed, READY, UPDATED)
    ROW(UPDATED, OFFER, begin, WRITING, REJECTED)
    ROW(UPDATED, BOOT, boot, UPDATED, UPDATED)
        :: else /* no such row: refused */
        fi;
        event = NOTHING;
        offered = NONE;
        entitled = 0;
        once = false;
        next = 0;
        good = false
    }
    od
}

/* ---- The server ---- */

#ifdef MUTATE_NO_CHALLENGE
#define IS_FRESH true
#else
#define IS_FRESH (inbox[me].challenged && inbox[me].held_seq == s && inbox[me].held_instance == held)
#endif
#ifdef MUTATE_NO_COMPARE
#define IS_UNCHANGED true
#else
#define IS_UNCHANGED (row_seq == s && row_instance == held && standing == standing_read)
#endif

#ifdef CLONE
/* A copy that reports and commits is found with the download after: once both have committed since
 * the copy was made, and a report of each was judged, the device is in quarantine. */
#define COPY_JUDGED                                                                                \
    if                                                                                             \
    :: copied && device[inbox[me].from].committed_since &&                                         \
           inbox[me].instance == device[inbox[me].from].truth ->                                   \
        device[inbox[me].from].judged_since = true                                                 \
    :: else                                                                                        \
    fi;                                                                                            \
    assert(!(device[0].judged_since && device[1].judged_since) || standing == QUARANTINED)
#else
#define COPY_JUDGED skip
#endif

/* What the table of SPEC 11.5 says. */
inline judge()
{
    write = false;
    quarantine = false;
    action = IDLE;
    if
    :: !IS_FRESH -> action = REPEAT
    :: IS_FRESH && standing_read == QUARANTINED -> action = HOLD
    :: else ->
        if
        :: r > s -> write = true /* d, e, f */
        :: r < s -> quarantine = true
        :: r == s && inbox[me].instance == NONE -> skip
        :: r == s && inbox[me].instance != NONE && held == NONE && s > 0 -> write = true
        :: r == s && inbox[me].instance != NONE && inbox[me].instance == held &&
               inbox[me].package == package_read ->
            COPY_JUDGED
        :: else -> quarantine = true
        fi;
        if
        :: quarantine -> action = HOLD
        :: !quarantine && inbox[me].package != wanted && inbox[me].failed != wanted ->
            action = DOWNLOAD
        :: else
        fi
    fi
}

#define RECEIVE(i)                                                                                 \
    ::up[i].used ->                                                                                \
        inbox[me].used = true;                                                                     \
        inbox[me].newest = up[i].newest;                                                           \
        inbox[me].challenged = up[i].challenged;                                                   \
        inbox[me].from = up[i].from;                                                               \
        inbox[me].seq = up[i].seq;                                                                 \
        inbox[me].instance = up[i].instance;                                                       \
        inbox[me].package = up[i].package;                                                         \
        inbox[me].failed = up[i].failed;                                                           \
        inbox[me].held_seq = up[i].held_seq;                                                       \
        inbox[me].held_instance = up[i].held_instance;                                             \
        if /* it may come once more */                                                             \
        :: report_clear(up[i])                                                                     \
        :: true                                                                                    \
        fi

inline row_read()
{
    s = row_seq;
    held = row_instance;
    package_read = row_package;
    standing_read = standing
}

inline row_write()
{
    if
    :: write ->
        confirmations = confirmations + (r == s + 1 -> 1 : 0);
        row_seq = r;
        row_instance = inbox[me].instance;
        row_package = inbox[me].package;
        /* I5: each download counts once, and the server is never ahead of the device. */
        assert(!HONEST || (row_seq <= device[0].counter && confirmations <= row_seq))
    :: else ->
        standing = QUARANTINED;
        assert(!HONEST) /* I5 */
    fi;
    write = false;
    quarantine = false
}

#ifdef DIAGNOSTIC
#define DIAGNOSTIC_MAYBE                                                                           \
    if                                                                                             \
    :: action == DOWNLOAD -> down[inbox[me].from].diagnostic = true                                \
    :: true                                                                                        \
    fi
#else
#define DIAGNOSTIC_MAYBE skip
#endif

inline answer()
{
    if
    :: inbox[me].newest ->
        if
        :: down[inbox[me].from].used = true;
           DIAGNOSTIC_MAYBE;
           down[inbox[me].from].action = action;
           down[inbox[me].from].package = (action == DOWNLOAD -> wanted : NONE);
           down[inbox[me].from].entitled = (action == DOWNLOAD -> row_seq : 0);
           down[inbox[me].from].held_seq = row_seq;
           down[inbox[me].from].held_instance = row_instance
        :: true /* it is lost */
        fi
    :: else
    fi;
    report_clear(inbox[me]);
    r = 0;
    s = 0;
    held = NONE;
    package_read = NONE;
    standing_read = ACTIVE;
    action = IDLE
}

/* Between reading the row and writing it, another replica may write it. */
proctype Replica(byte me)
{
    byte r, s, held, package_read;
    mtype:standing standing_read = ACTIVE;
    mtype:action action = IDLE;
    bool write, quarantine;
end_wait:
    do
    :: atomic {
        !calm && !inbox[me].used ->
        if
        RECEIVE(0)
#ifndef ALONE
        RECEIVE(1)
#endif
        fi;
        r = inbox[me].seq;
        row_read();
        judge();
        if
        :: write || quarantine -> skip
        :: else -> answer()
        fi
    }
    :: atomic {
        !calm && inbox[me].used ->
        if
        :: IS_UNCHANGED -> row_write(); COPY_JUDGED; answer()
        :: else -> /* decided anew, from what it is now */
            row_read();
            judge();
            if
            :: write || quarantine -> row_write(); COPY_JUDGED; answer()
            :: else -> answer()
            fi
        fi
    }
    :: atomic { me == 0 && !calm && wanted < DOWNLOADS -> wanted++ } /* the operator */
    od
}

init
{
    atomic {
        run Processor(0);
#ifdef CLONE
        run Processor(1);
#endif
#ifndef ALONE
        run Replica(1);
#endif
        run Replica(0)
    }
}
