//! Composite availability of the request path, from published SLAs.
//!
//! A request needs every component of its path, so their availabilities
//! multiply. A component that runs as a single instance counts with the
//! provider's single-instance commitment.

use super::{is_single, request_path};
use crate::engine::bind::binding_of;
use crate::engine::graph::{Graph, NodeId};

/// Minutes in an average month.
const MINUTES: f64 = 730.0 * 60.0;

#[derive(Clone, Debug, PartialEq)]
pub struct Availability {
    /// Share of time that the path works, as the SLAs promise.
    pub share: f64,
    pub downtime_minutes_per_month: f64,
    pub parts: Vec<Part>,
    /// On the path, but without a published commitment: counted as always up.
    pub without_sla: Vec<NodeId>,
}

/// What one component contributes.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub component: NodeId,
    pub share: f64,
    pub single: bool,
    pub source: &'static str,
}

pub fn availability(graph: &Graph) -> Availability {
    let mut parts = Vec::new();
    let mut without_sla = Vec::new();
    for component in request_path(graph) {
        match binding_of(&component.spec).and_then(|it| it.sla) {
            Some(sla) => {
                let single = is_single(graph, component);
                parts.push(Part {
                    component: component.id.clone(),
                    share: if single { sla.single } else { sla.availability },
                    single,
                    source: sla.source,
                });
            }
            None => without_sla.push(component.id.clone()),
        }
    }
    let share = parts.iter().map(|it| it.share).product::<f64>();
    Availability { share, downtime_minutes_per_month: (1.0 - share) * MINUTES, parts, without_sla }
}
