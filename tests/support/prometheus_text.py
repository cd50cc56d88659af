"""A strict reader of Prometheus' text format 0.0.4, and of its conventions for names: what a scrape
must be so that every reader takes it."""
import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\S+)$")
COMMENT = re.compile(rf"# (HELP|TYPE) ({NAME}) (.+)$")
UNITS_REFUSED = re.compile(r"_(milliseconds|microseconds|ms|us|kilobytes|megabytes|percent|minutes)(_|$)")


class Family:
    def __init__(self, name, text):
        self.name, self.help, self.type, self.samples = name, text, None, {}

    def value(self, **labels):
        """The one sample with exactly these labels, without suffix."""
        return self.samples[(self.name, tuple(sorted(labels.items())))]

    def total(self, **labels):
        """The sum of all samples that have these labels."""
        return sum(value for (name, found), value in self.samples.items()
                   if name == self.name and set(labels.items()) <= set(found))


def labels_read(text):
    pairs = [] if text is None else [part.split("=", 1) for part in re.findall(LABEL, text)]
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), f"a label twice: {text}"
    return tuple(sorted((name, value[1:-1]) for name, value in pairs))


def suffixes_of(kind):
    return ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)


def parse(text):
    """Families by name; an AssertionError for anything that is not as it should be."""
    assert text.endswith("\n") and "\r" not in text
    families, current = {}, None
    for line in text.split("\n")[:-1]:
        comment = COMMENT.match(line)
        if line.startswith("#"):
            assert comment, f"neither HELP nor TYPE: {line}"
            kind, name, rest = comment.groups()
            if kind == "HELP":
                assert name not in families, f"{name}: twice"
                current = families[name] = Family(name, rest)
            else:
                assert current and current.name == name and not current.samples, f"stray {line}"
                assert rest in ("counter", "gauge", "histogram"), line
                current.type = rest
            continue
        sample = SAMPLE.match(line)
        assert sample, f"no sample: {line!r}"
        name, labels, value = sample.groups()
        assert current and name in {current.name + suffix for suffix in suffixes_of(current.type)}, \
            f"{name} does not belong to {current and current.name}"
        key = (name, labels_read(labels))
        assert key not in current.samples, f"twice: {line}"
        current.samples[key] = float(value)
    for family in families.values():
        check(family)
    return families


def check(family):
    name = family.name
    assert family.help and family.type, f"{name}: without help or type"
    assert name.startswith(("pawl_", "process_")) and name == name.lower(), name
    assert (family.type == "counter") == name.endswith("_total"), f"{name}: a {family.type}"
    assert not UNITS_REFUSED.search(name), f"{name}: not a base unit"
    assert not name.endswith(("_count", "_sum", "_bucket")), name
    for (sample, labels), value in family.samples.items():
        assert not math.isnan(value) and (family.type == "gauge" or value >= 0), (sample, labels)
        assert all(value or key != "status" for key, value in labels)
    if family.type == "histogram":
        check_histogram(family)


def check_histogram(family):
    series = {}
    for (sample, labels), value in family.samples.items():
        own = tuple(pair for pair in labels if pair[0] != "le")
        found = series.setdefault(own, {"buckets": []})
        if sample.endswith("_bucket"):
            found["buckets"].append((float(dict(labels)["le"].replace("+Inf", "inf")), value))
        else:
            found[sample.rpartition("_")[2]] = value
    for own, found in series.items():
        bounds, counts = zip(*found["buckets"])
        assert list(bounds) == sorted(set(bounds)) and bounds[-1] == math.inf, (family.name, own)
        assert list(counts) == sorted(counts), f"{family.name}{own}: not cumulative"
        assert counts[-1] == found["count"] and "sum" in found, (family.name, own)
