//! The order within columns that has few crossings.
//!
//! What is linked across a gap between two columns crosses exactly where the order
//! of the ends differs on both sides; frames count as one, so nothing leaves its
//! frame. Sifting tries every place of a column for each of its kids, first from the
//! given order; sweeps put everything at the mean of what it is linked to, as another
//! start, whose result has to be much better to be taken: a new part is not to
//! reshuffle the rest. Work is counted in steps and not in time.

use super::place::{Board, Link};
use super::ranks::Kid;

/// Pairs of links that may be compared in all: keeps large pictures fast.
pub const BUDGET: usize = 2_500_000;
/// What looking at a pair of kids costs besides.
const PAIR: usize = 4;
const SWEEPS: usize = 10;
/// Of a hundred crossings so many may be left when another order is taken.
const MUCH: usize = 85;
/// A lane needs less room than an item.
const LANE: f64 = 0.4;

type Columns = Vec<Vec<Vec<Kid>>>;

pub fn improve(board: &mut Board<'_>, budget: usize) {
    let mut order = Order::new(board, budget);
    // First what is nearest to the given order: lanes find their places around it.
    order.stack_all();
    order.lanes_only = true;
    order.sift_all();
    order.lanes_only = false;
    order.stale.fill(true);
    order.sift_all();
    let near = (order.count(), order.columns.clone());
    // Then what is best, which has to be much better.
    let mut best = near.clone();
    for sweep in 0..SWEEPS {
        if best.0 == 0 {
            break;
        }
        order.sweep(0, sweep % 2 == 0);
        let now = order.count();
        if now < best.0 || sweep == 0 {
            best = (now, order.columns.clone());
        }
    }
    order.columns = best.1;
    order.stack_all();
    order.stale.fill(true);
    order.sift_all();
    if order.count() * 100 > near.0 * MUCH {
        order.columns = near.1;
        order.stack_all();
    }
    board.columns = order.columns;
}

struct Order<'a> {
    columns: Columns,
    links: &'a [Link],
    gaps: &'a [Vec<usize>],
    /// Links that leave each frame to the left and to the right.
    ends_of_frame: Vec<[Vec<usize>; 2]>,
    ends_of_point: Vec<[Vec<usize>; 2]>,
    inner_first: &'a [usize],
    /// How much of a column everything takes, which no order changes.
    size_of_frame: Vec<f64>,
    size_of_point: Vec<f64>,
    top_of_frame: Vec<f64>,
    /// The middle of each item and lane.
    at: Vec<f64>,
    /// The columns around each point, innermost last, as indices into `stale`.
    around: Vec<Vec<usize>>,
    /// Columns that have not been sifted since something moved.
    stale: Vec<bool>,
    places: Vec<(usize, usize)>,
    /// Whether only lanes are sifted.
    lanes_only: bool,
    compared: usize,
    budget: usize,
}

impl<'a> Order<'a> {
    fn new(board: &'a Board<'_>, budget: usize) -> Self {
        let points = board.top.len();
        let frames = board.plan.frames.len();
        let mut ends_of_point = vec![[Vec::new(), Vec::new()]; points];
        for (n, link) in board.links.iter().enumerate() {
            ends_of_point[link.to][0].push(n);
            ends_of_point[link.from][1].push(n);
        }
        let mut ends_of_frame = vec![[Vec::new(), Vec::new()]; frames];
        for (frame, ends) in ends_of_frame.iter_mut().enumerate() {
            for (n, link) in board.links.iter().enumerate() {
                match (board.holds[frame][link.from], board.holds[frame][link.to]) {
                    (false, true) => ends[0].push(n),
                    (true, false) => ends[1].push(n),
                    _ => {}
                }
            }
        }
        let size = |it: usize| if board.is_lane(it) { LANE } else { 1.0 };
        let mut order = Self {
            columns: board.columns.clone(),
            links: &board.links,
            gaps: &board.gap_links,
            ends_of_frame,
            ends_of_point,
            inner_first: &board.inner_first,
            size_of_frame: vec![0.0; frames],
            size_of_point: (0..points).map(size).collect(),
            top_of_frame: vec![0.0; frames],
            at: vec![0.0; points],
            around: vec![Vec::new(); points],
            stale: Vec::new(),
            places: Vec::new(),
            lanes_only: false,
            compared: 0,
            budget,
        };
        for (holder, columns) in order.columns.iter().enumerate() {
            for (column, kids) in columns.iter().enumerate() {
                for kid in kids {
                    match kid {
                        Kid::Item(it) => order.around[*it].push(order.places.len()),
                        Kid::Frame(it) => {
                            for point in &board.inside[*it] {
                                order.around[*point].push(order.places.len());
                            }
                        }
                    }
                }
                order.places.push((holder, column));
            }
        }
        order.stale = vec![true; order.places.len()];
        for frame in order.inner_first {
            let column = |it: &Vec<Kid>| it.iter().map(|it| order.size(*it)).sum::<f64>();
            let most = order.columns[frame + 1].iter().map(column).fold(1.0, f64::max);
            order.size_of_frame[*frame] = most;
        }
        order
    }

    fn size(&self, kid: Kid) -> f64 {
        match kid {
            Kid::Item(it) => self.size_of_point[it],
            Kid::Frame(it) => self.size_of_frame[it],
        }
    }

    fn middle(&self, kid: Kid) -> f64 {
        match kid {
            Kid::Item(it) => self.at[it],
            Kid::Frame(it) => self.top_of_frame[it] + self.size_of_frame[it] / 2.0,
        }
    }

    fn stack_all(&mut self) {
        for column in 0..self.columns[0].len() {
            self.stack(0, column);
        }
    }

