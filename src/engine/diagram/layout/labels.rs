//! Where the words of a line stand: on it, and on nothing else.

use super::{Placed, Plan, Rect};

pub fn place(plan: &Plan, placed: &mut Placed) {
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
        let found = best(plan, placed, line, size, &taken, &heads);
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
    taken: &[Rect],
    heads: &[Rect],
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
                let Some(trouble) = trouble(plan, placed, line, at, taken, heads) else {
                    continue;
                };
                let mut score = trouble
                    + lifted
                    + shared(plan, placed, line, middle)
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
fn shared(plan: &Plan, placed: &Placed, line: usize, at: (f64, f64)) -> f64 {
    let bundle = placed.routes[line].bundle;
    let there = placed.routes.iter().enumerate().any(|(n, it)| {
        it.bundle == bundle
            && plan.lines[n].to != plan.lines[line].to
            && it
                .points
                .windows(2)
                .any(|it| along(it[0], it[1]).contains(&Rect::new(at.0, at.1, 0.0, 0.0)))
    });
    if there { 70.0 } else { 0.0 }
}

/// How much a place disturbs; none when it is not to be had at all.
fn trouble(
    plan: &Plan,
    placed: &Placed,
    line: usize,
    at: Rect,
    taken: &[Rect],
    heads: &[Rect],
) -> Option<f64> {
    let air = at.grown(2.0);
    if placed.items.iter().any(|it| it.overlaps(&air))
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
    for (n, other) in placed.routes.iter().enumerate() {
        let same_words = other.bundle == own.bundle && plan.lines[n].to == plan.lines[line].to;
        if n == line || same_words {
            continue;
        }
        let met = other.points.windows(2).filter(|it| along(it[0], it[1]).overlaps(&at)).count();
        trouble += met as f64 * if other.bundle == own.bundle { 60.0 } else { 45.0 };
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
