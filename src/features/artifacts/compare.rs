//! Which lines two texts share, and which only one of them has.
//!
//! The shortest script of Myers' greedy algorithm, bounded: texts that differ in
//! more than [`MOST`] lines are told apart as a whole, so that no pair of files
//! can keep a processor busy.

use serde::Serialize;

/// So many lines may differ before the rest is called rewritten.
const MOST: usize = 1_000;

/// How many unchanged lines are shown around a change.
const AROUND: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    Same,
    Added,
    Removed,
}

/// A line of a comparison with its numbers on both sides, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    pub change: Change,
    pub before: Option<usize>,
    pub after: Option<usize>,
    pub text: String,
}

/// Every line of both texts, in order.
pub fn rows(before: &str, after: &str) -> Vec<Row> {
    let (a, b): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let head = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (rest_a, rest_b) = (&a[head..], &b[head..]);
    let tail = rest_a.iter().rev().zip(rest_b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (mid_a, mid_b) = (&rest_a[..rest_a.len() - tail], &rest_b[..rest_b.len() - tail]);
    let mut kept: Vec<(usize, usize)> = (0..head).map(|n| (n, n)).collect();
    kept.extend(common(mid_a, mid_b).into_iter().map(|(x, y)| (x + head, y + head)));
    kept.extend((0..tail).rev().map(|n| (a.len() - 1 - n, b.len() - 1 - n)));

    let mut out = Vec::new();
    let (mut x, mut y) = (0, 0);
    for (to_x, to_y) in kept.into_iter().chain([(a.len(), b.len())]) {
        for (n, text) in a.iter().enumerate().take(to_x).skip(x) {
            out.push(Row {
                change: Change::Removed,
                before: Some(n + 1),
                after: None,
                text: (*text).to_owned(),
            });
        }
        for (n, text) in b.iter().enumerate().take(to_y).skip(y) {
            out.push(Row {
                change: Change::Added,
                before: None,
                after: Some(n + 1),
                text: (*text).to_owned(),
            });
        }
        if let Some(text) = a.get(to_x) {
            out.push(Row {
                change: Change::Same,
                before: Some(to_x + 1),
                after: Some(to_y + 1),
                text: (*text).to_owned(),
            });
        }
        (x, y) = (to_x + 1, to_y + 1);
    }
    out
}

/// Pairs of equal lines that a shortest script keeps.
fn common(a: &[&str], b: &[&str]) -> Vec<(usize, usize)> {
    let (n, m) = (a.len(), b.len());
    if n == 0 || m == 0 {
        return Vec::new();
    }
    let most = (n + m).min(MOST);
    // The furthest x on each diagonal, and how it was before each step.
    let mut furthest = vec![0usize; 2 * most + 3];
    let at = |k: isize| usize::try_from(k + most as isize + 1).unwrap_or(0);
    let mut history: Vec<Vec<usize>> = Vec::new();
    for d in 0..=most as isize {
        let low = at(-d - 1);
        history.push(furthest[low..=at(d + 1)].to_vec());
        for k in (-d..=d).step_by(2) {
            let down = k == -d || k != d && furthest[at(k - 1)] < furthest[at(k + 1)];
            let mut x = if down { furthest[at(k + 1)] } else { furthest[at(k - 1)] + 1 };
            let Ok(mut y) = usize::try_from(x as isize - k) else { continue };
            while x < n && y < m && a[x] == b[y] {
                (x, y) = (x + 1, y + 1);
            }
            furthest[at(k)] = x;
            if x >= n && y >= m {
                return trace(&history, n, m);
            }
        }
    }
    Vec::new()
}

fn trace(history: &[Vec<usize>], n: usize, m: usize) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let (mut x, mut y) = (n as isize, m as isize);
    for (d, then) in history.iter().enumerate().rev() {
        let d = d as isize;
        let was = |k: isize| then[(k + d + 1) as usize] as isize;
        let k = x - y;
        let down = k == -d || k != d && was(k - 1) < was(k + 1);
        let from = if down { k + 1 } else { k - 1 };
        let (from_x, from_y) = if d == 0 { (0, 0) } else { (was(from), was(from) - from) };
        let (start_x, _) = match (d, down) {
            (0, _) => (0, 0),
            (_, true) => (from_x, from_y + 1),
            (_, false) => (from_x + 1, from_y),
        };
        while x > start_x && y > 0 {
            (x, y) = (x - 1, y - 1);
            out.push((x as usize, y as usize));
        }
        (x, y) = (from_x, from_y);
    }
    out.reverse();
    out
}

