//! What the tests of bindings share: a stack of one component, written down.

use super::lower;
use crate::engine::emit;
use crate::engine::graph::{Graph, NodeId, Reason, Spec, Tier};
use std::collections::BTreeMap;

/// A graph with nothing in it.
pub fn empty(tier: Tier) -> Graph {
    Graph {
        tier,
        project: NodeId::slug("shop", "shop"),
        region: "eu-central-1".to_owned(),
        recovery_region: None,
        components: Vec::new(),
        connections: Vec::new(),
    }
}

/// A graph of one component.
pub fn graph(id: &str, spec: impl Into<Spec>) -> Graph {
    let mut graph = empty(Tier::Better);
    graph.add(id, id, spec, Reason::rule("A test asks for it."));
    graph
}

/// All Terraform files of a graph, one after the other.
pub fn terraform_of(graph: &Graph) -> String {
    let stack = lower(graph);
    let files = emit::terraform::files(&stack, &emit::terraform::Settings::default());
    files.iter().map(|it| String::from_utf8_lossy(&it.content).into_owned()).collect()
}

/// All Terraform files of one component.
pub fn terraform(id: &str, spec: impl Into<Spec>) -> String {
    terraform_of(&graph(id, spec))
}

/// The CloudFormation template of one component.
pub fn cloudformation(id: &str, spec: impl Into<Spec>) -> String {
    cloudformation_of(&graph(id, spec))
}

/// The CloudFormation template of a graph.
pub fn cloudformation_of(graph: &Graph) -> String {
    let stack = lower(graph);
    let files = emit::cloudformation::files(&stack, &BTreeMap::new());
    files.iter().map(|it| String::from_utf8_lossy(&it.content).into_owned()).collect()
}
