//! Finds the services that a text names and what it says about each.

use super::stance::{self, Modality};
use super::tokens::{Gap, Reading};
use super::vocabulary::{self, Sense};
use super::{Cloud, Mention, Stance, WorkloadKind};
use std::collections::{BTreeMap, BTreeSet};

/// One place where a service is named. Several make one [`Mention`].
pub(super) struct Occurrence {
    pub from: usize,
    pub to: usize,
    pub service: &'static str,
    pub cloud: Cloud,
    pub stance: Stance,
    pub details: BTreeMap<&'static str, String>,
    pub count: u32,
    pub confidence: f64,
    /// Named by its kind ("a queue"), not as a product.
    pub by_kind: bool,
    /// Named without a provider, by kind or by engine.
    pub generic: bool,
    /// Set once occurrences are gathered.
    pub mention: usize,
}

/// A kind of thing that is named: becomes a workload besides a service.
pub(super) struct KindFound {
    pub kind: WorkloadKind,
    pub from: usize,
    pub to: usize,
    pub negated: bool,
}

pub(super) struct Named {
    pub occurrences: Vec<Occurrence>,
    pub mentions: Vec<Mention>,
    pub kinds: Vec<KindFound>,
    /// Engines that the text runs on machines of its own.
    pub self_hosted: Vec<&'static str>,
    /// Choices that are left open: indexes into `mentions`.
    pub alternatives: Vec<(usize, usize)>,
    /// Services that are both wanted and refused.
    pub contradictions: Vec<usize>,
    /// Clouds that the text names as such.
    pub providers: [bool; 3],
}

pub(super) fn find(reading: &Reading, home: Cloud, orders: bool) -> Named {
    let (phrases, senses) = vocabulary::of(home);
    let hits = phrases.find(reading, vocabulary::is_provider);
    let mut is_named = vec![false; reading.len()];
    for hit in &hits {
        if !matches!(senses[hit.entry], Sense::Decoy) {
            is_named[hit.from..=hit.to].fill(true);
        }
    }
    let mut named = Named {
        occurrences: Vec::new(),
        mentions: Vec::new(),
        kinds: Vec::new(),
        self_hosted: Vec::new(),
        alternatives: Vec::new(),
        contradictions: Vec::new(),
        providers: [false; 3],
    };
    for at in 0..reading.len() {
        let aside = vocabulary::is_aside(reading.word(at), reading.word(at + 1));
        if let Some(cloud) = vocabulary::provider(reading.word(at)).filter(|_| !aside) {
            named.providers[cloud as usize] |= !super::facts::denied(reading, at);
        }
    }
    for hit in &hits {
        // "from Postgres CDC": changes of a database that runs elsewhere.
        let source = matches!(reading.word(hit.to + 1), "cdc" | "binlog" | "wal");
        let (service, cloud, given, by_kind, generic) = match senses[hit.entry] {
            Sense::Decoy => continue,
            Sense::Service(cloud, entry) => {
                if cloud != home && !belongs(reading, hit.from, hit.to, cloud) {
                    continue;
                }
                (entry.service, cloud, entry.details, false, false)
            }
            Sense::Generic(generic) => {
                let cloud = prefix_cloud(reading, hit.from).unwrap_or(home);
                let (stance, _) = stance::of(reading, hit.from, hit.to, &is_named, orders);
                let hosted = generic.product && self_hosted(reading, hit.from, hit.to);
                if let Some(kind) = generic.workload
                    && !hosted
                {
                    let negated = matches!(stance, Stance::Excluded | Stance::Replaced);
                    named.kinds.push(KindFound { kind, from: hit.from, to: hit.to, negated });
                }
                if hosted {
                    named.self_hosted.extend(generic.details.first().map(|it| it.1));
                    continue;
                }
                let service = generic.services[cloud as usize];
                if service.is_empty() {
                    continue;
                }
                (service, cloud, generic.details, !generic.product, true)
            }
        };
        // A slip of the finger may also be a word we do not know.
        if hit.misspelt && reading.word(hit.from).len() < 5 {
            continue;
        }
        let (mut stance, modality) = stance::of(reading, hit.from, hit.to, &is_named, orders);
        if by_kind && stance == Stance::Wanted {
            stance = Stance::Implied;
        }
        if source && stance == Stance::Wanted {
            stance = Stance::Passing;
        }
        let mut details: BTreeMap<&'static str, String> =
            given.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        super::details::read(reading, hit.from, hit.to, service, &is_named, &mut details);
        match modality {
            Modality::Plain => {}
            Modality::Optional => drop(details.insert("modality", "optional".to_owned())),
            Modality::Later => drop(details.insert("modality", "later".to_owned())),
        }
        let confidence = match (hit.misspelt, by_kind) {
            (true, _) => 0.7,
            (false, true) => 0.75,
            (false, false) => 0.97,
        };
        named.occurrences.push(Occurrence {
            from: with_prefix(reading, hit.from),
            to: hit.to,
            service,
            cloud,
            stance,
            details,
            count: super::details::count(reading, hit.from),
            confidence,
            by_kind,
            generic,
            mention: usize::MAX,
        });
    }
    hosted_by(reading, &mut named);
    left_behind(reading, &mut named);
    drop_filled_kinds(&mut named);
    choose_among_alternatives(reading, &mut named);
    gather(reading, &mut named);
    named
}

