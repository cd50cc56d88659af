/*
 * The reference for pawld's idle poll: libmicrohttpd answering a constant, as lean as it can be
 * used. It takes POST bodies of any size up to 1 KiB and answers SIZE bytes with the media type and
 * headers of a directive; in TLS, with pawld's priorities, when it is given a certificate and key.
 *
 * usage: mhd_constant PORT SIZE [CERTIFICATE KEY]
 *        prints its port and serves until SIGTERM
 */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "server/tls.h"

#define TEXT_SIZE 65536u

static int taken; /* its address marks a request whose head was seen */

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *bytes, size_t *size, void **request)
{
    (void)path;
    (void)method;
    (void)version;
    (void)bytes;
    if (*request == NULL) {
        *request = &taken;
        return MHD_YES;
    }
    if (*size > 0) {
        *size = 0;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, context);
}

/* The contents of a file, terminated; ends the program when it cannot be read. */
static char *text_read(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, TEXT_SIZE);
    if (file == NULL || text == NULL || fread(text, 1, TEXT_SIZE - 1, file) == 0) {
        fprintf(stderr, "mhd_constant: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    fclose(file);
    return text;
}

static struct MHD_Daemon *daemon_start(struct sockaddr_in *address, struct MHD_Response *response,
                                       char **tls)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO;
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_END, 0, NULL},
        {MHD_OPTION_END, 0, NULL},
        {MHD_OPTION_END, 0, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    if (tls != NULL) {
        flags |= MHD_USE_TLS;
        options[0] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, text_read(tls[0])};
        options[1] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, text_read(tls[1])};
        options[2] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0,
                                             (void *)(uintptr_t)pawl_tls_priorities};
    }
    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, response, MHD_OPTION_SOCK_ADDR,
                            address, MHD_OPTION_CONNECTION_LIMIT, 16384u,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)8192, MHD_OPTION_ARRAY,
                            options, MHD_OPTION_END);
}

int main(int argc, char **argv)
{
    static uint8_t body[1024];
    if ((argc != 3 && argc != 5) || strtoul(argv[2], NULL, 10) > sizeof body) {
        fprintf(stderr, "usage: mhd_constant PORT SIZE [CERTIFICATE KEY]\n");
        return 2;
    }
    size_t size = strtoul(argv[2], NULL, 10);
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    struct rlimit descriptors = {0, 0};
    getrlimit(RLIMIT_NOFILE, &descriptors);
    descriptors.rlim_cur = descriptors.rlim_max;
    setrlimit(RLIMIT_NOFILE, &descriptors);
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);

    memset(body, 'x', sizeof body);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, body, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                            "application/cose; cose-type=\"cose-mac0\"");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    struct MHD_Daemon *daemon = daemon_start(&address, response, argc == 5 ? argv + 3 : NULL);
    if (daemon == NULL) {
        fprintf(stderr, "mhd_constant: cannot listen: %s\n", strerror(errno));
        return 1;
    }
    printf("%u\n", (unsigned)MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    int signal_number;
    sigwait(&stop, &signal_number);
    MHD_stop_daemon(daemon);
    MHD_destroy_response(response);
    return 0;
}
