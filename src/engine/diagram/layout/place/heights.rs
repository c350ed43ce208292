//! From top to bottom: everything moves to where its lines are straight, as far as
//! the order in its column allows.

use super::super::STEP;
use super::super::ranks::Kid;
use super::{Board, GAP, PAD, SLACK, snap};

impl Board<'_> {
    /// Stacks every column, centred on the highest of its frame.
    pub fn pack(&mut self) {
        let order: Vec<usize> =
            self.inner_first.iter().map(|it| it + 1).chain(std::iter::once(0)).collect();
        for holder in order {
            self.packed[holder] = 0.0;
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
                self.packed[holder] = self.packed[holder].max(at);
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

    /// The heights at which a link leaves and arrives.
    pub fn ends(&self, link: usize) -> (f64, f64) {
        let (it, port) = (&self.links[link], self.ports[link]);
        (self.middle(it.from) + port.0, self.middle(it.to) + port.1)
    }

    /// The room between the columns at both sides of each gap.
    pub fn rooms(&self) -> Vec<(f64, f64)> {
        let mut rooms = vec![(0.0, 0.0); self.gap_links.len()];
        for (holder, columns) in self.columns.iter().enumerate() {
            for (n, pair) in columns.windows(2).enumerate() {
                let edge = |kid: &Kid| match kid {
                    Kid::Item(it) if self.is_lane(*it) => None,
                    Kid::Item(it) => Some((self.left[*it], self.left[*it] + self.width[*it])),
                    Kid::Frame(it) => Some((self.extent[*it].x, self.extent[*it].right())),
                };
                let left = pair[0].iter().filter_map(edge).map(|it| it.1).fold(f64::MIN, f64::max);
                let right = pair[1].iter().filter_map(edge).map(|it| it.0).fold(f64::MAX, f64::min);
                rooms[self.first_gap[holder] + n] = (left, right);
            }
        }
        rooms
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
            for n in &self.touching[*point] {
                let link = &self.links[*n];
                let out = link.from == *point;
                let other = if out { link.to } else { link.from };
                if matches!(kid, Kid::Frame(it) if self.holds[it][other]) {
                    continue;
                }
                let (from, to) = self.ends(*n);
                let way = if out { to - from } else { from - to };
                sum += way * link.weight;
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
        for turn in 0..6 {
            if !self.straighten(turn % 2 == 0) {
                break;
            }
        }
    }

    /// Moves single lanes and items to where a line is straight, if there is room.
    fn straighten(&mut self, forward: bool) -> bool {
        let mut helped = false;
        let mut places: Vec<(usize, usize)> = (0..self.columns.len())
            .flat_map(|holder| (0..self.columns[holder].len()).map(move |it| (holder, it)))
            .collect();
        if !forward {
            places.reverse();
        }
        for (holder, column) in places {
            let kids = self.columns[holder][column].clone();
            for (n, kid) in kids.iter().enumerate() {
                let Kid::Item(point) = *kid else { continue };
                let (top, bottom) = self.span(*kid);
                let (mut low, mut high) = match holder.checked_sub(1) {
                    Some(frame) => {
                        (self.extent[frame].y + self.head(frame), self.extent[frame].bottom() - PAD)
                    }
                    None => (f64::MIN, f64::MAX),
                };
                if let Some(above) = n.checked_sub(1).map(|it| kids[it]) {
                    low = low.max(self.span(above).1 + self.space(above, *kid));
                }
                if let Some(below) = kids.get(n + 1) {
                    high = high.min(self.span(*below).0 - self.space(*kid, *below));
                }
                let mut best = (self.bent(point, 0.0), 0.0);
                for link in &self.touching[point] {
                    let (from, to) = self.ends(*link);
                    let by = if self.links[*link].from == point { to - from } else { from - to };
                    if by == 0.0 || top + by < low || bottom + by > high {
                        continue;
                    }
                    // What stays as bent as it was passes its bend on.
                    let bent = self.bent(point, by);
                    let ahead = (self.links[*link].to == point) == forward && self.is_lane(point);
                    if bent < best.0 - 0.01 || (ahead && bent < best.0 + 0.01 && best.1 == 0.0) {
                        best = (bent, by);
                    }
                }
                if best.1 != 0.0 {
                    self.shift(*kid, best.1);
                    helped = true;
                }
            }
        }
        helped
    }

    /// How bent the links of a point are when it moves by so much.
    fn bent(&self, point: usize, by: f64) -> f64 {
        self.touching[point]
            .iter()
            .map(|it| {
                let (from, to) = self.ends(*it);
                let way =
                    if self.links[*it].from == point { to - from - by } else { from - to - by };
                match way.abs() {
                    way if way < 0.5 => 0.0,
                    // Small steps look like mistakes.
                    way if way <= 2.0 * STEP => 1.5,
                    way => 1.0 + way / 10_000.0,
                }
            })
            .sum()
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
            // What is drawn out too far pushes others away, which draw it out further.
            let slack = self.packed[holder] * SLACK + 2.0 * GAP;
            let (top, bottom) = self.columns[holder]
                .iter()
                .flatten()
                .map(|it| self.span(*it))
                .fold((f64::MAX, f64::MIN), |a, b| (a.0.min(b.0), a.1.max(b.1)));
            let centre = (top + bottom) / 2.0;
            let room = (centre - slack / 2.0, centre + slack / 2.0);
            for column in self.columns[holder].clone() {
                self.relax_column(&column, middle, room);
            }
            if let Some(frame) = holder.checked_sub(1) {
                self.wrap(frame);
            }
        }
    }

    /// The tops nearest to the wanted ones that keep order and room: pooled
    /// neighbours take their weighted mean.
    fn relax_column(&mut self, column: &[Kid], middle: f64, room: (f64, f64)) {
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
        let Some(last) = column.last() else { return };
        let (top, bottom) = self.span(*last);
        let high = offset + bottom - top;
        let (low, high) = (room.0, (room.1 - high).max(room.0));
        let tops = pools.iter().flat_map(|it| std::iter::repeat_n(it.0, it.2));
        for ((kid, top), offset) in column.iter().zip(tops).zip(offsets) {
            let by = top.clamp(low, high) + offset - self.span(*kid).0;
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
}
