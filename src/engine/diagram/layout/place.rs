//! Coordinates: columns from left to right, and heights at which lines are straight.

use super::ranks::{Kid, Ranks, chain, entry, meet};
use super::{Axis, Placed, Plan, Rect, STEP};

/// Room between boxes of a column, and between a box and a line that passes.
const GAP: f64 = 24.0;
const LANE_GAP: f64 = 16.0;
const LANE: f64 = 8.0;
/// Room within a frame, around its content.
const PAD: f64 = 24.0;
/// Room between columns: at least, for each bundle that bends there, and for words.
const COLUMN: f64 = 56.0;
const WORDS: f64 = 32.0;
const TRACK: f64 = 16.0;

/// Everything in its column, while order and heights are being found.
pub struct Board<'p> {
    pub plan: &'p Plan,
    axis: Axis,
    /// Columns of each frame; items from `plan.items.len()` on are lanes, which
    /// keep room for lines that pass a column.
    pub columns: Vec<Vec<Vec<Kid>>>,
    shelves: Vec<Vec<usize>>,
    /// Top and height of each item and lane.
    pub top: Vec<f64>,
    height: Vec<f64>,
    /// Left edge and width of each item and lane.
    left: Vec<f64>,
    width: Vec<f64>,
    /// From a point to the next, with bundle and weight.
    pub links: Vec<Link>,
    /// Frames from the innermost outwards.
    inner_first: Vec<usize>,
    /// Extents of each frame's content: top, bottom, left, right.
    extent: Vec<Rect>,
    /// Points within each frame, lanes included.
    inside: Vec<Vec<usize>>,
    /// The same by frame and point.
    holds: Vec<Vec<bool>>,
    /// Links at each point.
    touching: Vec<Vec<usize>>,
}

/// A piece of a line between columns that follow each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    pub from: usize,
    pub to: usize,
    pub bundle: usize,
    pub weight: f64,
}

impl<'p> Board<'p> {
    pub fn new(plan: &'p Plan, bundles: &[usize], ranks: &Ranks, axis: Axis) -> Self {
        let mut board = Self {
            plan,
            axis,
            columns: ranks.columns.clone(),
            shelves: ranks.shelves.clone(),
            top: vec![0.0; plan.items.len()],
            height: plan.items.iter().map(|it| it.h).collect(),
            left: vec![0.0; plan.items.len()],
            width: plan.items.iter().map(|it| it.w).collect(),
            links: Vec::new(),
            inner_first: (0..plan.frames.len()).rev().collect(),
            extent: vec![Rect::default(); plan.frames.len()],
            inside: Vec::new(),
            holds: Vec::new(),
            touching: Vec::new(),
        };
        board.lanes(bundles);
        board.inside = vec![Vec::new(); plan.frames.len()];
        for frame in board.inner_first.clone() {
            let mut points = Vec::new();
            for kid in board.columns[frame + 1].iter().flatten() {
                match kid {
                    Kid::Item(it) => points.push(*it),
                    Kid::Frame(it) => points.extend(&board.inside[*it]),
                }
            }
            board.inside[frame] = points;
        }
        board.holds = vec![vec![false; board.top.len()]; plan.frames.len()];
        for (frame, points) in board.inside.iter().enumerate() {
            for point in points {
                board.holds[frame][*point] = true;
            }
        }
        board.touching = vec![Vec::new(); board.top.len()];
        for (n, link) in board.links.iter().enumerate() {
            board.touching[link.from].push(n);
            board.touching[link.to].push(n);
        }
        board.columns_apart();
        board
    }

