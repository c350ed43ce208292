//! The engine on the command line: analyze, generate, edit, ask, cost, explain.
//!
//! Needs neither a server nor a network. The brief of the last analysis is kept
//! below the XDG state directory; since equal briefs give equal results, nothing
//! else has to be.

use super::{report, state};
use crate::engine::analysis::{self, Analysis, Format};
use crate::engine::answer::{self, Answer, Turn};
use crate::engine::brief::{Brief, kinds, parse_setting};
use crate::engine::graph::Tier;
use crate::engine::policy::{Policy, check_tag};
use crate::engine::requirements::{Cloud, Compliance, Hints};
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

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
    output: Output,
}

/// What is known besides the text.
#[derive(Args)]
struct Given {
    /// Cloud to design for; aws unless the policy has another
    #[arg(long, value_enum)]
    cloud: Option<CloudName>,
    /// Main region, such as eu-central-1
    #[arg(long)]
    region: Option<String>,
    /// US dollars a month
    #[arg(long, value_name = "USD", allow_negative_numbers = true)]
    budget: Option<f64>,
    /// Frameworks to comply with: hipaa, pci, soc2, gdpr, fedramp, iso27001
    #[arg(long, value_delimiter = ',')]
    compliance: Vec<String>,
    /// Rules of your organisation as JSON: regions, services, tags, names …
    #[arg(long, value_name = "PATH")]
    policy: Option<PathBuf>,
    /// A tag on every resource; can be repeated
    #[arg(long = "tag", value_name = "NAME=VALUE")]
    tags: Vec<String>,
    /// Set what would be assumed, such as availability=99.9; can be repeated
    #[arg(long = "set", value_name = "KIND=VALUE")]
    settings: Vec<String>,
}

