//! Gives nested frames, nodes and lines their places.
//!
//! The flow runs from left to right through columns. [`ranks`] finds the columns
//! of each frame, [`order`] the order within them with few crossings, [`place`]
//! the coordinates, [`route`] draws right-angled lines in the gaps between, and
//! [`labels`] finds room for their words. All of it starts from the order in
//! which parts are given and breaks ties by it, so a new part moves only what it
//! has to. A flow from top to bottom is the same with the axes exchanged.

mod labels;
mod order;
mod place;
mod ranks;
mod route;
mod sample;

pub use super::svg::Rect;
pub use sample::sample;
use std::collections::BTreeSet;

/// Everything stands on a grid of this many pixels.
pub const STEP: f64 = 8.0;

/// What is to be placed.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub items: Vec<Item>,
    /// Outer frames come before those inside them.
    pub frames: Vec<Frame>,
    pub lines: Vec<Line>,
}

/// A box of a fixed size. Its height and width are eight more than a multiple
/// of sixteen, so that middles fall on the lines of the grid.
#[derive(Clone, Debug)]
pub struct Item {
    pub w: f64,
    pub h: f64,
    pub frame: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Frame {
    pub parent: Option<usize>,
    /// Size of the label at the top left corner.
    pub label: (f64, f64),
    /// Frames with a rank stand in order of it.
    pub rank: Option<u32>,
    /// A shelf: a grid of items beside the flow of its parent.
    pub shelf: bool,
}

#[derive(Clone, Debug)]
pub struct Line {
    pub from: usize,
    pub to: usize,
    /// Size of its words.
    pub label: (f64, f64),
    /// The flow goes from `to` to `from`, as with what polls.
    pub backward: bool,
}

/// Where everything is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placed {
    pub width: f64,
    pub height: f64,
    pub items: Vec<Rect>,
    pub frames: Vec<Rect>,
    pub routes: Vec<Route>,
}

/// The way of a line, from its source to the tip of its arrow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    pub points: Vec<(f64, f64)>,
    /// Lines of one bundle share their way as far as it is the same.
    pub bundle: usize,
    /// Where its words stand; none for what shares its words with another.
    pub label: Option<Rect>,
}

/// Which way the flow runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    Right,
    Down,
}

/// Places a plan.
pub fn layout(plan: &Plan, axis: Axis) -> Placed {
    match axis {
        Axis::Right => solve(plan, axis),
        Axis::Down => turned(solve(&turned_plan(plan), axis)),
    }
}

fn solve(plan: &Plan, axis: Axis) -> Placed {
    let plan = &unshelved(plan);
    let ranks = ranks::find(plan);
    let mut bundles = bundles(plan);
    let mut best = attempt(plan, &bundles, (&ranks, order::BUDGET), axis);
    let mut now = best.meets();
    // What is drawn as one may have to cross what its parts need not.
    let mut tried = 0;
    'again: while now > (0, 0) && plan.lines.len() <= FEW {
        let mut crossed: Vec<usize> = Vec::new();
        crossing(&best, |one, other, _| crossed.extend([bundles[one], bundles[other]]));
        crossed.sort_unstable();
        crossed.dedup();
        for bundle in crossed {
            let parts = bundles.iter().filter(|it| **it == bundle).count();
            if parts < 2 || tried == ATTEMPTS {
                continue;
            }
            tried += 1;
            let fresh = bundles.iter().max().map_or(0, |it| it + 1)..;
            let mut apart = bundles.clone();
            for (it, fresh) in apart.iter_mut().filter(|it| **it == bundle).zip(fresh) {
                *it = fresh;
            }
            let other = attempt(plan, &apart, (&ranks, order::BUDGET / ATTEMPTS), axis);
            let then = other.meets();
            if then < now {
                (best, now, bundles) = (other, then, apart);
                continue 'again;
            }
        }
        break;
    }
    labels::place(plan, &mut best);
    best
}

/// Up to this many lines, bundles that cross something are tried apart, so often.
const FEW: usize = 80;
const ATTEMPTS: usize = 12;

fn attempt(
    plan: &Plan,
    bundles: &[usize],
    (ranks, budget): (&ranks::Ranks, usize),
    axis: Axis,
) -> Placed {
    let mut board = place::Board::new(plan, bundles, ranks, axis);
    order::improve(&mut board, budget);
    board.pack();
    board.attach();
    board.settle();
    board.tracks = route::channels(&board).iter().map(|it| it.tracks).collect();
    board.columns_apart();
    let mut placed = board.placed();
    route::draw(&board, bundles, &mut placed);
    placed
}

