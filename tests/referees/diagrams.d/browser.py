"""Has Mermaid parse and draw, and mxGraph read, every text in one page of a browser."""

import json
import re
import subprocess
import sys
import html
from pathlib import Path

browser, work, mermaid, mxgraph = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]

PAGE = """<!doctype html><meta charset="utf-8"><pre id="said"></pre>
<script>var mxLoadResources = false, mxLoadStylesheets = false, mxBasePath = ".";</script>
<script src="file://%(mermaid)s"></script><script src="file://%(mxgraph)s"></script>
<script type="application/json" id="texts">%(texts)s</script>
<script>
const texts = JSON.parse(document.getElementById("texts").textContent);
const said = { mermaid: 0, drawn: 0, drawio: 0, complaints: [], done: false };
let called = 0;
window.alert = () => { called += 1; };
function drawio(name, text) {
  const model = new mxGraphModel();
  const xml = mxUtils.parseXml(text);
  const node = xml.getElementsByTagName("mxGraphModel")[0];
  // draw.io puts data of a part into an element around its cell.
  mxCodecRegistry.getCodec(mxCell);
  new mxCodec(node.ownerDocument).decode(node, model);
  const cells = Object.values(model.cells);
  const vertices = cells.filter(it => it.isVertex()), edges = cells.filter(it => it.isEdge());
  const wanted = kind => (text.match(new RegExp(` ${kind}="1"`, "g")) || []).length;
  if (vertices.length !== wanted("vertex") || edges.length !== wanted("edge"))
    throw new Error(`${vertices.length} shapes and ${edges.length} lines were read`);
  for (const edge of edges)
    if (!edge.getTerminal(true) || !edge.getTerminal(false)) throw new Error(`${edge.id} hangs loose`);
  for (const it of vertices) if (!it.getGeometry()) throw new Error(`${it.id} has no place`);
}
async function judge() {
  mermaid.initialize({ startOnLoad: false, securityLevel: "strict", maxTextSize: 1e6, maxEdges: 2000 });
  for (const [name, text] of Object.entries(texts.mermaid)) {
    try {
      await mermaid.parse(text);
      said.mermaid += 1;
      if (texts.draw.includes(name)) {
        const { svg } = await mermaid.render("d" + said.mermaid, text);
        if (/Unsupported markdown|Syntax error|<script/.test(svg)) throw new Error("drawn with errors");
        said.drawn += 1;
      }
    } catch (problem) { said.complaints.push(`mermaid: ${name}: ${problem.message || problem}`); }
  }
  for (const [name, text] of Object.entries(texts.drawio)) {
    try { drawio(name, text); said.drawio += 1; }
    catch (problem) { said.complaints.push(`draw.io: ${name}: ${problem.message || problem}`); }
  }
  if (called) said.complaints.push("a name ran as a script");
  said.done = true;
  document.getElementById("said").textContent = JSON.stringify(said);
}
judge();
</script>"""

texts = {form: {it.name: it.read_text() for it in sorted((work / form).iterdir())} for form in ("mermaid", "drawio")}
# All are parsed; drawing takes longer, so that one option stands for the others.
texts["draw"] = [it for it in texts["mermaid"] if "-better-" in it or it.startswith("hostile")]
inside = json.dumps(texts).replace("<", "\\u003c")
page = work / "page.html"
page.write_text(PAGE % {"mermaid": mermaid, "mxgraph": mxgraph, "texts": inside})
command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
           f"--user-data-dir={work}/profile", "--allow-file-access-from-files",
           "--virtual-time-budget=3600000", "--dump-dom", f"file://{page}"]
out = subprocess.run(command, capture_output=True, text=True, timeout=900).stdout
found = re.search(r'<pre id="said">(.*?)</pre>', out, re.S)
said = json.loads(html.unescape(found.group(1))) if found and found.group(1) else None
if not said or not said["done"]:
    print("mermaid, draw.io: the browser did not come to an end")
    sys.exit(1)
for complaint in said["complaints"]:
    print(complaint[:400])
print(f"mermaid: {said['mermaid']} of {len(texts['mermaid'])} texts parse, {said['drawn']} of {len(texts['draw'])} are drawn")
print(f"draw.io: {said['drawio']} of {len(texts['drawio'])} files are read by mxGraph")
sys.exit(bool(said["complaints"]))
