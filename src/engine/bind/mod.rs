//! From a neutral graph to the resources of one cloud.
//!
//! A [`Binding`] is all we know of one service on one cloud. [`lower`] runs the
//! bindings of a graph's components, then [`wire`](aws::wire) turns every
//! connection into a network path, a permission and a reference.

pub mod aws;
pub mod expr;
pub mod stack;
#[cfg(test)]
pub mod testing;

use super::cost::bill::Bill;
use super::graph::{Component, Graph, Spec};
use stack::Stack;

/// All we know of one service on one cloud.
pub struct Binding {
    /// Canonical name of the service.
    pub service: &'static str,
    /// The provider's name of it: "Amazon SQS".
    pub title: &'static str,
    /// Where the provider documents it.
    pub docs: &'static str,
    /// What the provider promises of its availability, when it publishes that.
    pub sla: Option<Sla>,
    /// Limits that a design can run into.
    pub limits: &'static [Limit],
    /// Adds its resources and its facet to the stack.
    pub lower: fn(&mut Stack<'_>, &Component),
    /// Adds its cost lines to the bill.
    pub cost: fn(&mut Bill<'_>, &Component),
    /// Typical time to answer at moderate load, in milliseconds: median and 95th percentile.
    pub latency_ms: Option<(f64, f64)>,
}

/// A published service level agreement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sla {
    /// Monthly uptime commitment as a share, for the best configuration.
    pub availability: f64,
    /// The commitment for a single instance or zone, when it is lower.
    pub single: f64,
    /// Where the provider publishes it.
    pub source: &'static str,
}

/// A hard limit, with where it is stated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    pub what: &'static str,
    pub value: &'static str,
    pub source: &'static str,
}

/// Declares the [`Binding`] of one spec type; `lower` and `cost` take the typed spec.
macro_rules! binding {
    ($spec:ident {
        service: $service:literal, title: $title:literal, docs: $docs:literal,
        sla: $sla:expr, limits: $limits:expr, latency_ms: $latency:expr $(,)?
    }) => {
        pub static BINDING: $crate::engine::bind::Binding = $crate::engine::bind::Binding {
            service: $service,
            title: $title,
            docs: $docs,
            sla: $sla,
            limits: $limits,
            lower: |stack, component| {
                if let $crate::engine::graph::Spec::$spec(spec) = &component.spec {
                    lower(stack, component, spec);
                }
            },
            cost: |bill, component| {
                if let $crate::engine::graph::Spec::$spec(spec) = &component.spec {
                    cost(bill, component, spec);
                }
            },
            latency_ms: $latency,
        };
    };
}
pub(crate) use binding;

/// The binding of a spec, or none where the cloud has nothing for it yet.
pub fn binding_of(spec: &Spec) -> Option<&'static Binding> {
    aws::binding(spec.kind())
}

/// The binding whose service has this canonical name.
pub fn named(service: &str) -> Option<&'static Binding> {
    let all = super::graph::Kind::ALL.iter();
    all.filter_map(|kind| aws::binding(*kind)).find(|it| it.service == service)
}

/// Lowers a graph: resources of every component, then of every connection.
pub fn lower(graph: &Graph) -> Stack<'_> {
    aws::lower(graph)
}
