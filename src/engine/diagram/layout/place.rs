//! Coordinates: columns from left to right, and heights at which lines are straight.

use super::ranks::{Kid, Ranks, chain, entry, meet};
use super::{Axis, Placed, Plan, Rect, STEP};
use std::collections::BTreeMap;

/// By item and whether it is its right side: bundles, each with its links.
type Sides = BTreeMap<(usize, bool), Vec<(usize, Vec<usize>)>>;

/// Room between boxes of a column, and between a box and a line that passes.
const GAP: f64 = 24.0;
const LANE_GAP: f64 = 16.0;
const LANE: f64 = 8.0;
/// How much higher than packed a frame may get so that its lines are straight.
const SLACK: f64 = 1.35;
/// Room within a frame, around its content.
const PAD: f64 = 24.0;
/// Room between columns: at least, before the first line that runs up or down
/// there, for each such line, and around words.
const COLUMN: f64 = 56.0;
pub const SIDE: f64 = 16.0;
pub const TRACK: f64 = 16.0;
const WORDS: f64 = 24.0;

/// Everything in its column, while order and heights are being found.
pub struct Board<'p> {
    pub plan: &'p Plan,
    axis: Axis,
    /// Columns of each frame; items from `plan.items.len()` on are lanes, which
    /// keep room for lines that pass a column.
    pub columns: Vec<Vec<Vec<Kid>>>,
    shelves: Vec<Vec<usize>>,
    /// The column that each item, and each frame, stands in.
    column_of_item: Vec<Option<usize>>,
    column_of_frame: Vec<Option<usize>>,
    /// Top and height of each item and lane.
    pub top: Vec<f64>,
    height: Vec<f64>,
    /// Left edge and width of each item and lane.
    left: Vec<f64>,
    width: Vec<f64>,
    /// From a point to the next, with bundle and weight.
    pub links: Vec<Link>,
    /// How far from the middles of its ends each link leaves and arrives.
    pub ports: Vec<(f64, f64)>,
    /// Links of each line from left to right.
    pub chains: Vec<Vec<usize>>,
    /// The first gap of each frame's columns, and the links across each gap.
    first_gap: Vec<usize>,
    pub gap_links: Vec<Vec<usize>>,
    /// Room that each gap needs for what runs up and down in it.
    pub tracks: Vec<usize>,
    /// Frames from the innermost outwards.
    pub inner_first: Vec<usize>,
    /// Extents of each frame's content: top, bottom, left, right.
    extent: Vec<Rect>,
    /// How high the columns of each frame are without any room to spare.
    packed: Vec<f64>,
    /// Points within each frame, lanes included.
    pub inside: Vec<Vec<usize>>,
    /// The same by frame and point.
    pub holds: Vec<Vec<bool>>,
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
    pub gap: usize,
}

impl<'p> Board<'p> {
    pub fn new(plan: &'p Plan, bundles: &[usize], ranks: &Ranks, axis: Axis) -> Self {
        let mut board = Self {
            plan,
            axis,
            columns: ranks.columns.clone(),
            shelves: ranks.shelves.clone(),
            column_of_item: vec![None; plan.items.len()],
            column_of_frame: vec![None; plan.frames.len()],
            top: vec![0.0; plan.items.len()],
            height: plan.items.iter().map(|it| it.h).collect(),
            left: vec![0.0; plan.items.len()],
            width: plan.items.iter().map(|it| it.w).collect(),
            links: Vec::new(),
            ports: Vec::new(),
            chains: Vec::new(),
            first_gap: Vec::new(),
            gap_links: Vec::new(),
            tracks: Vec::new(),
            inner_first: (0..plan.frames.len()).rev().collect(),
            extent: vec![Rect::default(); plan.frames.len()],
            packed: vec![0.0; ranks.columns.len()],
            inside: Vec::new(),
            holds: Vec::new(),
            touching: Vec::new(),
        };
        let mut gaps = 0;
        for columns in &board.columns {
            board.first_gap.push(gaps);
            gaps += columns.len();
            for (n, kid) in
                columns.iter().enumerate().flat_map(|(n, it)| it.iter().map(move |it| (n, it)))
            {
                match kid {
                    Kid::Item(it) => board.column_of_item[*it] = Some(n),
                    Kid::Frame(it) => board.column_of_frame[*it] = Some(n),
                }
            }
        }
        board.lanes(bundles);
        board.gap_links = vec![Vec::new(); gaps];
        board.tracks = vec![0; gaps];
        board.ports = vec![(0.0, 0.0); board.links.len()];
        for (n, link) in board.links.iter().enumerate() {
            board.gap_links[link.gap].push(n);
        }
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
        board.grow();
        board
    }

