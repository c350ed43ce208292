//! Coordinates: columns from left to right, and heights at which lines are straight.
//!
//! [`Board`] holds what is known so far. [`columns`] puts columns apart,
//! [`heights`] finds where in them everything stands, [`shelves`] adds what
//! stands beside the flow and hands out the rectangles.

mod columns;
mod heights;
mod shelves;

use super::ranks::{Kid, Ranks, chain, entry, meet};
use super::{Axis, Plan, Rect, STEP};
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
}

fn snap(it: f64) -> f64 {
    (it / STEP).round() * STEP
}

fn up(it: f64) -> f64 {
    (it / STEP).ceil() * STEP
}