    /// Lays a lane wherever a line passes a column, one for each bundle.
    fn lanes(&mut self, bundles: &[usize]) {
        let plan = self.plan;
        let mut known: Vec<(usize, usize, usize, usize)> = Vec::new();
        let (mut out, mut into) = (vec![0u32; plan.items.len()], vec![0u32; plan.items.len()]);
        for line in &plan.lines {
            out[line.from] += 1;
            into[line.to] += 1;
        }
        for (line, bundle) in plan.lines.iter().zip(bundles) {
            let Some((frame, a, b)) = meet(plan, line.from, line.to) else { continue };
            let (Some(from), Some(to)) = (self.column(frame, a), self.column(frame, b)) else {
                continue;
            };
            let (start, end) = if from <= to { (line.from, line.to) } else { (line.to, line.from) };
            let mut passes: Vec<(usize, usize)> = Vec::new();
            if from != to {
                let (first, last) = (from.min(to), from.max(to));
                let mut ways_out = Vec::new();
                for (holder, column) in self.holders(start, frame) {
                    let after = column + 1..self.columns[holder].len();
                    ways_out.push(after.map(|it| (holder, it)).collect::<Vec<_>>());
                }
                // The innermost frame is left first.
                passes.extend(ways_out.into_iter().rev().flatten());
                passes.extend((first + 1..last).map(|it| (entry(frame), it)));
                for (holder, column) in self.holders(end, frame) {
                    passes.extend((0..column).map(|it| (holder, it)));
                }
            }
            let most = f64::from(out[line.from].max(into[line.to]).max(1));
            let weight = 1.0 / (most * most);
            let mut at = start;
            for (holder, column) in passes {
                let found = known.iter().find(|it| (it.0, it.1, it.2) == (holder, column, *bundle));
                let lane = match found {
                    Some(it) => it.3,
                    None => {
                        let lane = self.top.len();
                        self.top.push(0.0);
                        self.height.push(LANE);
                        self.left.push(0.0);
                        self.width.push(0.0);
                        self.columns[holder][column].push(Kid::Item(lane));
                        known.push((holder, column, *bundle, lane));
                        lane
                    }
                };
                self.link(at, lane, *bundle, weight);
                at = lane;
            }
            self.link(at, end, *bundle, weight);
        }
    }

    fn link(&mut self, from: usize, to: usize, bundle: usize, weight: f64) {
        let known =
            self.links.iter_mut().find(|it| it.from == from && it.to == to && it.bundle == bundle);
        match known {
            Some(it) => it.weight += weight,
            None => self.links.push(Link { from, to, bundle, weight }),
        }
    }

    /// The frames between an item and an outer frame, outermost first, with the
    /// column that the item is in.
    fn holders(&self, item: usize, outer: Option<usize>) -> Vec<(usize, usize)> {
        let mut chain = chain(self.plan, Kid::Item(item));
        if let Some(outer) = outer {
            let at = chain.iter().position(|it| *it == Kid::Frame(outer)).map_or(0, |it| it + 1);
            chain.drain(..at);
        }
        chain
            .windows(2)
            .filter_map(|pair| {
                let Kid::Frame(holder) = pair[0] else { return None };
                Some((holder + 1, self.column(Some(holder), pair[1])?))
            })
            .collect()
    }

    fn column(&self, frame: Option<usize>, kid: Kid) -> Option<usize> {
        self.columns[entry(frame)].iter().position(|it| it.contains(&kid))
    }

    pub fn is_lane(&self, point: usize) -> bool {
        point >= self.plan.items.len()
    }

