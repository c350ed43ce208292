//! What must hold for every form: all parts are in it, and no name breaks it.

use super::key;
use crate::engine::analysis::{self, Analysis, Design};
use crate::engine::diagram::icons::{Family, Icon};
use crate::engine::diagram::scene::{Change, Edge, GroupKind, Node, Scene};
use crate::engine::diagram::{Form, Kind, Style, Theme, architecture, render};
use crate::engine::graph::{Graph, Kind as GraphKind, NodeId, Reason, Spec, Tier};
use crate::engine::plan::Policy;
use crate::engine::requirements::{Cloud, Hints};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Names that people and programs have used to break out of a format.
const HOSTILE: [&str; 14] = [
    "\"]; end subgraph x[\"",
    "</script><script>alert(1)</script>",
    "a -->|b| c",
    "%%{init: {'theme':'dark'}}%%",
    "`**markdown** [link](javascript:alert(1))`",
    "1. a list",
    "- another",
    "#quot; &quot; &#34; ]]>",
    "${substituted} $x \\",
    "line\nbreak\ttab\r\nand \u{0}\u{8}null",
    "} { ; : | # // /* */",
    "'; drop table label; --",
    "日本語 العربية 🙂",
    "\\\" \\n \\",
];

/// All cases below `tests/golden`, analysed once for all tests.
pub fn analyses() -> &'static [(String, Analysis)] {
    static ANALYSES: LazyLock<Vec<(String, Analysis)>> = LazyLock::new(analyze_all);
    &ANALYSES
}

/// All options of all cases, with the name of their case.
pub fn designs() -> impl Iterator<Item = (String, &'static Design)> {
    analyses().iter().flat_map(|(name, it)| {
        it.options.iter().map(move |it| (format!("{name}/{}", it.graph.tier.name()), it))
    })
}

fn of(text: &str) -> Analysis {
    let hints = Hints { cloud: Some(Cloud::Aws), ..Hints::default() };
    analysis::analyze(text, &hints, &Policy::default())
}

fn analyze_all() -> Vec<(String, Analysis)> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let mut cases: Vec<_> = std::fs::read_dir(root).unwrap().map(|it| it.unwrap().path()).collect();
    cases.sort();
    cases
        .into_iter()
        .filter_map(|case| {
            let text = std::fs::read_to_string(case.join("input.txt")).ok()?;
            let name = case.file_name()?.to_string_lossy().into_owned();
            Some((name, of(&text)))
        })
        .collect()
}

fn text(analysis: &Analysis, design: &Design, kind: Kind, form: Form) -> String {
    let bytes = render(analysis, design, kind, form, &Style::default()).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Ids and lines that a form declares: `c_orders` and `c_a -> c_b: reads, writes`,
/// `c_nat in g_network: serves`.
type Parts = (BTreeSet<String>, BTreeSet<String>);

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Between the first and the last quote.
fn label(text: &str) -> &str {
    text.split_once('"').and_then(|it| it.1.rsplit_once('"')).map_or("", |it| it.0)
}

fn of_mermaid(text: &str) -> Parts {
    let (mut ids, mut lines) = Parts::default();
    for line in text.lines().map(str::trim) {
        let first = line.split(['[', '(', ' ']).next().unwrap_or_default();
        if let Some(rest) = line.strip_prefix("%% c_") {
            let words: Vec<&str> = rest.split(' ').collect();
            lines.insert(format!("c_{} in {}: {}", words[0], words[2], words[1]));
        } else if let Some(it) = line.strip_prefix("subgraph ") {
            ids.insert(it.split('[').next().unwrap().to_owned());
        } else if line.contains("-->|\"") || line.contains("-.->|\"") {
            let to = line.rsplit(' ').next().unwrap();
            lines.insert(format!("{first} -> {to}: {}", label(line)));
        } else if first.starts_with("c_") {
            ids.insert(first.to_owned());
        }
    }
    (ids, lines)
}

fn of_d2(text: &str) -> Parts {
    let (mut ids, mut lines) = Parts::default();
    let mut open = String::new();
    for line in text.lines().map(str::trim) {
        if let Some((from, rest)) = line.split_once(" -> ") {
            let (to, words) = rest.split_once(": ").unwrap();
            lines.insert(format!("{} -> {}: {}", last(from), last(to), label(words)));
        } else if let Some(rest) = line.strip_prefix("# ") {
            let (word, frame) = rest.split_once(' ').unwrap();
            lines.insert(format!("{open} in {frame}: {word}"));
        } else if line.starts_with("c_") || line.starts_with("g_") {
            open = line.split(':').next().unwrap().to_owned();
            ids.insert(open.clone());
        }
    }
    (ids, lines)
}

fn of_structurizr(text: &str) -> Parts {
    let (mut ids, mut lines) = Parts::default();
    let mut open = String::new();
    for line in text.lines().map(str::trim) {
        if let Some((from, rest)) = line.split_once(" -> ") {
            let (to, words) = rest.split_once(' ').unwrap();
            lines.insert(format!("{from} -> {to}: {}", words.split('"').nth(1).unwrap()));
        } else if let Some((name, rest)) = line.split_once(" = ") {
            open = name.to_owned();
            if !rest.starts_with("softwareSystem") && !rest.starts_with("deploymentEnvironment") {
                ids.insert(open.clone());
            }
        } else if let [_, word, _, frame, _] = line.split('"').collect::<Vec<_>>()[..]
            && frame.starts_with("g_")
        {
            lines.insert(format!("{open} in {frame}: {word}"));
        }
    }
    (ids, lines)
}

fn of_drawio(text: &str) -> Parts {
    let (mut ids, mut lines) = Parts::default();
    let value = |line: &str, name: &str| {
        let start = line.find(&format!(" {name}=\""))? + name.len() + 3;
        Some(line[start..].split('"').next()?.to_owned())
    };
    let mut words = String::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("<object") {
            let id = value(line, "id").unwrap();
            words = value(line, "label").unwrap();
            if id.starts_with("c_") || id.starts_with("g_") {
                for it in value(line, "within").iter().flat_map(|it| it.split(", ")) {
                    let (word, frame) = it.split_once(' ').unwrap();
                    lines.insert(format!("{id} in {frame}: {word}"));
                }
                ids.insert(id);
            }
        } else if line.starts_with("<mxCell") && line.contains(" edge=\"1\"") {
            let (from, to) = (value(line, "source").unwrap(), value(line, "target").unwrap());
            lines.insert(format!("{from} -> {to}: {words}"));
        }
    }
    (ids, lines)
}

