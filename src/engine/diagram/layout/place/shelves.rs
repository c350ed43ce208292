//! What stands beside the flow, and the rectangles in the end.

use super::super::ranks::{Kid, entry};
use super::super::{Placed, Rect};
use super::{Board, LANE, PAD};

impl Board<'_> {
    /// Final rectangles, with shelves below the flow of their frames.
    pub fn placed(&mut self) -> Placed {
        let mut wide = vec![0.0; self.columns.len()];
        let order: Vec<usize> =
            self.inner_first.iter().map(|it| it + 1).chain(std::iter::once(0)).collect();
        for holder in order {
            let Some(frame) = holder.checked_sub(1) else { continue };
            for shelf in self.shelves[holder].clone() {
                self.shelve(frame, shelf);
            }
            wide[holder] = self.extent[frame].w;
        }
        // What grew below may have met what stands under it.
        self.apart();
        let items = |it: &Self| -> Vec<Rect> {
            (0..it.plan.items.len())
                .map(|n| Rect::new(it.left[n], it.top[n], it.width[n], it.height[n]))
                .collect()
        };
        let all: Vec<Rect> = items(self).into_iter().chain(self.extent.iter().copied()).collect();
        let lanes = || self.top[self.plan.items.len()..].iter();
        let left = all.iter().map(|it| it.x).fold(f64::MAX, f64::min);
        let top = all.iter().map(|it| it.y).chain(lanes().copied()).fold(f64::MAX, f64::min);
        let right = all.iter().map(Rect::right).fold(f64::MIN, f64::max);
        let bottom = all
            .iter()
            .map(Rect::bottom)
            .chain(lanes().map(|it| it + LANE))
            .fold(f64::MIN, f64::max);
        if left > right {
            return Placed::default();
        }
        self.left.iter_mut().for_each(|it| *it -= left);
        self.top.iter_mut().for_each(|it| *it -= top);
        for it in &mut self.extent {
            (it.x, it.y) = (it.x - left, it.y - top);
        }
        Placed {
            width: right - left,
            height: bottom - top,
            items: items(self),
            frames: self.extent.clone(),
            routes: Vec::new(),
        }
    }

    /// Lays the items of a shelf out in rows below the flow of its frame.
    fn shelve(&mut self, frame: usize, shelf: usize) {
        let items: Vec<usize> = self.columns[shelf + 1]
            .iter()
            .flatten()
            .filter_map(|kid| match kid {
                Kid::Item(it) => Some(*it),
                Kid::Frame(_) => None,
            })
            .collect();
        let Some(first) = items.first() else { return };
        let wide =
            self.width[*first].max(items.iter().map(|it| self.width[*it]).fold(0.0, f64::max));
        let high = items.iter().map(|it| self.height[*it]).fold(0.0, f64::max);
        let lead = PAD + self.lead(shelf);
        let between = 16.0;
        let empty = self.columns[frame + 1].iter().flatten().next().is_none();
        let room = if empty { 4.0 * (wide + between) } else { self.extent[frame].w - 2.0 * PAD };
        let per_row = (((room - lead - PAD + between) / (wide + between)).floor() as usize)
            .clamp(1, items.len());
        let rows = items.len().div_ceil(per_row);
        // Full rows look calmer than one long and one short.
        let per_row = items.len().div_ceil(rows);
        let base = &self.extent[frame];
        let x = base.x + PAD + self.lead(frame);
        let y = if empty { base.y + self.head(frame) } else { base.bottom() };
        let top = y + self.head(shelf);
        for (n, item) in items.iter().enumerate() {
            let (row, column) = (n / per_row, n % per_row);
            self.left[*item] = x + lead + column as f64 * (wide + between);
            self.top[*item] = top + row as f64 * (high + between);
        }
        let inner = per_row as f64 * (wide + between) - between;
        let depth = rows as f64 * (high + between) - between;
        let own =
            (lead + inner + PAD).max(room.min(self.extent[frame].w - 2.0 * PAD - self.lead(frame)));
        self.extent[shelf] = Rect::new(x, y, own, depth + self.head(shelf) + PAD);
        let bottom = self.extent[shelf].bottom() + PAD;
        let right = self.extent[shelf].right() + PAD;
        let by = right - self.extent[frame].right();
        if by > 0.0 {
            self.widen(frame, by);
        }
        self.extent[frame].h = bottom - self.extent[frame].y;
    }

    /// Makes a frame wider and moves what stands to the right of it.
    fn widen(&mut self, frame: usize, by: f64) {
        let old = self.extent[frame].right();
        self.extent[frame].w += by;
        let parent = self.plan.frames[frame].parent;
        let holder = entry(parent);
        let at = self.column(Kid::Frame(frame)).unwrap_or(0);
        for kid in self.columns[holder][at + 1..].concat() {
            self.push_right(kid, by);
        }
        if let Some(outer) = parent
            && old + by + PAD > self.extent[outer].right()
        {
            self.widen(outer, by);
        } else if let Some(outer) = parent {
            let right = self.columns[holder]
                .concat()
                .into_iter()
                .map(|kid| match kid {
                    Kid::Item(it) => self.left[it] + self.width[it],
                    Kid::Frame(it) => self.extent[it].right(),
                })
                .fold(0.0, f64::max);
            let over = right + PAD - self.extent[outer].right();
            if over > 0.0 {
                self.widen(outer, over);
            }
        }
    }

    fn push_right(&mut self, kid: Kid, by: f64) {
        match kid {
            Kid::Item(it) => self.left[it] += by,
            Kid::Frame(frame) => {
                self.extent[frame].x += by;
                for kid in self.columns[frame + 1].concat() {
                    self.push_right(kid, by);
                }
            }
        }
    }

    /// Moves what a grown frame has met further down.
    fn apart(&mut self) {
        let order: Vec<usize> =
            self.inner_first.iter().map(|it| it + 1).chain(std::iter::once(0)).collect();
        for holder in order {
            if holder.checked_sub(1).is_some_and(|it| self.plan.frames[it].shelf) {
                continue;
            }
            for column in self.columns[holder].clone() {
                let mut before: Option<Kid> = None;
                for kid in column {
                    if let Some(before) = before {
                        let least = self.span(before).1 + self.space(before, kid);
                        let by = least - self.span(kid).0;
                        if by > 0.0 {
                            self.shift(kid, by);
                        }
                    }
                    before = Some(kid);
                }
            }
            if let Some(frame) = holder.checked_sub(1) {
                let bottom = self.columns[holder]
                    .iter()
                    .flatten()
                    .map(|kid| self.span(*kid).1)
                    .chain(self.shelves[holder].iter().map(|it| self.extent[*it].bottom()))
                    .fold(f64::MIN, f64::max);
                if bottom > f64::MIN && bottom + PAD > self.extent[frame].bottom() {
                    self.extent[frame].h = bottom + PAD - self.extent[frame].y;
                }
            }
        }
    }
}