    /// Lays a lane wherever a line passes a column, one for each bundle.
    fn lanes(&mut self, bundles: &[usize]) {
        let plan = self.plan;
        let mut known: BTreeMap<(usize, usize, usize), usize> = BTreeMap::new();
        let mut linked: BTreeMap<(usize, usize, usize), usize> = BTreeMap::new();
        let (mut out, mut into) = (vec![0u32; plan.items.len()], vec![0u32; plan.items.len()]);
        for line in &plan.lines {
            out[line.from] += 1;
            into[line.to] += 1;
        }
        for (line, bundle) in plan.lines.iter().zip(bundles) {
            self.chains.push(Vec::new());
            let Some((frame, a, b)) = meet(plan, line.from, line.to) else { continue };
            let (Some(from), Some(to)) = (self.column(a), self.column(b)) else { continue };
            if from == to {
                continue;
            }
            let (start, end) = if from < to { (line.from, line.to) } else { (line.to, line.from) };
            let (gaps, passes) = self.passes((start, end), frame, (from.min(to), from.max(to)));
            let most = f64::from(out[line.from].max(into[line.to]).max(1));
            let mut at = start;
            let last = passes.len();
            for (n, gap) in gaps.into_iter().enumerate() {
                let next = match passes.get(n) {
                    None => end,
                    Some((holder, column)) => {
                        *known.entry((*holder, *column, *bundle)).or_insert_with(|| {
                            let lane = self.top.len();
                            self.top.push(0.0);
                            self.height.push(LANE);
                            self.left.push(0.0);
                            self.width.push(0.0);
                            self.columns[*holder][*column].push(Kid::Item(lane));
                            lane
                        })
                    }
                };
                // Long ways bend least where they are far from both ends.
                let inner = n > 0 && n < last;
                let weight = (if inner { 4.0 } else { 1.0 }) / (most * most);
                let link = *linked.entry((at, next, *bundle)).or_insert_with(|| {
                    let weight = 0.0;
                    self.links.push(Link { from: at, to: next, bundle: *bundle, weight, gap });
                    self.links.len() - 1
                });
                self.links[link].weight += weight;
                if let Some(chain) = self.chains.last_mut() {
                    chain.push(link);
                }
                at = next;
            }
        }
    }

    /// The gaps that a line crosses and, between each two of them, the column of
    /// a frame that it passes: out of the frames of its start, through those
    /// columns of the frame that holds both ends, into the frames of its end.
    fn passes(
        &self,
        ends: (usize, usize),
        frame: Option<usize>,
        columns: (usize, usize),
    ) -> (Vec<usize>, Vec<(usize, usize)>) {
        let (mut gaps, mut passes) = (Vec::new(), Vec::new());
        for (holder, column) in self.holders(ends.0, frame).into_iter().rev() {
            for it in column..self.columns[holder].len() - 1 {
                gaps.push(self.first_gap[holder] + it);
                passes.push((holder, it + 1));
            }
        }
        let holder = entry(frame);
        for it in columns.0..columns.1 {
            gaps.push(self.first_gap[holder] + it);
            if it + 1 < columns.1 {
                passes.push((holder, it + 1));
            }
        }
        for (holder, column) in self.holders(ends.1, frame) {
            for it in 0..column {
                passes.push((holder, it));
                gaps.push(self.first_gap[holder] + it);
            }
        }
        (gaps, passes)
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
                Some((holder + 1, self.column(pair[1])?))
            })
            .collect()
    }

    fn column(&self, kid: Kid) -> Option<usize> {
        match kid {
            Kid::Item(it) => self.column_of_item.get(it).copied().flatten(),
            Kid::Frame(it) => self.column_of_frame[it],
        }
    }

    /// Bundles at the left and at the right side of each item, with their links.
    fn sides(&self) -> Sides {
        let mut sides = Sides::new();
        for (n, link) in self.links.iter().enumerate() {
            for (point, right) in [(link.from, true), (link.to, false)] {
                if self.is_lane(point) {
                    continue;
                }
                let list = sides.entry((point, right)).or_default();
                match list.iter_mut().find(|it| it.0 == link.bundle) {
                    Some(it) => it.1.push(n),
                    None => list.push((link.bundle, vec![n])),
                }
            }
        }
        sides
    }

    /// An item with many lines gets as high as they need.
    fn grow(&mut self) {
        for ((item, _), bundles) in self.sides() {
            let need = (bundles.len() as f64 - 1.0) * STEP + 2.0 * STEP;
            while self.height[item] < need {
                self.height[item] += 2.0 * STEP;
            }
        }
    }

    /// Spreads the lines over the sides of items, in the order of where they go.
    /// Lines between the same two take the order of the other end.
    pub fn attach(&mut self) {
        for _ in 0..3 {
            self.spread();
        }
    }

    fn spread(&mut self) {
        let most = match self.axis {
            Axis::Right => 2.0 * STEP,
            Axis::Down => 4.0 * STEP,
        };
        for ((item, right), bundles) in self.sides() {
            let mut wants: Vec<(f64, &Vec<usize>)> = bundles
                .iter()
                .map(|(_, links)| {
                    let far = |it: &usize| {
                        let (from, to) = self.ends(*it);
                        if right { to } else { from }
                    };
                    (links.iter().map(far).sum::<f64>() / links.len() as f64, links)
                })
                .collect();
            wants.sort_by(|a, b| a.0.total_cmp(&b.0));
            let spare = wants.len() as f64 - 1.0;
            let room = self.height[item] - 2.0 * STEP;
            let apart = ((room / spare.max(1.0) / STEP).floor() * STEP).clamp(STEP, most);
            let mut offset = -(spare * apart / 2.0 / STEP).floor() * STEP;
            for (_, links) in wants {
                for link in links {
                    let port = &mut self.ports[*link];
                    *(if right { &mut port.0 } else { &mut port.1 }) = offset;
                }
                offset += apart;
            }
        }
    }

    pub fn is_lane(&self, point: usize) -> bool {
        point >= self.plan.items.len()
    }

    /// Left edges of all columns, and widths of all frames.
    pub fn columns_apart(&mut self) {
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
        let gap = self.first_gap[holder] + column;
        let tracks = self.tracks[gap] as f64;
        let words = self
            .plan
            .lines
            .iter()
            .zip(&self.chains)
            .filter(|(_, chain)| matches!(chain[..], [only] if self.links[only].gap == gap))
            .map(|(it, _)| it.label.0)
            .fold(0.0, f64::max);
        up((SIDE + tracks * TRACK + WORDS).max(COLUMN).max(SIDE + tracks * TRACK + words + WORDS))
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

fn snap(it: f64) -> f64 {
    (it / STEP).round() * STEP
}

fn up(it: f64) -> f64 {
    (it / STEP).ceil() * STEP
}
