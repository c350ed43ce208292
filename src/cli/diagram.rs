//! Pictures of the last analysis on the command line.

use super::design::TierName;
use super::state;
use crate::engine::diagram::{self, Direction, Form, Kind, Overlay, Style, Theme};
use crate::engine::graph::Tier;
use crate::platform::raster;
use anyhow::Context;
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Pixels of an image for each of the drawing.
const SCALE: f32 = 2.0;

#[derive(Args)]
pub struct Diagram {
    /// Which option to draw
    #[arg(long, value_enum, default_value = "better")]
    option: TierName,
    /// What to show
    #[arg(long, value_enum, default_value = "architecture")]
    kind: KindName,
    /// How to write it
    #[arg(long, value_enum, default_value = "svg")]
    format: FormName,
    #[arg(long, value_enum, default_value = "light")]
    theme: ThemeName,
    /// Where the flow goes
    #[arg(long, value_enum, default_value = "right")]
    direction: DirectionName,
    /// What to write on the components besides their names
    #[arg(long, value_enum, default_value = "none")]
    overlay: OverlayName,
    /// File to write instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Work on this machine, without a server
    #[arg(long)]
    local: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum KindName {
    Architecture,
    Network,
    Sequence,
    DataFlow,
    Cost,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormName {
    Svg,
    Png,
    Pdf,
    Mermaid,
    Drawio,
    D2,
    Structurizr,
}

#[derive(Clone, Copy, ValueEnum)]
enum ThemeName {
    Light,
    Dark,
}

#[derive(Clone, Copy, ValueEnum)]
enum DirectionName {
    Right,
    Down,
}

#[derive(Clone, Copy, ValueEnum)]
enum OverlayName {
    None,
    Cost,
    Sla,
    Findings,
}

impl Diagram {
    fn kind(&self) -> Kind {
        match self.kind {
            KindName::Architecture => Kind::Architecture,
            KindName::Network => Kind::Network,
            KindName::Sequence => Kind::Sequence,
            KindName::DataFlow => Kind::DataFlow,
            KindName::Cost => Kind::Cost,
        }
    }

    fn form(&self) -> Form {
        match self.format {
            FormName::Svg => Form::Svg,
            FormName::Png => Form::Png,
            FormName::Pdf => Form::Pdf,
            FormName::Mermaid => Form::Mermaid,
            FormName::Drawio => Form::Drawio,
            FormName::D2 => Form::D2,
            FormName::Structurizr => Form::Structurizr,
        }
    }

    fn style(&self) -> Style {
        Style {
            theme: match self.theme {
                ThemeName::Light => Theme::Light,
                ThemeName::Dark => Theme::Dark,
            },
            direction: match self.direction {
                DirectionName::Right => Direction::Right,
                DirectionName::Down => Direction::Down,
            },
            overlay: match self.overlay {
                OverlayName::None => Overlay::None,
                OverlayName::Cost => Overlay::Cost,
                OverlayName::Sla => Overlay::Sla,
                OverlayName::Findings => Overlay::Findings,
            },
        }
    }
}

pub fn run(args: &Diagram) -> anyhow::Result<ExitCode> {
    let analysis = state::load()?.analyze();
    let tier = Tier::from(args.option);
    let design = analysis
        .options
        .iter()
        .find(|it| it.graph.tier == tier)
        .context("the last analysis has no options")?;
    let (kind, form) = (args.kind(), args.form());
    let drawn = diagram::render(design, kind, form.source(), &args.style())?;
    let bytes = match form {
        Form::Png => raster::png(&String::from_utf8(drawn)?, SCALE)?,
        Form::Pdf => raster::pdf(&String::from_utf8(drawn)?, &design.title)?,
        _ => drawn,
    };
    match &args.out {
        Some(path) => state::write_file(path, &bytes)?,
        None => std::io::stdout().lock().write_all(&bytes)?,
    }
    Ok(ExitCode::SUCCESS)
}
