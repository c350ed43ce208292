//! Services that only answer calls: what they read and write, they do in the
//! name of their callers, or with a role of their own.

use super::super::{
    bedrock, config, connect, kendra, kit, lake_formation, lex, macie, osis, quicksight,
};
use super::Ends;
use crate::engine::bind::stack::Stack;
use crate::engine::graph::Spec;
use crate::engine::requirements::Intent;

pub fn wire(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let intent = ends.connection.intent;
    match (&ends.from.spec, &ends.to.spec) {
        (Spec::FoundationModel(_), Spec::Function(_))
            if ends.source.handles.contains_key("agent") =>
        {
            bedrock::action(stack, ends)
        }
        (Spec::FoundationModel(_), Spec::ObjectStore(_)) if intent == Intent::Reads => {
            bedrock::read_bucket(stack, ends)
        }
        (
            Spec::FoundationModel(_)
            | Spec::DocumentExtraction(_)
            | Spec::ImageAnalysis(_)
            | Spec::QueryService(_),
            _,
        ) if matches!(intent, Intent::Reads | Intent::Writes) => lend(stack, ends),
        (Spec::EnterpriseSearch(_), Spec::ObjectStore(_)) if intent == Intent::Reads => {
            kendra::source(stack, ends)
        }
        (Spec::Chatbot(_), Spec::Function(_)) => lex::hook(stack, ends),
        (Spec::ContactCenter(_), _) => connect::connect(stack, ends),
        (Spec::LakePermissions(_), _) => lake_formation::govern(stack, ends),
        (Spec::Dashboards(_), _) => quicksight::source(stack, ends),
        (Spec::IngestionPipeline(_), _) => {
            osis::connect(stack, ends, ends.to, intent == Intent::Reads)
        }
        (Spec::ObjectStore(_), Spec::IngestionPipeline(_)) => {
            osis::connect(stack, ends, ends.from, true)
        }
        (Spec::FleetManager(_), Spec::VirtualMachines(_)) => {
            // Machines are found by the project's tag; their role lets the agent report.
            ends.target.principal.as_ref().map(|_| ())
        }
        (Spec::DataDiscovery(_), Spec::ObjectStore(_)) => macie::job(stack, ends),
        (Spec::ConfigRecorder(_), Spec::ObjectStore(_)) => {
            let policy = ends.target.handles.get("policy")?.clone();
            let bucket = ends.target.handles.get("bucket")?.clone();
            for statement in config::writers(&bucket) {
                kit::extend_policy(stack, &policy, &statement);
            }
            Some(())
        }
        (
            Spec::VulnerabilityScan(_),
            Spec::ImageRegistry(_) | Spec::VirtualMachines(_) | Spec::Function(_),
        ) if intent == Intent::Reads => {
            // The scan covers all of a kind; it was turned on for this one.
            ends.source.handles.get("main").map(|_| ())
        }
        (
            Spec::ThreatDetection(_)
            | Spec::ConfigRecorder(_)
            | Spec::VulnerabilityScan(_)
            | Spec::DataDiscovery(_),
            Spec::SecurityPosture(_),
        ) => {
            // Findings flow as soon as both are on. The hub goes first, so that none is missed.
            let hub = ends.target.handles.get("main")?.clone();
            stack.edit(ends.source.handles.get("main")?)?.after(&hub).done();
            Some(())
        }
        _ => None,
    }
}

/// Gives the permissions on the target to all who call the source: the service
/// acts with the rights of its caller.
pub fn lend(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let mut statements = ends.target.grants.get(&ends.connection.intent)?.clone();
    statements.extend(kit::key_statement(stack));
    let graph = stack.graph;
    for connection in graph.connections.iter().filter(|it| it.to == ends.from.id) {
        let caller = stack.facets.get(&connection.from);
        if caller.is_none_or(|it| it.principal.is_none()) {
            continue;
        }
        for statement in &statements {
            stack.allow(&connection.from, statement.clone());
        }
    }
    Some(())
}