    /// Puts the kids of a column below each other, with all that is inside them.
    fn stack(&mut self, holder: usize, column: usize) {
        let kids = std::mem::take(&mut self.columns[holder][column]);
        let (top, room) = match holder.checked_sub(1) {
            Some(frame) => (self.top_of_frame[frame], self.size_of_frame[frame]),
            None => (0.0, 0.0),
        };
        let high: f64 = kids.iter().map(|it| self.size(*it)).sum();
        let mut y = top + (room - high) / 2.0;
        for kid in &kids {
            let size = self.size(*kid);
            match kid {
                Kid::Item(it) => self.at[*it] = y + size / 2.0,
                Kid::Frame(it) => {
                    self.top_of_frame[*it] = y;
                    for inner in 0..self.columns[it + 1].len() {
                        self.stack(it + 1, inner);
                    }
                }
            }
            y += size;
        }
        self.columns[holder][column] = kids;
    }

    /// How many pairs of links cross.
    fn count(&mut self) -> usize {
        let mut count = 0;
        for gap in self.gaps {
            for (n, one) in gap.iter().enumerate() {
                let one = &self.links[*one];
                for other in &gap[n + 1..] {
                    let other = &self.links[*other];
                    let turn = (self.at[one.from] - self.at[other.from])
                        * (self.at[one.to] - self.at[other.to]);
                    if turn < 0.0 && one.bundle != other.bundle {
                        count += 1;
                    }
                }
            }
            self.compared += gap.len() * gap.len() / 2;
        }
        count
    }

    fn ends(&self, kid: Kid, side: usize) -> &[usize] {
        match kid {
            Kid::Item(it) => &self.ends_of_point[it][side],
            Kid::Frame(it) => &self.ends_of_frame[it][side],
        }
    }

    /// Sorts every column by where its links to one side pull.
    fn sweep(&mut self, holder: usize, forward: bool) {
        let count = self.columns[holder].len();
        for n in 0..count {
            let column = if forward { n } else { count - 1 - n };
            let kids = self.columns[holder][column].clone();
            if kids.len() > 1 {
                let mut keyed: Vec<(f64, Kid)> =
                    kids.iter().map(|it| (self.wish(*it, forward), *it)).collect();
                keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
                self.columns[holder][column] = keyed.into_iter().map(|it| it.1).collect();
                self.stack(holder, column);
            }
            for kid in kids {
                if let Kid::Frame(it) = kid {
                    self.sweep(it + 1, forward);
                }
            }
        }
    }

    /// Where a kid would have its links to one side straight.
    fn wish(&self, kid: Kid, forward: bool) -> f64 {
        let ends = self.ends(kid, usize::from(!forward));
        let by = |it: &usize| {
            let link = &self.links[*it];
            let way = self.at[link.from] - self.at[link.to];
            if forward { way } else { -way }
        };
        let sum: f64 = ends.iter().map(by).sum();
        self.middle(kid) + sum / ends.len().max(1) as f64
    }

    /// Crossings between what leaves two kids of a column: with the first above
    /// the second, and the other way round.
    fn pair(&mut self, one: Kid, other: Kid) -> (isize, isize) {
        let (mut above, mut below) = (0, 0);
        let mut compared = 0;
        for side in 0..2 {
            let far = |it: &Link| if side == 0 { it.from } else { it.to };
            let (ours, theirs) = (self.ends(one, side), self.ends(other, side));
            compared += ours.len() * theirs.len() + PAIR;
            for a in ours {
                let a = &self.links[*a];
                let at = self.at[far(a)];
                for b in theirs {
                    let b = &self.links[*b];
                    if a.bundle == b.bundle {
                        continue;
                    }
                    let to = self.at[far(b)];
                    above += isize::from(at > to);
                    below += isize::from(at < to);
                }
            }
        }
        self.compared += compared;
        (above, below)
    }

    /// Sifts until nothing helps any more.
    fn sift_all(&mut self) {
        while self.stale.contains(&true) && self.compared < self.budget {
            for n in 0..self.places.len() {
                if std::mem::take(&mut self.stale[n]) {
                    let (holder, column) = self.places[n];
                    self.sift(holder, column);
                }
            }
        }
        self.stale.fill(false);
    }

    /// Notes that what is linked to a kid may now stand better elsewhere.
    fn touch(&mut self, kid: Kid) {
        for side in 0..2 {
            for n in 0..self.ends(kid, side).len() {
                let link = &self.links[self.ends(kid, side)[n]];
                for point in [link.from, link.to] {
                    for column in &self.around[point] {
                        self.stale[*column] = true;
                    }
                }
            }
        }
    }

    /// Tries every place of a column for each of its kids.
    fn sift(&mut self, holder: usize, column: usize) {
        for kid in self.columns[holder][column].clone() {
            if self.lanes_only && self.size(kid) >= 1.0 {
                continue;
            }
            let list = &self.columns[holder][column];
            let Some(from) = list.iter().position(|it| *it == kid) else { continue };
            let list = list.clone();
            let mut best = (0, from);
            let mut gain = 0;
            for (n, other) in list.iter().enumerate().skip(from + 1) {
                let (above, below) = self.pair(kid, *other);
                gain += below - above;
                if gain < best.0 {
                    best = (gain, n);
                }
            }
            gain = 0;
            for n in (0..from).rev() {
                let (above, below) = self.pair(list[n], kid);
                gain += below - above;
                if gain < best.0 {
                    best = (gain, n);
                }
            }
            if best.0 < 0 {
                let list = &mut self.columns[holder][column];
                list.remove(from);
                list.insert(best.1, kid);
                self.stack(holder, column);
                self.touch(kid);
            }
        }
    }
}
