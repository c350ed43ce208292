//! Right-angled ways around everything.
//!
//! A best-first search on the grid pays for length, bends, crossings, running
//! close to others and passing frames that the line has no business in. Lines of
//! one bundle run for less where one of them runs already, so they part late and
//! meet early. A second round lets early lines make way for later ones.

use super::{Axis, Placed, Plan, Rect, Route, STEP};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Free room around the picture, in cells.
const MARGIN: i32 = 6;
/// How close a line may come to the sides, and to top and bottom, of an item.
const SIDE: f64 = 16.0;
const BELOW: f64 = 12.0;

const MOVE: u32 = 8;
const MOVE_TOGETHER: u32 = 1;
const BEND: u32 = 28;
const CROSS: u32 = 64;
const CLOSE: u32 = 10;
const BORDER: u32 = 20;
const LABEL: u32 = 120;
const FOREIGN: u32 = 14;
const OVERLAP: u32 = 600;

/// Up to this many lines the best way is found among all, and each is drawn
/// again once all are there; above it, only those that cross something are.
const FEW: usize = 48;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Left,
    Right,
    Top,
    Bottom,
}

/// Where a line leaves or reaches an item.
#[derive(Clone, Copy, Debug)]
struct Port {
    item: usize,
    side: Side,
    /// Away from the middle of the side.
    offset: f64,
}

