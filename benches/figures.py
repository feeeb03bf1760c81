"""What was measured, beside what is wanted: printed as a table, written as JSON."""

import json
import platform
import statistics
import os


class Figures:
    def __init__(self):
        self.rows = []

    def add(self, name, values, unit, least=None, most=None, note=""):
        """One figure of several rounds: the median counts, the range is shown."""
        values = [float(value) for value in (values if isinstance(values, list) else [values])]
        median = statistics.median(values)
        met = None
        if least is not None or most is not None:
            met = (least is None or median >= least) and (most is None or median <= most)
        row = {"name": name, "median": median, "min": min(values), "max": max(values), "unit": unit,
               "rounds": len(values), "least": least, "most": most, "met": met, "note": note}
        self.rows.append(row)
        print(line(row), flush=True)

    def ratio(self, name, ours, theirs, least=None, most=None, note=""):
        """Round by round, since the two ran in turns: what troubled the machine troubled both."""
        self.add(name, [a / b for a, b in zip(ours, theirs)], "times", least, most, note)

    def write(self, path):
        machine = {"cores": os.cpu_count(), "system": platform.system(), "python": platform.python_version()}
        path.write_text(json.dumps({"machine": machine, "figures": self.rows}, indent=2) + "\n")

    def summary(self):
        asked = [row for row in self.rows if row["met"] is not None]
        short = [row["name"] for row in asked if not row["met"]]
        print(f"\n{len(asked) - len(short)} of {len(asked)} figures are as wanted" + (f"; not: {', '.join(short)}" if short else ""))


def number(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def line(row):
    wanted = ""
    if row["least"] is not None:
        wanted = f"wanted >= {number(row['least'])}"
    elif row["most"] is not None:
        wanted = f"wanted <= {number(row['most'])}"
    mark = {None: "    ", True: "ok  ", False: "SHORT"}[row["met"]]
    spread = f"({number(row['min'])} to {number(row['max'])}, {row['rounds']} rounds)" if row["rounds"] > 1 else ""
    text = f"{mark:5} {row['name']:52} {number(row['median']):>10} {row['unit']:12} {spread:34} {wanted}"
    return text.rstrip() + (f"\n      {row['note']}" if row["note"] else "")
