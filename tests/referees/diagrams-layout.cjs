// Lays out each plan with ELK (layered, across the hierarchy, right-angled lines)
// and dagre (nested clusters), and compares how often lines cross.
const fs = require("fs");
const ELK = require("elkjs/lib/elk.bundled.js");
const dagre = require("@dagrejs/dagre");

const elk = new ELK();
const plans = fs.readFileSync(process.argv[2], "utf8").trim().split("\n").map((it) => JSON.parse(it));

const side = (p, q, r) => (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
const apart = (a, b) => (a > 1e-6 && b < -1e-6) || (a < -1e-6 && b > 1e-6);
const cross = (a, b, c, d) => apart(side(a, b, c), side(a, b, d)) && apart(side(c, d, a), side(c, d, b));

// Lines of one bundle say the same when drawn as one, so those that cross each
// other are left out, for everybody.
const crossings = (lines, routes) => {
  let count = 0;
  for (let n = 0; n < routes.length; n++)
    for (let m = n + 1; m < routes.length; m++) {
      if (lines[n].bundle === lines[m].bundle) continue;
      const [p, q] = [routes[n], routes[m]];
      for (let i = 1; i < p.length; i++)
        for (let j = 1; j < q.length; j++) if (cross(p[i - 1], p[i], q[j - 1], q[j])) count++;
    }
  return count;
};
// The same by places: where a bundle is drawn as one line, one place is met once.
const places = (lines, routes) => {
  const seen = new Set();
  const at = (a, b, c, d) => {
    const t = side(c, d, a) / (side(c, d, a) - side(c, d, b));
    return [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])].map((it) => Math.round(it)).join();
  };
  for (let n = 0; n < routes.length; n++)
    for (let m = n + 1; m < routes.length; m++) {
      const [p, q] = [routes[n], routes[m]];
      if (lines[n].bundle === lines[m].bundle) continue;
      const pair = [lines[n].bundle, lines[m].bundle].sort().join();
      for (let i = 1; i < p.length; i++)
        for (let j = 1; j < q.length; j++)
          if (cross(p[i - 1], p[i], q[j - 1], q[j])) seen.add(`${pair}@${at(p[i - 1], p[i], q[j - 1], q[j])}`);
    }
  return seen.size;
};
// Pieces of different bundles that lie on each other: they would hide crossings.
const overlaps = (lines, routes) => {
  let count = 0;
  for (let n = 0; n < routes.length; n++)
    for (let m = n + 1; m < routes.length; m++) {
      if (lines[n].bundle === lines[m].bundle) continue;
      const [p, q] = [routes[n], routes[m]];
      for (let i = 1; i < p.length; i++)
        for (let j = 1; j < q.length; j++)
          for (const [u, v] of [[0, 1], [1, 0]]) {
            const [a, b, c, d] = [p[i - 1], p[i], q[j - 1], q[j]];
            if ([b, c, d].some((it) => Math.abs(it[u] - a[u]) > 1e-6)) continue;
            const low = Math.max(Math.min(a[v], b[v]), Math.min(c[v], d[v]));
            const high = Math.min(Math.max(a[v], b[v]), Math.max(c[v], d[v]));
            if (high - low > 1e-6) count++;
          }
    }
  return count;
};
const bends = (routes) => routes.reduce((sum, it) => sum + Math.max(0, it.length - 2), 0);
const length = (routes) =>
  routes.reduce((sum, it) => it.slice(1).reduce((s, b, n) => s + Math.abs(b[0] - it[n][0]) + Math.abs(b[1] - it[n][1]), sum), 0);

async function byElk(plan) {
  const frames = plan.frames.map((it, n) => ({
    id: `f${n}`, children: [], layoutOptions: { "elk.padding": "[top=44,left=24,bottom=24,right=24]" },
  }));
  const root = {
    id: "root", children: [], edges: [],
    layoutOptions: {
      "elk.algorithm": "layered", "elk.direction": "RIGHT", "elk.hierarchyHandling": "INCLUDE_CHILDREN",
      "elk.edgeRouting": "ORTHOGONAL", "elk.json.edgeCoords": "ROOT", "elk.json.shapeCoords": "ROOT",
    },
  };
  const home = (it) => (it === null ? root : frames[it]).children;
  plan.frames.forEach((it, n) => home(it.parent).push(frames[n]));
  plan.items.forEach((it, n) => home(it.frame).push({ id: `i${n}`, width: it.w, height: it.h }));
  plan.lines.forEach((it, n) => root.edges.push({ id: `e${n}`, sources: [`i${it.from}`], targets: [`i${it.to}`] }));
  const start = process.hrtime.bigint();
  const out = await elk.layout(root);
  const millis = Number(process.hrtime.bigint() - start) / 1e6;
  const routes = [];
  const visit = (node) => {
    for (const it of node.edges ?? [])
      routes[Number(it.id.slice(1))] = (it.sections ?? []).flatMap((s) => [s.startPoint, ...(s.bendPoints ?? []), s.endPoint].map((p) => [p.x, p.y]));
    (node.children ?? []).forEach(visit);
  };
  visit(out);
  return { routes, millis };
}

