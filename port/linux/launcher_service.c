#include "launcher_service.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/log.h"
#include "host/options.h"
#include "host/service.h"
#include "launcher.h"
#include "settings.h"

#define BACKLOG 4

static const struct pawl_usage usage = {
    .command = "pawl-processor launcher",
    .operands = "",
    .summary = "Starts images for a secure processor that has no privilege to do it itself.",
    .details =
        "Engine and launcher are two services: the one has the unit's secrets, the other the\n"
        "rights to become the images' user and to give them namespaces.",
};

struct service {
    struct pawl_settings settings; /* run-as, handler and watchdog of them */
    const char *listen, *engine_user;
    struct pawl_option_list hidden;
    uid_t engine;
    struct sockaddr_un address;
    int listener;
};

static bool engine_read(struct service *service)
{
    const struct passwd *entry = getpwnam(service->engine_user);
    uint64_t number;

    if (entry != NULL)
        service->engine = entry->pw_uid;
    else if (pawl_number_parse(service->engine_user, &number) == PAWL_OK && number < UINT32_MAX)
        service->engine = (uid_t)number;
    else {
        pawl_usage_error("--engine-user: there is no user '%s'", service->engine_user);
        return false;
    }
    if (service->engine != service->settings.uid)
        return true;
    pawl_usage_error("--engine-user and --run-as: images must not run as the engine's user");
    return false;
}

static enum pawl_options_outcome service_read(struct service *service, int argc, char **argv)
{
    const char *user = NULL, *handler = NULL, *level_name = "info";
    struct pawl_option_list operands = {0}, handler_arguments = {0};
    const struct pawl_option options[] = {
        {"listen", 0, "PATH", "the socket for the engine", .text = &service->listen,
         .required = true},
        {"engine-user", 0, "USER|UID", "who may connect", .text = &service->engine_user,
         .required = true},
        {"run-as", 0, "USER|UID:GID", "the user of images", .text = &user, .required = true},
        {"network", 0, NULL, "images whose manifest asks for it may use the network",
         .flag = &service->settings.network},
        {"hide", 0, "PATH", "what images must not see, at most 2", .list = &service->hidden},
        {"handler", 0, "PROGRAM", "takes opaque images on its stdin", .text = &handler},
        {"handler-arg", 0, "ARG", "its arguments", .list = &handler_arguments},
        {"watchdog", 0, "SECONDS", "an image that is ready must report this often",
         .number = &service->settings.watchdog, .least = 1, .most = 86400},
        {"log-level", 0, "LEVEL", "error, warning, notice, info (default) or debug",
         .text = &level_name},
        {0},
    };
    enum pawl_log_level level = PAWL_LOG_INFO;
    enum pawl_options_outcome outcome =
        pawl_options_parse(&usage, options, argc, argv, NULL, &operands);
    bool good =
        outcome != PAWL_OPTIONS_PROCEED ||
        (pawl_run_as_read(user, &service->settings) && engine_read(service) &&
         (handler == NULL || pawl_handler_read(handler, &handler_arguments, &service->settings)));
    if (good && outcome == PAWL_OPTIONS_PROCEED && service->hidden.count > PAWL_HIDDEN_MAX) {
        pawl_usage_error("--hide: at most %u", (unsigned)PAWL_HIDDEN_MAX);
        good = false;
    }
    if (good && pawl_log_level_parse(level_name, &level) != PAWL_OK) {
        pawl_usage_error("--log-level: '%s' is not error, warning, notice, info or debug",
                         level_name);
        good = false;
    }
    pawl_log_init("pawl-processor", level);
    pawl_option_list_release(&operands);
    pawl_option_list_release(&handler_arguments);
    return good ? outcome : PAWL_OPTIONS_WRONG;
}

/* The engine's user owns the socket, which nobody else may connect to. */
static enum pawl_result service_listen(struct service *service)
{
    struct sockaddr_un *address = &service->address;

    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(service->listen) >= sizeof address->sun_path)
        return pawl_error(PAWL_MALFORMED, "%s: too long for a socket's path", service->listen);
    memcpy(address->sun_path, service->listen, strlen(service->listen));
    (void)unlink(service->listen); /* of a launcher that was killed */
    service->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (service->listener < 0 ||
        bind(service->listener, (const struct sockaddr *)address, sizeof *address) != 0 ||
        chmod(service->listen, S_IRUSR | S_IWUSR) != 0 ||
        (service->engine != geteuid() && chown(service->listen, service->engine, (gid_t)-1) != 0) ||
        listen(service->listener, BACKLOG) != 0)
        return pawl_error(PAWL_IO, "%s: %s", service->listen, strerror(errno));
    return PAWL_OK;
}

/* Starts the launcher of one engine, as a process of its own. */
static pid_t engine_serve(struct service *service, int control)
{
    struct pawl_launcher_settings launcher = {
        .isolation = {.uid = service->settings.uid,
                      .gid = service->settings.gid,
                      .network = service->settings.network},
        .handler = service->settings.handler,
        .watchdog = service->settings.watchdog,
    };
    for (size_t i = 0; i < service->hidden.count; i++)
        launcher.isolation.hidden[i] = service->hidden.items[i];

    pid_t pid = fork();
    if (pid == 0) {
        close(service->listener);
        pawl_launcher_run(&launcher, control);
    }
    if (pid < 0)
        pawl_log(PAWL_LOG_ERROR, "fork: %s", strerror(errno));
    return pid;
}

static bool is_engine(const struct service *service, int control)
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    return getsockopt(control, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           peer.uid == service->engine;
}

/* Two engines would have each other's images: the next one waits until the one before is gone. */
_Noreturn static void service_run(struct service *service)
{
    pid_t serving = -1;

    for (;;) {
        int control = accept4(service->listener, NULL, NULL, SOCK_CLOEXEC);
        if (control < 0)
            continue;
        if (is_engine(service, control)) {
            while (serving > 0 && waitpid(serving, NULL, 0) < 0 && errno == EINTR)
                ;
            serving = engine_serve(service, control);
        } else {
            pawl_log(PAWL_LOG_WARNING, "a user connected who is not the engine's");
        }
        close(control);
    }
}

int pawl_launcher_service_main(int argc, char **argv)
{
    static struct service service;

    pawl_log_set_verb("launcher");
    enum pawl_options_outcome outcome = service_read(&service, argc, argv);
    if (outcome != PAWL_OPTIONS_PROCEED)
        return outcome == PAWL_OPTIONS_HELPED ? PAWL_EXIT_DONE : PAWL_EXIT_USAGE;
    enum pawl_result result = service_listen(&service);
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    pawl_service_notify("READY=1");
    service_run(&service);
}