/// What the graph itself says has to be there.
fn of_graph(design: &Design) -> Parts {
    let graph = &design.graph;
    let scene = architecture::scene(design, &Style::default());
    let name = |id: &str| {
        let frame =
            scene.groups.iter().any(|it| it.component.as_ref().is_some_and(|it| it.as_str() == id));
        key(if frame { 'g' } else { 'c' }, id)
    };
    let ids = graph.components.iter().map(|it| name(it.id.as_str())).collect();
    let mut pairs: BTreeSet<(String, String)> = BTreeSet::new();
    for it in &graph.connections {
        pairs.insert((name(it.from.as_str()), name(it.to.as_str())));
    }
    let lines = pairs
        .into_iter()
        .map(|(from, to)| {
            let mut intents: Vec<_> = graph
                .connections
                .iter()
                .filter(|it| name(it.from.as_str()) == from && name(it.to.as_str()) == to)
                .map(|it| it.intent)
                .collect();
            intents.sort();
            let words: Vec<&str> =
                intents.into_iter().map(crate::engine::diagram::scene::word).collect();
            match from.starts_with("g_") || to.starts_with("g_") {
                true if to.starts_with("g_") => format!("{from} in {to}: {}", words.join(", ")),
                true => format!("{to} in {from}: {}", words.join(", ")),
                false => format!("{from} -> {to}: {}", words.join(", ")),
            }
        })
        .collect();
    (ids, lines)
}

#[test]
fn every_form_has_the_components_and_connections_of_the_graph() {
    for (name, analysis) in analyses() {
        for design in &analysis.options {
            let (components, connections) = of_graph(design);
            for (form, read) in [
                (Form::Mermaid, of_mermaid as fn(&str) -> Parts),
                (Form::Drawio, of_drawio),
                (Form::D2, of_d2),
                (Form::Structurizr, of_structurizr),
            ] {
                let text = text(analysis, design, Kind::Architecture, form);
                let (ids, mut lines) = read(&text);
                let case = format!("{name}/{} {}", design.graph.tier.name(), form.name());
                let missing: Vec<_> = components.difference(&ids).collect();
                assert!(missing.is_empty(), "{case} lacks {missing:?}");
                // What is beyond the graph is who uses it and frames of places.
                let more = ids.difference(&components).filter(|it| it.starts_with("c_"));
                let invented: Vec<_> = more.filter(|it| !it.starts_with("c_outside")).collect();
                assert!(invented.is_empty(), "{case} invents {invented:?}");
                lines.retain(|it| !it.starts_with("c_outside"));
                assert_eq!(lines, connections, "{case}");
            }
        }
    }
}

/// Every component, the title and the region take a hostile name.
fn hostile() -> Analysis {
    let mut analysis = of(include_str!("../../../../tests/golden/web-shop/input.txt"));
    for design in &mut analysis.options {
        design.title = HOSTILE[0].to_owned();
        for (n, it) in design.graph.components.iter_mut().enumerate() {
            it.title = HOSTILE[n % HOSTILE.len()].to_owned();
            it.reason.text = HOSTILE[(n + 5) % HOSTILE.len()].to_owned();
        }
    }
    analysis
}