    /// Left edges of all columns, and widths of all frames.
    fn columns_apart(&mut self) {
        let mut widths: Vec<f64> = vec![0.0; self.columns.len()];
        let mut offsets: Vec<Vec<f64>> = vec![Vec::new(); self.columns.len()];
        let order: Vec<usize> =
            self.inner_first.iter().map(|it| it + 1).chain(std::iter::once(0)).collect();
        for holder in &order {
            let mut x = 0.0;
            for (n, column) in self.columns[*holder].iter().enumerate() {
                if n > 0 {
                    x += self.gap(*holder, n - 1);
                }
                offsets[*holder].push(x);
                x += self.column_width(column, &widths);
            }
            widths[*holder] = match holder.checked_sub(1) {
                Some(frame) => (x + 2.0 * PAD).max(up(self.plan.frames[frame].label.0 + PAD)),
                None => x,
            };
            if let Some(frame) = holder.checked_sub(1) {
                widths[*holder] += self.lead(frame);
            }
        }
        // From the outside in, now that all widths are known.
        let mut start = vec![0.0; self.columns.len()];
        for holder in order.into_iter().rev() {
            let inner = match holder.checked_sub(1) {
                Some(frame) => start[holder] + PAD + self.lead(frame),
                None => 0.0,
            };
            for (n, column) in self.columns[holder].clone().iter().enumerate() {
                let width = self.column_width(column, &widths);
                for kid in column {
                    let own = match kid {
                        Kid::Item(it) if self.is_lane(*it) => width,
                        Kid::Item(it) => self.width[*it],
                        Kid::Frame(it) => widths[it + 1],
                    };
                    let x = inner + offsets[holder][n] + snap((width - own) / 2.0);
                    match kid {
                        Kid::Item(it) => {
                            self.left[*it] = x;
                            self.width[*it] = own;
                        }
                        Kid::Frame(it) => {
                            start[it + 1] = x;
                            self.extent[*it].x = x;
                            self.extent[*it].w = own;
                        }
                    }
                }
            }
        }
    }

    fn column_width(&self, column: &[Kid], widths: &[f64]) -> f64 {
        column
            .iter()
            .map(|kid| match kid {
                Kid::Item(it) if self.is_lane(*it) => 0.0,
                Kid::Item(it) => self.width[*it],
                Kid::Frame(it) => widths[it + 1],
            })
            .fold(0.0, f64::max)
    }

    /// Room between a column and the next, by what runs there.
    fn gap(&self, holder: usize, column: usize) -> f64 {
        let points = |kids: &[Kid]| -> Vec<usize> {
            kids.iter()
                .flat_map(|kid| match kid {
                    Kid::Item(it) => vec![*it],
                    Kid::Frame(it) => self.inside_of(*it),
                })
                .collect()
        };
        let before = points(&self.columns[holder][column]);
        let after = points(&self.columns[holder][column + 1]);
        let mut bundles: Vec<usize> = Vec::new();
        for link in &self.links {
            if before.contains(&link.from) && after.contains(&link.to) {
                bundles.push(link.bundle);
            }
        }
        bundles.sort_unstable();
        bundles.dedup();
        let words = self
            .plan
            .lines
            .iter()
            .filter(|it| {
                (before.contains(&it.from) && after.contains(&it.to))
                    || (before.contains(&it.to) && after.contains(&it.from))
            })
            .map(|it| it.label.0)
            .fold(0.0, f64::max);
        let tracks = bundles.len().min(8) as f64;
        up((COLUMN + tracks * TRACK).max(WORDS + words + tracks * TRACK / 2.0))
    }

    fn inside_of(&self, frame: usize) -> Vec<usize> {
        self.columns[frame + 1]
            .iter()
            .flatten()
            .flat_map(|kid| match kid {
                Kid::Item(it) => vec![*it],
                Kid::Frame(it) => self.inside_of(*it),
            })
            .collect()
    }

    /// Room for a frame's label, which is at its top, or at its left when the
    /// axes are exchanged.
    fn head(&self, frame: usize) -> f64 {
        match self.axis {
            Axis::Right => up(self.plan.frames[frame].label.1 + 16.0),
            Axis::Down => PAD,
        }
    }

    fn lead(&self, frame: usize) -> f64 {
        match self.axis {
            Axis::Right => 0.0,
            Axis::Down => up((self.plan.frames[frame].label.0 + 16.0 - PAD).max(0.0)),
        }
    }

    /// Top and bottom of something in a column.
    fn span(&self, kid: Kid) -> (f64, f64) {
        match kid {
            Kid::Item(it) => (self.top[it], self.top[it] + self.height[it]),
            Kid::Frame(it) => (self.extent[it].y, self.extent[it].bottom()),
        }
    }

