"""(c) An idle dashboard against oxker's, with 20 and with 200 containers: processor, memory, bytes to the terminal, at 80x24.

Both watch the same containers on the same engine, one after the other, each for 20 seconds after 10 to settle. The containers have
run for a while before, as those of a real site have: a dashboard that keeps what they print has something to keep.
"""

import os
import time

from figures import Row
from stack import Site
from terminal import Program

SETTLE, WATCH = 10, 20
# Seconds that the containers run before anybody looks.
STANDING = int(os.environ.get("KERBUP_BENCH_STANDING", "120"))
# Containers of a site beside its cameras' recorders.
PARTS = 3


def watched(command, complete):
    program = Program(command)
    try:
        program.wait_for(complete, 120)
        program.watch(SETTLE)
        cpu, written = program.cpu_seconds(), program.bytes
        program.watch(WATCH)
        return (program.cpu_seconds() - cpu) / WATCH, *program.memory(), (program.bytes - written) / WATCH
    finally:
        program.end()


def measure(tools):
    rows = []
    sizes = [int(n) for n in os.environ.get("KERBUP_BENCH_CONTAINERS", "20,200").split(",")]
    for count in sizes:
        with Site(tools.kerbup, cameras=count - PARTS) as site:
            site.install()
            time.sleep(STANDING)
            ours = watched(site.command("status"), lambda s: "inside only" in s.text())
            theirs = watched([tools.oxker], lambda s: "running" in s.text())
        for (what, unit), a, b in zip([("processor", "%"), ("memory with the program's file", "MB"), ("memory of its own", "MB"), ("bytes to the terminal", "B/s")], ours, theirs):
            rows.append(Row("c", f"idle dashboard, {count} containers: {what}", a, unit, "oxker", b))
    return rows
