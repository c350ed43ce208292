//! Pictures of a design, drawn by the same facts that become code.
//!
//! A [`Scene`](scene::Scene) says what there is to show: nested groups, nodes
//! and edges, built from the graph and its lowered stack by [`groups`].
//! [`layout`] gives everything its place, [`svg`] writes it down. Nothing here
//! reads a clock or a font of the machine, so equal designs give equal bytes.

pub mod architecture;
#[cfg(test)]
mod checks;
pub mod difference;
pub mod draw;
pub mod groups;
pub mod icons;
pub mod layout;
pub mod network;
pub mod scene;
pub mod svg;
pub mod text;
pub mod theme;

use super::analysis::Design;

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

/// Where the flow goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    #[default]
    Right,
    Down,
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

/// How a picture looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    pub theme: Theme,
    pub direction: Direction,
    pub overlay: Overlay,
}

/// A kind that has no such form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {} diagram has no {} form", .kind.name(), .form.name())]
pub struct Unsupported {
    pub kind: Kind,
    pub form: Form,
}

/// Draws a design. [`Form::Png`] and [`Form::Pdf`] are not written here: see
/// [`Form::source`].
pub fn render(
    design: &Design,
    kind: Kind,
    form: Form,
    style: &Style,
) -> Result<Vec<u8>, Unsupported> {
    let text = match (kind, form) {
        (Kind::Architecture, Form::Svg) => architecture::svg(design, style),
        (Kind::Network, Form::Svg) => network::svg(design, style),
        _ => return Err(Unsupported { kind, form }),
    };
    Ok(text.into_bytes())
}
