//! Pictures of a design, drawn by the same facts that become code.
//!
//! A [`Scene`] says what there is to show: nested groups, nodes
//! and edges, built from the graph and its lowered stack by [`groups`].
//! [`layout`] gives everything its place, [`svg`] writes it down. Nothing here
//! reads a clock or a font of the machine, so equal designs give equal bytes.

pub mod architecture;
#[cfg(test)]
mod checks;
pub mod cost;
pub mod dataflow;
pub mod difference;
pub mod draw;
pub mod forms;
pub mod groups;
pub mod icons;
pub mod layout;
pub mod network;
pub mod scene;
pub mod sequence;
pub mod svg;
pub mod table;
pub mod text;
pub mod theme;

pub use super::analysis::{Analysis, Design};
use scene::Scene;

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Components and connections within cloud, region and network.
    Architecture,
    /// Address blocks, routes, gateways, security groups and ports.
    Network,
    /// What is made in which order, and how a request travels.
    Sequence,
    /// Where which class of data is kept and goes.
    DataFlow,
    /// What costs how much.
    Cost,
}

impl Kind {
    pub const ALL: [Self; 5] =
        [Self::Architecture, Self::Network, Self::Sequence, Self::DataFlow, Self::Cost];

    /// As addresses and the command line write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Architecture => "architecture",
            Self::Network => "network",
            Self::Sequence => "sequence",
            Self::DataFlow => "data-flow",
            Self::Cost => "cost",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Architecture => "Architecture",
            Self::Network => "Network",
            Self::Sequence => "Sequence",
            Self::DataFlow => "Data flow",
            Self::Cost => "Cost",
        }
    }

    /// The forms that it can be written in: the one table of what there is.
    pub fn forms(self) -> &'static [Form] {
        use Form::*;
        match self {
            Self::Architecture => &[Svg, Png, Pdf, Mermaid, Drawio, D2, Structurizr],
            Self::Network => &[Svg, Png, Pdf, Mermaid, Drawio, D2],
            Self::Sequence => &[Svg, Png, Pdf, Mermaid, D2],
            Self::DataFlow => &[Svg, Png, Pdf, Mermaid, Drawio, D2],
            Self::Cost => &[Svg, Png, Pdf, Mermaid],
        }
    }
}

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    Svg,
    Png,
    Pdf,
    Mermaid,
    Drawio,
    D2,
    Structurizr,
}

impl Form {
    pub const ALL: [Self; 7] =
        [Self::Svg, Self::Png, Self::Pdf, Self::Mermaid, Self::Drawio, Self::D2, Self::Structurizr];

