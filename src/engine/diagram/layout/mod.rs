//! Gives nested frames, nodes and lines their places.
//!
//! The flow runs from left to right through columns. [`ranks`] finds the columns
//! of each frame, [`order`] the order within them with few crossings, [`place`]
//! the coordinates, [`route`] draws right-angled lines around everything, and
//! [`labels`] finds room for their words. All of it starts from the order in
//! which parts are given and breaks ties by it, so a new part moves only what it
//! has to. A flow from top to bottom is the same with the axes exchanged.

mod labels;
mod order;
mod place;
mod ranks;
mod route;

pub use super::svg::Rect;

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
#[derive(Clone, Debug, Default)]
pub struct Placed {
    pub width: f64,
    pub height: f64,
    pub items: Vec<Rect>,
    pub frames: Vec<Rect>,
    pub routes: Vec<Route>,
}

/// The way of a line, from its source to the tip of its arrow.
#[derive(Clone, Debug, Default)]
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
    let bundles = bundles(plan);
    let ranks = ranks::find(plan);
    let mut board = place::Board::new(plan, &bundles, &ranks, axis);
    order::improve(&mut board);
    board.settle();
    let mut placed = board.placed();
    route::draw(plan, &bundles, &mut placed, axis);
    labels::place(plan, &mut placed);
    placed
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

/// How often lines of different bundles cross.
pub fn crossings(placed: &Placed) -> usize {
    let mut count = 0;
    for (n, one) in placed.routes.iter().enumerate() {
        for other in &placed.routes[n + 1..] {
            if one.bundle != other.bundle {
                count += one
                    .points
                    .windows(2)
                    .flat_map(|a| other.points.windows(2).map(move |b| (a, b)))
                    .filter(|(a, b)| cross(a[0], a[1], b[0], b[1]))
                    .count();
            }
        }
    }
    count
}

fn cross(a: (f64, f64), b: (f64, f64), c: (f64, f64), d: (f64, f64)) -> bool {
    let side = |p: (f64, f64), q: (f64, f64), r: (f64, f64)| {
        (q.0 - p.0) * (r.1 - p.1) - (q.1 - p.1) * (r.0 - p.0)
    };
    let apart =
        |one: f64, other: f64| (one > 1e-6 && other < -1e-6) || (one < -1e-6 && other > 1e-6);
    apart(side(a, b, c), side(a, b, d)) && apart(side(c, d, a), side(c, d, b))
}
