//! Designing on the command line: analyze, generate, edit, ask, cost, explain.
//!
//! The work is done by a server for who is signed in to one, else on this
//! machine. Both give the same JSON, from which all output is made.

use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::failure::{Failure, Kind, refused, usage};
use super::local;
use super::output::Output;
use super::remote::client::Client;
use super::remote::design::{self as there, Said};
use super::remote::{At, download, run};
use super::report::{self, list, text};
use super::state::write_file;
use crate::engine::graph::Tier;
use crate::engine::requirements::Cloud;

/// Longest text that is analysed, in bytes.
const MAX_TEXT: u64 = 2_000_000;

#[derive(Args)]
pub struct Analyze {
    /// What the system has to do, in your own words
    text: Option<String>,
    /// Read the text from a file, or from standard input with -
    #[arg(long, value_name = "PATH", conflicts_with = "text")]
    file: Option<String>,
    #[command(flatten)]
    given: Given,
    #[command(flatten)]
    work: Work,
}

/// What is known besides the text.
#[derive(Args)]
pub struct Given {
    /// Cloud to design for; aws unless the policy has another
    #[arg(long, value_enum)]
    pub cloud: Option<CloudName>,
    /// Main region, such as eu-central-1
    #[arg(long)]
    pub region: Option<String>,
    /// US dollars a month
    #[arg(long, value_name = "USD", allow_negative_numbers = true)]
    pub budget: Option<f64>,
    /// Frameworks to comply with: hipaa, pci, soc2, gdpr, fedramp, iso27001
    #[arg(long, value_delimiter = ',')]
    pub compliance: Vec<String>,
    /// Rules of your organisation as JSON: regions, services, tags, names …
    #[arg(long, value_name = "PATH")]
    pub policy: Option<PathBuf>,
    /// A tag on every resource; can be repeated
    #[arg(long = "tag", value_name = "NAME=VALUE")]
    pub tags: Vec<String>,
    /// Set what would be assumed, such as availability=99.9; can be repeated
    #[arg(long = "set", value_name = "KIND=VALUE")]
    pub settings: Vec<String>,
}

/// Where the work is done, and how its result is printed.
#[derive(Args)]
pub struct Work {
    /// Work on this machine, without a server
    #[arg(long)]
    local: bool,
    /// The session of the server to work in; else that of the last analysis
    #[arg(long, value_name = "ID", conflicts_with = "local")]
    session_id: Option<String>,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: Output,
}

impl Work {
    /// The server, unless this machine is meant.
    fn server(&self) -> anyhow::Result<Option<Client>> {
        match (self.local, &self.session_id) {
            (true, _) => Ok(None),
            (false, Some(_)) => self.at.client().map(Some),
            (false, None) => self.at.client_if_signed_in(),
        }
    }

    fn session(&self, client: &Client) -> anyhow::Result<String> {
        there::session(client, self.session_id.as_deref())
    }