function byDagre(plan) {
  const graph = new dagre.graphlib.Graph({ compound: true, multigraph: true });
  graph.setGraph({ rankdir: "LR" });
  graph.setDefaultEdgeLabel(() => ({}));
  const full = new Set();
  const mark = (frame) => { for (let at = frame; at !== null; at = plan.frames[at].parent) full.add(at); };
  plan.items.forEach((it) => mark(it.frame));
  plan.frames.forEach((it, n) => full.has(n) && graph.setNode(`f${n}`, {}));
  plan.items.forEach((it, n) => graph.setNode(`i${n}`, { width: it.w, height: it.h }));
  plan.frames.forEach((it, n) => full.has(n) && it.parent !== null && graph.setParent(`f${n}`, `f${it.parent}`));
  plan.items.forEach((it, n) => it.frame !== null && graph.setParent(`i${n}`, `f${it.frame}`));
  plan.lines.forEach((it, n) => graph.setEdge(`i${it.from}`, `i${it.to}`, {}, `e${n}`));
  const start = process.hrtime.bigint();
  dagre.layout(graph);
  const millis = Number(process.hrtime.bigint() - start) / 1e6;
  const routes = plan.lines.map((it, n) => graph.edge(`i${it.from}`, `i${it.to}`, `e${n}`).points.map((p) => [p.x, p.y]));
  return { routes, millis };
}

(async () => {
  let [worse, laid] = [0, 0];
  const sums = {};
  const times = [];
  console.log("plan                                   items lines   ours   ELK dagre    pairs ours/ELK/dagre  overlaps   bends ours/ELK   length ours/ELK");
  for (const plan of plans) {
    const own = plan.lines.map((it) => it.points);
    let others = [null, null];
    try { others[0] = await byElk(plan); } catch (e) { console.error(`ELK gave up on ${plan.name}: ${e.message}`); }
    try { others[1] = byDagre(plan); } catch (e) { console.error(`dagre gave up on ${plan.name}: ${e.message}`); }
    const all = [own, ...others.map((it) => it && it.routes)];
    const count = all.map((it) => (it ? crossings(plan.lines, it) : null));
    const spots = all.map((it) => (it ? places(plan.lines, it) : null));
    const most = Math.max(...spots.slice(1).filter((it) => it !== null));
    const bad = spots[0] > most;
    const over = overlaps(plan.lines, own);
    worse += bad;
    laid += over;
    const sum = (sums[plan.set] ??= { plans: 0, worse: 0, worseThanBest: 0, overlaps: 0, count: [0, 0, 0], spots: [0, 0, 0], bends: [0, 0], length: [0, 0] });
    sum.plans++; sum.worse += bad; sum.overlaps += over;
    sum.worseThanBest += spots[0] > Math.min(...spots.slice(1).filter((it) => it !== null));
    count.forEach((it, n) => (sum.count[n] += it ?? 0));
    spots.forEach((it, n) => (sum.spots[n] += it ?? 0));
    [own, others[0]?.routes].forEach((it, n) => { if (it) { sum.bends[n] += bends(it); sum.length[n] += Math.round(length(it)); } });
    times.push([plan.millis, others[0]?.millis, others[1]?.millis]);
    if (bad || over || plan.set !== "case")
      console.log(
        `${(plan.set + " " + plan.name).slice(-38).padEnd(38)} ${String(plan.items.length).padStart(5)} ${String(plan.lines.length).padStart(5)} ${spots.map((it) => String(it ?? "-").padStart(6)).join("")}   ${count.map((it) => it ?? "-").join("/").padStart(14)} ${String(over).padStart(8)} ${(bends(own) + "/" + (others[0] ? bends(others[0].routes) : "-")).padStart(12)} ${(Math.round(length(own)) + "/" + (others[0] ? Math.round(length(others[0].routes)) : "-")).padStart(15)}${bad ? "  MORE" : ""}`,
      );
  }
  for (const [name, it] of Object.entries(sums))
    console.log(`${name}: ${it.plans} plans; places where lines cross: ours ${it.spots[0]}, ELK ${it.spots[1]}, dagre ${it.spots[2]} (pairs of lines ${it.count.join("/")}); more than both in ${it.worse}, more than the better in ${it.worseThanBest}; overlaps ${it.overlaps}; bends ${it.bends.join("/")}; length ${it.length.join("/")}`);
  console.log(`${plans.length} plans, ${worse} with more crossings than both others, ${laid} overlapping pieces`);
  process.exit(worse || laid ? 1 : 0);
})();
