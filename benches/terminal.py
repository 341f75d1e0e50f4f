"""A program in a pseudo-terminal: what is on its screen, when it came, what it costs while it runs."""

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

TICK = os.sysconf("SC_CLK_TCK")
ESCAPE = re.compile(r"\x1b(?:\[([?>=<]?)([0-9;:]*)([ -/]*)([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B]|[=>78cDEHMNOZ])")


class Screen:
    """As much of a terminal as ratatui programs use: text at places, and what clears it."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.rest = ""
        self.clear()

    def clear(self):
        self.cells = [[" "] * self.columns for _ in range(self.rows)]
        self.x = self.y = 0

    def feed(self, data):
        text = self.rest + self.decoder.decode(data)
        self.rest = ""
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self.put(text[at])
                at += 1
                continue
            found = ESCAPE.match(text, at)
            if not found:
                if len(text) - at < 64:  # it may go on in the next piece
                    self.rest = text[at:]
                    return
                at += 1
                continue
            if found.group(4) and not found.group(1):
                self.control(found.group(4), [int(n) if n.isdigit() else 0 for n in re.split("[;:]", found.group(2))])
            at = found.end()

    def control(self, what, numbers):
        first = numbers[0]
        if what in "Hf":
            self.y = min(max(first, 1), self.rows) - 1
            self.x = min(max(numbers[1] if len(numbers) > 1 else 1, 1), self.columns) - 1
        elif what == "G":
            self.x = min(max(first, 1), self.columns) - 1
        elif what == "C":
            self.x = min(self.x + max(first, 1), self.columns - 1)
        elif what == "J" and first in (2, 3):
            self.cells = [[" "] * self.columns for _ in range(self.rows)]
        elif what == "K" and first == 0:
            self.cells[self.y][self.x:] = [" "] * (self.columns - self.x)

    def put(self, char):
        if char == "\r":
            self.x = 0
        elif char == "\n":
            self.y = min(self.y + 1, self.rows - 1)
        elif char >= " ":
            if self.x < self.columns:
                self.cells[self.y][self.x] = char
            self.x += 1

    def lines(self):
        return ["".join(row).rstrip() for row in self.cells]

    def text(self):
        return "\n".join(self.lines())


class Program:
    """One run of a program in a terminal of its own."""

    def __init__(self, command, columns=80, rows=24, environment=None):
        self.screen = Screen(columns, rows)
        self.bytes = 0
        size = struct.pack("HHHH", rows, columns, 0, 0)
        gate, go = os.pipe()
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            # The size stands before the program starts: the parent says when.
            os.read(gate, 1)
            os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor", **(environment or {})})
            os.execvp(command[0], command)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)
        self.began = time.perf_counter()
        os.write(go, b"1")
        os.close(gate)
        os.close(go)

    def read(self, until):
        """Takes what comes until that instant; says whether the program still writes to its terminal."""
        left = until - time.perf_counter()
        if left <= 0:
            return False
        if not select.select([self.master], [], [], left)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.bytes += len(data)
        self.answer(data)
        self.screen.feed(data)
        return True

    def answer(self, data):
        # What a program asks of its terminal is answered at once, as a real one does.
        if b"\x1b[c" in data:
            os.write(self.master, b"\x1b[?62;22c")
        if b"\x1b[6n" in data:
            os.write(self.master, b"\x1b[1;1R")

    def wait_for(self, shown, seconds):
        """Seconds from the start until `shown(screen)` holds."""
        until = self.began + seconds
        while time.perf_counter() < until:
            if self.read(until) and shown(self.screen):
                return time.perf_counter() - self.began
        raise SystemExit(f"not shown within {seconds} s:\n{self.screen.text()}")

    def watch(self, seconds):
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            self.read(until)

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory(self):
        """Bytes: the proportional set (with the program's own code, as far as it is in memory), and what is its own alone."""
        with open(f"/proc/{self.pid}/smaps_rollup") as f:
            read = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in f if line.endswith("kB\n")}
        return read["Pss"], read["Anonymous"]

    def end(self):
        try:
            os.kill(self.pid, signal.SIGTERM)
            until = time.perf_counter() + 3
            while time.perf_counter() < until:
                self.read(time.perf_counter() + 0.05)
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    return
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        finally:
            os.close(self.master)
