/* Signals as something to read, for the one place that waits. */
#ifndef SOCKEYE_SIGNALS_H
#define SOCKEYE_SIGNALS_H

#include <stdbool.h>

#include "sockeye/error.h"

/* A descriptor that gives a struct signalfd_siginfo for SIGINT, SIGTERM,
 * SIGHUP and SIGUSR1 (which asks for counters), or -errno. screen: as the screen's room asks (include/sockeye/tui.h),
 * to be called before its thread is there. Once a run. */
int signals_open(bool screen, struct error *e);

#endif
