"""(b) First frame of the wizard and of the dashboard against oxker's, on the same engine, at 80x24.

From the start of the program until its first whole screen: the footer under the first page of the wizard, or under the dashboard.
And until a dashboard shows every container (as far as they fit) with its state. The median of several starts, in turn.
"""

import statistics
import tempfile

from figures import Row
from stack import Site
from terminal import Program

STARTS = 9


def frame(command, complete):
    program = Program(command)
    try:
        return program.wait_for(complete, 30)
    finally:
        program.end()


def measure(tools):
    wizard, first, opened, dashboard, listed = [], [], [], [], []
    with Site(tools.kerbup, cameras=2) as site, tempfile.TemporaryDirectory() as state:
        site.install()
        for _ in range(STARTS):
            wizard.append(frame([tools.kerbup, "--state", state], lambda s: "help" in s.lines()[-1]))
            opened.append(frame(site.command("status"), lambda s: "help" in s.lines()[-1]))
            dashboard.append(frame(site.command("status"), lambda s: "c001" in s.text() and "inside only" in s.text() and "help" in s.lines()[-1]))
            first.append(frame([tools.oxker], lambda s: "Containers" in s.text() and s.lines()[-1].strip()))
            listed.append(frame([tools.oxker], lambda s: "Containers 1/" in s.text()))
    median = statistics.median
    return [
        Row("b", "first frame of the wizard", median(wizard), "ms", "oxker, first frame", median(first)),
        Row("b", "first frame of the dashboard", median(opened), "ms", "oxker, first frame", median(first)),
        Row("b", "dashboard of 5 containers, each with its state", median(dashboard), "ms", "oxker, its list full", median(listed)),
    ]