/// Changed lines with some around them; what is left out between is counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hunk {
    /// Unchanged lines that are not shown before it.
    pub skipped: usize,
    pub rows: Vec<Row>,
}

pub fn hunks(rows: Vec<Row>) -> Vec<Hunk> {
    let changed: Vec<usize> = (0..rows.len()).filter(|n| rows[*n].change != Change::Same).collect();
    let mut out: Vec<Hunk> = Vec::new();
    let mut skipped = 0;
    let mut near = changed.iter().copied().peekable();
    let mut last: Option<usize> = None;
    for (n, row) in rows.into_iter().enumerate() {
        while near.peek().is_some_and(|it| *it < n) {
            last = near.next();
        }
        let shown = near.peek().is_some_and(|it| it - n <= AROUND)
            || last.is_some_and(|it| n - it <= AROUND);
        if !shown {
            skipped += 1;
            continue;
        }
        if skipped > 0 || out.is_empty() {
            out.push(Hunk { skipped, rows: Vec::new() });
            skipped = 0;
        }
        if let Some(hunk) = out.last_mut() {
            hunk.rows.push(row);
        }
    }
    out
}

/// A row of two columns: what was removed beside what was added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pair {
    pub left: Option<Row>,
    pub right: Option<Row>,
}

pub fn pairs(rows: &[Row]) -> Vec<Pair> {
    let mut out: Vec<Pair> = Vec::new();
    let mut waiting = 0;
    for row in rows {
        match row.change {
            Change::Same => {
                waiting = out.len() + 1;
                out.push(Pair { left: Some(row.clone()), right: Some(row.clone()) });
            }
            Change::Removed => out.push(Pair { left: Some(row.clone()), right: None }),
            Change::Added => {
                let free = out.iter().skip(waiting).position(|it| it.right.is_none());
                match free {
                    Some(n) => out[waiting + n].right = Some(row.clone()),
                    None => out.push(Pair { left: None, right: Some(row.clone()) }),
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(before: &str, after: &str) -> String {
        let sign = |it: &Row| match it.change {
            Change::Same => ' ',
            Change::Added => '+',
            Change::Removed => '-',
        };
        rows(before, after).iter().map(|it| format!("{}{}\n", sign(it), it.text)).collect()
    }

    #[test]
    fn only_what_differs_is_marked() {
        assert_eq!(shown("a\nb\nc\n", "a\nx\nc\nd\n"), " a\n-b\n+x\n c\n+d\n");
        assert_eq!(shown("", "a\n"), "+a\n");
        assert_eq!(shown("a\n", ""), "-a\n");
        assert_eq!(shown("a\nb\n", "a\nb\n"), " a\n b\n");
        let old: String = (1..=30).map(|n| format!("{n}\n")).collect();
        let new = old.replace("15\n", "fifteen\n");
        let hunks = hunks(rows(&old, &new));
        assert_eq!((hunks.len(), hunks[0].skipped, hunks[0].rows.len()), (1, 11, 8));
        let pairs = pairs(&hunks[0].rows);
        assert_eq!(pairs.len(), 7);
        assert_eq!(pairs[3].left.as_ref().unwrap().text, "15");
        assert_eq!(pairs[3].right.as_ref().unwrap().text, "fifteen");
    }

    #[test]
    fn texts_with_nothing_in_common_are_told_apart_quickly() {
        let old: String = (0..20_000).map(|n| format!("a{n}\n")).collect();
        let new: String = (0..20_000).map(|n| format!("b{n}\n")).collect();
        assert_eq!(rows(&old, &new).len(), 40_000);
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_back(
            before in proptest::collection::vec("[abc]", 0..30),
            after in proptest::collection::vec("[abc]", 0..30),
        ) {
            let (a, b) = (before.join("\n"), after.join("\n"));
            let rows = rows(&a, &b);
            let side = |drop: Change| -> Vec<String> {
                rows.iter().filter(|it| it.change != drop).map(|it| it.text.clone()).collect()
            };
            prop_assert_eq!(side(Change::Added), a.lines().map(str::to_owned).collect::<Vec<_>>());
            prop_assert_eq!(side(Change::Removed), b.lines().map(str::to_owned).collect::<Vec<_>>());
        }
    }
}