/// A shelf is beside the flow: one with lines, or with frames, is like any frame.
fn unshelved(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    for line in &plan.lines {
        for end in [line.from, line.to] {
            if let Some(frame) = plan.items[end].frame {
                plan.frames[frame].shelf = false;
            }
        }
    }
    for n in 0..plan.frames.len() {
        if let Some(parent) = plan.frames[n].parent {
            plan.frames[parent].shelf = false;
        }
    }
    plan
}

/// Lines that may share their way: those between the same sources and each of a
/// set of targets. Drawn as one they say exactly what they say apart.
fn bundles(plan: &Plan) -> Vec<usize> {
    /// From where, the size of the label in bits, and whether it goes back.
    type Source = (usize, (u64, u64), bool);
    let mut sources: Vec<Vec<Source>> = vec![Vec::new(); plan.items.len()];
    let bits = |it: (f64, f64)| (it.0.to_bits(), it.1.to_bits());
    for line in &plan.lines {
        sources[line.to].push((line.from, bits(line.label), line.backward));
    }
    let mut known: Vec<(Vec<usize>, bool)> = Vec::new();
    plan.lines
        .iter()
        .map(|line| {
            // Only sources that want the same of the target are drawn as one.
            let mut set: Vec<usize> = sources[line.to]
                .iter()
                .filter(|it| it.1 == bits(line.label) && it.2 == line.backward)
                .map(|it| it.0)
                .collect();
            set.sort_unstable();
            set.dedup();
            let key = (set, line.backward);
            known.iter().position(|it| *it == key).unwrap_or_else(|| {
                known.push(key);
                known.len() - 1
            })
        })
        .collect()
}

fn turned_plan(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    for item in &mut plan.items {
        (item.w, item.h) = (item.h, item.w);
    }
    for frame in &mut plan.frames {
        frame.label = (frame.label.1, frame.label.0);
    }
    for line in &mut plan.lines {
        line.label = (line.label.1, line.label.0);
    }
    plan
}

fn turned(placed: Placed) -> Placed {
    let rect = |it: &Rect| Rect::new(it.y, it.x, it.h, it.w);
    Placed {
        width: placed.height,
        height: placed.width,
        items: placed.items.iter().map(rect).collect(),
        frames: placed.frames.iter().map(rect).collect(),
        routes: placed
            .routes
            .into_iter()
            .map(|it| Route {
                points: it.points.into_iter().map(|(x, y)| (y, x)).collect(),
                label: it.label.map(|it| rect(&it)),
                bundle: it.bundle,
            })
            .collect(),
    }
}

impl Placed {
    /// At how many places lines of different bundles cross, and how many pairs of
    /// lines do: a bundle that is drawn as one is met once, however many it stands for.
    pub fn meets(&self) -> (usize, usize) {
        let (mut places, mut pairs) = (BTreeSet::new(), 0);
        crossing(self, |one, other, at| {
            let (a, b) = (self.routes[one].bundle, self.routes[other].bundle);
            places.insert((a.min(b), a.max(b), at.0.round() as i64, at.1.round() as i64));
            pairs += 1;
        });
        (places.len(), pairs)
    }
}

/// Calls `met` with every two lines of different bundles that cross, and where.
fn crossing(placed: &Placed, mut met: impl FnMut(usize, usize, (f64, f64))) {
    for (n, one) in placed.routes.iter().enumerate() {
        for (m, other) in placed.routes.iter().enumerate().skip(n + 1) {
            if one.bundle == other.bundle {
                continue;
            }
            for a in one.points.windows(2) {
                for b in other.points.windows(2) {
                    if let Some(at) = cross((a[0], a[1]), (b[0], b[1])) {
                        met(n, m, at);
                    }
                }
            }
        }
    }
}

/// Where an upright piece crosses a flat one.
fn cross(one: ((f64, f64), (f64, f64)), other: ((f64, f64), (f64, f64))) -> Option<(f64, f64)> {
    let (upright, flat) = match (one.0.0 == one.1.0, other.0.0 == other.1.0) {
        (true, false) => (one, other),
        (false, true) => (other, one),
        _ => return None,
    };
    let (x, y) = (upright.0.0, flat.0.1);
    let between = |it: f64, a: f64, b: f64| it > a.min(b) + 1e-6 && it < a.max(b) - 1e-6;
    (between(x, flat.0.0, flat.1.0) && between(y, upright.0.1, upright.1.1)).then_some((x, y))
}
