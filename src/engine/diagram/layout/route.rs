//! Right-angled ways through the gaps between columns.
//!
//! A line leaves a column at the height of its port, runs up or down on a track of
//! the gap, and goes on at the height of the next. Tracks are ordered so that few
//! lines cross and none lies on another; a line that would have to change places
//! with another takes two tracks. Columns are passed on lanes, which the layout
//! has kept free, so no line touches an item or the name of a frame.

use super::place::{Board, SIDE, TRACK};
use super::{Placed, Rect, Route, STEP};
use std::collections::BTreeMap;

/// What a line pays for lying on another instead of crossing it.
const OVERLAP: usize = 1000;

/// What runs through a gap, from the left to the right.
pub struct Channel {
    nets: Vec<Net>,
    pub tracks: usize,
}

/// Links of one bundle that hang together: a trunk with ends to both sides.
#[derive(Clone, Debug, Default)]
struct Net {
    links: Vec<usize>,
    left: Vec<f64>,
    right: Vec<f64>,
    track: usize,
    /// The place of the second trunk, for a net that takes two tracks.
    second: Option<usize>,
    /// Whether it is the second trunk of another.
    is_second: bool,
}

impl Net {
    fn low(&self) -> f64 {
        self.left.iter().chain(&self.right).copied().fold(f64::MAX, f64::min)
    }

    fn high(&self) -> f64 {
        self.left.iter().chain(&self.right).copied().fold(f64::MIN, f64::max)
    }

    fn is_straight(&self) -> bool {
        self.high() - self.low() < 0.5
    }

    /// Crossings and overlaps if this one runs to the left of another.
    fn before(&self, other: &Self) -> usize {
        let within = |at: &&f64, it: &Self| **at > it.low() + 0.5 && **at < it.high() - 0.5;
        let laid = self.right.iter().filter(|a| other.left.iter().any(|b| (*a - *b).abs() < 3.0));
        self.right.iter().filter(|it| within(it, other)).count()
            + other.left.iter().filter(|it| within(it, self)).count()
            + laid.count() * OVERLAP
    }

    fn meets(&self, other: &Self) -> bool {
        self.low() < other.high() + STEP && other.low() < self.high() + STEP
    }
}

/// What runs through each gap, in tracks.
pub fn channels(board: &Board<'_>) -> Vec<Channel> {
    board.gap_links.iter().map(|links| channel(board, links)).collect()
}

fn channel(board: &Board<'_>, links: &[usize]) -> Channel {
    let mut nets = nets(board, links);
    let mut order: Vec<usize> = (0..nets.len()).filter(|it| !nets[*it].is_straight()).collect();
    // Upper ones first where all go down, last where all go up.
    order.sort_by(|a, b| nets[*a].low().total_cmp(&nets[*b].low()));
    arrange(&nets, &mut order);
    for _ in 0..order.len() {
        let Some(at) = laid(&nets, &order) else { break };
        split(&mut nets, &mut order, at);
        arrange(&nets, &mut order);
    }
    let mut tracks = 0;
    for (n, it) in order.iter().enumerate() {
        let before = order[..n].iter().filter(|other| nets[**other].meets(&nets[*it]));
        let track = before.map(|other| nets[*other].track + 1).max().unwrap_or(0);
        nets[*it].track = track;
        tracks = tracks.max(track + 1);
    }
    Channel { nets, tracks }
}

fn nets(board: &Board<'_>, links: &[usize]) -> Vec<Net> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for link in links {
        let it = &board.links[*link];
        let mut own = vec![*link];
        // Whatever it hangs together with becomes one.
        groups.retain_mut(|group| {
            let touches = group.iter().any(|other| {
                let other = &board.links[*other];
                other.bundle == it.bundle && (other.from == it.from || other.to == it.to)
            });
            if touches {
                own.append(group);
            }
            !touches
        });
        groups.push(own);
    }
    groups
        .into_iter()
        .map(|mut links| {
            links.sort_unstable();
            let mut net = Net::default();
            for link in &links {
                let (from, to) = board.ends(*link);
                net.left.push(from);
                net.right.push(to);
            }
            for side in [&mut net.left, &mut net.right] {
                side.sort_by(f64::total_cmp);
                side.dedup();
            }
            Net { links, ..net }
        })
        .collect()
}

/// Moves every net to the track where it costs least, until none moves.
fn arrange(nets: &[Net], order: &mut Vec<usize>) {
    let cost: Vec<Vec<usize>> = (0..nets.len())
        .map(|a| (0..nets.len()).map(|b| if a == b { 0 } else { before(nets, a, b) }).collect())
        .collect();
    for _ in 0..8 {
        let mut moved = false;
        for it in order.clone() {
            let Some(from) = order.iter().position(|other| *other == it) else { continue };
            order.remove(from);
            let mut now: usize = order.iter().map(|other| cost[it][*other]).sum();
            let mut best = (now, 0);
            let mut costs = vec![now];
            for (n, other) in order.iter().enumerate() {
                now = now - cost[it][*other] + cost[*other][it];
                costs.push(now);
                if now < best.0 {
                    best = (now, n + 1);
                }
            }
            let to = if costs[from] == best.0 { from } else { best.1 };
            order.insert(to, it);
            moved |= to != from;
        }
        if !moved {
            return;
        }
    }
}

/// The cost of one net left of another; the halves of a split one keep their order.
fn before(nets: &[Net], one: usize, other: usize) -> usize {
    if nets[one].second == Some(other) {
        return 0;
    }
    if nets[other].second == Some(one) {
        return OVERLAP * OVERLAP;
    }
    nets[one].before(&nets[other])
}

