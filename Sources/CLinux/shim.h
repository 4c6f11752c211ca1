// Linux calls that Swift cannot make itself because they take a variable number of arguments.
#ifndef BELLWETHER_CLINUX_H
#define BELLWETHER_CLINUX_H

#include <sys/prctl.h>

/// Keeps the process's memory out of core files and out of other users' debuggers (prctl(2), PR_SET_DUMPABLE); 0 on success.
static inline int shim_set_undumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

#endif
