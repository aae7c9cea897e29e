# SPDX-License-Identifier: LGPL-2.1-or-later
"""openmetrics.py - whether a text is OpenMetrics 1.0, as far as counters, gauges and summaries go."""

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABELS = r'\{(?P<labels>(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\}'
SAMPLE = re.compile(rf"(?P<name>{NAME})(?:{LABELS})? (?P<value>\S+)$")
SUFFIXES = {"counter": {"_total", "_created"}, "gauge": {""}, "summary": {"", "_sum", "_count", "_created"}}


def parse(text):
    """{(name, labels): value}; ValueError says what is wrong."""
    if not text.endswith("# EOF\n"):
        raise ValueError("it does not end in # EOF")
    types, samples, family, told = {}, {}, None, set()
    for line in text[:-len("# EOF\n")].splitlines():
        if match := re.fullmatch(rf"# (TYPE|HELP|UNIT) ({NAME}) (.+)", line):
            kind, name, value = match.groups()
            if (kind, name) in told:
                raise ValueError(f"{kind} of {name} twice")
            if name != family and name in types:
                raise ValueError(f"{name} is interleaved with others")
            told.add((kind, name))
            family = name
            types.setdefault(name, "unknown")
            if kind == "TYPE":
                if value not in SUFFIXES:
                    raise ValueError(f"type {value} of {name}")
                types[name] = value
            continue
        match = SAMPLE.match(line)
        if not match:
            raise ValueError(f"no sample: {line!r}")
        name, value = match["name"], float(match["value"])
        if not family or not name.startswith(family) or name[len(family):] not in SUFFIXES[types[family]]:
            raise ValueError(f"{name} is no sample of {family}")
        labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match["labels"] or ""))
        if types[family] == "counter" and value < 0:
            raise ValueError(f"{name} is negative")
        if types[family] == "summary" and name == family and not 0 <= float(labels["quantile"]) <= 1:
            raise ValueError(f"quantile of {name}")
        key = name, tuple(sorted(labels.items()))
        if key in samples:
            raise ValueError(f"{key} twice")
        samples[key] = value
    return samples
