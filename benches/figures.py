"""A figure beside the one it is measured against."""

from dataclasses import dataclass


@dataclass
class Row:
    part: str
    what: str
    ours: float
    unit: str
    peer: str = ""
    theirs: float | None = None

    def ratio(self):
        return self.ours / self.theirs if self.theirs else None


def shown(value, unit):
    if unit == "ms":
        return f"{value * 1000:.0f} ms" if value >= 0.01 else f"{value * 1000:.1f} ms"
    if unit == "MB":
        return f"{value / 1e6:.1f} MB"
    if unit == "%":
        return f"{value * 100:.2f} %"
    return f"{value:.2f} {unit}" if value < 100 else f"{value:.0f} {unit}"


def table(rows):
    lines = ["| | figure | kerbup | peer | ratio |", "|---|---|---|---|---|"]
    for r in rows:
        peer = f"{shown(r.theirs, r.unit)} ({r.peer})" if r.theirs is not None else "–"
        ratio = f"{r.ratio():.2f}" if r.ratio() is not None else "–"
        lines.append(f"| {r.part} | {r.what} | {shown(r.ours, r.unit)} | {peer} | {ratio} |")
    return "\n".join(lines)
