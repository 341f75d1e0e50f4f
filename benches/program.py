"""(d) kerbup check: wall time. (e) The program: its size, and how long it takes to say its version."""

import os
import statistics
import subprocess
import tempfile
import time

from figures import Row


def wall(command, times):
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        spent.append(time.perf_counter() - began)
    return statistics.median(spent)


def measure(tools):
    with tempfile.TemporaryDirectory() as state:
        check = wall([tools.kerbup, "check", "--state", state], 9)
    return [
        Row("d", "kerbup check", check, "ms"),
        Row("e", "size of the program", os.path.getsize(tools.kerbup), "MB"),
        Row("e", "kerbup --version", wall([tools.kerbup, "--version"], 51), "ms"),
    ]
