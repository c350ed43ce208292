"""Parses every text as Structurizr DSL and counts what it declares."""

import sys
import warnings
from pathlib import Path

from c4studio.parser.dsl import parse_dsl

wrong = 0
for path in map(Path, sys.argv[1:]):
    text = path.read_text()
    lines = [line.strip() for line in text.splitlines()]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            workspace = parse_dsl(text)
    except Exception as problem:
        print(f"structurizr: {path.name}: {problem}")
        wrong += 1
        continue
    system = workspace.software_systems[0]
    found = (len(system.containers), len(workspace.people))
    wanted = (
        sum(" = container " in line for line in lines),
        sum(" = person " in line for line in lines),
    )
    if found != wanted or found[0] == 0:
        print(f"structurizr: {path.name}: {found} parts of {wanted}")
        wrong += 1
    names = [it.name.lower() for it in system.containers]
    if len(set(names)) != len(names):
        print(f"structurizr: {path.name}: names of containers are not unique")
        wrong += 1
    declared = sum(" -> " in line.split('"')[0] for line in lines)
    if len(workspace.relationships) < declared:
        print(f"structurizr: {path.name}: {len(workspace.relationships)} of {declared} relationships")
        wrong += 1
print(f"structurizr: {len(sys.argv) - 1} texts, {wrong} complaints")
sys.exit(wrong > 0)
