//! `cloudgen prices`: look a list price up, and make the embedded tables anew.

use std::collections::BTreeMap;
use std::io::{Read, Write, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Subcommand;

use crate::engine::cost::catalogue::{self, Confidence, Tier, refresh};

/// Where the tables live, seen from the root of the repository.
const TABLES: &str = "src/engine/cost/data/aws";

#[derive(Subcommand)]
pub enum Prices {
    /// Print a list price with its source and date
    Show {
        /// For example ec2, rds, s3
        service: String,
        /// For example m7g.large, "db.r6g.large|postgres|multi-az", standard-gb-month
        sku: String,
        #[arg(long, default_value = "us-east-1")]
        region: String,
        #[arg(long, default_value = "aws")]
        cloud: String,
    },
    /// Make the price tables from price lists in CSV form
    Refresh {
        /// The folder with the lists, each plain or compressed with gzip
        #[arg(long)]
        from: PathBuf,
        #[arg(long, default_value = TABLES)]
        out: PathBuf,
    },
    /// Print all keys with their prices as Markdown
    Document,
}

pub fn run(command: Prices) -> Result<()> {
    match command {
        Prices::Show { service, sku, region, cloud } => show(&cloud, &service, &sku, &region),
        Prices::Refresh { from, out } => make(&from, &out),
        Prices::Document => Ok(write!(stdout(), "{}", catalogue::document())?),
    }
}

fn show(cloud: &str, service: &str, sku: &str, region: &str) -> Result<()> {
    let tiers = catalogue::tiers(cloud, service, sku, region);
    if tiers.is_empty() {
        bail!("no price is known for {cloud} {service} {sku} in {region}");
    }
    let mut out = stdout().lock();
    writeln!(out, "{cloud} {service} {sku} in {region}")?;
    for tier in &tiers {
        writeln!(out, "  {}", line(tier, tiers.len() > 1))?;
    }
    if let Some(free) = catalogue::free_allowance(cloud, service, sku, region) {
        writeln!(out, "  the first {free} in an account's month are free, which is not deducted")?;
    }
    if let Some(source) = catalogue::source(tiers[0].price.source) {
        writeln!(out, "  {} ({})", source.origin, source.licence)?;
    }
    Ok(())
}

fn line(tier: &Tier, several: bool) -> String {
    let price = &tier.price;
    let reach = match tier.to {
        _ if !several => String::new(),
        Some(to) => format!(" from {} to {to}", tier.from),
        None => format!(" above {}", tier.from),
    };
    let trust = match price.confidence {
        Confidence::List => "list price",
        Confidence::Derived => "derived from list prices",
        Confidence::Estimate => "estimate: another region's price, scaled",
    };
    format!(
        "{} USD per {}{reach}; {trust}; {} of {}",
        price.usd, price.unit, price.source, price.source_date
    )
}

fn make(from: &Path, to: &Path) -> Result<()> {
    let names =
        refresh::LISTS.iter().map(|(_, file)| *file).chain([refresh::SPECS, refresh::MULTIPLIERS]);
    let mut files = BTreeMap::new();
    for name in names {
        files.insert(name.to_owned(), read(&from.join(name))?);
    }
    let tables = refresh::tables(&files);
    let mut out = stdout().lock();
    for note in &tables.notes {
        writeln!(out, "{note}")?;
    }
    if !tables.errors.is_empty() {
        bail!("the lists do not fit, nothing was written:\n{}", tables.errors.join("\n"));
    }
    let written = [
        ("prices.tsv", &tables.prices),
        ("provenance.tsv", &tables.provenance),
        ("ratios.tsv", &tables.ratios),
        ("instances.tsv", &tables.instances),
    ];
    for (name, text) in written {
        let path = to.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        writeln!(out, "{}: {} lines, {} bytes", path.display(), text.lines().count(), text.len())?;
    }
    Ok(())
}

/// A text file, or the same with `.gz` at the end.
fn read(path: &Path) -> Result<String> {
    let packed = path.with_added_extension("gz");
    let mut text = String::new();
    if path.exists() {
        std::fs::File::open(path)?.read_to_string(&mut text)?;
    } else {
        let file = std::fs::File::open(&packed).with_context(|| {
            format!("neither {} nor {} can be read", path.display(), packed.display())
        })?;
        flate2::read::GzDecoder::new(file).read_to_string(&mut text)?;
    }
    Ok(text)
}
