//! Dated list prices and machine sizes, embedded in the binary.
//!
//! A price has a key of our own, `service` and `sku`, the same in every region;
//! docs/prices.md lists all of them with their units. Each price says where it
//! comes from, as of when, and how far to trust it. What no source knows is
//! `None`, never zero; a zero is a price somebody published.
//!
//! **Allowances.** What a provider gives each account for free every month is not
//! part of the [`tiers`]: an account has it once, however many architectures
//! share it. [`free_allowance`] says how much it is.
//!
//! **Regions.** Where a source has no rate for a region, the rate of us-east-1
//! (or of the only region known) is scaled by the ratio between the two regions
//! of the most similar service, and is marked [`Confidence::Estimate`]. The data
//! is the output of `cloudgen prices refresh`; see [`refresh`].

mod document;
mod instances;
pub mod refresh;
mod regions;
mod table;
#[cfg(test)]
mod tests;

pub use document::document;
pub use instances::{InstanceSpec, instance, instances};
pub use regions::{Region, region, regions};

use table::{field, lines_with, split};

/// How far a price can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// The provider's list price as a named source has it.
    List,
    /// Computed from list prices, or relayed by a source that cannot be named.
    Derived,
    /// Another region's price, scaled.
    Estimate,
}

impl Confidence {
    /// The word for it in tables and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Derived => "derived",
            Self::Estimate => "estimate",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "list" => Self::List,
            "derived" => Self::Derived,
            _ => Self::Estimate,
        }
    }
}

/// What one unit costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// US dollars per `unit`.
    pub usd: f64,
    pub unit: &'static str,
    /// Names the [`Source`].
    pub source: &'static str,
    /// ISO 8601; where the source only gives a year, its first day.
    pub source_date: &'static str,
    pub confidence: Confidence,
}

/// A price that holds for the part of a month's quantity between two bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tier {
    pub from: f64,
    /// `None` where the price holds for all that is more, `Some` where the next
    /// tier begins, or in the last tier where the source ends.
    pub to: Option<f64>,
    pub price: Price,
}

/// Where prices come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    pub name: &'static str,
    pub licence: &'static str,
    pub origin: &'static str,
}

const PRICES: &str = include_str!("../data/aws/prices.tsv");
const PROVENANCE: &str = include_str!("../data/aws/provenance.tsv");
const RATIOS: &str = include_str!("../data/aws/ratios.tsv");
const SOURCES: &str = include_str!("../data/sources.tsv");

/// The columns of `prices.tsv` before those of the regions.
const UNIT: usize = 2;
const FROM: usize = 3;
const TO: usize = 4;
const RATIO: usize = 5;
const SOURCE: usize = 6;
const FIRST_REGION: usize = 7;

/// The column of prices that hold everywhere.
const GLOBAL: &str = "global";
/// Where most sources know most prices.
const HOME: &str = "us-east-1";

/// The list price of the first unit that is not free.
///
/// Falls back to an estimate for a region that no source covers. Not known, for
/// an unknown service or region alike, is `None`.
pub fn price(cloud: &str, service: &str, sku: &str, region: &str) -> Option<Price> {
    tiers(cloud, service, sku, region).first().map(|tier| tier.price)
}

/// The list prices by monthly quantity, from zero upwards; empty when not known.
pub fn tiers(cloud: &str, service: &str, sku: &str, region: &str) -> Vec<Tier> {
    let mut tiers = with_allowance(cloud, service, sku, region);
    if allowance(&tiers).is_some() {
        tiers.remove(0);
        tiers[0].from = 0.0;
    }
    tiers
}

/// What each account has for free every month, in the unit of the price.
pub fn free_allowance(cloud: &str, service: &str, sku: &str, region: &str) -> Option<f64> {
    allowance(&with_allowance(cloud, service, sku, region))
}

