//! From a neutral graph to the resources of one cloud.

pub mod expr;
pub mod stack;