#[derive(Args)]
pub struct Output {
    /// Print JSON, as docs/analysis.schema.json describes it
    #[arg(long)]
    json: bool,
    /// Work on this machine, without a server
    #[arg(long)]
    local: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum CloudName {
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

#[derive(Clone, Copy, ValueEnum)]
enum FormatName {
    Terraform,
    Cloudformation,
    All,
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
    output: Output,
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
    output: Output,
}

#[derive(Args)]
pub struct Ask {
    /// "Why is there a NAT gateway?", "what happens when a zone fails?"
    question: String,
    /// The option that is meant; else the one that is recommended
    #[arg(long, value_enum)]
    option: Option<TierName>,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub struct Cost {
    /// One option instead of all three
    #[arg(long, value_enum)]
    option: Option<TierName>,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub struct Explain {
    /// Id of a component, as analyze lists them
    component: String,
    #[arg(long, value_enum, default_value = "better")]
    option: TierName,
    #[command(flatten)]
    output: Output,
}

pub fn analyze(args: &Analyze) -> anyhow::Result<ExitCode> {
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
        bail!(
            "say what the system has to do: cloudgen analyze \"HIPAA patient portal, 50k users, EU only\""
        );
    }
    if text.len() as u64 > MAX_TEXT {
        bail!("the text has {} bytes; at most {MAX_TEXT} are analysed", text.len());
    }
    if let Some(budget) = args.given.budget
        && !(budget.is_finite() && budget > 0.0)
    {
        bail!("--budget {budget}: give US dollars a month above 0, such as --budget 3000");
    }
    let mut brief = brief(&args.given)?;
    brief.say(text);
    set(&mut brief, &args.given.settings)?;
    let analysis = brief.analyze();
    if !analysis.options.is_empty() {
        state::save(&brief)?;
    }
    show(&analysis, &args.output)
}

pub fn edit(args: &Edit) -> anyhow::Result<ExitCode> {
    let mut brief = state::load()?;
    let before = brief.analyze();
    if let Some(text) = &args.text {
        if let Turn::Answer(it) = answer::reply(Some(&before), &brief, text) {
            return tell(&it, &args.output);
        }
        brief.say(text.as_str());
    }
    set(&mut brief, &args.settings)?;
    let after = brief.analyze();
    if after.options.is_empty() {
        return show(&after, &args.output);
    }
    state::save(&brief)?;
    let changes = crate::engine::diff::options(&before.options, &after.options);
    if args.output.json {
        let mut value = crate::engine::report::analysis(&after);
        value["changes"] = crate::engine::diff::json(&changes);
        print_json(&value)?;
    } else {
        let mut out = report::Paper::stdout();
        report::confirmation(&mut out, &answer::confirm(Some(&before), &after));
        report::changes(&mut out, &changes);
        report::analysis(&mut out, &after);
        out.print()?;
    }
    Ok(status(&after))
}

/// Answers a question about the last analysis; 3 when it cannot.
pub fn ask(args: &Ask) -> anyhow::Result<ExitCode> {
    let brief = state::load()?;
    let analysis = brief.analyze();
    let tier = args.option.map(Tier::from);
    match answer::reply_on(Some(&analysis), &brief, &args.question, tier) {
        Turn::Answer(it) => tell(&it, &args.output),
        Turn::Help(it) => tell(&it, &args.output).map(|_| ExitCode::from(3)),
        Turn::Change => {
            bail!("that is a change, not a question: cloudgen edit {:?}", args.question)
        }
    }
}

fn tell(it: &Answer, output: &Output) -> anyhow::Result<ExitCode> {
    if output.json {
        print_json(&serde_json::to_value(it)?)?;
    } else {
        let mut out = report::Paper::stdout();
        report::answer(&mut out, it);
        out.print()?;
    }
    Ok(ExitCode::SUCCESS)
}

pub fn generate(args: &Generate) -> anyhow::Result<ExitCode> {
    let brief = state::load()?;
    let analysis = brief.analyze();
    let tier = Tier::from(args.option);
    let design = analysis
        .options
        .iter()
        .find(|it| it.graph.tier == tier)
        .context("the last analysis has no options")?;
    let missing: Vec<&str> = brief.missing_tags().collect();
    if !missing.is_empty() {
        bail!(
            "your organisation asks for tags that have no value: {}. Give them to analyze with --tag NAME=VALUE",
            missing.join(", ")
        );
    }
    let settings = brief.code();
    let formats: Vec<Format> = match args.format {
        None => vec![brief.format()],
        Some(FormatName::Terraform) => vec![Format::Terraform],
        Some(FormatName::Cloudformation) => vec![Format::CloudFormation],
        Some(FormatName::All) => vec![Format::Terraform, Format::CloudFormation],
    };
    let mut files = Vec::new();
    for format in &formats {
        let folder =
            if formats.len() > 1 { args.out.join(format.name()) } else { args.out.clone() };
        for file in analysis::generate(&design.graph, *format, &settings) {
            files.push((folder.join(&file.path), file.content));
        }
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
    if args.output.json {
        let listed: Vec<_> = files
            .iter()
            .map(|(path, content)| {
                serde_json::json!({ "path": path.display().to_string(), "bytes": content.len() })
            })
            .collect();
        print_json(&serde_json::json!({ "option": tier, "files": listed }))?;
    } else {
        let mut out = report::Paper::stdout();
        report::written(&mut out, tier, &args.out, &files);
        out.print()?;
    }
    Ok(ExitCode::SUCCESS)
}

pub fn cost(args: &Cost) -> anyhow::Result<ExitCode> {
    let analysis = state::load()?.analyze();
    let wanted = args.option.map(Tier::from);
    let options: Vec<_> = analysis
        .options
        .iter()
        .filter(|it| wanted.is_none_or(|tier| it.graph.tier == tier))
        .collect();
    if args.output.json {
        let value: Vec<_> = options
            .iter()
            .map(|it| {
                serde_json::json!({ "tier": it.graph.tier, "cost": crate::engine::report::cost(&it.cost) })
            })
            .collect();
        print_json(&serde_json::json!({ "options": value }))?;
    } else {
        let mut out = report::Paper::stdout();
        for it in options {
            report::cost(&mut out, it);
        }
        out.print()?;
    }
    Ok(ExitCode::SUCCESS)
}

pub fn explain(args: &Explain) -> anyhow::Result<ExitCode> {
    let analysis = state::load()?.analyze();
    let tier = Tier::from(args.option);
    let design = analysis
        .options
        .iter()
        .find(|it| it.graph.tier == tier)
        .context("the last analysis has no options")?;
    let Some(component) =
        design.graph.components.iter().find(|it| it.id.as_str() == args.component)
    else {
        let known: Vec<&str> = design.graph.components.iter().map(|it| it.id.as_str()).collect();
        bail!(
            "the {} option has no component {:?}; it has: {}",
            tier.name(),
            args.component,
            known.join(", ")
        );
    };
    if args.output.json {
        let mut value = crate::engine::report::component(component);
        value["cost_lines"] = crate::engine::report::cost_of(&design.cost, &component.id);
        print_json(&value)?;
    } else {
        let mut out = report::Paper::stdout();
        report::component(&mut out, &analysis, design, component);
        out.print()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the flags say, before the first word.
fn brief(given: &Given) -> anyhow::Result<Brief> {
    let policy = match &given.policy {
        Some(path) => policy(path)?,
        None => Policy::default(),
    };
    let cloud = given.cloud.map(Cloud::from).or(policy.cloud).unwrap_or(Cloud::Aws);
    if cloud != Cloud::Aws {
        bail!("designs are made for aws only so far, not for {}", cloud.title());
    }
    if let Some(region) = &given.region {
        if crate::engine::cost::catalogue::region("aws", region).is_none() {
            bail!("--region {region}: AWS has no such region; it looks like eu-central-1");
        }
        if !policy.allows_region(region) {
            bail!("--region {region}: your organisation does not allow it");
        }
    }
    let mut brief = Brief {
        policy,
        hints: Hints {
            cloud: Some(cloud),
            region: given.region.clone(),
            budget: given.budget,
            ..Hints::default()
        },
        ..Brief::default()
    };
    for name in &given.compliance {
        brief.hints.compliance.insert(Compliance::named(name).with_context(|| {
            format!("--compliance {name}: known are hipaa, pci, soc2, gdpr, fedramp, iso27001")
        })?);
    }
    for tag in &given.tags {
        let (name, value) =
            tag.split_once('=').with_context(|| format!("--tag {tag}: give NAME=VALUE"))?;
        check_tag(name, value).map_err(|it| anyhow::anyhow!("--tag {tag}: {it}"))?;
        brief.tags.insert(name.to_owned(), value.to_owned());
    }
    Ok(brief)
}

fn policy(path: &Path) -> anyhow::Result<Policy> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let policy: Policy = serde_json::from_slice(&bytes)
        .with_context(|| format!("{} is no policy", path.display()))?;
    let problems: Vec<String> =
        policy.problems().into_iter().map(|(field, text)| format!("{field}: {text}")).collect();
    if !problems.is_empty() {
        bail!("{}:\n{}", path.display(), problems.join("\n"));
    }
    Ok(policy)
}

/// Sets by hand what `--set KIND=VALUE` says.
fn set(brief: &mut Brief, settings: &[String]) -> anyhow::Result<()> {
    for it in settings {
        let (kind, text) =
            it.split_once('=').with_context(|| format!("--set {it}: give KIND=VALUE"))?;
        let value = parse_setting(kind, text).and_then(|value| brief.set(kind, value));
        value.map_err(|problem| {
            let known = if kinds().any(|known| known == kind) {
                String::new()
            } else {
                format!(" Known are {}.", kinds().collect::<Vec<_>>().join(", "))
            };
            anyhow::anyhow!("--set {it}: {problem}{known}")
        })?;
    }
    Ok(())
}

fn show(analysis: &Analysis, output: &Output) -> anyhow::Result<ExitCode> {
    if output.json {
        print_json(&crate::engine::report::analysis(analysis))?;
    } else {
        let mut out = report::Paper::stdout();
        report::analysis(&mut out, analysis);
        out.print()?;
    }
    Ok(status(analysis))
}

/// 3 when the text describes no system: nothing failed, but there is no design.
fn status(analysis: &Analysis) -> ExitCode {
    if analysis.options.is_empty() { ExitCode::from(3) } else { ExitCode::SUCCESS }
}

fn print_json(value: &serde_json::Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}

fn read_limited(source: impl Read, name: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    source
        .take(MAX_TEXT + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {name}"))?;
    String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8 text"))
}

/// Writes a file whole or not at all.
pub(super) fn write_file(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().context("a file needs a directory")?;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let part = path.with_extension("part");
    std::fs::write(&part, content).with_context(|| format!("cannot write {}", part.display()))?;
    std::fs::rename(&part, path).with_context(|| format!("cannot write {}", path.display()))
}
