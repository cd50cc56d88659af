#!/usr/bin/python3
"""monitoring/: every metric, label and value of one that dashboard and alerts ask for is one that a
server exposes (SPEC 23.2), so that no alert is silent because a name was misspelt."""
import json
import os
import re
import shutil
import subprocess
import sys

from pawl_server import Server, run

sys.path.insert(0, os.path.join(os.environ["PAWL_SOURCE"], "tests/support"))
from prometheus_text import parse  # noqa: E402

FOLDER = os.path.join(os.environ["PAWL_SOURCE"], "monitoring")
SELECTOR = re.compile(r"\b(up|(?:pawl|process)_[a-z_]+)(\{[^}]*\})?")
MATCHER = re.compile(r'([a-z_]+)(=~|!~|!=|=)"([^"]*)"')
OF_PROMETHEUS = {"job", "instance"}


def read(name):
    with open(f"{FOLDER}/{name}", encoding="utf-8") as file:
        return file.read()


def rules():
    """The alerts, read without a YAML library: each rule's lines."""
    found = re.split(r"\n      - alert: ", read("pawl-alerts.yml"))[1:]
    return {rule.split("\n", 1)[0]: rule.split("\n", 1)[1] for rule in found}


def expression(rule):
    text = re.search(r"        expr: (>\n(?:          .*\n)+|.*\n)", rule).group(1)
    return " ".join(text.removeprefix(">").split())


def exposed():
    """Names of samples with their labels' values, from a server that did a little of everything."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        package, _ = server.release("a", "one")
        server.assign(package, class_="a")
        device.exchange()
        server.request("GET", f"/v1/packages/{package.hex()}")
        families = parse(server.operate("GET", "/metrics", raw=True)[1].decode())
    samples = {"up": {}}
    for family in families.values():
        names = {sample for sample, _ in family.samples} or {family.name}
        for name in names:
            labels = samples.setdefault(name, {})
            for sample, pairs in family.samples:
                if sample == name:
                    for label, value in pairs:
                        labels.setdefault(label, set()).add(value)
        if not family.samples:  # such as campaigns, when there are none: no values to compare
            samples[family.name] = None
    return samples


def complaints(text, samples):
    found = [] if SELECTOR.search(text) else [f"asks for nothing: {text}"]
    for name, matchers in SELECTOR.findall(text):
        if name not in samples:
            found.append(f"{name}: no such metric, in: {text}")
            continue
        for label, operator, value in MATCHER.findall(matchers):
            if label in OF_PROMETHEUS or samples[name] is None:
                continue
            known = samples[name].get(label)
            if known is None:
                found.append(f"{name} has no label {label}")
            elif operator == "=" and label != "route" and value not in known:
                found.append(f"{name}: {label} is never {value}, only {sorted(known)}")
    return found


def test_names_are_real():
    samples = exposed()
    dashboard = json.loads(read("pawl-dashboard.json"))
    texts = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(texts) > 20 and len(rules()) > 10
    texts += [expression(rule) for rule in rules().values()]
    found = [line for text in texts for line in complaints(text, samples)]
    assert not found, "\n".join(found)
    for planted in ("rate(pawl_report_total[5m])", 'pawl_reports_total{outcom="idle"}',
                    'pawl_reports_total{outcome="idel"}', "1 > 0"):
        assert complaints(planted, samples), planted


def test_panels_and_alerts_are_whole():
    """No panel lies on another; each alert says how urgent it is and what it means, and the handbook has
    a section on it."""
    dashboard = json.loads(read("pawl-dashboard.json"))
    taken, ids = set(), set()
    for panel in dashboard["panels"]:
        grid = panel["gridPos"]
        cells = {(x, y) for x in range(grid["x"], grid["x"] + grid["w"])
                 for y in range(grid["y"], grid["y"] + grid["h"])}
        assert not cells & taken and grid["x"] + grid["w"] <= 24, panel["title"]
        taken |= cells
        assert panel["id"] not in ids and panel["targets"]
        ids.add(panel["id"])
    with open(os.path.join(os.environ["PAWL_SOURCE"], "docs/operations.md"), encoding="utf-8") as file:
        handbook = file.read()
    for name, rule in rules().items():
        assert re.search(r"severity: (page|ticket)", rule) and "summary:" in rule, name
        assert f"`{name}`" in handbook, f"docs/operations.md does not say what to do about {name}"


def test_promtool_agrees():
    """Prometheus' own checker, where it is installed."""
    promtool = shutil.which("promtool")
    if promtool is None:
        print("skipped: there is no promtool")
        return
    done = subprocess.run([promtool, "check", "rules", f"{FOLDER}/pawl-alerts.yml"], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode()


run(test_names_are_real, test_panels_and_alerts_are_whole, test_promtool_agrees)
