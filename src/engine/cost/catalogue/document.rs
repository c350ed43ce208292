//! The tables as a page for people: which keys there are and what they cost.

use std::collections::BTreeMap;

use super::table::{field, split};
use super::{HOME, PRICES, Price, tiers};

const INTRO: &str = include_str!("document.md");

/// docs/prices.md. Machine types are counted, all other keys are listed.
pub fn document() -> String {
    let mut keys: Vec<(&str, &str)> =
        split(PRICES).1.lines().map(|line| (field(line, 0), field(line, 1))).collect();
    keys.dedup();

    let mut machines: BTreeMap<(&str, String), (usize, &str)> = BTreeMap::new();
    let mut rows = String::new();
    for (service, sku) in keys {
        if let Some(form) = machine_form(service, sku) {
            let (count, _) = machines.entry((service, form)).or_insert((0, sku));
            *count += 1;
            continue;
        }
        let tiers = tiers("aws", service, sku, HOME);
        let Some(first) = tiers.first() else { continue };
        let usd: Vec<String> = tiers
            .iter()
            .map(|tier| match tier.to {
                Some(to) => format!("{} to {to}", tier.price.usd),
                None if tiers.len() > 1 => format!("{} above", tier.price.usd),
                None => tier.price.usd.to_string(),
            })
            .collect();
        let Price { unit, source, source_date, confidence, .. } = first.price;
        let sku = sku.replace('|', "\\|");
        rows += &format!(
            "| `{service}` | `{sku}` | {unit} | {} | {source} | {source_date} | {} |\n",
            usd.join(", "),
            confidence.as_str()
        );
    }

    let mut forms = String::new();
    for ((service, form), (count, example)) in machines {
        let [form, example] = [form, example.to_owned()].map(|it| it.replace('|', "\\|"));
        forms += &format!("| `{service}` | `{form}` | {count} | `{example}` |\n");
    }
    INTRO.replace("{machines}", forms.trim_end()).replace("{keys}", rows.trim_end())
}

/// The shape of a machine's key, such as `db.TYPE|postgres|multi-az`.
fn machine_form(service: &str, sku: &str) -> Option<String> {
    let (name, rest) = sku.split_once('|').map_or((sku, None), |(name, rest)| (name, Some(rest)));
    let form = match service {
        "ec2" => "TYPE",
        "rds" if name.starts_with("db.") => "db.TYPE",
        "elasticache" if name.starts_with("cache.") => "cache.TYPE",
        "opensearch" if name.ends_with(".search") => "TYPE.search",
        "msk" if name.starts_with("kafka.") => "kafka.TYPE",
        "msk" if name.starts_with("express.") => "express.TYPE",
        "redshift"
            if name.starts_with("ra3.") || name.starts_with("dc2.") || name.starts_with("ds2.") =>
        {
            "TYPE"
        }
        _ => return None,
    };
    Some(rest.map_or_else(|| form.to_owned(), |rest| format!("{form}|{rest}")))
}
