#!/usr/bin/env python3
"""Runs a command from a small process of its own, so that its peak memory is its own.

usage: measure.py RESULT COMMAND...

Writes {"status", "rss_mb", "cpu_s", "seconds"} of the command to the file RESULT.
A command takes over the peak of the process that starts it; a test's is large.
"""
import json
import os
import sys
import time

began = time.monotonic()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "w") as f:
    json.dump({"status": os.waitstatus_to_exitcode(status), "rss_mb": usage.ru_maxrss / 1024,
               "cpu_s": usage.ru_utime + usage.ru_stime, "seconds": time.monotonic() - began}, f)
