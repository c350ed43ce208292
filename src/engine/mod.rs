//! The pure engine: text in, architectures, code and costs out.
//!
//! One path, one direction: [`requirements`] understands text, [`plan`] turns it
//! into three [`graph`]s, [`bind`] lowers each to resources of one cloud,
//! [`emit`] writes them as code and [`cost`] prices them. No part does IO, reads
//! a clock or draws a random number, so equal inputs give equal bytes. Bad input
//! is data: the engine answers with [`diag::Diagnostic`]s and never panics.

pub mod analysis;
pub mod answer;
pub mod bind;
pub mod brief;
pub mod cost;
pub mod detail;
pub mod diag;
pub mod diagram;
pub mod diff;
pub mod emit;
pub mod estimate;
pub mod graph;
pub mod plan;
pub mod policy;
pub mod report;
pub mod requirements;
pub mod veil;

#[cfg(test)]
mod designs;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod texts;
