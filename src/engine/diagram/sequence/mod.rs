//! What happens one after the other: how a request travels along each main path,
//! and in which order the parts are made.
//!
//! Requests follow the connections of the graph, with the times that the latency
//! model has for each hop and none where it has none. The order of making is that
//! of the references between the resources of the code.

mod deployment;
mod drawing;
mod requests;
#[cfg(test)]
mod tests;
mod text;

pub use text::{d2, mermaid};

use super::Style;
use super::icons::{Family, Symbol};
use crate::engine::analysis::Design;
use crate::engine::bind;
use crate::engine::graph::NodeId;

/// One story, told from top to bottom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flow {
    pub title: String,
    /// One line below the title.
    pub summary: String,
    pub lifelines: Vec<Lifeline>,
    pub steps: Vec<Step>,
}

/// Somebody who takes part.
#[derive(Clone, Debug, PartialEq)]
pub struct Lifeline {
    /// Unique in its flow: the component's id where there is one.
    pub id: String,
    pub component: Option<NodeId>,
    pub title: String,
    pub icon: Symbol,
    pub family: Family,
}

/// Lifelines are meant by their place.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `from` asks `to`, who is busy until the answer.
    Call {
        from: usize,
        to: usize,
        words: String,
        waits: bool,
    },
    Answer {
        from: usize,
        to: usize,
        words: String,
    },
    /// Something to know about a lifeline at that moment.
    Note {
        on: usize,
        words: String,
    },
}

impl Flow {
    /// The lifeline of this id, made where there is none.
    fn lifeline(&mut self, it: Lifeline) -> usize {
        self.lifelines.iter().position(|known| known.id == it.id).unwrap_or_else(|| {
            self.lifelines.push(it);
            self.lifelines.len() - 1
        })
    }
}

/// The flows of a design: its main paths, then how it is made.
pub fn flows(design: &Design) -> Vec<Flow> {
    let mut flows = requests::flows(design);
    flows.push(deployment::flow(design, &bind::lower(&design.graph)));
    flows
}

pub fn svg(design: &Design, style: &Style) -> String {
    drawing::svg(design, &flows(design), style)
}

/// "12 ms", "1.3 s".
fn time(ms: f64) -> String {
    match ms {
        it if it >= 1000.0 => format!("{:.1} s", it / 1000.0),
        it if it >= 10.0 => format!("{it:.0} ms"),
        it => format!("{} ms", (it * 10.0).round() / 10.0),
    }
}