    fn space(&self, above: Kid, below: Kid) -> f64 {
        let lane = |kid: Kid| matches!(kid, Kid::Item(it) if self.is_lane(it));
        match (lane(above), lane(below)) {
            (true, true) => LANE,
            (true, false) | (false, true) => LANE_GAP,
            _ => GAP,
        }
    }

    fn shift(&mut self, kid: Kid, by: f64) {
        if by == 0.0 {
            return;
        }
        match kid {
            Kid::Item(it) => self.top[it] += by,
            Kid::Frame(frame) => {
                self.extent[frame].y += by;
                for kid in self.columns[frame + 1].concat() {
                    self.shift(kid, by);
                }
            }
        }
    }

    /// Takes the extents of a frame from its content.
    fn wrap(&mut self, frame: usize) {
        let (mut top, mut bottom) = (f64::MAX, f64::MIN);
        for kid in self.columns[frame + 1].iter().flatten() {
            let (a, b) = self.span(*kid);
            top = top.min(a);
            bottom = bottom.max(b);
        }
        if top > bottom {
            (top, bottom) = (self.extent[frame].y, self.extent[frame].y);
        }
        let low = match self.axis {
            Axis::Right => 0.0,
            Axis::Down => up(self.plan.frames[frame].label.1 + PAD),
        };
        self.extent[frame].y = top - self.head(frame);
        self.extent[frame].h = (bottom - top + self.head(frame) + PAD).max(low);
    }

    /// Stacks every column, centred on the highest of its frame.
    pub fn pack(&mut self) {
        let order: Vec<usize> =
            self.inner_first.iter().map(|it| it + 1).chain(std::iter::once(0)).collect();
        for holder in order {
            for column in self.columns[holder].clone() {
                let mut at = 0.0;
                let mut before: Option<Kid> = None;
                for kid in &column {
                    if let Some(before) = before {
                        at += self.space(before, *kid);
                    }
                    let (top, bottom) = self.span(*kid);
                    self.shift(*kid, at - top);
                    at += bottom - top;
                    before = Some(*kid);
                }
                for kid in &column {
                    self.shift(*kid, -at / 2.0);
                }
            }
            if let Some(frame) = holder.checked_sub(1) {
                self.wrap(frame);
            }
        }
    }

    fn middle(&self, point: usize) -> f64 {
        self.top[point] + self.height[point] / 2.0
    }

    /// The middle of something in a column.
    pub fn height_of(&self, kid: Kid) -> f64 {
        let (top, bottom) = self.span(kid);
        (top + bottom) / 2.0
    }

    /// Where a point's links leave and arrive: the middles of its sides.
    pub fn ends(&self, link: &Link) -> ((f64, f64), (f64, f64)) {
        (
            (self.left[link.from] + self.width[link.from], self.middle(link.from)),
            (self.left[link.to], self.middle(link.to)),
        )
    }

    /// The mean height of what a kid is linked to outside of itself, relative to
    /// its own ends; and how much it is pulled there.
    pub fn pull(&self, kid: Kid) -> (f64, f64) {
        let own: &[usize] = match &kid {
            Kid::Item(it) => std::slice::from_ref(it),
            Kid::Frame(it) => &self.inside[*it],
        };
        let (mut sum, mut weight) = (0.0, 0.0);
        for point in own {
            for link in self.touching[*point].iter().map(|it| &self.links[*it]) {
                let other = if link.from == *point { link.to } else { link.from };
                if matches!(kid, Kid::Frame(it) if self.holds[it][other]) {
                    continue;
                }
                sum += (self.middle(other) - self.middle(*point)) * link.weight;
                weight += link.weight;
            }
        }
        (if weight > 0.0 { sum / weight } else { 0.0 }, weight)
    }

    /// Moves everything to where its lines are straight, as far as the order allows.
    pub fn settle(&mut self) {
        self.pack();
        for _ in 0..24 {
            self.relax();
        }
        self.round();
    }