/// What a month's quantity costs. Beyond the last tier that the source knows,
/// its price goes on and the answer is an estimate.
pub fn charge(tiers: &[Tier], quantity: f64) -> Option<(f64, Confidence)> {
    let last = tiers.last()?;
    let mut confidence = last.price.confidence;
    if last.to.is_some_and(|to| quantity > to) {
        confidence = Confidence::Estimate;
    }
    let usd = tiers
        .iter()
        .enumerate()
        .map(|(i, tier)| {
            let to = if i + 1 == tiers.len() {
                quantity
            } else {
                tier.to.unwrap_or(quantity).min(quantity)
            };
            (to - tier.from).max(0.0) * tier.price.usd
        })
        .sum();
    Some((usd, confidence))
}

/// The source that a [`Price`] names.
pub fn source(name: &str) -> Option<Source> {
    split(SOURCES).1.lines().find(|line| field(line, 1) == name).map(|line| Source {
        name: field(line, 1),
        licence: field(line, 3),
        origin: field(line, 4),
    })
}

/// A free first tier in front of others is an allowance; a service that costs
/// nothing has no tier after it.
fn allowance(tiers: &[Tier]) -> Option<f64> {
    match tiers {
        [first, _, ..] if first.price.usd == 0.0 => first.to,
        _ => None,
    }
}

fn with_allowance(cloud: &str, service: &str, sku: &str, region: &str) -> Vec<Tier> {
    if cloud != "aws" || (region != GLOBAL && regions::region(cloud, region).is_none()) {
        return Vec::new();
    }
    let (header, rows) = split(PRICES);
    let lines: Vec<&'static str> = lines_with(rows, &format!("{service}\t{sku}\t")).collect();
    for place in [region, GLOBAL] {
        let listed = listed(header, &lines, place);
        if !listed.is_empty() {
            return listed;
        }
    }
    estimated(header, &lines, region).unwrap_or_default()
}

fn listed(header: &str, lines: &[&'static str], region: &str) -> Vec<Tier> {
    let Some(column) = header.split('\t').skip(FIRST_REGION).position(|it| it == region) else {
        return Vec::new();
    };
    lines.iter().filter_map(|line| tier(line, FIRST_REGION + column)).collect()
}

fn tier(line: &'static str, column: usize) -> Option<Tier> {
    let cell = field(line, column);
    let (usd, provenance) = cell.split_once('@').unwrap_or((cell, field(line, SOURCE)));
    let provenance = split(PROVENANCE).1.lines().nth(provenance.parse().ok()?)?;
    Some(Tier {
        from: field(line, FROM).parse().unwrap_or_default(),
        to: field(line, TO).parse().ok(),
        price: Price {
            usd: usd.parse().ok()?,
            unit: field(line, UNIT),
            source: field(provenance, 0),
            source_date: field(provenance, 1),
            confidence: Confidence::parse(field(provenance, 2)),
        },
    })
}

/// The tiers of the home region, or of the only one known, at this region's level.
fn estimated(header: &str, lines: &[&'static str], region: &str) -> Option<Vec<Tier>> {
    let class = field(lines.first()?, RATIO);
    let (base, mut tiers) = std::iter::once(HOME)
        .chain(header.split('\t').skip(FIRST_REGION))
        .map(|base| (base, listed(header, lines, base)))
        .find(|(_, tiers)| !tiers.is_empty())?;
    let scale = ratio(class, region)? / ratio(class, base)?;
    for tier in &mut tiers {
        tier.price.usd = refresh::rounded(tier.price.usd * scale);
        tier.price.confidence = Confidence::Estimate;
    }
    Some(tiers)
}

/// A region's price level for a class of services; us-east-1 is 1.
///
/// `flat` services cost about the same everywhere. A region without a ratio for
/// its class has that of general-purpose machines, which every region has.
fn ratio(class: &str, region: &str) -> Option<f64> {
    let (header, rows) = split(RATIOS);
    let line = lines_with(rows, &format!("{region}\t")).next()?;
    if matches!(class, "flat" | "global") {
        return Some(1.0);
    }
    let level = |class: &str| {
        let column = header.split('\t').position(|it| it == class)?;
        field(line, column).parse().ok()
    };
    level(class).or_else(|| level("ec2_general"))
}
