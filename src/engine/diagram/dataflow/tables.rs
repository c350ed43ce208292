//! The tables below the picture: what is kept where, what goes where, and why
//! the data is classed as it is.

use super::{Class, Flows, classes};
use crate::engine::analysis::{Analysis, Design};
use crate::engine::bind::binding_of;
use crate::engine::diagram::groups::Place;
use crate::engine::diagram::scene::word;
use crate::engine::diagram::table::Table;
use crate::engine::graph::{Graph, NodeId};

pub fn of(analysis: &Analysis, design: &Design, flows: &Flows) -> Vec<Table> {
    let graph = &design.graph;
    let title = |id: &NodeId| graph.component(id).map_or(id.to_string(), |it| it.title.clone());
    let mut stores = Table {
        title: "What is kept where",
        columns: vec!["Store", "Service", "Data", "At rest", "Region"],
        rows: Vec::new(),
    };
    for kept in &flows.kept {
        let component = graph.component(&kept.component);
        let held: Vec<Class> =
            flows.classes.stores.get(&kept.component).into_iter().flatten().copied().collect();
        stores.rows.push(vec![
            title(&kept.component),
            component.and_then(|it| binding_of(&it.spec)).map_or("", |it| it.title).to_owned(),
            classes::names(&held),
            kept.rest.words().to_owned(),
            region(graph, flows, &kept.component),
        ]);
    }
    let mut transfers = Table {
        title: "What goes where",
        columns: vec!["From", "To", "What for", "Data", "In transit", "Crosses"],
        rows: Vec::new(),
    };
    // One row for each two parts: what they want of each other is said in it.
    let mut told: Vec<(&NodeId, &NodeId)> = Vec::new();
    for (n, transit) in &flows.transit {
        let connection = &graph.connections[*n];
        let pair = (&connection.from, &connection.to);
        if told.contains(&pair) {
            continue;
        }
        told.push(pair);
        let intents: Vec<&str> = flows
            .transit
            .keys()
            .map(|it| &graph.connections[*it])
            .filter(|it| (&it.from, &it.to) == pair)
            .map(|it| word(it.intent))
            .collect();
        transfers.rows.push(vec![
            title(&connection.from),
            title(&connection.to),
            intents.join(", "),
            classes::names(&flows.classes.on(graph, connection)),
            transit.words(),
            crosses(flows, &connection.from, &connection.to).to_owned(),
        ]);
    }
    let mut why = Table {
        title: "Why the data is classed so",
        columns: vec!["Class", "Because"],
        rows: Vec::new(),
    };
    for (class, reason) in &flows.classes.reasons {
        why.rows.push(vec![class.name().to_owned(), reason.clone()]);
    }
    for law in &analysis.requirements.needs.compliance {
        why.rows.push(vec!["framework".to_owned(), law.title().to_owned()]);
    }
    why.rows.push(vec!["residency".to_owned(), flows.residency.clone()]);
    [stores, why, transfers].into_iter().filter(|it| !it.rows.is_empty()).collect()
}

fn region(graph: &Graph, flows: &Flows, id: &NodeId) -> String {
    match flows.places.get(id) {
        Some(Place::Global) => "all edge locations".to_owned(),
        _ => graph.region.clone(),
    }
}

/// Which boundary lies between two parts.
fn crosses(flows: &Flows, from: &NodeId, to: &NodeId) -> &'static str {
    let inside = |id: &NodeId| {
        matches!(
            flows.places.get(id),
            Some(Place::Network | Place::Public | Place::Private | Place::Data)
        )
    };
    let global = |id: &NodeId| flows.places.get(id) == Some(&Place::Global);
    match (inside(from), inside(to)) {
        (true, true) => "nothing: inside the network",
        (false, false) if global(from) != global(to) => "edge to region",
        (false, false) => "nothing: inside the cloud",
        _ => "border of the network",
    }
}
