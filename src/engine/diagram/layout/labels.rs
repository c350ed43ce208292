//! Where the words of a line stand: on it, and on nothing else.

use super::{Placed, Plan, Rect};
use std::collections::BTreeMap;

/// Pieces of lines and items by where they are.
struct Near {
    cells: BTreeMap<(i32, i32), Vec<Thing>>,
}

#[derive(Clone, Copy)]
struct Thing {
    at: Rect,
    /// The line that it is a piece of; none for an item.
    line: Option<usize>,
}

impl Near {
    const CELL: f64 = 128.0;

    fn new(placed: &Placed) -> Self {
        let mut near = Self { cells: BTreeMap::new() };
        for it in &placed.items {
            near.add(Thing { at: *it, line: None });
        }
        for (n, route) in placed.routes.iter().enumerate() {
            for pair in route.points.windows(2) {
                near.add(Thing { at: along(pair[0], pair[1]), line: Some(n) });
            }
        }
        near
    }

    fn cells(at: &Rect) -> impl Iterator<Item = (i32, i32)> + use<> {
        let cell = |it: f64| (it / Self::CELL).floor() as i32;
        let (left, right) = (cell(at.x), cell(at.right()));
        let (top, bottom) = (cell(at.y), cell(at.bottom()));
        (left..=right).flat_map(move |x| (top..=bottom).map(move |y| (x, y)))
    }

    fn add(&mut self, thing: Thing) {
        for cell in Self::cells(&thing.at) {
            self.cells.entry(cell).or_default().push(thing);
        }
    }

    /// What overlaps a place; a piece that lies in two cells is met once.
    fn at(&self, at: &Rect) -> impl Iterator<Item = &Thing> {
        let first = move |thing: &Rect, cell: (i32, i32)| {
            let corner = |it: f64| (it / Self::CELL).floor() as i32;
            cell == (corner(thing.x.max(at.x)), corner(thing.y.max(at.y)))
        };
        Self::cells(at).flat_map(move |cell| {
            self.cells
                .get(&cell)
                .into_iter()
                .flatten()
                .filter(move |it| it.at.overlaps(at) && first(&it.at, cell))
        })
    }
}

pub fn place(plan: &Plan, placed: &mut Placed) {
    let near = Near::new(placed);
    let mut taken: Vec<Rect> = Vec::new();
    let heads: Vec<Rect> = placed
        .frames
        .iter()
        .zip(&plan.frames)
        .map(|(at, it)| Rect::new(at.x + 8.0, at.y + 4.0, it.label.0 + 16.0, it.label.1 + 8.0))
        .collect();
    for line in 0..plan.lines.len() {
        let size = plan.lines[line].label;
        let bundle = placed.routes[line].bundle;
        // One of a bundle speaks for all that go to the same target.
        let spoken = (0..line).any(|it| {
            placed.routes[it].bundle == bundle && plan.lines[it].to == plan.lines[line].to
        });
        if spoken || size.0 == 0.0 {
            continue;
        }
        let found = best(plan, placed, line, size, (&near, &taken, &heads));
        if let Some(at) = found {
            taken.push(at);
            placed.routes[line].label = Some(at);
        }
    }
}

fn best(
    plan: &Plan,
    placed: &Placed,
    line: usize,
    size: (f64, f64),
    others: (&Near, &[Rect], &[Rect]),
) -> Option<Rect> {
    let route = &placed.routes[line];
    let mut best: Option<(f64, Rect)> = None;
    let pieces = route.points.windows(2).count();
    for (n, pair) in route.points.windows(2).enumerate() {
        let (a, b) = (pair[0], pair[1]);
        let flat = a.1 == b.1;
        let length = (a.0 - b.0).abs() + (a.1 - b.1).abs();
        let need = if flat { size.0 } else { size.1 };
        // The tip of the arrow stays free.
        let (tail, tip) = (4.0, if n + 1 == pieces { 12.0 } else { 4.0 });
        let spare = length - need - tail - tip;
        for part in [0.5, 0.35, 0.65, 0.2, 0.8, 0.05, 0.95] {
            let along = tail + need / 2.0 + spare.max(0.0) * part;
            let share = if spare < 0.0 { 0.5 } else { along / length.max(1.0) };
            let middle = (a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share);
            for (lift, lifted) in [(0.0, 0.0), (-1.0, 25.0), (1.0, 25.0)] {
                let by = if flat {
                    (0.0, lift * (size.1 / 2.0 + 5.0))
                } else {
                    (lift * (size.0 / 2.0 + 6.0), 0.0)
                };
                let at = Rect::new(
                    middle.0 + by.0 - size.0 / 2.0,
                    middle.1 + by.1 - size.1 / 2.0,
                    size.0,
                    size.1,
                );
                let Some(trouble) = trouble(plan, placed, line, at, others) else {
                    continue;
                };
                let mut score = trouble
                    + lifted
                    + shared(plan, placed, others.0, line, middle)
                    + (part - 0.5_f64).abs() * 6.0;
                score += if spare < 0.0 { 12.0 - spare } else { 0.0 };
                score += if flat { 0.0 } else { 18.0 };
                // Near the target, where bundles have parted.
                score += (pieces - 1 - n) as f64 * 5.0;
                if best.is_none_or(|it| score < it.0) {
                    best = Some((score, at));
                }
            }
        }
    }
    best.map(|it| it.1)
}

/// What it costs to stand where lines to other targets run along.
fn shared(plan: &Plan, placed: &Placed, near: &Near, line: usize, at: (f64, f64)) -> f64 {
    let bundle = placed.routes[line].bundle;
    let spot = Rect::new(at.0, at.1, 0.0, 0.0);
    let there = near.at(&spot.grown(0.5)).any(|it| {
        it.line.is_some_and(|n| {
            placed.routes[n].bundle == bundle && plan.lines[n].to != plan.lines[line].to
        }) && it.at.contains(&spot)
    });
    if there { 70.0 } else { 0.0 }
}

/// How much a place disturbs; none when it is not to be had at all.
fn trouble(
    plan: &Plan,
    placed: &Placed,
    line: usize,
    at: Rect,
    (near, taken, heads): (&Near, &[Rect], &[Rect]),
) -> Option<f64> {
    let air = at.grown(2.0);
    if near.at(&air).any(|it| it.line.is_none())
        || taken.iter().any(|it| it.overlaps(&air))
        || heads.iter().any(|it| it.overlaps(&at))
        || at.x < 0.0
        || at.y < 0.0
        || at.right() > placed.width
        || at.bottom() > placed.height
    {
        return None;
    }
    let mut trouble = 0.0;
    let own = &placed.routes[line];
    for it in near.at(&at) {
        let Some(n) = it.line else { continue };
        let kin = placed.routes[n].bundle == own.bundle;
        if n == line || (kin && plan.lines[n].to == plan.lines[line].to) {
            continue;
        }
        trouble += if kin { 60.0 } else { 45.0 };
    }
    for frame in &placed.frames {
        if frame.overlaps(&at) && !frame.contains(&at) {
            trouble += 22.0;
        }
    }
    Some(trouble)
}

/// A piece of a line as a thin box.
fn along(a: (f64, f64), b: (f64, f64)) -> Rect {
    Rect::new(a.0.min(b.0), a.1.min(b.1), (a.0 - b.0).abs(), (a.1 - b.1).abs()).grown(1.0)
}
