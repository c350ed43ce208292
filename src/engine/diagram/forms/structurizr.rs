//! A scene as a C4 model in the Structurizr DSL: people, one system, its parts
//! as containers, and where they are deployed.

use super::{held, is_asynchronous, key, one_line};
use crate::engine::diagram::icons::Family;
use crate::engine::diagram::scene::{Scene, word};
use crate::engine::diagram::theme::Palette;
use crate::engine::diagram::{Direction, Style};
use crate::engine::graph::Graph;
use std::collections::BTreeMap;

pub fn workspace(scene: &Scene, graph: &Graph, style: &Style) -> String {
    let mut it = Writer { scene, graph, out: String::new(), depth: 0 };
    it.open(&format!("workspace {} {}", quoted(&scene.title), quoted(&scene.subtitle)));
    it.open("model");
    it.model();
    it.close();
    it.views(style);
    it.close();
    it.out
}

struct Writer<'s> {
    scene: &'s Scene,
    graph: &'s Graph,
    out: String,
    depth: usize,
}

impl Writer<'_> {
    fn line(&mut self, text: &str) {
        self.out.push_str(&"    ".repeat(self.depth));
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn open(&mut self, text: &str) {
        self.line(&format!("{text} {{"));
        self.depth += 1;
    }

    fn close(&mut self) {
        self.depth -= 1;
        self.line("}");
    }

    fn model(&mut self) {
        let scene = self.scene;
        let names = names(scene);
        for (n, node) in scene.nodes.iter().enumerate().filter(|it| it.1.component.is_none()) {
            let person = key('c', &node.id);
            self.line(&format!(
                "{person} = person {} {}",
                quoted(&names[n]),
                quoted(&node.subtitle)
            ));
        }
        self.open(&format!(
            "system = softwareSystem {} {}",
            quoted(&scene.title),
            quoted(&scene.subtitle)
        ));
        for (n, node) in scene.nodes.iter().enumerate() {
            let Some(id) = &node.component else { continue };
            let reason = self.graph.component(id).map_or("", |it| it.reason.text.as_str());
            let technology = if node.subtitle.is_empty() { &node.title } else { &node.subtitle };
            self.open(&format!(
                "{} = container {} {} {} {}",
                key('c', &node.id),
                quoted(&names[n]),
                quoted(reason),
                quoted(technology),
                quoted(node.family.title())
            ));
            self.open("properties");
            self.line(&format!("\"component\" {}", quoted(id.as_str())));
            if let Some(monthly) = node.monthly {
                self.line(&format!("\"us-dollars-a-month\" \"{monthly:.2}\""));
            }
            for (intent, group) in held(scene, n) {
                self.line(&format!(
                    "{} {}",
                    quoted(word(intent)),
                    quoted(&key('g', &scene.groups[group].id))
                ));
            }
            self.close();
            self.close();
        }
        self.close();
        for edge in &scene.edges {
            let tags = if is_asynchronous(edge) { " \"\" \"Asynchronous\"" } else { "" };
            self.line(&format!(
                "{} -> {} {}{tags}",
                key('c', &scene.nodes[edge.from].id),
                key('c', &scene.nodes[edge.to].id),
                quoted(&edge.label)
            ));
        }
        self.open(&format!("cloud = deploymentEnvironment {}", quoted(self.graph.tier.name())));
        for group in scene.groups_in(None) {
            self.place(group);
        }
        self.close();
    }

    /// A frame as a deployment node, with all that stands in it.
    fn place(&mut self, group: usize) {
        let scene = self.scene;
        let it = &scene.groups[group];
        self.open(&format!(
            "{} = deploymentNode {} {}",
            key('g', &it.id),
            quoted(&it.label),
            quoted(&it.note)
        ));
        if let Some(component) = &it.component {
            self.open("properties");
            self.line(&format!("\"component\" {}", quoted(component.as_str())));
            self.close();
        }
        for inner in scene.groups_in(Some(group)) {
            self.place(inner);
        }
        for node in scene.nodes_in(Some(group)) {
            if scene.nodes[node].component.is_some() {
                self.line(&format!("containerInstance {}", key('c', &scene.nodes[node].id)));
            }
        }
        self.close();
    }

    fn views(&mut self, style: &Style) {
        let flow = match style.direction {
            Direction::Right => "lr",
            Direction::Down => "tb",
        };
        self.open("views");
        for view in [
            "systemContext system \"context\"",
            "container system \"containers\"",
            "deployment system cloud \"deployment\"",
        ] {
            self.open(view);
            self.line("include *");
            self.line(&format!("autoLayout {flow}"));
            self.close();
        }
        self.open("styles");
        let palette = Palette::of(style.theme);
        let mut families: Vec<Family> = self.scene.nodes.iter().map(|it| it.family).collect();
        families.sort_unstable();
        families.dedup();
        self.open("element \"Person\"");
        self.line("shape Person");
        self.close();
        for family in families.into_iter().filter(|it| *it != Family::People) {
            self.open(&format!("element {}", quoted(family.title())));
            self.line(&format!("background \"{}\"", palette.family(family)));
            self.line(&format!("color \"{}\"", palette.on_family));
            self.line(match family {
                Family::Database | Family::Storage => "shape Cylinder",
                Family::Integration => "shape Pipe",
                _ => "shape RoundedBox",
            });
            self.close();
        }
        self.open("relationship \"Asynchronous\"");
        self.line("dashed true");
        self.close();
        self.close();
        self.close();
    }
}

/// A name for every node: C4 wants them to differ within a system.
fn names(scene: &Scene) -> Vec<String> {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for node in &scene.nodes {
        *count.entry(clean(&node.title).to_lowercase()).or_default() += 1;
    }
    scene
        .nodes
        .iter()
        .map(|it| {
            let alone = count.get(&clean(&it.title).to_lowercase()).is_none_or(|it| *it < 2);
            if alone { it.title.clone() } else { format!("{} ({})", it.title, it.id) }
        })
        .collect()
}

/// The DSL has no escape that every parser reads alike, so what would end a
/// string, escape its end or begin a substitution is written otherwise.
fn clean(text: &str) -> String {
    one_line(&text.replace('"', "'").replace('\\', "/").replace("${", "$ {"))
}

pub fn quoted(text: &str) -> String {
    format!("\"{}\"", clean(text))
}