    /// As addresses and the command line write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Pdf => "pdf",
            Self::Mermaid => "mermaid",
            Self::Drawio => "drawio",
            Self::D2 => "d2",
            Self::Structurizr => "structurizr",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// Its media type.
    pub fn media(self) -> &'static str {
        match self {
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
            Self::Pdf => "application/pdf",
            Self::Drawio => "application/vnd.jgraph.mxfile",
            Self::Mermaid | Self::D2 | Self::Structurizr => "text/plain; charset=utf-8",
        }
    }

    /// How the names of such files end.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Mermaid => "mmd",
            Self::Structurizr => "dsl",
            other => other.name(),
        }
    }

    /// Whether it is no text.
    pub fn is_binary(self) -> bool {
        matches!(self, Self::Png | Self::Pdf)
    }

    /// The form that [`render`] writes for it: raster images and print are made
    /// of the SVG outside of the engine.
    pub fn source(self) -> Self {
        match self {
            Self::Png | Self::Pdf => Self::Svg,
            other => other,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    Light,
    Dark,
}

impl Theme {
    /// As addresses and the command line write it.
    pub const NAMES: [(&'static str, Self); 2] = [("light", Self::Light), ("dark", Self::Dark)];
}

/// Where the flow goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    #[default]
    Right,
    Down,
}

impl Direction {
    pub const NAMES: [(&'static str, Self); 2] = [("right", Self::Right), ("down", Self::Down)];
}

/// What is written on the nodes besides their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlay {
    #[default]
    None,
    /// US dollars a month.
    Cost,
    /// What the provider promises.
    Sla,
    /// What the reviewer has to say.
    Findings,
}

impl Overlay {
    pub const NAMES: [(&'static str, Self); 4] = [
        ("none", Self::None),
        ("cost", Self::Cost),
        ("sla", Self::Sla),
        ("findings", Self::Findings),
    ];
}

/// How a picture looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Style {
    pub theme: Theme,
    pub direction: Direction,
    pub overlay: Overlay,
    /// What is shown in place of our own glyphs.
    pub icons: icons::Pictures,
}

/// A kind that has no such form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {} form of a {} diagram; there is {}", .form.name(), .kind.name(), names(.kind.forms()))]
pub struct Unsupported {
    pub kind: Kind,
    pub form: Form,
}

/// "svg, png and pdf".
fn names(forms: &[Form]) -> String {
    let names: Vec<&str> = forms.iter().map(|it| it.name()).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "none".to_owned(),
    }
}

/// Draws an option of an analysis. [`Form::Png`] and [`Form::Pdf`] are made of
/// its SVG outside of the engine: see [`Form::source`].
pub fn render(
    analysis: &Analysis,
    design: &Design,
    kind: Kind,
    form: Form,
    style: &Style,
) -> Result<Vec<u8>, Unsupported> {
    let unsupported = Unsupported { kind, form };
    if !kind.forms().contains(&form) {
        return Err(unsupported);
    }
    let text = match (kind, form.source()) {
        (Kind::Architecture, Form::Svg) => architecture::svg(design, style),
        (Kind::Architecture, _) => {
            let scene = architecture::scene(design, style);
            written(&scene, design, form, style).ok_or(unsupported)?
        }
        (Kind::Network, Form::Svg) => network::svg(design, style),
        (Kind::Network, _) => {
            let scene = network::scene(design);
            written(&scene, design, form, style).ok_or(unsupported)?
        }
        (Kind::Sequence, Form::Svg) => sequence::svg(design, style),
        (Kind::Sequence, Form::Mermaid) => sequence::mermaid(design, style),
        (Kind::Sequence, Form::D2) => sequence::d2(design, style),
        (Kind::DataFlow, Form::Svg) => dataflow::svg(analysis, design, style),
        (Kind::DataFlow, _) => {
            let scene = dataflow::scene(design, &dataflow::flows(analysis, design));
            written(&scene, design, form, style).ok_or(unsupported)?
        }
        (Kind::Cost, Form::Svg) => cost::svg(analysis, design, style),
        (Kind::Cost, Form::Mermaid) => cost::mermaid(design, style),
        (Kind::Sequence | Kind::Cost, _) => return Err(unsupported),
    };
    Ok(text.into_bytes())
}

/// Draws what became of an option: its architecture, with what was added,
/// removed and changed.
pub fn render_difference(
    before: &Design,
    after: &Design,
    kind: Kind,
    form: Form,
    style: &Style,
) -> Result<Vec<u8>, Unsupported> {
    let unsupported = Unsupported { kind, form };
    if kind != Kind::Architecture {
        return Err(unsupported);
    }
    let scene = difference::scene(before, after, style);
    let text = match form.source() {
        Form::Svg => draw::svg(&scene, style),
        _ => written(&scene, after, form, style).ok_or(unsupported)?,
    };
    Ok(text.into_bytes())
}

/// A scene in one of the forms that are text; none for pictures.
fn written(scene: &Scene, design: &Design, form: Form, style: &Style) -> Option<String> {
    Some(match form {
        Form::Mermaid => forms::mermaid::flowchart(scene, style),
        Form::Drawio => forms::drawio::file(scene, style),
        Form::D2 => forms::d2::text(scene, style),
        Form::Structurizr => forms::structurizr::workspace(scene, &design.graph, style),
        Form::Svg | Form::Png | Form::Pdf => return None,
    })
}
