//! Orders of a later turn that are relative to what stands: "double the traffic",
//! "make it cheaper", "one region is enough".

use super::Needs;
use super::tokens::{Gap, Reading};

/// An order that is relative to what stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Change {
    /// Everything that traffic drives, times this.
    Traffic(f64),
    Storage(f64),
    Cheaper,
    MoreAvailable,
    MultiRegion,
    SingleRegion,
    LiftBudget,
    Private,
}

impl Change {
    pub(super) fn name(self) -> String {
        match self {
            Self::Traffic(by) => format!("traffic times {by}"),
            Self::Storage(by) => format!("storage times {by}"),
            Self::Cheaper => "cheaper".to_owned(),
            Self::MoreAvailable => "more available".to_owned(),
            Self::MultiRegion => "several regions".to_owned(),
            Self::SingleRegion => "one region".to_owned(),
            Self::LiftBudget => "no budget limit".to_owned(),
            Self::Private => "private only".to_owned(),
        }
    }
}

pub(super) struct Order {
    pub kind: Change,
    pub span: [usize; 2],
}

pub(super) fn find(reading: &Reading, needs: &Needs) -> Vec<Order> {
    let mut orders: Vec<Order> = Vec::new();
    let mut push = |kind, from, to| {
        if !orders
            .iter()
            .any(|it: &Order| std::mem::discriminant(&it.kind) == std::mem::discriminant(&kind))
        {
            orders.push(Order { kind, span: reading.span(from, to) });
        }
    };
    for at in 0..reading.len() {
        let (word, next) = (reading.word(at), reading.word(at + 1));
        let factor = match (word, next) {
            ("double" | "doubles" | "doubled" | "doubling" | "twice", _) => Some(2.0),
            ("triple" | "triples" | "tripled" | "thrice", _) => Some(3.0),
            ("quadruple" | "quadruples", _) => Some(4.0),
            ("halve" | "halves" | "half" | "halved", _) => Some(0.5),
            ("tenfold", _) => Some(10.0),
            _ => times(word, next),
        };
        if let Some(factor) = factor {
            let ahead = (at.saturating_sub(4)..reading.len().min(at + 7))
                .filter(|it| !reading.gap(*it).has(Gap::SENTENCE) || *it <= at);
            let mut about = None;
            for it in ahead {
                match reading.word(it) {
                    "traffic" | "load" | "users" | "requests" | "visitors" | "volume"
                    | "throughput" | "customers" | "scale" | "usage" | "rps" => {
                        about = Some((Change::Traffic(factor), it));
                    }
                    "storage" | "data" => about = about.or(Some((Change::Storage(factor), it))),
                    "cost" | "costs" | "price" | "bill" | "budget" if factor < 1.0 => {
                        about = about.or(Some((Change::Cheaper, it)))
                    }
                    _ => {}
                }
            }
            if let Some((kind, to)) = about {
                push(kind, at.min(to), at.max(to));
            }
        }
        match (word, next) {
            ("cheaper" | "cheap" | "cheapest" | "economical", _) => push(Change::Cheaper, at, at),
            ("reduce" | "cut" | "lower" | "bring" | "save", _)
                if (at + 1..at + 5).any(|it| {
                    matches!(
                        reading.word(it),
                        "cost" | "costs" | "bill" | "price" | "spend" | "money" | "spending"
                    )
                }) =>
            {
                push(Change::Cheaper, at, at + 1);
            }
            ("less" | "too", "expensive") => push(Change::Cheaper, at, at + 1),
            ("more", "reliable" | "resilient" | "available" | "robust") => {
                push(Change::MoreAvailable, at, at + 1)
            }
            ("highly", "available") | ("high", "availability") => {
                push(Change::MoreAvailable, at, at + 1)
            }
            ("multi", "region")
            | ("second" | "another" | "two" | "multiple", "region" | "regions") => {
                push(Change::MultiRegion, at, at + 1)
            }
            ("single" | "one", "region") => push(Change::SingleRegion, at, at + 1),
            ("budget" | "cost" | "money", "doesn't" | "does" | "is")
                if (at + 1..at + 5).any(|it| {
                    matches!(reading.word(it), "matter" | "object" | "issue" | "unlimited")
                }) && needs.budget.is_some() =>
            {
                push(Change::LiftBudget, at, at + 2);
            }
            ("no" | "remove" | "forget", "budget") => push(Change::LiftBudget, at, at + 1),
            ("not", "public") | ("private", "only") | ("internal", "only") => {
                push(Change::Private, at, at + 1)
            }
            _ => {}
        }
    }
    orders
}

/// "3x", "10 times".
fn times(word: &str, next: &str) -> Option<f64> {
    let number = match word.strip_suffix('x') {
        Some(digits) if !digits.is_empty() => digits,
        _ if matches!(next, "times" | "x") => word,
        _ => return None,
    };
    number.parse::<f64>().ok().filter(|it| it.is_finite() && *it > 0.0 && *it <= 1e6)
}

pub(super) fn apply(change: Change, needs: &mut Needs) {
    match change {
        Change::Traffic(by) => {
            let load = &mut needs.load;
            let mut any = false;
            for value in load.traffic().into_iter().flatten() {
                *value *= by;
                any = true;
            }
            // Nothing was stated: the assumed load is what is multiplied.
            if !any {
                load.monthly_active_users = Some(1000.0 * by);
            }
        }
        Change::Storage(by) => {
            if let Some(stored) = &mut needs.load.storage_gb {
                *stored *= by;
            }
        }
        Change::Cheaper => needs.preferences.cost_first = true,
        Change::MoreAvailable => {
            let now = needs.availability.unwrap_or(0.999);
            // One step up the usual ladder of promises.
            needs.availability = Some(
                [0.999, 0.9995, 0.9999, 0.99995]
                    .into_iter()
                    .find(|it| *it > now + 1e-9)
                    .unwrap_or(0.99999),
            );
        }
        Change::MultiRegion => needs.multi_region = true,
        Change::SingleRegion => {
            needs.multi_region = false;
            needs.regions.truncate(1);
        }
        Change::LiftBudget => needs.budget = None,
        Change::Private => needs.preferences.private_only = true,
    }
}
