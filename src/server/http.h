/*
 * HTTP as pawld speaks it, over libmicrohttpd: a listener has a table of routes, a route a handler,
 * and a handler sees a request in up to three steps (head, body, answer). Everything a client may
 * send has a limit here: connections, memory, time and body.
 *
 * A connection has one request at a time; its memory is allocated with the connection and reused,
 * so that a small request costs no allocation of ours.
 */
#ifndef PAWL_SERVER_HTTP_H
#define PAWL_SERVER_HTTP_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "headend/role.h"
#include "pawl/result.h"

#define PAWL_SMALL_BODY_MAX 1024u   /* bytes that fit a request's own buffers */
#define PAWL_JSON_BODY_MAX 1048576u /* bytes; a list of some 30,000 device ids */
#define PAWL_REQUEST_ID_SIZE 65u
#define PAWL_LISTENER_THREADS_MAX 64u
#define PAWL_PEER_NAME_SIZE 64u /* "1000/alice" with its terminator */

struct pawl_listener;
struct pawl_listener_settings;
struct pawl_request;
struct pawl_tls;
struct pawl_tls_material;

/* What serves a route. Each step may fail the request (pawl_request_fail): the rest of the body is
 * then read and dropped, and the error answered. */
struct pawl_handler {
    /* Bytes of body collected into request->body; more is answered with 413. With `take`, which
     * collects for itself: a bound on the whole body, 0 for none. */
    size_t body_max;
    /* The body holds secrets: it is wiped wherever it was. */
    bool is_secret;
    /* Whether this Content-Type (may be NULL) is taken, else 415. Optional: takes any. */
    bool (*accepts)(const char *media_type);
    /* The head is here, the body is not. Optional. */
    void (*begin)(struct pawl_request *request);
    /* A part of the body. Optional. */
    void (*take)(struct pawl_request *request, const uint8_t *bytes, size_t size);
    /* All is here: queues an answer with one of the pawl_request_answer functions, or fails the
     * request. A handler that suspended the connection is called again when it was resumed. */
    enum MHD_Result (*answer)(struct pawl_request *request);
    /* The request is over, whether it was answered or the client went away. Optional. */
    void (*release)(struct pawl_request *request);
};

/* `path` may end in, or have inside, one segment "*", or end in two of them. A GET
 * route serves HEAD too. */
struct pawl_route {
    const char *method;
    const char *path;
    const struct pawl_handler *handler;
    unsigned roles; /* who may use it, bits of enum pawl_role; 0: anybody */
};

struct pawl_request {
    struct MHD_Connection *connection;
    const struct pawl_listener_settings *settings; /* of its listener */
    void *server;                                  /* the listener's context */
    const struct pawl_handler *handler;
    char part[80];     /* what stood for "*" */
    uint8_t *body;     /* collected bytes: in `small`, or on the heap where more is allowed */
    uint64_t received; /* bytes of body so far */
    void *state;       /* the handler's own, NULL at first */
    unsigned step;     /* the handler's own, 0 at first */

    /* For log and metrics (access_log.h). */
    const struct pawl_route *route; /* NULL: none fits */
    const char *method, *path;      /* as they were sent; libmicrohttpd's */
    uint64_t started;               /* ns of the monotonic clock */
    uint64_t package_bytes;         /* of the answer, where it is one of a package */
    unsigned answered;              /* status; 0: not yet */
    char id[PAWL_REQUEST_ID_SIZE];  /* "" until it is asked for: request_id.h */

    struct pawl_once *once; /* NULL: the answer is not to be kept (once.h) */

    unsigned status; /* not 0: the request failed */
    enum pawl_result class;
    char message[256];
    char allow[64];        /* methods, with a 405 */
    unsigned retry_after;  /* seconds, with a 429 or 503; 0: not said */
    const char *challenge; /* what a 401 asks for, static; NULL: nothing */
    bool hangs_up;         /* the connection ends with the answer */

    /* Of the connection; they outlive the request. */
    struct pawl_http_loop *loop;     /* that serves it; NULL: a thread of its own does */
    bool refused;                    /* the peer may not speak to us */
    bool used;                       /* there was a request */
    bool is_known;                   /* the peer has said who it is, at least once */
    unsigned role;                   /* an enum pawl_role; 0: nobody that we know */
    char actor[PAWL_PEER_NAME_SIZE]; /* for the audit */
    uint64_t token;                  /* the number of its token; 0: it has none */
    uint8_t small[PAWL_SMALL_BODY_MAX];
    uint8_t reply[PAWL_SMALL_BODY_MAX];
    struct MHD_Response *reply_response; /* over `reply`; reused while the size stays */
    size_t reply_size;
    struct pawl_tls_material *material;  /* NULL without TLS */
    atomic_uint_least64_t waiting_since; /* and the rest: the reaper's (reaper.h) */
    uint64_t peer;
    int fd;
    struct pawl_request *next, *previous;
};