/// "Amazon S3": the provider belongs to the name.
fn with_prefix(reading: &Reading, from: usize) -> usize {
    let prefixed = from > 0
        && !reading.gap(from).has(Gap::COMMA | Gap::SENTENCE | Gap::OPEN | Gap::CLOSE | Gap::ARROW)
        && (vocabulary::provider(reading.word(from - 1)).is_some());
    if prefixed { from - 1 } else { from }
}

fn prefix_cloud(reading: &Reading, from: usize) -> Option<Cloud> {
    let before = with_prefix(reading, from);
    if before == from { None } else { vocabulary::provider(reading.word(before)) }
}

/// A product of a cloud that is not the design's own counts when its name says so.
fn belongs(reading: &Reading, from: usize, to: usize, cloud: Cloud) -> bool {
    prefix_cloud(reading, from) == Some(cloud)
        || (from..=to).any(|at| {
            vocabulary::provider(reading.word(at)) == Some(cloud)
                || vocabulary::brand(reading.word(at)) == Some(cloud)
        })
        || vocabulary::brand_of_two(reading.word(from), reading.word(from + 1)) == Some(cloud)
}

const HOSTS: &[&str] = &[
    "vm",
    "vms",
    "ec2",
    "ubuntu",
    "centos",
    "debian",
    "rhel",
    "linux",
    "virtual",
    "kubernetes",
    "k8s",
    "eks",
    "aks",
    "gke",
    "docker",
    "container",
    "containers",
    "premises",
    "premise",
    "windows",
    "suse",
    "server",
    "servers",
    "machine",
    "machines",
    "fargate",
    "ecs",
];

/// "PostgreSQL on Ubuntu", "installs MySQL": run by oneself, no managed service.
fn self_hosted(reading: &Reading, from: usize, to: usize) -> bool {
    let end = reading.sentence_end(to, 7);
    let mut placed = false;
    for at in to + 1..end {
        if reading.gap(at).has(Gap::COMMA | Gap::ARROW | Gap::CLOSE) {
            break;
        }
        match reading.word(at) {
            "on" | "in" | "inside" | "onto" => placed = true,
            word if placed && HOSTS.contains(&word) => return true,
            "and" | "or" | "with" | "to" | "for" if !placed => break,
            _ => {}
        }
    }
    let start = reading.sentence_start(from, 4);
    (start..from).any(|at| {
        matches!(
            reading.word(at),
            "install"
                | "installs"
                | "installing"
                | "installed"
                | "self"
                | "local"
                | "installation"
                | "silent"
        )
    })
}

