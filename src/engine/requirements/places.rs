//! Where it runs, where data has to stay, and where its people are.
//!
//! Three different things: a region that is named, a residency that data may
//! not leave, and an audience that wants to be near. The audience decides the
//! region only where nothing else does.

use super::Cloud;
use super::draft::Draft;
use super::people::PEOPLE;
use super::regions;
use super::tokens::{Gap, Reading};
use serde_json::json;

/// Words for the people and the organisations of a place, besides [`PEOPLE`].
const FOLK: &[&str] = &[
    "accounts",
    "agency",
    "airline",
    "authority",
    "bank",
    "business",
    "businesses",
    "charity",
    "cities",
    "city",
    "client",
    "company",
    "companies",
    "consumers",
    "customer",
    "firm",
    "hospital",
    "hospitals",
    "hours",
    "households",
    "insurer",
    "market",
    "markets",
    "merchants",
    "merchant",
    "office",
    "offices",
    "people",
    "population",
    "province",
    "state",
    "council",
    "government",
    "ministry",
    "municipality",
    "public",
    "restaurants",
    "retailer",
    "school",
    "schools",
    "shop",
    "shops",
    "sites",
    "startup",
    "stores",
    "traffic",
    "university",
    "user",
    "visitor",
    "workers",
];

/// What is done towards a place: "we sell to Switzerland", "launching in Japan".
const TOWARDS: &[&str] = &[
    "available",
    "based",
    "branches",
    "deliver",
    "delivers",
    "launch",
    "launches",
    "launching",
    "live",
    "lives",
    "located",
    "mainly",
    "mostly",
    "operate",
    "operates",
    "operating",
    "primarily",
    "sell",
    "selling",
    "sells",
    "serve",
    "serves",
    "serving",
    "ship",
    "shipping",
    "ships",
    "watch",
];

/// What keeps data within a place.
const STAYS: &[&str] = &[
    "stay",
    "stays",
    "remain",
    "remains",
    "leave",
    "leaves",
    "residency",
    "reside",
    "resides",
    "sovereignty",
    "exclusively",
    "within",
];

/// What is run in a place.
const HOSTS: &[&str] = &["hosted", "stored", "kept", "processed", "located", "host", "store"];

pub(super) fn read(reading: &Reading, cloud: Cloud, draft: &mut Draft) {
    for named in regions::find(reading) {
        let span = reading.span(named.from, named.to);
        // A code of another cloud is meant for that cloud's part only.
        if named.cloud().is_some_and(|it| it != cloud) && draft.needs.clouds.len() > 1 {
            continue;
        }
        if regions_listed_in_passing(reading, named.from) {
            continue;
        }
        let code = named.code(cloud);
        if code.is_empty() {
            continue;
        }
        if refused(reading, named.from) {
            draft.fact("region.excluded", json!(code), span, 0.85);
            draft.needs.avoided.push(code.to_owned());
        } else if !draft.needs.regions.iter().any(|it| it == code) {
            let confidence = if named.cloud().is_some() { 0.97 } else { 0.8 };
            draft.fact("region", json!(code), span, confidence);
            draft.needs.regions.push(code.to_owned());
        }
    }
    for at in 0..reading.len() {
        let Some((group, to)) = regions::group_at(reading, at) else {
            if let Some(group) = regions::audience_at(reading, at)
                && is_audience(reading, at, at)
            {
                audience(reading, group, at, at, draft);
            }
            continue;
        };
        if refused(reading, at) {
            let span = reading.span(at, to);
            draft.fact("region.excluded", json!(group), span, 0.8);
            draft.needs.avoided.push(group.to_owned());
            continue;
        }
        if is_residency(reading, at, to) {
            if draft.needs.residency.is_none() {
                let span = reading.span(at, to);
                draft.fact("residency", json!(group), span, 0.85);
                draft.needs.residency = Some(group.to_owned());
            }
        } else if is_audience(reading, at, to) {
            audience(reading, group, at, to, draft);
        }
    }
}

fn audience(reading: &Reading, group: &'static str, at: usize, to: usize, draft: &mut Draft) {
    draft.fact("audience", json!(group), reading.span(at, to), 0.75);
    draft.needs.audience.get_or_insert_with(|| group.to_owned());
}

/// "not in us-east-1", "nothing in the US", "outside Germany"; but what "must not
/// leave" a place stays inside.
fn refused(reading: &Reading, at: usize) -> bool {
    let mut outside = false;
    for back in 1..=5 {
        let breaks =
            Gap::COMMA | Gap::SENTENCE | Gap::OPEN | Gap::CLOSE | Gap::DASH | Gap::SEMICOLON;
        if at < back || reading.gap(at + 1 - back).has(breaks) {
            break;
        }
        match reading.word(at - back) {
            "leave" | "leaves" | "leaving" => return false,
            "outside" => outside = true,
            "not" if matches!(reading.word(at - back + 1), "only" | "just") => break,
            "no" | "not" | "without" | "avoid" | "avoiding" | "never" | "nothing" | "nowhere"
            | "don't" | "dont" | "cannot" | "can't" | "except" => return !outside,
            "but" | "and" | "we" | "with" | "because" | "that" => break,
            _ => {}
        }
    }
    outside
}

