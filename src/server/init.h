/* pawld's commands beside serving: they make keys, and end. Each returns the program's exit code.
 */
#ifndef PAWL_SERVER_INIT_H
#define PAWL_SERVER_INIT_H

/* pawld init: a new data directory. */
int pawl_init_main(int argc, char **argv);

/* pawld new-master: the master key that `pawl key rotate master` moves to. */
int pawl_new_master_main(int argc, char **argv);

#endif