#define PAWL_REFUSED_TIMEOUT 10u /* seconds for a refused peer to hear it */

/* What a listener is started with; copied. */
struct pawl_listener_settings {
    const char *name; /* "device", for log and metrics; static memory */
    int fd;           /* a listening socket; the listener closes it */
    const struct pawl_route *routes;
    size_t route_count;
    void *server; /* request->server */
    /* Fills actor and refused of a new connection, whose server is set, and nothing else yet.
     * Optional: anyone may connect. */
    void (*identify)(struct pawl_request *request, int fd);
    /* Finds out for each request who asks, unless its route is open to anybody: sets role and
     * actor, or fails the request. Optional. */
    void (*authorize)(struct pawl_request *request);
    struct pawl_tls *tls;  /* speaks TLS with it; NULL: plain HTTP */
    bool asks_certificate; /* for a client's, in the handshake */
    unsigned threads;      /* that serve all connections by epoll; 0: one thread per connection,
                             whose handlers may block */
    struct pawl_http_metrics *metrics; /* the listener's own; not to be set */
    unsigned connections;              /* at most so many at a time */
    unsigned peer_connections;         /* of one address at most; 0: as many as there may be */
    unsigned refused_connections; /* of all whom `identify` refuses together, who are told so and
                                     hung up on; 0: as many as there may be */
    unsigned stranger_timeout; /* seconds from a connection's start until pawl_request_know, however
                                  busy it is; 0: there are no strangers */
    unsigned timeout;          /* seconds without progress until a connection is closed */
    unsigned slow_after;       /* seconds in which head and body must come; 0: any time */
    size_t connection_memory;  /* bytes for head and body parts of one connection */
};

/* PAWL_IO when libmicrohttpd cannot start; an error was printed. The descriptor is closed then. */
enum pawl_result pawl_listener_start(const struct pawl_listener_settings *settings,
                                     struct pawl_listener **listener);

/* Takes no new connections from now on; those that exist are served. */
void pawl_listener_quiesce(struct pawl_listener *listener);

/* Waits until no request is under way, at most `most` milliseconds. */
void pawl_listener_drain(struct pawl_listener *listener, unsigned most);

/* Hangs up on clients that are too slow; for the main thread, now and then. Harmless on NULL. */
void pawl_listener_sweep(struct pawl_listener *listener);

/* Ends all connections and frees. No connection may be suspended. Harmless on NULL. */
void pawl_listener_stop(struct pawl_listener *listener);

/* Fails the request: `status`, with `{"class": ..., "message": ...}` as the body. Only the first
 * failure of a request counts. */
void pawl_request_fail(struct pawl_request *request, unsigned status, enum pawl_result class,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same with the status that fits `class`. Returns MHD_YES, to end an answer step with. */
enum MHD_Result pawl_request_refuse(struct pawl_request *request, enum pawl_result class,
                                    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Answers a failed request. For http.c, which calls it in time. */
enum MHD_Result pawl_request_answer_failure(struct pawl_request *request);

/* Answers 200 with the first `size` bytes of request->reply. A listener's handlers all give the
 * same `media_type`. */
enum MHD_Result pawl_request_answer_small(struct pawl_request *request, size_t size,
                                          const char *media_type);

/* Answers with `response`, whose reference this takes; NULL (no memory) closes the connection. */
enum MHD_Result pawl_request_answer(struct pawl_request *request, unsigned status,
                                    struct MHD_Response *response);

/* Lays the request aside until pawl_request_resume, which any thread may call: its answer step is
 * then called once more. For listeners with threads of their own. */
void pawl_request_suspend(struct pawl_request *request);
void pawl_request_resume(struct pawl_request *request);

/* The peer has said who it is: from now on it is no stranger. */
void pawl_request_know(struct pawl_request *request);

/* A header of the request, or an argument of its query; NULL when it is not there. */
const char *pawl_request_header(const struct pawl_request *request, const char *name);
const char *pawl_request_argument(const struct pawl_request *request, const char *name);

/* Stops the clock that closes quiet connections for a step that takes long, and starts it again. */
void pawl_request_patience_set(struct pawl_request *request, bool patient);

#endif
