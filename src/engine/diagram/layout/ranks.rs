//! Which column of its frame everything stands in.

use super::Plan;
use std::cmp::Reverse;

/// Something directly inside a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kid {
    Item(usize),
    Frame(usize),
}

/// The columns of every frame; the first entry is the picture itself, frame `n`
/// has entry `n + 1`.
pub struct Ranks {
    pub columns: Vec<Vec<Vec<Kid>>>,
    /// Shelves of each frame, beside its columns.
    pub shelves: Vec<Vec<usize>>,
}

/// The entry of a frame in [`Ranks`].
pub fn entry(frame: Option<usize>) -> usize {
    frame.map_or(0, |it| it + 1)
}

/// The frames around an item or frame, outermost first, then itself.
pub fn chain(plan: &Plan, kid: Kid) -> Vec<Kid> {
    let mut chain = vec![kid];
    let mut at = match kid {
        Kid::Item(it) => plan.items[it].frame,
        Kid::Frame(it) => plan.frames[it].parent,
    };
    while let Some(frame) = at {
        chain.push(Kid::Frame(frame));
        at = plan.frames[frame].parent;
    }
    chain.reverse();
    chain
}

/// The frame that holds both, and what of it holds each.
pub fn meet(plan: &Plan, from: usize, to: usize) -> Option<(Option<usize>, Kid, Kid)> {
    let (a, b) = (chain(plan, Kid::Item(from)), chain(plan, Kid::Item(to)));
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let frame = same.checked_sub(1).and_then(|it| match a[it] {
        Kid::Frame(frame) => Some(frame),
        Kid::Item(_) => None,
    });
    Some((frame, *a.get(same)?, *b.get(same)?))
}

pub fn find(plan: &Plan) -> Ranks {
    let count = plan.frames.len() + 1;
    let mut kids: Vec<Vec<Kid>> = vec![Vec::new(); count];
    let mut shelves = vec![Vec::new(); count];
    for (n, item) in plan.items.iter().enumerate() {
        kids[entry(item.frame)].push(Kid::Item(n));
    }
    for (n, frame) in plan.frames.iter().enumerate() {
        if frame.shelf {
            shelves[entry(frame.parent)].push(n);
        } else {
            kids[entry(frame.parent)].push(Kid::Frame(n));
        }
    }
    // Lines, lifted to the frame where their ends part.
    let mut pulls: Vec<Vec<(Kid, Kid, bool, u32)>> = vec![Vec::new(); count];
    for line in &plan.lines {
        let (from, to) = if line.backward { (line.to, line.from) } else { (line.from, line.to) };
        let Some((frame, from, to)) = meet(plan, from, to) else { continue };
        let list = &mut pulls[entry(frame)];
        match list.iter_mut().find(|it| (it.0, it.1, it.2) == (from, to, line.backward)) {
            Some(it) => it.3 += 1,
            None => list.push((from, to, line.backward, 1)),
        }
    }
    let columns = kids.iter().zip(&pulls).map(|(kids, pulls)| columns(plan, kids, pulls)).collect();
    Ranks { columns, shelves }
}

fn columns(plan: &Plan, kids: &[Kid], pulls: &[(Kid, Kid, bool, u32)]) -> Vec<Vec<Kid>> {
    let count = kids.len();
    if count == 0 {
        return Vec::new();
    }
    let at = |kid: Kid| kids.iter().position(|it| *it == kid);
    let rank_of = |kid: &Kid| match kid {
        Kid::Frame(it) => plan.frames[*it].rank,
        Kid::Item(_) => None,
    };
    // Given ranks first, then the heaviest pull; what would close a circle is turned.
    let mut wanted: Vec<(usize, usize, u32)> = Vec::new();
    let mut ranked: Vec<(u32, usize)> =
        kids.iter().enumerate().filter_map(|(n, it)| Some((rank_of(it)?, n))).collect();
    ranked.sort_unstable();
    for pair in ranked.windows(2) {
        wanted.push((pair[0].1, pair[1].1, 1_000_000));
    }
    // What polls gives way to what sends.
    let mut list: Vec<(bool, Reverse<u32>, usize, usize)> =
        pulls.iter().filter_map(|it| Some((it.2, Reverse(it.3), at(it.0)?, at(it.1)?))).collect();
    list.sort_unstable();
    wanted.extend(list.into_iter().map(|(_, weight, from, to)| (from, to, weight.0)));
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut links: Vec<(usize, usize, u32)> = Vec::new();
    for (from, to, weight) in wanted {
        let (from, to) = if reaches(&next, to, from) { (to, from) } else { (from, to) };
        if !next[from].contains(&to) {
            next[from].push(to);
        }
        links.push((from, to, weight));
    }
    let mut rank = longest(count, &links);
    tighten(&mut rank, &links);
    let most = rank.iter().copied().max().unwrap_or(0);
    let mut columns = vec![Vec::new(); most + 1];
    for (n, kid) in kids.iter().enumerate() {
        columns[rank[n]].push(*kid);
    }
    columns.retain(|it: &Vec<Kid>| !it.is_empty());
    columns
}

fn reaches(next: &[Vec<usize>], from: usize, to: usize) -> bool {
    let mut seen = vec![false; next.len()];
    let mut open = vec![from];
    while let Some(it) = open.pop() {
        if it == to {
            return true;
        }
        if !std::mem::replace(&mut seen[it], true) {
            open.extend(&next[it]);
        }
    }
    false
}

/// Every part stands behind all that come before it, and no further.
fn longest(count: usize, links: &[(usize, usize, u32)]) -> Vec<usize> {
    let mut rank = vec![0; count];
    loop {
        let mut moved = false;
        for (from, to, _) in links {
            if rank[*to] <= rank[*from] {
                rank[*to] = rank[*from] + 1;
                moved = true;
            }
        }
        if !moved {
            return rank;
        }
    }
}

/// Moves parts towards those that pull more, so that lines get short.
fn tighten(rank: &mut [usize], links: &[(usize, usize, u32)]) {
    for _ in 0..8 {
        let mut moved = false;
        for it in (0..rank.len()).rev() {
            let (mut ahead, mut behind) = (0u32, 0u32);
            let (mut first, mut last) = (usize::MAX, 0);
            for (from, to, weight) in links {
                if *from == it {
                    ahead += weight;
                    first = first.min(rank[*to]);
                }
                if *to == it {
                    behind += weight;
                    last = last.max(rank[*from] + 1);
                }
            }
            if ahead > behind && first != usize::MAX && rank[it] + 1 < first {
                rank[it] = first - 1;
                moved = true;
            } else if behind > ahead && rank[it] > last {
                rank[it] = last;
                moved = true;
            }
        }
        if !moved {
            return;
        }
    }
}