/// Data may not leave it.
fn is_residency(reading: &Reading, at: usize, to: usize) -> bool {
    let start = reading.sentence_start(at, 9);
    let end = reading.sentence_end(to, 7);
    let says =
        |words: &[&str]| (start..at).chain(to + 1..end).any(|it| words.contains(&reading.word(it)));
    let placed = at > 1
        && matches!(reading.word(at - 1), "in" | "within")
        && (HOSTS.contains(&reading.word(at - 2)) || reading.word(at - 2) == "data");
    let strict = placed
        || matches!(
            reading.word(to + 1),
            "only" | "resident" | "residency" | "soil" | "sovereign" | "sovereignty"
        )
        || reading.word(at.wrapping_sub(1)) == "only"
        || says(STAYS)
        || says(HOSTS) && says(&["must", "only", "data"]);
    let people = PEOPLE.contains(&reading.word(to + 1))
        || matches!(
            reading.word(to + 1),
            "citizens"
                | "market"
                | "east"
                | "west"
                | "central"
                | "south"
                | "north"
                | "government"
                | "dollars"
                | "federal"
        );
    strict && !people
}

/// Its people are there: "customers in Europe", "UK residents", "a Swiss bank".
fn is_audience(reading: &Reading, at: usize, to: usize) -> bool {
    let folk = |at: usize| {
        let word = reading.word(at);
        PEOPLE.contains(&word) || FOLK.contains(&word)
    };
    let breaks = Gap::SENTENCE | Gap::SEMICOLON | Gap::COLON;
    // "European online customers", "UK bank".
    if (to + 1..to + 3).any(|it| folk(it) && !reading.gap(it).has(breaks | Gap::COMMA)) {
        return true;
    }
    // "exam platform for 30,000 pupils, Austria".
    let ends = Gap::COMMA | Gap::SENTENCE;
    if at > 0 && reading.gap(at).has(ends) && reading.gap(to + 1).has(ends) {
        return true;
    }
    // "customers mostly in Germany and Austria": a list of places goes on.
    let start = reading.sentence_start(at, 9);
    let within = (start..at).rev().find(|it| {
        matches!(
            reading.word(*it),
            "in" | "from" | "across" | "throughout" | "to" | "around" | "over"
        )
    });
    let Some(link) = within.filter(|it| at - it <= 4) else { return false };
    let list = (link + 1..at).all(|it| {
        matches!(
            reading.word(it),
            "the" | "all" | "of" | "and" | "or" | "both" | "mainly" | "mostly" | "primarily"
        ) || regions::group_at(reading, it).is_some()
            || regions::audience_at(reading, it).is_some()
    });
    list && (link.saturating_sub(5).max(start)..link)
        .any(|it| folk(it) || TOWARDS.contains(&reading.word(it)))
}

/// "only available in us-east-1, us-east-2 …": a remark about a service.
fn regions_listed_in_passing(reading: &Reading, from: usize) -> bool {
    let start = reading.sentence_start(from, 20);
    (start..from).any(|at| {
        reading.word(at) == "available"
            && matches!(reading.word(at.wrapping_sub(1)), "only" | "is" | "are" | "not")
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::of;

    #[test]
    fn people_decide_the_region_where_nothing_else_does() {
        for (text, region) in [
            ("A booking site for customers in Europe, 20k visitors a day", "eu-central-1"),
            ("Online shop for shoes. Customers in Germany and Austria", "eu-central-1"),
            ("Mobile game backend for players in Japan and Korea", "ap-northeast-1"),
            ("Open banking API for a UK bank", "eu-west-2"),
            ("Web shop that sells to Switzerland", "eu-central-2"),
            ("Web app for Australian farmers", "ap-southeast-2"),
            ("Video platform, students watch from Asia and Europe", "ap-southeast-1"),
            ("Web app in Ireland for customers in the US", "eu-west-1"),
            ("REST API in containers, nothing in us-east-1", "us-east-2"),
            ("REST API, not in the US", "eu-central-1"),
            ("Learning platform for schools, hosted in Germany", "eu-central-1"),
            ("Web app with Postgres for 10k users", "us-east-1"),
        ] {
            assert_eq!(of(text).needs.regions, [region], "{text}");
        }
    }

    #[test]
    fn an_audience_is_no_residency() {
        let it = of("A booking site for customers in Europe");
        assert_eq!(
            (it.needs.audience.as_deref(), it.needs.residency.as_deref()),
            (Some("eu"), None)
        );
        let it = of("Patient portal, data must not leave the EU, US customers too");
        assert_eq!(it.needs.residency.as_deref(), Some("eu"));
        assert!(it.needs.avoided.is_empty(), "{:?}", it.needs.avoided);
    }
}