/// "Migrate Oracle … Aurora as the target", "we run on EC2, should we move to
/// Fargate": what the sentence starts from gives way to what does the same.
fn left_behind(reading: &Reading, named: &mut Named) {
    let moved = |at: usize, words: &[&str]| {
        let start = reading.sentence_start(at, 7);
        (start..at).any(|it| words.contains(&reading.word(it)))
    };
    const LEAVES: &[&str] =
        &["migrate", "migrating", "move", "moving", "run", "runs", "running", "replicate"];
    const GOES: &[&str] = &["to", "into", "onto"];
    for at in 0..named.occurrences.len() {
        let old = &named.occurrences[at];
        let start = reading.sentence_start(old.from, 7);
        if old.stance != Stance::Wanted
            || !moved(old.from, LEAVES)
            || (start..old.from).any(|it| GOES.contains(&reading.word(it)))
        {
            continue;
        }
        let goes = |it: &Occurrence| {
            let link = it.from.checked_sub(1).map_or("", |at| reading.word(at));
            let target = (it.to + 1..it.to + 4).any(|at| reading.word(at) == "target");
            let verb = moved(it.from, &["migrate", "move", "switch", "moving", "migrating"])
                || !reading.same_sentence(it.from, old.from);
            target || GOES.contains(&link) && verb
        };
        let instead = named.occurrences[at + 1..].iter().any(|it| {
            it.stance == Stance::Wanted
                && it.cloud == old.cloud
                && goes(it)
                && (it.service == old.service
                    && it.details.get("engine") != old.details.get("engine")
                    && it.details.contains_key("engine")
                    || it.service != old.service
                        && vocabulary::compute(it.service)
                        && vocabulary::compute(old.service)
                        && reading.word(it.from.saturating_sub(2)).starts_with("mov"))
        });
        if instead {
            named.occurrences[at].stance = Stance::Replaced;
        }
    }
}

/// "Batch on Fargate", "EKS with Fargate": where the first runs, no second service.
fn hosted_by(reading: &Reading, named: &mut Named) {
    let mut at = 1;
    while at < named.occurrences.len() {
        let (host, guest) = (&named.occurrences[at], &named.occurrences[at - 1]);
        let bare = host.service == "ecs"
            && host.from == host.to
            && host.details.get("variant").is_some_and(|it| it == "fargate");
        let hosts = bare
            && matches!(guest.service, "batch" | "eks")
            && (guest.to + 1..host.from).all(|it| {
                matches!(reading.word(it), "on" | "with" | "using" | "and" | "via" | "jobs" | "job")
            })
            && (guest.to + 1 == host.from || reading.word(host.from - 1) != "and");
        if hosts {
            let host = named.occurrences.remove(at);
            let guest = &mut named.occurrences[at - 1];
            guest.to = host.to;
            guest.details.entry("variant").or_insert_with(|| "fargate".to_owned());
        } else {
            at += 1;
        }
    }
}

/// "a queue" beside "SQS" is that queue.
fn drop_filled_kinds(named: &mut Named) {
    let products: BTreeSet<&'static str> = named
        .occurrences
        .iter()
        .filter(|it| !it.by_kind && !refuses(it.stance))
        .map(|it| it.service)
        .collect();
    named.occurrences.retain(|it| {
        !it.by_kind
            || refuses(it.stance)
            || !products.iter().any(|service| {
                vocabulary::fills(service, it.service)
                    // "a serverless application" of workflows and resolvers.
                    || (it.service == "lambda" && matches!(*service, "step-functions" | "appsync"))
                    // "runs in an isolated VM" says how a function works.
                    || (vocabulary::machine(it.service)
                        && !it.details.contains_key("role")
                        && matches!(*service, "lambda" | "functions" | "cloud-functions"))
            })
    });
}

