//! A scene as text for the tools that people keep drawings in.
//!
//! Every form holds the same parts as the picture: each node and each line once,
//! with the ids of the components they stand for, so that what comes out of a
//! form can be held against the graph.

pub mod d2;
pub mod drawio;
pub mod mermaid;
pub mod structurizr;
#[cfg(test)]
pub mod tests;

use super::scene::{Edge, Scene};
use crate::engine::requirements::Intent;

/// A name that every form takes as it is: `c_orders_queue`.
pub fn key(prefix: char, id: &str) -> String {
    let plain: String =
        id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("{prefix}_{plain}")
}

/// Text on one line: what breaks lines or cannot be seen becomes a space.
pub(super) fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the caller does not wait for what it sends.
pub(super) fn is_asynchronous(edge: &Edge) -> bool {
    !edge.intents.is_empty()
        && edge.intents.iter().all(|it| {
            matches!(
                it,
                Intent::Publishes | Intent::Subscribes | Intent::Streams | Intent::Replicates
            )
        })
}

/// Which frame each node serves by standing in it, in words: "serves c_network".
pub(super) fn held(scene: &Scene, node: usize) -> Vec<(Intent, usize)> {
    scene.held.iter().filter(|it| it.node == node).map(|it| (it.intent, it.group)).collect()
}
