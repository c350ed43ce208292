//! Components and connections within cloud, region, network and subnets.

use super::Style;
use super::draw;
use super::groups;
use super::scene::Scene;
use crate::engine::analysis::Design;
use crate::engine::bind;

/// The scene of a design, read from its graph and its code.
pub fn scene(design: &Design, style: &Style) -> Scene {
    let stack = bind::lower(&design.graph);
    groups::scene(design, &stack, style)
}

pub fn svg(design: &Design, style: &Style) -> String {
    draw::svg(&scene(design, style), style)
}
