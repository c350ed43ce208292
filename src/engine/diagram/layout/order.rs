//! The order within columns that has few crossings.
//!
//! Sweeps put everything at the mean height of what it is linked to; frames move
//! as one, so that nothing leaves its frame. Then neighbours are exchanged for as
//! long as that helps. The best order that was seen is kept; the given order wins
//! a draw.

use super::place::Board;
use super::ranks::Kid;

/// Pairs of links that may be compared in all: keeps large pictures fast.
const BUDGET: usize = 12_000_000;
const SWEEPS: usize = 12;

pub fn improve(board: &mut Board<'_>) {
    let cost_of_one = board.links.len().pow(2).max(1);
    let mut left = (BUDGET / cost_of_one).max(8);
    board.pack();
    let mut best = (cost(board), board.columns.clone());
    for sweep in 0..SWEEPS {
        if best.0.0 == 0 && sweep > 2 || left == 0 {
            break;
        }
        left -= 1;
        sort(board, sweep % 2 == 0);
        board.pack();
        let now = cost(board);
        if better(now, best.0) {
            best = (now, board.columns.clone());
        }
    }
    board.columns = best.1;
    board.pack();
    exchange(board, best.0, left);
    board.pack();
}

/// Crossings, then how far lines go up and down.
fn cost(board: &Board<'_>) -> (usize, f64) {
    let ends: Vec<_> = board.links.iter().map(|it| board.ends(it)).collect();
    let mut crossings = 0;
    for (n, (one, (a, b))) in board.links.iter().zip(&ends).enumerate() {
        for (other, (c, d)) in board.links[n + 1..].iter().zip(&ends[n + 1..]) {
            let apart = b.0.max(a.0) <= c.0.min(d.0) || d.0.max(c.0) <= a.0.min(b.0);
            if apart || one.bundle == other.bundle {
                continue;
            }
            if one.from == other.from || one.to == other.to {
                continue;
            }
            if super::cross(*a, *b, *c, *d) {
                crossings += 1;
            }
        }
    }
    let slope = board.links.iter().zip(&ends).map(|(it, (a, b))| (a.1 - b.1).abs() * it.weight);
    (crossings, slope.sum())
}

fn better(one: (usize, f64), other: (usize, f64)) -> bool {
    one.0 < other.0 || (one.0 == other.0 && one.1 < other.1 - 1.0)
}

/// Sorts every column by where its links pull.
fn sort(board: &mut Board<'_>, forward: bool) {
    let holders: Vec<usize> = if forward {
        (0..board.columns.len()).collect()
    } else {
        (0..board.columns.len()).rev().collect()
    };
    for holder in holders {
        let count = board.columns[holder].len();
        for n in 0..count {
            let column = if forward { n } else { count - 1 - n };
            let kids = board.columns[holder][column].clone();
            if kids.len() < 2 {
                continue;
            }
            let mut keyed: Vec<(f64, Kid)> =
                kids.iter().map(|kid| (board.height_of(*kid) + board.pull(*kid).0, *kid)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            board.columns[holder][column] = keyed.into_iter().map(|it| it.1).collect();
        }
        board.pack();
    }
}

/// Exchanges neighbours while that helps.
fn exchange(board: &mut Board<'_>, mut best: (usize, f64), mut left: usize) {
    loop {
        let mut helped = false;
        for holder in 0..board.columns.len() {
            for column in 0..board.columns[holder].len() {
                for n in 1..board.columns[holder][column].len() {
                    if left == 0 {
                        return;
                    }
                    left -= 1;
                    board.columns[holder][column].swap(n - 1, n);
                    board.pack();
                    let now = cost(board);
                    if better(now, best) {
                        best = now;
                        helped = true;
                    } else {
                        board.columns[holder][column].swap(n - 1, n);
                    }
                }
            }
        }
        board.pack();
        if !helped {
            return;
        }
    }
}