/// The place in the order of a net that lies on another.
fn laid(nets: &[Net], order: &[usize]) -> Option<usize> {
    (0..order.len()).find(|n| {
        let one = order[*n];
        nets[one].second.is_none()
            && !nets[one].is_second
            && order[n + 1..].iter().any(|other| before(nets, one, *other) >= OVERLAP)
    })
}

/// Makes a net of two trunks, with a piece between them at a free height.
fn split(nets: &mut Vec<Net>, order: &mut Vec<usize>, at: usize) {
    let it = order[at];
    let taken: Vec<f64> =
        nets.iter().flat_map(|it| it.left.iter().chain(&it.right)).copied().collect();
    let (low, high) = (nets[it].low(), nets[it].high());
    let middle = (low + high) / 2.0;
    let free = |y: f64| taken.iter().map(|it| (it - y).abs()).fold(STEP, f64::min);
    let steps = ((high - low) / (STEP / 2.0)) as usize;
    let best = (1..steps.max(2))
        .map(|n| low + n as f64 * STEP / 2.0)
        .max_by(|a, b| {
            let near = |y: f64| -(y - middle).abs();
            free(*a).total_cmp(&free(*b)).then(near(*a).total_cmp(&near(*b)))
        })
        .unwrap_or(middle);
    let right = std::mem::replace(&mut nets[it].right, vec![best]);
    let links = nets[it].links.clone();
    nets.push(Net { links, left: vec![best], right, is_second: true, ..Net::default() });
    nets[it].second = Some(nets.len() - 1);
    order.insert(at + 1, nets.len() - 1);
}

/// Draws all lines of a placed plan.
pub fn draw(board: &Board<'_>, bundles: &[usize], placed: &mut Placed) {
    let channels = channels(board);
    let rooms = board.rooms();
    let mut bends: BTreeMap<usize, Vec<(f64, f64)>> = BTreeMap::new();
    for (channel, room) in channels.iter().zip(&rooms) {
        // A gap that got less than it asked for has its tracks closer together.
        let spare = room.1 - room.0 - SIDE - 1.5 * SIDE;
        let apart = (spare / (channel.tracks as f64 - 1.0).max(1.0)).clamp(2.0, TRACK);
        let x = |net: &Net| (room.0 + SIDE + net.track as f64 * apart).round();
        for net in channel.nets.iter().filter(|it| !it.is_second && !it.is_straight()) {
            for link in &net.links {
                let (from, to) = board.ends(*link);
                let list = bends.entry(*link).or_default();
                match net.second.map(|it| &channel.nets[it]) {
                    None => list.extend([(x(net), from), (x(net), to)]),
                    Some(second) => {
                        let middle = net.right.first().copied().unwrap_or(to);
                        list.extend([(x(net), from), (x(net), middle)]);
                        list.extend([(x(second), middle), (x(second), to)]);
                    }
                }
            }
        }
    }
    placed.routes = (0..board.plan.lines.len())
        .map(|line| {
            let points = way(board, placed, line, &bends);
            Route { points: straightened(&points), bundle: bundles[line], label: None }
        })
        .collect();
    frame_all(placed);
}

/// All points of a line, from its source to its target.
fn way(
    board: &Board<'_>,
    placed: &Placed,
    line: usize,
    bends: &BTreeMap<usize, Vec<(f64, f64)>>,
) -> Vec<(f64, f64)> {
    let ends = &board.plan.lines[line];
    let (source, target) = (placed.items[ends.from], placed.items[ends.to]);
    let chain = &board.chains[line];
    let (Some(first), Some(last)) = (chain.first(), chain.last()) else {
        return beside(source, target);
    };
    let (a, b) = (board.links[*first].from, board.links[*last].to);
    let mut points = vec![(placed.items[a].right(), board.ends(*first).0)];
    for link in chain {
        points.extend(bends.get(link).into_iter().flatten());
    }
    points.push((placed.items[b].x, board.ends(*last).1));
    if a != ends.from {
        points.reverse();
    }
    points
}

/// A line that crosses no gap: from an item to itself.
fn beside(source: Rect, target: Rect) -> Vec<(f64, f64)> {
    let x = source.right().max(target.right()) + SIDE;
    let (a, b) = (source.middle().1, target.y + STEP);
    vec![(source.right(), a), (x, a), (x, b), (target.right(), b)]
}

/// Makes room for lines that run outside of everything.
fn frame_all(placed: &mut Placed) {
    let points = || placed.routes.iter().flat_map(|it| &it.points);
    let left = points().map(|it| it.0 - STEP).fold(0.0, f64::min);
    let top = points().map(|it| it.1 - STEP).fold(0.0, f64::min);
    let right = points().map(|it| it.0 + STEP).fold(placed.width, f64::max);
    let bottom = points().map(|it| it.1 + STEP).fold(placed.height, f64::max);
    for it in placed.items.iter_mut().chain(&mut placed.frames) {
        it.x -= left;
        it.y -= top;
    }
    for route in &mut placed.routes {
        for it in &mut route.points {
            *it = (it.0 - left, it.1 - top);
        }
    }
    placed.width = right - left;
    placed.height = bottom - top;
}

/// Leaves out points between others of the same line.
fn straightened(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = Vec::new();
    for it in points {
        if out.last() == Some(it) {
            continue;
        }
        if let [.., a, b] = out[..]
            && ((a.0 == b.0 && b.0 == it.0) || (a.1 == b.1 && b.1 == it.1))
        {
            out.pop();
        }
        out.push(*it);
    }
    out
}
