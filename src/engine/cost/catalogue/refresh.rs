//! Makes the embedded tables from price lists in CSV form.
//!
//! `keys.tsv` says which rows of which list make up which of our keys; a key
//! whose `sku` is `*` takes over every row of a machine list. The lists are read
//! in the order of [`LISTS`], and the first that prices a key in a region wins,
//! with all its tiers. Rows are matched by service, sku *and* unit, so a source
//! that changes its unit loses its price instead of being off by a thousand.

use std::collections::BTreeMap;

use super::regions::regions;
use super::table::{field, split};
use super::{GLOBAL, HOME, SOURCES};

const KEYS: &str = include_str!("../data/aws/keys.tsv");

/// The price lists by the name `keys.tsv` uses and file, first wins.
pub const LISTS: &[(&str, &str)] = &[
    ("verified", "aws_useast1_verified_2026-10.csv"),
    ("seed", "seed_aws_useast1_azure_eastus.csv"),
    ("ec2", "aws_ec2_linux_ondemand.csv"),
    ("rds", "aws_rds_instances.csv"),
    ("elasticache", "aws_elasticache.csv"),
    ("opensearch", "aws_opensearch.csv"),
    ("redshift_msk", "aws_redshift_msk.csv"),
    ("ebs", "aws_ebs.csv"),
    ("egress", "aws_egress.csv"),
    ("small", "aws_small_region_tables.csv"),
    ("golden", "infracost_components.csv"),
    ("c3x", "c3x_prices.csv"),
    ("focus", "focus_sample_unit_prices.csv"),
];

/// Machine sizes.
pub const SPECS: &str = "instance_specs.csv";
/// How dear a region is, by class of services.
pub const MULTIPLIERS: &str = "derived_aws_region_multipliers.csv";

/// The embedded files and what is to be known about how they came about.
#[derive(Debug, Default)]
pub struct Tables {
    pub prices: String,
    pub provenance: String,
    pub ratios: String,
    pub instances: String,
    /// What stands in the way of using the tables.
    pub errors: Vec<String>,
    /// Rows that were left out, and why.
    pub notes: Vec<String>,
}

