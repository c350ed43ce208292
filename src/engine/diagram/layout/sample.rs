//! Plans to judge layouts by: of any size, nested, and always the same.

use super::{Frame, Item, Line, Plan};

/// A plan of so many items in nested frames.
pub fn sample(count: usize) -> Plan {
    let mut state = 88_172_645_463_325_252_u64 ^ count as u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    let frame = |parent| Frame { parent, label: (120.0, 20.0), rank: None, shelf: false };
    let mut frames = vec![frame(None), frame(Some(0))];
    for n in 0..count / 8 {
        let parent = next(2 + n.min(3));
        frames.push(frame(Some(parent)));
    }
    // Neighbours stand together, as the parts of a system do.
    let items = (0..count)
        .map(|n| {
            let at = if next(4) == 0 { next(2) } else { (2 + n / 8).min(frames.len() - 1) };
            Item { w: 200.0, h: 56.0, frame: Some(at) }
        })
        .collect();
    let mut lines: Vec<Line> = Vec::new();
    for to in 1..count {
        for _ in 0..1 + usize::from(next(3) == 0) {
            let from = to - 1 - next(to.min(6));
            if !lines.iter().any(|it| (it.from, it.to) == (from, to)) {
                lines.push(Line { from, to, label: (56.0, 14.0), backward: false });
            }
        }
    }
    Plan { items, frames, lines }
}
