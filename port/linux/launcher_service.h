/*
 * `pawl-processor launcher`: the launcher as a service of its own, so that the process with the PUD
 * needs no privilege at all, not even at its start. Only one user, the engine's, may connect; one
 * engine is served at a time, each by a process that ends with it.
 */
#ifndef PAWL_LINUX_LAUNCHER_SERVICE_H
#define PAWL_LINUX_LAUNCHER_SERVICE_H

/* Reads the command line after "pawl-processor" and serves until SIGTERM. The exit code. */
int pawl_launcher_service_main(int argc, char **argv);

#endif