pub fn draw(plan: &Plan, bundles: &[usize], placed: &mut Placed, axis: Axis) {
    let ports = ports(plan, bundles, placed);
    let mut grid = Grid::new(plan, placed, axis);
    let mut order: Vec<usize> = (0..plan.lines.len()).collect();
    let reach = |it: &usize| {
        let (a, b) = (point(placed, ports[*it].0), point(placed, ports[*it].1));
        ((a.1 - b.1).abs() * 2.0 + (a.0 - b.0).abs()) as i64
    };
    order.sort_by_key(reach);
    let mut ways: Vec<Vec<usize>> = vec![Vec::new(); plan.lines.len()];
    for line in &order {
        ways[*line] = grid.search(plan, placed, *line, bundles[*line], ports[*line]);
        grid.mark(&ways[*line], bundles[*line], true);
    }
    let rounds = if plan.lines.len() > FEW { 1 } else { 2 };
    for _ in 0..rounds {
        for line in &order {
            if plan.lines.len() > FEW && !grid.crosses(&ways[*line], bundles[*line]) {
                continue;
            }
            let old = std::mem::take(&mut ways[*line]);
            grid.mark(&old, bundles[*line], false);
            ways[*line] = grid.search(plan, placed, *line, bundles[*line], ports[*line]);
            grid.mark(&ways[*line], bundles[*line], true);
        }
    }
    placed.routes = ways
        .iter()
        .zip(&ports)
        .zip(bundles)
        .map(|((way, ports), bundle)| {
            let mut points = vec![point(placed, ports.0)];
            points.extend(way.iter().map(|cell| grid.at(*cell)));
            points.push(point(placed, ports.1));
            Route { points: straightened(&points), bundle: *bundle, label: None }
        })
        .collect();
    frame_all(placed);
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

fn point(placed: &Placed, port: Port) -> (f64, f64) {
    let it = placed.items[port.item];
    let (x, y) = it.middle();
    // Middles of columns fall between the lines of the grid.
    let x = ((x + port.offset) / STEP).floor() * STEP;
    match port.side {
        Side::Left => (it.x, y + port.offset),
        Side::Right => (it.right(), y + port.offset),
        Side::Top => (x, it.y),
        Side::Bottom => (x, it.bottom()),
    }
}

/// Chooses sides, and spreads bundles over each side in order of where they go.
fn ports(plan: &Plan, bundles: &[usize], placed: &Placed) -> Vec<(Port, Port)> {
    let mut ports: Vec<(Port, Port)> = plan
        .lines
        .iter()
        .map(|line| {
            let (a, b) = (placed.items[line.from], placed.items[line.to]);
            let sides = if b.x >= a.right() + 2.0 * SIDE {
                (Side::Right, Side::Left)
            } else if a.x >= b.right() + 2.0 * SIDE {
                (Side::Left, Side::Right)
            } else if b.y >= a.bottom() {
                (Side::Bottom, Side::Top)
            } else {
                (Side::Top, Side::Bottom)
            };
            let port = |item, side| Port { item, side, offset: 0.0 };
            (port(line.from, sides.0), port(line.to, sides.1))
        })
        .collect();
    // Every side with the bundles on it, and where those want to go.
    let mut sides: Vec<(usize, Side)> =
        ports.iter().flat_map(|it| [(it.0.item, it.0.side), (it.1.item, it.1.side)]).collect();
    sides.sort_unstable();
    sides.dedup();
    let mut busy: Vec<((usize, Side), usize)> = Vec::new();
    for (item, side) in sides {
        let upright = matches!(side, Side::Left | Side::Right);
        let along = |it: Rect| if upright { it.middle().1 } else { it.middle().0 };
        let mut wants: Vec<(usize, f64, usize)> = Vec::new();
        for (n, it) in ports.iter().enumerate() {
            for (own, other) in [(it.0, it.1), (it.1, it.0)] {
                if (own.item, own.side) != (item, side) {
                    continue;
                }
                let way = along(placed.items[other.item]) - along(placed.items[item]);
                match wants.iter_mut().find(|it| it.0 == bundles[n]) {
                    Some(want) => {
                        want.1 += way;
                        want.2 += 1;
                    }
                    None => wants.push((bundles[n], way, 1)),
                }
            }
        }
        busy.push(((item, side), wants.len()));
        let mut wants: Vec<(usize, f64)> =
            wants.into_iter().map(|it| (it.0, it.1 / it.2 as f64)).collect();
        wants.sort_by(|a, b| a.1.total_cmp(&b.1));
        let rect = placed.items[item];
        let room = (if upright { rect.h } else { rect.w }) / 2.0 - 4.0;
        let offsets = spread(&wants.iter().map(|it| it.1).collect::<Vec<_>>(), room);
        for (n, it) in ports.iter_mut().enumerate() {
            for own in [&mut it.0, &mut it.1] {
                if (own.item, own.side) == (item, side)
                    && let Some(at) = wants.iter().position(|it| it.0 == bundles[n])
                {
                    own.offset = offsets[at];
                }
            }
        }
    }
    level(&mut ports, placed, &busy);
    ports
}

/// Offsets in the given order, near what is wanted, on the grid.
fn spread(wants: &[f64], room: f64) -> Vec<f64> {
    let count = wants.len();
    let most = (room / STEP).floor() * STEP;
    let apart = if (count as f64 - 1.0) * 2.0 * STEP <= 2.0 * most { 2.0 * STEP } else { STEP };
    // The one that goes straight on keeps the middle.
    let pivot = (0..count)
        .filter(|it| wants[*it].abs() < STEP)
        .min_by(|a, b| wants[*a].abs().total_cmp(&wants[*b].abs()));
    let middle = match pivot {
        Some(it) => it as f64,
        None => (count as f64 - 1.0) / 2.0,
    };
    wants
        .iter()
        .enumerate()
        .map(|(n, _)| {
            let offset = ((n as f64 - middle) * apart / STEP).round() * STEP;
            offset.clamp(-most, most)
        })
        .collect()
}

/// Lets a side with a single line follow the other end, where they nearly meet.
fn level(ports: &mut [(Port, Port)], placed: &Placed, busy: &[((usize, Side), usize)]) {
    let alone = |port: Port| busy.iter().any(|it| it.0 == (port.item, port.side) && it.1 == 1);
    for at in 0..ports.len() {
        let (a, b) = ports[at];
        if !matches!(a.side, Side::Left | Side::Right) {
            continue;
        }
        let by = point(placed, a).1 - point(placed, b).1;
        if by == 0.0 || by.abs() > 2.0 * STEP {
            continue;
        }
        let room = |port: Port| placed.items[port.item].h / 2.0 - 8.0;
        let of_b = |it: &(Port, Port)| {
            (it.0.item, it.0.side) == (b.item, b.side) || (it.1.item, it.1.side) == (b.item, b.side)
        };
        let of_a = |it: &(Port, Port)| {
            (it.0.item, it.0.side) == (a.item, a.side) || (it.1.item, it.1.side) == (a.item, a.side)
        };
        if alone(b)
            && ports.iter().filter(|it| of_b(it)).count() == 1
            && (b.offset + by).abs() <= room(b)
        {
            ports[at].1.offset += by;
        } else if alone(a)
            && ports.iter().filter(|it| of_a(it)).count() == 1
            && (a.offset - by).abs() <= room(a)
        {
            ports[at].0.offset -= by;
        }
    }
}

/// What a cell costs besides the way through it.
struct Grid {
    columns: i32,
    rows: i32,
    blocked: Vec<bool>,
    /// Extra cost of moving sideways and of moving up or down.
    flat: Vec<u16>,
    steep: Vec<u16>,
    /// Frames around each cell, as an index into `sets`.
    home: Vec<u16>,
    sets: Vec<Vec<usize>>,
    /// Bundle that runs through, plus one, and how many of its lines.
    used: [Vec<u32>; 2],
    count: [Vec<u32>; 2],
    /// Cost of the best way so far, valid for the search of the same number.
    cost: Vec<u32>,
    from: Vec<u32>,
    stamp: Vec<u32>,
    searches: u32,
    /// How many lines of each bundle are drawn.
    company: Vec<u32>,
}

/// Right, down, left, up.
const WAYS: [(i32, i32); 4] = [(1, 0), (0, 1), (-1, 0), (0, -1)];

impl Grid {
    fn new(plan: &Plan, placed: &Placed, axis: Axis) -> Self {
        let columns = (placed.width / STEP) as i32 + 2 * MARGIN + 1;
        let rows = (placed.height / STEP) as i32 + 2 * MARGIN + 1;
        let cells = (columns * rows) as usize;
        let mut grid = Self {
            columns,
            rows,
            blocked: vec![false; cells],
            flat: vec![0; cells],
            steep: vec![0; cells],
            home: vec![0; cells],
            sets: vec![Vec::new()],
            used: [vec![0; cells], vec![0; cells]],
            count: [vec![0; cells], vec![0; cells]],
            cost: vec![0; cells * 4],
            from: vec![0; cells * 4],
            stamp: vec![0; cells * 4],
            searches: 0,
            company: vec![0; plan.lines.len()],
        };
        for (n, frame) in placed.frames.iter().enumerate() {
            grid.each(*frame, |grid, cell| {
                let mut set = grid.sets[grid.home[cell] as usize].clone();
                set.push(n);
                let known = grid.sets.iter().position(|it| *it == set).unwrap_or_else(|| {
                    grid.sets.push(set);
                    grid.sets.len() - 1
                });
                grid.home[cell] = known as u16;
            });
            let edge = |x, y, w, h| Rect::new(x, y, w, h);
            let near = STEP;
            for x in [frame.x, frame.right()] {
                grid.each(edge(x - near, frame.y, 2.0 * near, frame.h), |grid, cell| {
                    grid.steep[cell] += BORDER as u16;
                });
            }
            for y in [frame.y, frame.bottom()] {
                grid.each(edge(frame.x, y - near, frame.w, 2.0 * near), |grid, cell| {
                    grid.flat[cell] += BORDER as u16;
                });
            }
            let label = plan.frames[n].label;
            let head = match axis {
                Axis::Right => edge(frame.x, frame.y, label.0 + 24.0, label.1 + 16.0),
                Axis::Down => edge(frame.x, frame.y, label.0 + 16.0, label.1 + 24.0),
            };
            grid.each(head, |grid, cell| {
                grid.flat[cell] += LABEL as u16;
                grid.steep[cell] += LABEL as u16;
            });
        }
        for item in &placed.items {
            let zone =
                Rect::new(item.x - SIDE, item.y - BELOW, item.w + 2.0 * SIDE, item.h + 2.0 * BELOW);
            grid.each(zone, |grid, cell| grid.blocked[cell] = true);
        }
        grid
    }

    /// Calls `mark` with all cells strictly inside.
    fn each(&mut self, zone: Rect, mut mark: impl FnMut(&mut Self, usize)) {
        for row in 0..self.rows {
            let y = f64::from(row - MARGIN) * STEP + STEP / 2.0;
            if y <= zone.y || y >= zone.bottom() {
                continue;
            }
            let first = ((zone.x / STEP).floor() as i32 + 1 + MARGIN).max(0);
            let last = ((zone.right() / STEP).ceil() as i32 - 1 + MARGIN).min(self.columns - 1);
            for column in first..=last {
                mark(self, (row * self.columns + column) as usize);
            }
        }
    }

    fn at(&self, cell: usize) -> (f64, f64) {
        let (row, column) = (cell as i32 / self.columns, cell as i32 % self.columns);
        (f64::from(column - MARGIN) * STEP, f64::from(row - MARGIN) * STEP + STEP / 2.0)
    }

    fn cell(&self, at: (f64, f64)) -> usize {
        let column = ((at.0 / STEP).round() as i32 + MARGIN).clamp(0, self.columns - 1);
        let row = (((at.1 - STEP / 2.0) / STEP).round() as i32 + MARGIN).clamp(0, self.rows - 1);
        (row * self.columns + column) as usize
    }

    /// The cell before a port, outside of the item, and the way from the item.
    fn gate(&self, placed: &Placed, port: Port) -> (usize, usize) {
        let (x, y) = point(placed, port);
        match port.side {
            Side::Right => (self.cell((x + SIDE, y)), 0),
            Side::Bottom => (self.cell((x, y + BELOW)), 1),
            Side::Left => (self.cell((x - SIDE, y)), 2),
            Side::Top => (self.cell((x, y - BELOW)), 3),
        }
    }

    /// The cells before a door that stay straight, so that words find room on
    /// them: from the farthest to the door itself.
    fn approach(&self, door: usize, out: usize, start: usize, words: f64) -> Vec<usize> {
        let mut cells = vec![door];
        if out % 2 == 1 {
            return cells;
        }
        let far = ((words + STEP) / STEP).ceil() as i32;
        let ahead = |cell: usize| cell as i32 % self.columns;
        for n in 1..=far {
            let next = door as i32 + WAYS[out].0 * n;
            // Not past the source, and not into anything.
            let past = match out {
                2 => next.rem_euclid(self.columns) < ahead(start) + 2,
                _ => next.rem_euclid(self.columns) > ahead(start) - 2,
            };
            if next < 0 || past || self.blocked[next as usize] {
                break;
            }
            cells.insert(0, next as usize);
        }
        cells
    }

    fn mark(&mut self, way: &[usize], bundle: usize, add: bool) {
        let id = bundle as u32 + 1;
        if add {
            self.company[bundle] += 1;
        } else {
            self.company[bundle] = self.company[bundle].saturating_sub(1);
        }
        for pair in way.windows(2) {
            let axis = usize::from(pair[0].abs_diff(pair[1]) != 1);
            for cell in pair {
                let (used, count) = (&mut self.used[axis][*cell], &mut self.count[axis][*cell]);
                if add {
                    if *count == 0 {
                        *used = id;
                    }
                    if *used == id {
                        *count += 1;
                    }
                } else if *used == id && *count > 0 {
                    *count -= 1;
                    if *count == 0 {
                        *used = 0;
                    }
                }
            }
        }
    }

    fn crosses(&self, way: &[usize], bundle: usize) -> bool {
        let id = bundle as u32 + 1;
        way.iter().any(|cell| {
            [0, 1].iter().any(|axis| {
                let used = self.used[*axis][*cell];
                used != 0 && used != id
            })
        })
    }

    fn search(
        &mut self,
        plan: &Plan,
        placed: &Placed,
        line: usize,
        bundle: usize,
        ports: (Port, Port),
    ) -> Vec<usize> {
        let (start, first) = self.gate(placed, ports.0);
        let (door, out) = self.gate(placed, ports.1);
        let last = (out + 2) % 4;
        let approach = self.approach(door, out, start, plan.lines[line].label.0);
        let goal = approach.first().copied().unwrap_or(door);
        self.searches += 1;
        let id = bundle as u32 + 1;
        let own = own_frames(plan, line);
        let foreign: Vec<u32> = self
            .sets
            .iter()
            .map(|set| set.iter().filter(|it| !own.contains(it)).count() as u32 * FOREIGN)
            .collect();
        let (goal_x, goal_y) = (goal as i32 % self.columns, goal as i32 / self.columns);
        let columns = self.columns;
        // Company makes the way cheaper than its length. A large picture would
        // take too long to search everywhere: there the straight way counts more.
        let large = plan.lines.len() > FEW;
        let least = match (large, self.company[bundle] > 0) {
            (true, _) => MOVE * 2,
            (false, true) => MOVE_TOGETHER,
            (false, false) => MOVE,
        };
        let far = |cell: usize| {
            let (x, y) = (cell as i32 % columns, cell as i32 / columns);
            let bend = if x != goal_x && y != goal_y && least >= MOVE { BEND } else { 0 };
            ((x - goal_x).unsigned_abs() + (y - goal_y).unsigned_abs()) * least + bend
        };
        let mut open: BinaryHeap<Reverse<(u32, u32)>> = BinaryHeap::new();
        let state = start * 4 + first;
        self.cost[state] = 0;
        self.stamp[state] = self.searches;
        self.from[state] = u32::MAX;
        open.push(Reverse((far(start), state as u32)));
        while let Some(Reverse((estimate, state))) = open.pop() {
            let state = state as usize;
            let (cell, way) = (state / 4, state % 4);
            let cost = self.cost[state];
            if estimate > cost + far(cell) {
                continue;
            }
            if cell == goal && way == last {
                let mut way = self.trace(state);
                way.extend(&approach[1..]);
                return way;
            }
            // On the spot into another direction, then straight ahead.
            let bend = if self.used[0][cell] == id && self.used[1][cell] == id { 2 } else { BEND };
            for turn in [(way + 1) % 4, (way + 3) % 4] {
                self.offer(&mut open, cell * 4 + turn, state, cost + bend, far(cell));
            }
            let (dx, dy) = WAYS[way];
            let (x, y) = (cell as i32 % self.columns + dx, cell as i32 / self.columns + dy);
            if x < 0 || y < 0 || x >= self.columns || y >= self.rows {
                continue;
            }
            let next = (y * self.columns + x) as usize;
            if self.blocked[next] && next != goal {
                continue;
            }
            let step = self.step(next, way, id, &foreign);
            self.offer(&mut open, next * 4 + way, state, cost + step, far(next));
        }
        // Walled in: the direct way is better than none.
        vec![start, goal]
    }

    fn offer(
        &mut self,
        open: &mut BinaryHeap<Reverse<(u32, u32)>>,
        state: usize,
        from: usize,
        cost: u32,
        far: u32,
    ) {
        if self.stamp[state] != self.searches || cost < self.cost[state] {
            self.stamp[state] = self.searches;
            self.cost[state] = cost;
            self.from[state] = from as u32;
            open.push(Reverse((cost + far, state as u32)));
        }
    }

    fn step(&self, next: usize, way: usize, id: u32, foreign: &[u32]) -> u32 {
        let axis = way % 2;
        let along = self.used[axis][next];
        let across = self.used[1 - axis][next];
        if along == id {
            return MOVE_TOGETHER;
        }
        let mut cost = MOVE;
        if along != 0 {
            cost += OVERLAP;
        }
        if across != 0 && across != id {
            cost += CROSS;
        }
        // Lines that run side by side want air.
        let aside = if axis == 0 { self.columns as usize } else { 1 };
        for other in [next.checked_sub(aside), next.checked_add(aside)].into_iter().flatten() {
            let used = self.used[axis].get(other).copied().unwrap_or(0);
            if used != 0 && used != id {
                cost += CLOSE;
            }
        }
        let extra = if axis == 0 { self.flat[next] } else { self.steep[next] };
        cost + u32::from(extra) + foreign[self.home[next] as usize]
    }

    fn trace(&self, mut state: usize) -> Vec<usize> {
        let mut way = vec![state / 4];
        while self.from[state] != u32::MAX {
            state = self.from[state] as usize;
            if way.last() != Some(&(state / 4)) {
                way.push(state / 4);
            }
        }
        way.reverse();
        way
    }
}

fn own_frames(plan: &Plan, line: usize) -> Vec<usize> {
    let mut own = Vec::new();
    for end in [plan.lines[line].from, plan.lines[line].to] {
        let mut at = plan.items[end].frame;
        while let Some(frame) = at {
            own.push(frame);
            at = plan.frames[frame].parent;
        }
    }
    own
}
