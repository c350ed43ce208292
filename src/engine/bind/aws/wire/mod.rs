//! How connections become real: a network path, a permission and a reference.
//!
//! Most pairs follow one rule: something that runs code is given the actions
//! that the other side [grants](Facet::grants) for the intent, the port that it
//! [listens](Facet::listener) on, and its [references](Facet::references) as
//! environment variables. Pairs that need resources of their own, such as an
//! event source mapping or a target group, are in the files beside this one.

mod compute;
mod data;
mod devices;
pub mod edge;
mod events;
mod flow;
mod gateway;
mod messages;
mod moves;
mod network;
mod pipes;
mod rules;
pub mod services;
mod start;

use super::kit;
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::diag::{Diagnostic, Severity};
use crate::engine::graph::{Component, Connection, Kind};
use crate::engine::requirements::Intent;
use std::collections::BTreeSet;

/// Both ends of a connection, with what they offer.
pub struct Ends<'g> {
    pub connection: &'g Connection,
    pub from: &'g Component,
    pub to: &'g Component,
    pub source: Facet,
    pub target: Facet,
}

impl Ends<'_> {
    /// Suffix of a resource of this connection, on its source: `to_orders`.
    pub fn suffix(&self) -> String {
        format!("to_{}", self.to.id.snake())
    }
}

/// Wires one connection; `None` when the pair is not its business.
type Wire = fn(&mut Stack<'_>, &Ends<'_>) -> Option<()>;

/// Tried in order; the general rule is the last.
const WIRES: &[Wire] =
    &[services::wire, compute::wire, events::wire, network::wire, moves::wire, data::wire, general];

/// Wires every connection of the graph.
pub fn connect(stack: &mut Stack<'_>) {
    let graph = stack.graph;
    // Who may call is settled before the calls: routes name their authoriser.
    let mut order: Vec<usize> = (0..graph.connections.len()).collect();
    // What moves data has its tasks before something starts them.
    let mover = |id| {
        let kind = graph.component(id).map(|it| it.spec.kind());
        matches!(kind, Some(Kind::DataSync | Kind::DatabaseMigration))
    };
    order.sort_by_key(|n| {
        let it = &graph.connections[*n];
        (it.intent != Intent::Authenticates, !mover(&it.from))
    });
    stack.wired = vec![false; graph.connections.len()];
    let mut served = BTreeSet::new();
    for n in order {
        let connection = &graph.connections[n];
        let (Some(from), Some(to)) =
            (graph.component(&connection.from), graph.component(&connection.to))
        else {
            continue;
        };
        let ends = Ends {
            connection,
            from,
            to,
            source: stack.facets.get(&from.id).cloned().unwrap_or_default(),
            target: stack.facets.get(&to.id).cloned().unwrap_or_default(),
        };
        stack.begin(super::concern(from.spec.kind()));
        // Two intents between the same ends of the edge are one path.
        let pair = (&connection.from, &connection.to);
        let edge = connection.intent != Intent::Authenticates;
        if edge && served.contains(&pair) {
            stack.wired[n] = true;
            continue;
        }
        let done = if edge::wire(stack, &ends).is_some() {
            if edge {
                served.insert(pair);
            }
            true
        } else {
            WIRES.iter().any(|wire| wire(stack, &ends).is_some())
        };
        stack.wired[n] = done;
        if !done {
            stack.diagnose(
                Diagnostic::new(
                    "connection-not-wired",
                    Severity::Warning,
                    format!(
                        "{} cannot be connected to {} for this: the code has both, but no path between them.",
                        from.title, to.title
                    ),
                )
                .help("Put something between them that takes events from the one and calls the other, such as a function.")
                .on(from.id.as_str()),
            );
        }
    }
    for component in graph.of_kind(Kind::Cdn) {
        stack.begin(super::concern(Kind::Cdn));
        super::cloudfront::distribution(stack, component);
    }
}

/// The rule for everything that runs code.
fn general(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let principal = ends.source.principal.as_ref()?;
    let grants = ends.target.grants.get(&ends.connection.intent);
    if grants.is_none() && ends.target.listener.is_none() {
        return None;
    }
    if let Some(statements) = grants {
        for statement in statements {
            stack.allow(&ends.from.id, statement.clone());
        }
        if let Some(statement) = kit::key_statement(stack) {
            stack.allow(&ends.from.id, statement);
        }
    }
    if let Some(listener) = &ends.target.listener {
        path(stack, ends, &listener.group, listener.port);
    }
    if principal.environment {
        for (suffix, value) in &ends.target.references {
            let name = format!("{}_{suffix}", ends.to.id.shout());
            stack.env(&ends.from.id, name, value);
        }
    }
    Some(())
}

/// Opens the network from one end's group to the other's on a port.
pub fn path(
    stack: &mut Stack<'_>,
    ends: &Ends<'_>,
    target: &crate::engine::bind::expr::Expr,
    port: u16,
) {
    let Some(source) = ends
        .source
        .principal
        .as_ref()
        .and_then(|it| it.group.clone())
        .or_else(|| ends.source.values.get("group").cloned())
    else {
        return;
    };
    let text = format!("{} to {}", ends.from.title, ends.to.title);
    kit::egress(
        stack,
        ends.from,
        &format!("{}_out", ends.suffix()),
        &source,
        Some((port, port)),
        kit::Peer::Group(target.clone()),
        &text,
    );
    kit::ingress(
        stack,
        ends.to,
        &format!("from_{}", ends.from.id.snake()),
        target,
        Some((port, port)),
        kit::Peer::Group(source),
        &text,
    );
}