    /// The last analysis, here or there.
    fn newest(&self) -> anyhow::Result<Value> {
        match self.server()? {
            None => local::newest(),
            Some(client) => run(async { there::newest(&client, &self.session(&client)?).await }),
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub enum CloudName {
    Aws,
    Azure,
    Gcp,
}

impl From<CloudName> for Cloud {
    fn from(it: CloudName) -> Self {
        match it {
            CloudName::Aws => Self::Aws,
            CloudName::Azure => Self::Azure,
            CloudName::Gcp => Self::Gcp,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub enum TierName {
    Good,
    Better,
    Best,
}

impl From<TierName> for Tier {
    fn from(it: TierName) -> Self {
        match it {
            TierName::Good => Self::Good,
            TierName::Better => Self::Better,
            TierName::Best => Self::Best,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatName {
    Terraform,
    Cloudformation,
    All,
}

impl FormatName {
    pub fn name(self) -> &'static str {
        match self {
            Self::Terraform => "terraform",
            Self::Cloudformation => "cloudformation",
            Self::All => "all",
        }
    }
}

#[derive(Args)]
pub struct Generate {
    /// Which option to write
    #[arg(long, value_enum, default_value = "better")]
    option: TierName,
    /// terraform unless the policy has another
    #[arg(long, value_enum)]
    format: Option<FormatName>,
    /// Directory to write to; made when it is not there
    #[arg(long, value_name = "DIR", default_value = "infrastructure")]
    out: PathBuf,
    /// Write over files that are there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    work: Work,
}

#[derive(Args)]
pub struct Edit {
    /// What to change: "make it cheaper", "add a Redis cache", "move to Frankfurt"
    #[arg(required_unless_present = "settings")]
    text: Option<String>,
    /// Set what was assumed, such as region=Frankfurt; can be repeated
    #[arg(long = "set", value_name = "KIND=VALUE")]
    settings: Vec<String>,
    #[command(flatten)]
    work: Work,
}

#[derive(Args)]
pub struct Ask {
    /// "Why is there a NAT gateway?", "what happens when a zone fails?"
    question: String,
    /// The option that is meant; else the one that is recommended
    #[arg(long, value_enum)]
    option: Option<TierName>,
    #[command(flatten)]
    work: Work,
}

#[derive(Args)]
pub struct Cost {
    /// One option instead of all three
    #[arg(long, value_enum)]
    option: Option<TierName>,
    #[command(flatten)]
    work: Work,
}

#[derive(Args)]
pub struct Explain {
    /// Id of a component, as analyze lists them
    component: String,
    #[arg(long, value_enum, default_value = "better")]
    option: TierName,
    #[command(flatten)]
    work: Work,
}

pub fn analyze(args: &Analyze) -> anyhow::Result<ExitCode> {
    let text = words(args)?;
    let analysis = match args.work.server()? {
        None => local::analyze(text, &args.given)?,
        Some(client) => {
            let request = request(&text, &args.given, args.work.session_id.as_deref())?;
            run(there::analyze(&client, &request, &args.given.settings))?
        }
    };
    show(&analysis, &args.work.output)
}

/// What is to be analysed, from wherever it comes.
fn words(args: &Analyze) -> anyhow::Result<String> {
    let text = match (&args.text, args.file.as_deref()) {
        (Some(text), _) => text.clone(),
        (None, Some("-")) => read_limited(std::io::stdin().lock(), "standard input")?,
        (None, Some(path)) => {
            let file = std::fs::File::open(path).with_context(|| format!("cannot read {path}"))?;
            read_limited(file, path)?
        }
        (None, None) if std::io::stdin().is_terminal() => String::new(),
        (None, None) => read_limited(std::io::stdin().lock(), "standard input")?,
    };
    if text.trim().is_empty() {
        return Err(usage(
            "say what the system has to do: cloudgen analyze \"HIPAA patient portal, 50k users, EU only\"",
        ));
    }
    if text.len() as u64 > MAX_TEXT {
        let bytes = text.len();
        return Err(refused(format!(
            "the text has {bytes} bytes; at most {MAX_TEXT} are analysed"
        )));
    }
    if let Some(budget) = args.given.budget
        && !(budget.is_finite() && budget > 0.0)
    {
        let message = "give US dollars a month above 0, such as --budget 3000";
        return Err(refused(format!("--budget {budget}: {message}")));
    }
    Ok(text)
}

/// The parts of a `--set KIND=VALUE`.
pub fn setting(text: &str) -> anyhow::Result<(&str, &str)> {
    text.split_once('=').ok_or_else(|| usage(format!("--set {text}: give KIND=VALUE")))
}

/// The same for the API.
fn request(text: &str, given: &Given, session: Option<&str>) -> anyhow::Result<Value> {
    if given.policy.is_some() || !given.tags.is_empty() {
        let message = "--policy and --tag go with --local: on a server the rules and tags of your organisation hold";
        return Err(Failure::new(Kind::Usage, message).into());
    }
    let mut request = json!({ "text": text, "compliance": given.compliance });
    if let Some(it) = given.cloud {
        request["cloud"] = serde_json::to_value(Cloud::from(it))?;
    }
    if let Some(it) = &given.region {
        request["region"] = it.as_str().into();
    }
    if let Some(it) = given.budget {
        request["budget"] = it.into();
    }
    if let Some(it) = session {
        request["session_id"] = there::checked_id(it)?.into();
    }
    Ok(request)
}

pub fn edit(args: &Edit) -> anyhow::Result<ExitCode> {
    let (words, settings) = (args.text.as_deref(), &args.settings);
    let said = match args.work.server()? {
        None => local::edit(words, settings)?,
        Some(client) => run(async {
            let session = args.work.session(&client)?;
            there::edit(&client, &session, words, settings).await
        })?,
    };
    tell(said, &args.work.output)
}

/// Answers a question about the last analysis.
pub fn ask(args: &Ask) -> anyhow::Result<ExitCode> {
    let tier = args.option.map(Tier::from);
    let said = match args.work.server()? {
        None => local::ask(&args.question, tier)?,
        Some(client) => run(async {
            let session = args.work.session(&client)?;
            there::ask(&client, &session, &args.question, tier).await
        })?,
    };
    tell(said, &args.work.output)
}

fn tell(said: Said, output: &Output) -> anyhow::Result<ExitCode> {
    match said {
        Said::Answer(it) => output.print(&it, |out| report::answer(out, &it)),
        Said::Help(it) => {
            output.print(&it, |out| report::answer(out, &it))?;
            Ok(Kind::Refused.into())
        }
        Said::Analysis { analysis, confirmation } => {
            output.print(&analysis, |out| {
                if !confirmation.is_null() {
                    report::confirmation(out, &confirmation);
                }
                if !list(&analysis["changes"]).is_empty() {
                    report::changes(out, &analysis["changes"]);
                }
                report::analysis(out, &analysis);
            })?;
            Ok(status(&analysis))
        }
    }
}

pub fn generate(args: &Generate) -> anyhow::Result<ExitCode> {
    let tier = Tier::from(args.option);
    let sets = match args.work.server()? {
        None => local::generate(tier, args.format)?,
        Some(client) => run(async {
            let session = args.work.session(&client)?;
            download::generated(&client, &session, tier, args.format, &args.out).await
        })?,
    };
    let several = sets.len() > 1;
    let mut files = Vec::new();
    for (format, set) in sets {
        let folder = if several { args.out.join(format) } else { args.out.clone() };
        files.extend(set.into_iter().map(|(path, content)| (folder.join(path), content)));
    }
    if !args.force
        && let Some((path, _)) = files.iter().find(|(path, _)| path.exists())
    {
        bail!(
            "{} is there already: nothing was written. Use --force to write over it, or --out for another directory",
            path.display()
        );
    }
    for (path, content) in &files {
        write_file(path, content)?;
    }
    let listed: Vec<_> = files
        .iter()
        .map(
            |(path, content)| json!({ "path": path.display().to_string(), "bytes": content.len() }),
        )
        .collect();
    let value = json!({ "option": tier, "files": listed });
    args.work.output.print(&value, |out| report::written(out, tier, &args.out, &files))
}

pub fn cost(args: &Cost) -> anyhow::Result<ExitCode> {
    let analysis = args.work.newest()?;
    let wanted = args.option.map(|it| Tier::from(it).name());
    let options: Vec<Value> = list(&analysis["options"])
        .iter()
        .filter(|it| wanted.is_none_or(|tier| it["tier"] == tier))
        .map(|it| json!({ "tier": it["tier"], "cost": it["cost"] }))
        .collect();
    args.work.output.print(&json!({ "options": options }), |out| {
        for it in &options {
            report::cost(out, text(&it["tier"]), &it["cost"]);
        }
    })
}

pub fn explain(args: &Explain) -> anyhow::Result<ExitCode> {
    let analysis = args.work.newest()?;
    let tier = Tier::from(args.option).name();
    let options = list(&analysis["options"]);
    let design = options.iter().find(|it| it["tier"] == tier);
    let design = design.context("the last analysis has no options")?;
    let components = list(&design["components"]);
    let Some(component) = components.iter().find(|it| it["id"] == *args.component) else {
        let known: Vec<&str> = components.iter().map(|it| text(&it["id"])).collect();
        let message = format!(
            "the {tier} option has no component {:?}; it has: {}",
            args.component,
            known.join(", ")
        );
        return Err(Failure::new(Kind::NotFound, message).into());
    };
    let mut value = component.clone();
    let lines = list(&design["cost"]["lines"]).iter();
    value["cost_lines"] = lines.filter(|it| it["component"] == component["id"]).cloned().collect();
    args.work.output.print(&value, |out| report::component(out, &analysis, design, component))
}

fn show(analysis: &Value, output: &Output) -> anyhow::Result<ExitCode> {
    output.print(analysis, |out| report::analysis(out, analysis))?;
    Ok(status(analysis))
}

/// When the text describes no system nothing failed, but there is no design.
fn status(analysis: &Value) -> ExitCode {
    if list(&analysis["options"]).is_empty() { Kind::Refused.into() } else { ExitCode::SUCCESS }
}

fn read_limited(source: impl Read, name: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    source
        .take(MAX_TEXT + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {name}"))?;
    String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8 text"))
}