/// "X or Y": the first is taken, the second noted as a choice.
fn choose_among_alternatives(reading: &Reading, named: &mut Named) {
    for second in 1..named.occurrences.len() {
        let (head, tail) = named.occurrences.split_at_mut(second);
        let (Some(first), Some(other)) = (head.last(), tail.first_mut()) else { continue };
        let adjacent = other.from == first.to + 2 && reading.word(other.from - 1) == "or";
        let both = first.stance == Stance::Wanted && other.stance == Stance::Wanted;
        if adjacent
            && both
            && first.service != other.service
            && vocabulary::alike(first.service, other.service)
        {
            other.stance = Stance::Passing;
            other.details.insert("alternative", first.service.to_owned());
        }
    }
}

/// One mention for all occurrences that can mean the same thing.
fn gather(reading: &Reading, named: &mut Named) {
    let mut refused: Vec<(usize, usize)> = Vec::new();
    for occurrence in &mut named.occurrences {
        let fits = |it: &Mention| {
            it.service == occurrence.service
                && it.cloud == occurrence.cloud
                && ["engine", "variant"].iter().all(|key| match (it.details.get(key), occurrence.details.get(key)) {
                    (Some(a), Some(b)) => a == b || a.starts_with(b.as_str()) || b.starts_with(a.as_str()),
                    _ => true,
                })
                // What is refused and what takes its place stay apart when they differ.
                && (refuses(it.stance) == refuses(occurrence.stance)
                    || ["engine", "variant"]
                        .iter()
                        .all(|key| it.details.get(key) == occurrence.details.get(key)))
        };
        let at = match named.mentions.iter().position(fits) {
            Some(at) => at,
            None => {
                named.mentions.push(Mention {
                    service: occurrence.service,
                    cloud: occurrence.cloud,
                    stance: occurrence.stance,
                    count: occurrence.count,
                    details: BTreeMap::new(),
                    span: reading.span(occurrence.from, occurrence.to),
                    confidence: occurrence.confidence,
                });
                refused.push((0, 0));
                named.mentions.len() - 1
            }
        };
        occurrence.mention = at;
        let mention = &mut named.mentions[at];
        match occurrence.stance {
            Stance::Excluded | Stance::Replaced => refused[at].0 += 1,
            Stance::Wanted => refused[at].1 += 1,
            _ => {}
        }
        mention.stance = stronger(mention.stance, occurrence.stance);
        mention.count = mention.count.max(occurrence.count);
        mention.confidence = mention.confidence.max(occurrence.confidence);
        for (key, value) in &occurrence.details {
            match mention.details.get(key) {
                // "aurora" said again as "aurora-serverless" is the finer word.
                Some(old) if value.len() > old.len() && value.starts_with(old.as_str()) => {
                    mention.details.insert(key, value.clone());
                }
                Some(_) => {}
                None => drop(mention.details.insert(key, value.clone())),
            }
        }
    }
    for (at, (no, yes)) in refused.into_iter().enumerate() {
        if no > 0 && yes > no {
            named.mentions[at].stance = Stance::Wanted;
            named.contradictions.push(at);
        }
    }
    let firsts: Vec<(usize, usize)> = named
        .mentions
        .iter()
        .enumerate()
        .filter_map(|(at, it)| {
            let first = it.details.get("alternative")?;
            (it.stance == Stance::Passing).then_some(())?;
            Some((named.mentions.iter().position(|other| other.service == first)?, at))
        })
        .collect();
    named.alternatives = firsts;
}

fn refuses(stance: Stance) -> bool {
    matches!(stance, Stance::Excluded | Stance::Replaced)
}

/// What several occurrences amount to: a refusal outweighs, then a wish.
fn stronger(a: Stance, b: Stance) -> Stance {
    let rank = |it| match it {
        Stance::Excluded => 5,
        Stance::Replaced => 4,
        Stance::Existing => 3,
        Stance::Wanted => 2,
        Stance::Implied => 1,
        Stance::Passing => 0,
    };
    if rank(b) > rank(a) { b } else { a }
}
