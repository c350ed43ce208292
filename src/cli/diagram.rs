//! `cloudgen diagram`: pictures of an option, of this machine or of a server.

use super::design::TierName;
use super::failure::{Failure, Kind as FailureKind};
use super::remote::client::{Call, Client, with_query};
use super::remote::{At, design as there};
use super::{remote, state};
use crate::app;
use crate::engine::analysis::Analysis;
use crate::engine::brief::Brief;
use crate::engine::diagram::{self, Direction, Form, Kind, Overlay, Style, Theme};
use crate::engine::graph::Tier;
use crate::platform::icons::Icons;
use crate::platform::raster;
use anyhow::Context;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use reqwest::Method;
use std::io::{IsTerminal, Write};
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
    #[arg(long, default_value = "architecture", value_parser = parser(&Kind::ALL.map(|it| (it.name(), it))))]
    kind: Kind,
    /// How to write it
    #[arg(long, default_value = "svg", value_parser = parser(&Form::ALL.map(|it| (it.name(), it))))]
    format: Form,
    #[arg(long, default_value = "light", value_parser = parser(&Theme::NAMES))]
    theme: Theme,
    /// Where the flow goes
    #[arg(long, default_value = "right", value_parser = parser(&Direction::NAMES))]
    direction: Direction,
    /// What to write on the components besides their names
    #[arg(long, default_value = "none", value_parser = parser(&Overlay::NAMES))]
    overlay: Overlay,
    /// Show what was added, removed and changed since this analysis, counted from 1
    #[arg(long, value_name = "NUMBER")]
    against: Option<usize>,
    /// File to write instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Directory of icons to draw on this machine with, such as lambda.svg or queue.png
    #[arg(long, value_name = "DIRECTORY", env = "CLOUDGEN_ICONS")]
    icons: Option<PathBuf>,
    /// Work on this machine, without a server
    #[arg(long)]
    local: bool,
    /// The session of the server to draw; else that of the last analysis
    #[arg(long, value_name = "ID", conflicts_with = "local")]
    session_id: Option<String>,
    #[command(flatten)]
    at: At,
}

/// Takes the names of a table of the engine, so that there is one.
fn parser<T: Copy + Send + Sync + 'static>(
    known: &[(&'static str, T)],
) -> impl TypedValueParser<Value = T> + use<T> {
    let known = known.to_vec();
    let names: Vec<&'static str> = known.iter().map(|it| it.0).collect();
    PossibleValuesParser::new(names).try_map(move |given: String| {
        let found = known.iter().find(|it| it.0 == given).map(|it| it.1);
        found.ok_or("no such value")
    })
}

impl Diagram {
    fn style(&self) -> anyhow::Result<Style> {
        let icons = match &self.icons {
            Some(directory) => app::icons(directory).context("--icons")?,
            None => Icons::default(),
        };
        Ok(Style { theme: self.theme, direction: self.direction, overlay: self.overlay, icons })
    }

    /// What fits no terminal is not written to one.
    fn check(&self) -> anyhow::Result<()> {
        let (kind, form) = (self.kind, self.format);
        if !kind.forms().contains(&form) {
            let message = diagram::Unsupported { kind, form }.to_string();
            return Err(Failure::new(FailureKind::Usage, message).into());
        }
        if form.is_binary() && self.out.is_none() && std::io::stdout().is_terminal() {
            let (tier, kind, form) = (Tier::from(self.option).name(), kind.name(), form.name());
            let message = format!(
                "a terminal cannot show {form}\n  \
                 try: cloudgen diagram --option {tier} --kind {kind} --format {form} --out {tier}-{kind}.{form}"
            );
            return Err(Failure::new(FailureKind::Usage, message).into());
        }
        Ok(())
    }
}

pub fn run(args: &Diagram) -> anyhow::Result<ExitCode> {
    args.check()?;
    let client = match (args.local, &args.session_id) {
        (true, _) => None,
        (false, Some(_)) => Some(args.at.client()?),
        (false, None) => args.at.client_if_signed_in()?,
    };
    let bytes = match client {
        None => local(args)?,
        Some(client) => remote::run(download(args, &client))?,
    };
    match &args.out {
        Some(path) => state::write_file(path, &bytes)?,
        None => std::io::stdout().lock().write_all(&bytes)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn local(args: &Diagram) -> anyhow::Result<Vec<u8>> {
    let brief = state::load()?;
    let analysis = brief.analyze();
    let tier = Tier::from(args.option);
    let find = |it: &Analysis| it.options.iter().position(|it| it.graph.tier == tier);
    let design = &analysis.options[find(&analysis).context("the last analysis has no options")?];
    let (kind, form, style) = (args.kind, args.format, args.style()?);
    let drawn = match args.against {
        None => diagram::render(&analysis, design, kind, form, &style)?,
        Some(_) if kind != Kind::Architecture => {
            let message = "--against: only an architecture can be drawn against another analysis";
            return Err(Failure::new(FailureKind::Usage, message).into());
        }
        Some(number) => {
            let before = earlier(&brief, number)?.analyze();
            let at = find(&before).with_context(|| format!("analysis {number} has no options"))?;
            diagram::render_difference(&before.options[at], design, kind, form, &style)?
        }
    };
    Ok(match form {
        Form::Png => raster::png(&String::from_utf8(drawn)?, SCALE)?,
        Form::Pdf => raster::pdf(&String::from_utf8(drawn)?, &design.title)?,
        _ => drawn,
    })
}

/// What had been said and set by then.
fn earlier(brief: &Brief, number: usize) -> anyhow::Result<Brief> {
    let last = brief.turns.len();
    if number == 0 || number > last {
        let message = format!("--against {number}: there are analyses 1 to {last}");
        return Err(Failure::new(FailureKind::Usage, message).into());
    }
    let mut before = brief.clone();
    before.turns.truncate(number);
    before.settings.retain(|_, it| it.after <= number);
    Ok(before)
}

async fn download(args: &Diagram, client: &Client) -> anyhow::Result<Vec<u8>> {
    let session = there::session(client, args.session_id.as_deref())?;
    let summary = client.get(format!("/api/v1/sessions/{session}")).await?;
    let number = summary["analyses"].as_i64().filter(|it| *it > 0).ok_or_else(|| {
        Failure::new(FailureKind::NotFound, format!("session {session} has no analysis yet"))
    })?;
    let path = format!(
        "/api/v1/sessions/{session}/analyses/{number}/options/{}/diagrams/{}.{}",
        Tier::from(args.option).name(),
        args.kind.name(),
        args.format.name()
    );
    let against = args.against.map(|it| it.to_string());
    let fields = [
        ("theme", Theme::NAMES.iter().find(|it| it.1 == args.theme).map(|it| it.0)),
        ("direction", Direction::NAMES.iter().find(|it| it.1 == args.direction).map(|it| it.0)),
        ("overlay", Overlay::NAMES.iter().find(|it| it.1 == args.overlay).map(|it| it.0)),
        ("against", against.as_deref()),
    ];
    let response = client.send(Call::new(Method::GET, with_query(&path, &fields))).await?;
    Ok(client.checked(response).await?.bytes().await?.to_vec())
}