/// A cell before provenance has a number: price and (source, date, confidence).
type Cell = (f64, (String, String, &'static str));

/// Lower and upper bound of a tier, as they are printed.
type Bounds = (String, String);

#[derive(Default)]
struct Entry {
    unit: String,
    ratio: String,
    /// By region, then by tier.
    cells: BTreeMap<String, BTreeMap<Bounds, Cell>>,
    /// The list that a region's cells come from.
    from_list: BTreeMap<String, usize>,
}

type Entries = BTreeMap<(String, String), Entry>;

/// One line of `keys.tsv`.
struct Rule {
    service: &'static str,
    sku: &'static str,
    unit: &'static str,
    ratio: &'static str,
    from: [&'static str; 3],
    factor: f64,
    computed: bool,
    bounds: Option<(&'static str, &'static str)>,
}

/// Makes the tables; `files` holds the text of each file by its name.
pub fn tables(files: &BTreeMap<String, String>) -> Tables {
    let mut tables = Tables::default();
    let mut entries = Entries::new();
    for (order, (list, file)) in LISTS.iter().enumerate() {
        let rules = rules(list);
        let mut used = vec![false; rules.len()];
        let mut rows = rows(files, file, &mut tables);
        rows.sort_by_key(|row| get(row, "region") == "default");
        for row in rows {
            for (rule, used) in rules.iter().zip(&mut used).filter(|(rule, _)| rule.takes(&row)) {
                *used = true;
                add(&mut entries, order, rule, &row, &mut tables);
            }
        }
        for (rule, _) in rules.iter().zip(&used).filter(|(_, used)| !**used) {
            tables.errors.push(format!(
                "{} {}: {file} has no such row: {:?}",
                rule.service, rule.sku, rule.from
            ));
        }
    }
    write_prices(&entries, &mut tables);
    tables.ratios = ratios(&rows(files, MULTIPLIERS, &mut tables));
    tables.instances = instances(&rows(files, SPECS, &mut tables));
    tables
}

/// Twelve significant digits: enough for every list price, and free of what
/// binary fractions add when a price is scaled.
pub(super) fn rounded(usd: f64) -> f64 {
    format!("{usd:.11e}").parse().unwrap_or(usd)
}

type Row = BTreeMap<String, String>;

fn rows(files: &BTreeMap<String, String>, name: &str, tables: &mut Tables) -> Vec<Row> {
    let Some(text) = files.get(name) else {
        tables.errors.push(format!("{name} is missing"));
        return Vec::new();
    };
    let mut rows = Vec::new();
    for row in csv::Reader::from_reader(text.as_bytes()).deserialize::<Row>() {
        match row {
            Ok(row) if row.get("provider").is_none_or(|it| it == "aws") => rows.push(row),
            Ok(_) => {}
            Err(err) => tables.errors.push(format!("{name}: {err}")),
        }
    }
    rows
}

fn get<'a>(row: &'a Row, column: &str) -> &'a str {
    row.get(column).map_or("", String::as_str)
}

fn rules(list: &str) -> Vec<Rule> {
    let lines = split(KEYS).1.lines().filter(|line| field(line, 4) == list);
    lines
        .map(|line| {
            let factor = field(line, 8);
            let (times, over) = factor.split_once('/').unwrap_or((factor, "1"));
            let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
            Rule {
                service: field(line, 0),
                sku: field(line, 1),
                unit: field(line, 2),
                ratio: field(line, 3),
                from: [field(line, 5), field(line, 6), field(line, 7)],
                factor: number(times) / number(over),
                // Moving the decimal point, or from GiB to MiB, leaves a list price
                // what it is; hours of a month or a rounded rate times 8000 do not.
                computed: !matches!(
                    factor,
                    "1" | "1000" | "10000" | "1000000" | "1/1000" | "1/1024"
                ),
                bounds: (!field(line, 9).is_empty()).then(|| (field(line, 9), field(line, 10))),
            }
        })
        .collect()
}

impl Rule {
    fn takes(&self, row: &Row) -> bool {
        let row = [get(row, "service"), get(row, "sku"), get(row, "unit")];
        self.from.iter().zip(row).all(|(pattern, text)| match pattern.strip_suffix('*') {
            Some(start) => text.starts_with(start),
            None => *pattern == text,
        })
    }
}

fn add(entries: &mut Entries, order: usize, rule: &Rule, row: &Row, tables: &mut Tables) {
    let (sku, ratio) = match rule.sku {
        "*" => match machine(rule, get(row, "sku")) {
            Some(named) => named,
            None => return,
        },
        sku => (sku.to_owned(), rule.ratio),
    };
    let Some(provenance) = provenance(rule, row) else {
        tables.errors.push(format!(
            "{} {sku}: unknown source {:?}",
            rule.service,
            get(row, "source")
        ));
        return;
    };
    let Ok(usd) = get(row, "price_usd").parse::<f64>() else {
        tables.errors.push(format!(
            "{} {sku}: not a price: {:?}",
            rule.service,
            get(row, "price_usd")
        ));
        return;
    };
    let bounds = match rule.bounds {
        Some((from, to)) => (from.to_owned(), to.to_owned()),
        None => {
            (bound(get(row, "tier_from"), rule.factor), bound(get(row, "tier_to"), rule.factor))
        }
    };
    let cell: Cell = (rounded(usd * rule.factor), provenance);

    let entry = entries.entry((rule.service.to_owned(), sku.clone())).or_default();
    entry.unit = rule.unit.to_owned();
    entry.ratio = ratio.to_owned();
    let place = match get(row, "region") {
        "default" => return fill(entry, order, bounds, cell),
        // What is sold for CloudFront and in the regions alike is listed twice.
        GLOBAL if rule.ratio != GLOBAL => return,
        _ if rule.ratio == GLOBAL => GLOBAL,
        region => region,
    };
    let known = place == GLOBAL || regions("aws").iter().any(|it| it.code == place);
    if !known || *entry.from_list.entry(place.to_owned()).or_insert(order) != order {
        return;
    }
    let tiers = entry.cells.entry(place.to_owned()).or_default();
    let kept = tiers.entry(bounds).or_insert_with(|| cell.clone()).0;
    if kept != cell.0 {
        let left_out = cell.0;
        let service = rule.service;
        tables.notes.push(format!("{service} {sku} in {place}: {kept} kept, {left_out} left out"));
    }
}

/// A list whose last row is `default` says that the regions it does not name
/// cost what us-east-1 does, which its own row may say in fewer digits than an
/// earlier list. That makes it our conclusion, no longer somebody's statement.
fn fill(entry: &mut Entry, order: usize, bounds: Bounds, cell: Cell) {
    let own = || BTreeMap::from([(bounds, cell)]);
    let mut home = entry.cells.get(HOME).cloned().unwrap_or_else(own);
    for (_, (_, _, confidence)) in home.values_mut() {
        *confidence = "derived";
    }
    for region in regions("aws") {
        if !entry.cells.contains_key(region.code) {
            entry.cells.insert(region.code.to_owned(), home.clone());
            entry.from_list.insert(region.code.to_owned(), order);
        }
    }
}

fn provenance(rule: &Rule, row: &Row) -> Option<(String, String, &'static str)> {
    let line = split(SOURCES).1.lines().find(|line| field(line, 0) == get(row, "source"))?;
    let date = get(row, "source_date");
    let date = if date.len() == 4 { format!("{date}-01-01") } else { date.to_owned() };
    let confidence = if rule.computed { "derived" } else { field(line, 2) };
    Some((field(line, 1).to_owned(), date, confidence))
}

fn bound(text: &str, factor: f64) -> String {
    text.parse::<f64>().map(|it| rounded(it / factor).to_string()).unwrap_or_default()
}

/// A machine list's sku as ours, and the class its price level follows.
fn machine(rule: &Rule, sku: &str) -> Option<(String, &'static str)> {
    let named = match rule.service {
        "rds" => sku.replace("|postgresql|", "|postgres|"),
        "msk" => match sku.split_once('|')? {
            ("", _) => return None,
            (size, "express") => size.to_owned(),
            (size, _) => format!("kafka.{size}"),
        },
        _ => sku.to_owned(),
    };
    let ratio = match rule.service {
        "rds" if sku.contains("|aurora") => "aurora",
        "rds" if sku.contains("|mysql") || sku.contains("|mariadb") => "rds_mysql",
        _ => rule.ratio,
    };
    Some((named, ratio))
}

fn write_prices(entries: &Entries, tables: &mut Tables) {
    let mut columns: Vec<&str> = regions("aws").iter().map(|it| it.code).collect();
    columns.push(GLOBAL);
    columns.sort_unstable();

    let mut numbers: BTreeMap<&(String, String, &str), usize> = BTreeMap::new();
    for (.., provenance) in cells(entries) {
        numbers.insert(provenance, 0);
    }
    tables.provenance = "source\tdate\tconfidence\n".to_owned();
    for (number, (provenance, slot)) in numbers.iter_mut().enumerate() {
        *slot = number;
        tables.provenance += &format!("{}\t{}\t{}\n", provenance.0, provenance.1, provenance.2);
    }

    tables.prices =
        format!("service\tsku\tunit\tfrom\tto\tratio\tsource\t{}\n", columns.join("\t"));
    // A tab sorts before everything a key may hold, so this is the order in
    // which a lookup compares "service<tab>sku<tab>".
    let mut sorted: Vec<_> =
        entries.iter().map(|((service, sku), it)| (format!("{service}\t{sku}\t"), it)).collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    for (key, entry) in sorted {
        let mut bounds: Vec<&Bounds> = entry.cells.values().flat_map(BTreeMap::keys).collect();
        bounds.sort_by(|a, b| lower(a).total_cmp(&lower(b)).then_with(|| a.1.cmp(&b.1)));
        bounds.dedup();
        for tier in bounds {
            let row = columns.iter().map(|region| {
                let (usd, provenance) = entry.cells.get(*region)?.get(tier)?;
                Some((usd, numbers[provenance]))
            });
            let row: Vec<Option<(&f64, usize)>> = row.collect();
            let usual = usual(&row);
            let cells: Vec<String> = row
                .iter()
                .map(|cell| match cell {
                    Some((usd, number)) if *number == usual => usd.to_string(),
                    Some((usd, number)) => format!("{usd}@{number}"),
                    None => String::new(),
                })
                .collect();
            let Entry { unit, ratio, .. } = entry;
            let (from, to) = tier;
            let line = format!("{key}{unit}\t{from}\t{to}\t{ratio}\t{usual}\t{}", cells.join("\t"));
            tables.prices += line.trim_end();
            tables.prices.push('\n');
        }
    }
}

fn cells(entries: &Entries) -> impl Iterator<Item = &Cell> {
    entries.values().flat_map(|it| it.cells.values()).flat_map(BTreeMap::values)
}

fn lower(bounds: &Bounds) -> f64 {
    bounds.0.parse().unwrap_or_default()
}

/// The provenance that most cells of a line share.
fn usual(row: &[Option<(&f64, usize)>]) -> usize {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for (_, number) in row.iter().flatten() {
        *counts.entry(*number).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map_or(0, |(number, _)| number)
}

fn ratios(rows: &[Row]) -> String {
    let mut classes: Vec<&str> = rows.iter().map(|row| get(row, "service")).collect();
    classes.sort_unstable();
    classes.dedup();
    let mut by_region: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for row in
        rows.iter().filter(|row| regions("aws").iter().any(|it| it.code == get(row, "region")))
    {
        by_region
            .entry(get(row, "region"))
            .or_default()
            .insert(get(row, "service"), get(row, "ratio_to_us_east_1"));
    }
    let mut text = format!("region\t{}\n", classes.join("\t"));
    for (region, level) in by_region {
        let cells: Vec<&str> =
            classes.iter().map(|class| level.get(class).copied().unwrap_or_default()).collect();
        text += &format!("{region}\t{}\n", cells.join("\t"));
    }
    text
}

fn instances(rows: &[Row]) -> String {
    let processor: BTreeMap<&str, &str> = rows
        .iter()
        .filter(|row| !get(row, "arch").is_empty())
        .map(|row| (get(row, "family"), get(row, "arch")))
        .collect();
    let mut lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let name = get(row, "instance_type");
            // `db.r6g.large` and `r6g.large.search` run on the processor of `r6g`.
            let family =
                name.split('.').find(|part| processor.contains_key(part)).unwrap_or_default();
            let arch = match get(row, "arch") {
                "" => processor.get(family).copied().unwrap_or_default(),
                known => known,
            };
            let number = |column| {
                get(row, column).parse::<f64>().map(|it| it.to_string()).unwrap_or_default()
            };
            format!(
                "{name}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
                number("vcpu"),
                number("memory_gib"),
                arch.to_lowercase(),
                number("gpu_count"),
                get(row, "gpu_model"),
                number("gpu_memory_gib"),
                number("local_storage_gb"),
                number("network"),
                get(row, "family"),
            )
        })
        .collect();
    lines.sort_unstable();
    let header = "name\tvcpus\tmemory_gib\tarch\tgpus\tgpu_model\tgpu_memory_gib\tlocal_storage_gb\tnetwork_gbps\tfamily";
    format!("{header}\n{}\n", lines.join("\n"))
}
