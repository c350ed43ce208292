//! The names of things: which words mean which service of which cloud.
//!
//! A table per cloud and one for names that belong to none. Names are joined by
//! `|`; plurals, hyphens, capitals and a leading "Amazon", "AWS", "Azure" or
//! "Google" need no entry of their own.

mod aws;
mod azure;
mod gcp;
mod generic;
mod roles;

pub(super) use roles::{alike, brand, brand_of_two, compute, entry, fills, machine};

use super::phrases::Phrases;
use super::tokens::Reading;
use super::{Cloud, WorkloadKind};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A service and its names.
pub(super) struct Entry {
    pub service: &'static str,
    pub names: &'static str,
    pub details: &'static [(&'static str, &'static str)],
}

const fn named(service: &'static str, names: &'static str) -> Entry {
    Entry { service, names, details: &[] }
}

const fn with(
    service: &'static str,
    names: &'static str,
    details: &'static [(&'static str, &'static str)],
) -> Entry {
    Entry { service, names, details }
}

/// A name without a provider, and the service it means on each cloud (empty
/// where there is none).
pub(super) struct Generic {
    pub names: &'static str,
    pub services: [&'static str; 3],
    pub details: &'static [(&'static str, &'static str)],
    pub workload: Option<WorkloadKind>,
    /// A product the person chose, as against a kind of thing.
    pub product: bool,
}

const fn engine(
    names: &'static str,
    services: [&'static str; 3],
    details: &'static [(&'static str, &'static str)],
    workload: Option<WorkloadKind>,
) -> Generic {
    Generic { names, services, details, workload, product: true }
}

const fn kind(
    names: &'static str,
    services: [&'static str; 3],
    details: &'static [(&'static str, &'static str)],
    workload: Option<WorkloadKind>,
) -> Generic {
    Generic { names, services, details, workload, product: false }
}

/// What a phrase means.
#[derive(Clone, Copy)]
pub(super) enum Sense {
    Service(Cloud, &'static Entry),
    Generic(&'static Generic),
    Decoy,
}

/// The tables, compiled once.
pub(super) struct Vocabulary {
    /// Provider names and generic names, per cloud that reads them: a phrase
    /// that several clouds use ("API gateway") means that of the design.
    tables: [(Phrases, Vec<Sense>); 3],
}

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::new);

/// Names that only one provider uses, with the provider as the entry.
static PARTICULAR: LazyLock<Phrases> = LazyLock::new(|| {
    let mut homes: BTreeMap<&'static str, Option<Cloud>> = BTreeMap::new();
    for (cloud, entries) in CLOUDS {
        for name in entries.iter().flat_map(|it| it.names.split('|')).map(str::trim) {
            let home = homes.entry(name).or_insert(Some(cloud));
            if *home != Some(cloud) {
                *home = None;
            }
        }
    }
    for name in generic::GENERIC.iter().flat_map(|it| it.names.split('|')).chain(PLAIN.split('|')) {
        homes.insert(name.trim(), None);
    }
    let particular = homes
        .into_iter()
        .filter(|(name, _)| name.len() >= 4 && !name.starts_with(['^', '@']))
        .filter_map(|(name, home)| Some((name, home? as usize)));
    Phrases::new(particular, false)
});

/// Words of one table that are common speech elsewhere, and so tell nothing.
const PLAIN: &str = "subnet|subnets|nics|network interface|network interfaces|alert|alerts|route table|route tables|public ip|public ips|\
public ip address|public ip addresses|web app|web apps|webapp|file share|table storage|data disk|data disks|role assignment|role assignments|\
custom role|policy definition|log alert|virtual machine|virtual machines|runbook|runbooks|custom image|autoscaler|instance template|\
firewall rule|firewall rules|service account|service accounts|ssl certificate|ssl certificates|forwarding rule|datastore|log sink|spot vm|\
compute instance|api app|search service|data catalog|scale set|scale sets|secret manager|secrets manager|routing table|security rules|\
packet capture|dns record|dns records|dns zone|dns zones|blob|openshift|site recovery|language understanding|event bus|log group|\
log groups|state machine|security group|internet gateway|presigned url|fifo queue|launch template|target group|custom provider|policy assignment|\
digital twin|digital twins|computer vision api|text analytics|monitoring dashboard|load balancing|managed image|network profile|budget alert|dlms|host pool";

/// The providers whose own names stand in the text: word and cloud.
pub(super) fn particular(reading: &Reading) -> Vec<(usize, Cloud)> {
    PARTICULAR
        .find(reading, |_| false)
        .into_iter()
        .filter(|it| !is_aside(reading.word(it.from), reading.word(it.from + 1)))
        .map(|it| (it.from, CLOUDS[it.entry].0))
        .collect()
}

/// The vocabulary as a reader of `cloud` understands it.
pub(super) fn of(cloud: Cloud) -> (&'static Phrases, &'static [Sense]) {
    let (phrases, senses) = &VOCABULARY.tables[cloud as usize];
    (phrases, senses)
}

const CLOUDS: [(Cloud, &[Entry]); 3] =
    [(Cloud::Aws, aws::ENTRIES), (Cloud::Azure, azure::ENTRIES), (Cloud::Gcp, gcp::ENTRIES)];

impl Vocabulary {
    fn new() -> Self {
        Self { tables: CLOUDS.map(|(cloud, _)| table(cloud)) }
    }
}

fn table(home: Cloud) -> (Phrases, Vec<Sense>) {
    let mut senses = vec![Sense::Decoy];
    let mut names = vec![(generic::DECOYS, 0)];
    // Of two equal phrases the first wins: the home cloud, then kinds that all
    // clouds have, then what only another provider calls so.
    for entry in entries(home) {
        names.push((entry.names, senses.len()));
        senses.push(Sense::Service(home, entry));
    }
    for generic in generic::GENERIC {
        names.push((generic.names, senses.len()));
        senses.push(Sense::Generic(generic));
    }
    for (cloud, entries) in CLOUDS.iter().filter(|it| it.0 != home) {
        for entry in *entries {
            names.push((entry.names, senses.len()));
            senses.push(Sense::Service(*cloud, entry));
        }
    }
    (Phrases::new(names.into_iter(), true), senses)
}

fn entries(cloud: Cloud) -> &'static [Entry] {
    CLOUDS[cloud as usize].1
}

/// Words that announce a product of a provider.
pub(super) fn is_provider(word: &str) -> bool {
    matches!(word, "aws" | "amazon" | "azure" | "microsoft" | "google" | "gcp" | "cloud")
}

/// Whether a service is called that in `data/services.csv`, on any cloud.
pub(super) fn is_service(name: &str) -> bool {
    CLOUDS.iter().any(|(_, entries)| entries.iter().any(|it| it.service == name))
}

/// Whether the name of a provider belongs to a product that is no sign of where
/// the system runs: people sign in with one, build with another.
pub(super) fn is_aside(word: &str, next: &str) -> bool {
    match word {
        "entra" => true,
        "azure" => {
            matches!(next, "ad" | "active" | "b2c" | "devops" | "entra" | "boards" | "repos")
        }
        "amazon" => matches!(
            next,
            "marketplace" | "prime" | "seller" | "sellers" | "alexa" | "like" | "pay"
        ),
        _ => false,
    }
}

/// The cloud that a word names, if it does.
pub(super) fn provider(word: &str) -> Option<Cloud> {
    Some(match word {
        "aws" | "amazon" | "amzn" => Cloud::Aws,
        "azure" => Cloud::Azure,
        "gcp" | "gcloud" | "google" => Cloud::Gcp,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Canonical services that the shared list names and people can ask for.
    #[test]
    fn every_service_has_a_plain_name_or_a_prefix() {
        for (cloud, entries) in CLOUDS {
            for entry in entries {
                assert!(!entry.names.is_empty(), "{cloud:?} {}", entry.service);
                assert!(
                    entry
                        .service
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                );
            }
        }
    }

    #[test]
    fn names_are_lower_case() {
        for (_, entries) in CLOUDS {
            for entry in entries {
                assert_eq!(entry.names, entry.names.to_lowercase(), "{}", entry.service);
            }
        }
    }
}
