//! Writes the code of one stack per bound kind and per supported pair, for referees.
//!
//! `cargo run --example render OUT` makes `OUT/<name>/terraform` and
//! `OUT/<name>/cloudformation`. Stacks are many small graphs: each kind alone in
//! each tier, and for each kind a graph with every pair that starts there.

use cloudgen::engine::bind::{binding_of, lower};
use cloudgen::engine::emit::{Artifact, cloudformation, terraform};
use cloudgen::engine::graph::pairs;
use cloudgen::engine::graph::{
    EncryptionKey, Graph, Kind, LogStore, Network, NodeId, Reason, Spec, Tier,
};
use std::collections::BTreeMap;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let out = std::env::args().nth(1).unwrap_or_else(|| "target/render".to_owned());
    let only = std::env::args().nth(2);
    let out = Path::new(&out);
    let bound: Vec<Kind> = Kind::ALL
        .iter()
        .copied()
        .filter(|kind| binding_of(&Spec::default_of(*kind)).is_some())
        .collect();
    let mut unwired = Vec::new();
    for kind in &bound {
        if only.as_ref().is_some_and(|it| it != kind.name()) {
            continue;
        }
        for tier in Tier::ALL {
            let mut graph = base(tier);
            add(&mut graph, *kind);
            write(out, &format!("{}-{}", kind.name(), tier.name()), &graph)?;
        }
        let mut graph = base(Tier::Better);
        let from = add(&mut graph, *kind);
        for (_, intent, to) in pairs::all().filter(|it| it.0 == *kind && bound.contains(&it.2)) {
            let to = graph
                .components
                .iter()
                .find(|it| it.spec.kind() == to && it.id != from)
                .map(|it| it.id.clone())
                .unwrap_or_else(|| {
                    graph.add(to.name(), to.title(), Spec::default_of(to), Reason::rule("A pair."))
                });
            graph.connect(&from, &to, intent, Reason::rule("A pair."));
        }
        if graph.connections.is_empty() {
            continue;
        }
        let stack = lower(&graph);
        for (connection, _) in graph.connections.iter().zip(&stack.wired).filter(|it| !it.1) {
            unwired.push(format!("{} {:?} {}", connection.from, connection.intent, connection.to));
        }
        write(out, &format!("{}-pairs", kind.name()), &graph)?;
    }
    eprintln!(
        "kinds bound {} of {}; pairs not wired {}",
        bound.len(),
        Kind::ALL.len(),
        unwired.len()
    );
    for it in unwired {
        eprintln!("  {it}");
    }
    Ok(())
}

/// What most stacks stand on.
fn base(tier: Tier) -> Graph {
    let mut graph = Graph {
        tier,
        project: NodeId::slug("shop", "shop"),
        region: "eu-central-1".to_owned(),
        recovery_region: None,
        components: Vec::new(),
        connections: Vec::new(),
    };
    let reason = || Reason::rule("Every stack here has it.");
    if tier != Tier::Good {
        graph.add("data-key", "Data key", EncryptionKey::default(), reason());
    }
    graph.add("network", "Network", Network::default(), reason());
    graph.add("logs", "Logs", LogStore::default(), reason());
    graph
}

fn add(graph: &mut Graph, kind: Kind) -> NodeId {
    if let Some(known) = graph.first(kind) {
        return known.id.clone();
    }
    graph.add(kind.name(), kind.title(), Spec::default_of(kind), Reason::rule("It is tried here."))
}

fn write(out: &Path, name: &str, graph: &Graph) -> std::io::Result<()> {
    let stack = lower(graph);
    let save = |folder: &str, files: Vec<Artifact>| -> std::io::Result<()> {
        let folder = out.join(name).join(folder);
        for file in files {
            let path = folder.join(&file.path);
            std::fs::create_dir_all(path.parent().unwrap_or(&folder))?;
            std::fs::write(path, file.content)?;
        }
        Ok(())
    };
    let mut files = terraform::files(&stack, &terraform::Settings::default());
    files.extend(
        stack.files.iter().map(|(path, it)| Artifact { path: path.clone(), content: it.clone() }),
    );
    save("terraform", files)?;
    save("cloudformation", cloudformation::files(&stack, &BTreeMap::new()))
}
