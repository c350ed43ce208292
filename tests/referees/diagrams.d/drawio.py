"""Checks cells, parents, places and lines of draw.io files."""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def faults(path):
    root = ET.parse(path).getroot().find("./diagram/mxGraphModel/root")
    if root is None:
        yield "there is no model"
        return
    cells, places = {}, {}
    for element in root:
        cell = element if element.tag == "mxCell" else element.find("mxCell")
        name = element.get("id")
        if name in cells:
            yield f"{name} is there twice"
        cells[name] = cell
    for name, cell in cells.items():
        if name == "0":
            continue
        if cell.get("parent") not in cells:
            yield f"{name} has no parent {cell.get('parent')}"
        geometry = cell.find("mxGeometry")
        if cell.get("vertex") == "1":
            x, y, w, h = (float(geometry.get(it)) for it in ("x", "y", "width", "height"))
            places[name] = (x, y, w, h)
            if not (w > 0 and h > 0):
                yield f"{name} has no extent"
            outer = places.get(cell.get("parent"))
            if outer and (x < 0 or y < 0 or x + w > outer[2] + 0.1 or y + h > outer[3] + 0.1):
                yield f"{name} leaves its container"
        if cell.get("edge") == "1":
            for end in ("source", "target"):
                if cells.get(cell.get(end)) is None or cells[cell.get(end)].get("vertex") != "1":
                    yield f"{name} has no {end}"
            for point in geometry.iter("mxPoint"):
                float(point.get("x")), float(point.get("y"))
    if not places:
        yield "nothing is drawn"


wrong = 0
for path in map(Path, sys.argv[1:]):
    for fault in faults(path):
        print(f"draw.io: {path.name}: {fault}")
        wrong += 1
print(f"draw.io: cells of {len(sys.argv) - 1} files, {wrong} complaints")
sys.exit(wrong > 0)