#[test]
fn hostile_names_change_no_structure() {
    let analysis = hostile();
    for design in &analysis.options {
        let (components, connections) = of_graph(design);
        for (form, read) in [
            (Form::Mermaid, of_mermaid as fn(&str) -> Parts),
            (Form::Drawio, of_drawio),
            (Form::D2, of_d2),
            (Form::Structurizr, of_structurizr),
        ] {
            let text = text(&analysis, design, Kind::Architecture, form);
            let (ids, mut lines) = read(&text);
            assert!(components.is_subset(&ids), "{}", form.name());
            lines.retain(|it| !it.starts_with("c_outside"));
            assert_eq!(lines, connections, "{}", form.name());
            // The others take labels for nothing but text.
            let is_markup = matches!(form, Form::Mermaid | Form::Drawio);
            assert!(!is_markup || !text.contains("<script"), "{}", form.name());
            assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{}", form.name());
        }
    }
}

#[test]
fn what_a_form_reads_as_markup_is_escaped() {
    assert_eq!(super::mermaid::words("a \"b\" #c; <d>"), "a #34;b#34; #35;c#59; #60;d#62;");
    assert_eq!(super::mermaid::words("1. first"), "1#46; first");
    assert_eq!(super::mermaid::words("- item"), "#45; item");
    assert_eq!(super::mermaid::words("v1.2-x"), "v1.2-x");
    assert_eq!(super::d2::quoted("${a} \"b\" \\"), "\"\\${a} \\\"b\\\" \\\\\"");
    assert_eq!(super::structurizr::quoted("a \"b\\\" ${c}\n"), "\"a 'b/' $ {c}\"");
}

#[test]
fn a_kind_is_written_in_its_forms_and_no_others() {
    let (_, analysis) = &analyses()[0];
    let design = &analysis.options[1];
    for kind in Kind::ALL {
        for form in Form::ALL {
            for theme in [Theme::Light, Theme::Dark] {
                let style = Style { theme, ..Style::default() };
                let drawn = render(analysis, design, kind, form, &style);
                assert_eq!(drawn.is_ok(), kind.forms().contains(&form), "{kind:?} {form:?}");
                assert_eq!(drawn, render(analysis, design, kind, form, &style));
            }
        }
    }
}

/// A scene of hostile names only.
fn hostile_scene() -> (Scene, Graph) {
    let mut scene =
        Scene { title: HOSTILE[0].to_owned(), subtitle: HOSTILE[8].to_owned(), ..Scene::default() };
    let mut graph = Graph {
        tier: Tier::Better,
        project: NodeId::slug("hostile", "hostile"),
        region: "eu-central-1".to_owned(),
        recovery_region: None,
        components: Vec::new(),
        connections: Vec::new(),
    };
    let outer = scene.group(GroupKind::Cloud, "cloud", HOSTILE[1], None);
    let inner = scene.group(GroupKind::Region, "region", HOSTILE[2], Some(outer));
    scene.groups[inner].note = HOSTILE[3].to_owned();
    for (n, name) in HOSTILE.into_iter().enumerate() {
        let kind = GraphKind::ALL[n * 7];
        let reason = Reason::rule(HOSTILE[(n + 5) % HOSTILE.len()]);
        let id = graph.add(&format!("part-{n}"), name, Spec::default_of(kind), reason);
        scene.nodes.push(Node {
            id: id.to_string(),
            component: Some(id),
            title: name.to_owned(),
            subtitle: HOSTILE[(n + 3) % HOSTILE.len()].to_owned(),
            icon: Icon::of(kind).into(),
            family: Family::of(kind),
            parent: [Some(outer), Some(inner)][n % 2],
            badges: Vec::new(),
            monthly: Some(1.0),
            change: Change::Same,
        });
        if n > 0 {
            scene.edges.push(Edge {
                from: n - 1,
                to: n,
                label: HOSTILE[(n + 9) % HOSTILE.len()].to_owned(),
                intents: Vec::new(),
                connections: Vec::new(),
                change: Change::Same,
            });
        }
    }
    (scene, graph)
}

/// The referees of tests/referees/diagrams judge these files besides the cases.
/// `UPDATE=1` writes them; a person reads the difference.
#[test]
fn hostile_names_are_kept_for_the_referees() {
    let (scene, graph) = hostile_scene();
    let style = Style::default();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/referees/hostile");
    for (name, text) in [
        ("hostile.mmd", super::mermaid::flowchart(&scene, &style)),
        ("hostile.drawio", super::drawio::file(&scene, &style)),
        ("hostile.d2", super::d2::text(&scene, &style)),
        ("hostile.dsl", super::structurizr::workspace(&scene, &graph, &style)),
    ] {
        let path = std::path::Path::new(folder).join(name);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        // Places are the layout's to change.
        let plain = |text: &str| -> String {
            text.lines().filter(|it| !it.contains("<mx")).collect::<Vec<_>>().join("\n")
        };
        let kept = std::fs::read_to_string(&path).unwrap();
        assert_eq!(plain(&kept), plain(&text), "{name}: run with UPDATE=1");
    }
}