    fn relax(&mut self) {
        let order: Vec<usize> =
            self.inner_first.iter().map(|it| it + 1).chain(std::iter::once(0)).collect();
        for holder in order {
            let pulled: Vec<f64> = self.columns[holder]
                .iter()
                .flatten()
                .filter(|it| self.pull(**it).1 > 0.0)
                .map(|it| self.height_of(*it))
                .collect();
            let middle = pulled.iter().sum::<f64>() / pulled.len().max(1) as f64;
            for column in self.columns[holder].clone() {
                self.relax_column(&column, middle);
            }
            if let Some(frame) = holder.checked_sub(1) {
                self.wrap(frame);
            }
        }
    }

    /// The tops nearest to the wanted ones that keep order and room: pooled
    /// neighbours take their weighted mean.
    fn relax_column(&mut self, column: &[Kid], middle: f64) {
        let mut offset = 0.0;
        let mut before: Option<Kid> = None;
        // Mean of (wanted - offset), weight, count.
        let mut pools: Vec<(f64, f64, usize)> = Vec::new();
        let mut offsets = Vec::new();
        for kid in column {
            if let Some(before) = before {
                let (top, bottom) = self.span(before);
                offset += bottom - top + self.space(before, *kid);
            }
            before = Some(*kid);
            offsets.push(offset);
            let (by, weight) = self.pull(*kid);
            // What nothing pulls stays near the middle of what there is.
            let by = if weight > 0.0 { by } else { middle - self.height_of(*kid) };
            let weight = weight.max(0.001);
            let mut pool = (self.span(*kid).0 + by - offset, weight, 1);
            while let Some(last) = pools.last()
                && last.0 >= pool.0
            {
                let sum = last.1 + pool.1;
                pool = ((last.0 * last.1 + pool.0 * pool.1) / sum, sum, last.2 + pool.2);
                pools.pop();
            }
            pools.push(pool);
        }
        let tops = pools.iter().flat_map(|it| std::iter::repeat_n(it.0, it.2));
        for ((kid, top), offset) in column.iter().zip(tops).zip(offsets) {
            let by = top + offset - self.span(*kid).0;
            self.shift(*kid, by);
        }
    }

    /// Puts all tops on the grid, and apart.
    fn round(&mut self) {
        let order: Vec<usize> =
            self.inner_first.iter().map(|it| it + 1).chain(std::iter::once(0)).collect();
        for holder in order {
            for column in self.columns[holder].clone() {
                let mut before: Option<Kid> = None;
                for kid in column {
                    let mut top = snap(self.span(kid).0);
                    if let Some(before) = before {
                        top = top.max(self.span(before).1 + self.space(before, kid));
                    }
                    self.shift(kid, top - self.span(kid).0);
                    before = Some(kid);
                }
            }
            if let Some(frame) = holder.checked_sub(1) {
                self.wrap(frame);
            }
        }
    }

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
        let items = (0..self.plan.items.len())
            .map(|it| Rect::new(self.left[it], self.top[it], self.width[it], self.height[it]));
        let mut placed =
            Placed { items: items.collect(), frames: self.extent.clone(), ..Placed::default() };
        let all = || placed.items.iter().chain(&placed.frames);
        let left = all().map(|it| it.x).fold(f64::MAX, f64::min);
        let top = all().map(|it| it.y).fold(f64::MAX, f64::min);
        let right = all().map(Rect::right).fold(f64::MIN, f64::max);
        let bottom = all().map(Rect::bottom).fold(f64::MIN, f64::max);
        if left > right {
            return placed;
        }
        placed.width = right - left;
        placed.height = bottom - top;
        for it in placed.items.iter_mut().chain(&mut placed.frames) {
            it.x -= left;
            it.y -= top;
        }
        placed
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
        let at = self.column(parent, Kid::Frame(frame)).unwrap_or(0);
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

fn snap(it: f64) -> f64 {
    (it / STEP).round() * STEP
}

fn up(it: f64) -> f64 {
    (it / STEP).ceil() * STEP
}
