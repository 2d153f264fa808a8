#!/usr/bin/env python3
"""Writes the first inputs of the fuzz targets: files of this repository, behind the byte by which a target tells what
an input is (tests/fuzz/targets). Usage: fuzz_seeds.py FOLDER"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = pathlib.Path(sys.argv[1])


def write(target: str, number: int, first: int | None, text: str) -> None:
    folder = OUT / target
    folder.mkdir(parents=True, exist_ok=True)
    data = text.encode()[:4000]
    if first is not None:
        data = bytes([first]) + data
    (folder / f"seed-{number}").write_bytes(data)


def yaml() -> list[tuple[int, str]]:
    kinds = [
        (0, "journeys/*/journey.yaml"),
        (1, "journeys/_fragments/*.yaml"),
        (2, "config/segments/*.yaml"),
        (3, "config/policies.yaml"),
        (4, "config/endpoints.yaml"),
        (5, "config/events/*.yaml"),
        (6, "config/traits.yaml"),
        (0, "crates/journey/tests/reference/*.yaml"),
    ]
    found = [(first, path.read_text()) for first, glob in kinds for path in sorted(ROOT.glob(glob))]
    pages = sorted((ROOT / "crates/journey/src/diagnostics/pages").glob("*.md"))
    for page in pages:
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.S):
            head = "" if "journey:" in block else "journey: demo\npurpose: service\nenter: { event: go }\nsteps:\n"
            found.append((0, head + block))
    return found


def templates() -> list[tuple[int, str]]:
    kinds = ["email.*.mjml", "email.*.txt", "sms.*.txt", "push.*.yaml", "chat.*.txt"]
    return [(n, p.read_text()) for n, kind in enumerate(kinds) for p in sorted((ROOT / "templates").rglob(kind))]


def expressions() -> list[str]:
    found = set()
    for path in [*ROOT.glob("journeys/*/journey.yaml"), ROOT / "docs/expressions.md"]:
        text = path.read_text()
        found.update(re.findall(r"(?:if|when|key|until): (.+)", text))
        found.update(re.findall(r"`([^`\n]+)`", text))
    return sorted(found)


def states() -> list[tuple[int, str]]:
    wait = {"span": "PT1H", "moment": None, "offset": "PT0S", "at": None, "days": [], "zone": "customer", "missed": "go_on"}
    machine = {
        "journey": "demo", "title": "demo", "priority": 50, "tags": ["t"], "inside": "refresh", "again": "always",
        "entries": [{"by": {"event": {"name": "go", "fresh": "PT24H"}}, "condition": "event.a > 1", "key": "event.b"}],
        "goal": {"event": "buy", "condition": None, "within": "PT48H"}, "stay": None,
        "exits": [{"event": None, "condition": "customer.gone", "reason": "gone"}],
        "nodes": [{"id": "w", "op": {"wait": wait}, "next": 4294967295, "line": 1}],
    }
    state = {"e": {"a": 1}, "p": {"s": "2026-05-28T20:26:40Z", "u": "2026-05-28T20:26:40Z"}, "v": {"x": 1}}
    ledger = {
        "consents": {"marketing": {"email": {"state": "granted", "at": "2026-01-01T00:00:00Z"}}},
        "dates": {"demo": {"0": {"at": "2026-05-28T20:26:40Z"}}},
        "keys": {"k": "00000000-0000-0000-0000-000000000000"},
    }
    trace = [{"j": "demo", "f": {"waits": {"until": None, "event": "go", "zone": None}}}, {"f": "goal"}]
    return [(0, json.dumps(machine) + "\n" + json.dumps(state)), (1, json.dumps(ledger)), (2, json.dumps(trace))]


for number, (first, text) in enumerate(yaml()):
    write("yaml", number, first, text)
for number, (first, text) in enumerate(templates()):
    write("templates", number, first, text)
for number, text in enumerate(expressions()):
    write("expressions", number, None, text)
for number, line in enumerate((ROOT / "crates/cli/samples/events.ndjson").read_text().splitlines()[:60]):
    write("events", number, None, line)
for number, (first, text) in enumerate(states()):
    write("states", number, first, text)
