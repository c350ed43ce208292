//! Words that mean a part only where they stand: "search" in a list, "warehouse"
//! next to data, "model" behind "train".

use super::tokens::{Gap, Reading};
use super::workloads::denied;

/// Programs that people run for themselves, each a web application.
const PRODUCTS: &[&str] = &[
    "bitbucket",
    "bookstack",
    "confluence",
    "discourse",
    "erpnext",
    "gitea",
    "gitlab",
    "jenkins",
    "jira",
    "keycloak",
    "mastodon",
    "matomo",
    "mattermost",
    "mediawiki",
    "metabase",
    "n8n",
    "nextcloud",
    "odoo",
    "redmine",
    "sonarqube",
    "superset",
];

pub(super) fn is_product(reading: &Reading, at: usize, word: &str) -> bool {
    PRODUCTS.contains(&word)
        && !matches!(
            reading.word(at + 1),
            "ci" | "runner" | "runners" | "pipeline" | "pipelines" | "job" | "plugin"
        )
        && (at == 0
            || !matches!(
                reading.word(at - 1),
                "from" | "with" | "via" | "using" | "to" | "in" | "on" | "and" | "or"
            ))
        && !denied(reading, at)
}

/// "photos, chat, matching": a part among others.
pub(super) fn is_listed(reading: &Reading, at: usize) -> bool {
    let breaks = Gap::COMMA | Gap::SENTENCE | Gap::SEMICOLON | Gap::CLOSE;
    let before = at > 0
        && (reading.gap(at).has(Gap::COMMA) || matches!(reading.word(at - 1), "and" | "with"));
    let after =
        at + 1 == reading.len() || reading.gap(at + 1).has(breaks) || reading.word(at + 1) == "and";
    before && after && !denied(reading, at)
}

/// "listings, reviews and search": a part among others, not somebody who looks
/// for something.
pub(super) fn is_search(reading: &Reading, at: usize) -> bool {
    if reading.word(at) != "search" || at == 0 {
        return false;
    }
    // "search the last 14 days", "search all documents".
    let end = reading.sentence_end(at, 5);
    let things = (at + 1..end).any(|it| {
        matches!(
            reading.word(it),
            "logs"
                | "days"
                | "documents"
                | "products"
                | "records"
                | "messages"
                | "articles"
                | "catalogue"
                | "catalog"
        )
    });
    if things
        && matches!(
            reading.word(at + 1),
            "the" | "all" | "our" | "in" | "through" | "their" | "old"
        )
    {
        return !denied(reading, at);
    }
    let breaks = Gap::COMMA | Gap::SENTENCE | Gap::SEMICOLON | Gap::CLOSE | Gap::NEWLINE;
    let listed = reading.gap(at).has(Gap::COMMA | Gap::PLUS)
        || matches!(reading.word(at - 1), "and" | "with" | "plus" | "need" | "needs" | "add");
    let ends = at + 1 == reading.len()
        || reading.gap(at + 1).has(breaks)
        || matches!(reading.word(at + 1), "and" | "over" | "across" | "with" | "on" | "in" | "by")
        || reading.word(at + 1) == "for"
            && reading.word(at + 2).starts_with(|c: char| c.is_ascii_digit());
    listed && ends && !denied(reading, at)
}

/// "each with its own queue and database": one that nobody chose.
pub(super) fn is_database(reading: &Reading, at: usize) -> bool {
    let before = at == 0
        || matches!(
            reading.word(at - 1),
            "gb" | "tb" | "a" | "own" | "and" | "with" | "central" | "one" | "shared" | "main"
        );
    let after = !matches!(
        reading.word(at + 1),
        "migration" | "server" | "servers" | "subnet" | "subnets" | "cluster"
    );
    let other =
        (0..reading.len()).any(|it| matches!(reading.word(it), "serverless" | "nosql" | "key"));
    before && after && !other && !denied(reading, at)
}

/// "data from 50 public APIs": somebody else's.
pub(super) fn foreign(reading: &Reading, at: usize) -> bool {
    let start = reading.sentence_start(at, 3);
    (start..at).any(|it| {
        matches!(
            reading.word(it),
            "from" | "calls" | "call" | "calling" | "external" | "party" | "consume" | "consumes"
        )
    })
}

/// "burst for an hour every day": when people come, no timetable.
pub(super) fn habit(reading: &Reading, at: usize) -> bool {
    let start = reading.sentence_start(at, 7);
    (start..at).any(|it| {
        matches!(
            reading.word(it),
            "burst"
                | "bursts"
                | "peak"
                | "peaks"
                | "spike"
                | "spikes"
                | "traffic"
                | "visitors"
                | "people"
                | "log"
        )
    })
}

/// "background PDF generation": work that nobody waits for.
pub(super) fn works(reading: &Reading, at: usize) -> bool {
    (at + 1..at + 4).any(|it| {
        matches!(
            reading.word(it),
            "generation"
                | "processing"
                | "rendering"
                | "import"
                | "imports"
                | "export"
                | "exports"
                | "sync"
                | "work"
        ) && !reading.gap(it).has(Gap::COMMA | Gap::SENTENCE)
    })
}

/// The word "model" behind a verb that says what is done with it.
pub(super) fn model(reading: &Reading, at: usize) -> Option<usize> {
    let end = reading.sentence_end(at, 6);
    (at + 1..end)
        .take_while(|it| !reading.gap(*it).has(Gap::COMMA | Gap::OPEN))
        .find(|it| matches!(reading.word(*it), "model" | "models"))
}

/// Matches in real time are played on servers; turns, scores and friends are
/// requests like others.
pub(super) fn needs_game_servers(reading: &Reading) -> bool {
    let says = |words: &[&str]| (0..reading.len()).any(|at| words.contains(&reading.word(at)));
    let quick = says(&[
        "server",
        "servers",
        "multiplayer",
        "matchmaking",
        "royale",
        "shooter",
        "match",
        "matches",
        "gamelift",
        "mmo",
        "racing",
        "arena",
        "minecraft",
        "fps",
    ]);
    let in_turns = says(&["turn", "turns", "casual", "puzzle", "trivia"]);
    quick && (!in_turns || says(&["gamelift", "servers"]))
}

/// "has them in a warehouse": one of data, where data is spoken of and goods are not.
pub(super) fn is_data_warehouse(reading: &Reading, at: usize) -> bool {
    const DATA: &[&str] = &[
        "analysts",
        "analytics",
        "bi",
        "clicks",
        "dashboard",
        "dashboards",
        "data",
        "etl",
        "events",
        "ingest",
        "ingests",
        "pipeline",
        "query",
        "queries",
        "reporting",
        "sql",
    ];
    const GOODS: &[&str] = &[
        "forklift",
        "goods",
        "inventory",
        "logistics",
        "orders",
        "pallets",
        "parcels",
        "pickers",
        "picking",
        "robots",
        "shelf",
        "shelves",
        "shipping",
        "stock",
        "storekeeper",
        "workers",
    ];
    let mut data = false;
    for it in 0..reading.len() {
        let word = reading.word(it);
        if GOODS.contains(&word) {
            return false;
        }
        data |= DATA.contains(&word);
    }
    data && !denied(reading, at)
}

/// "ingests 25,000 events per second": the last word of what streams in.
pub(super) fn ingested(reading: &Reading, at: usize) -> Option<usize> {
    const RECORDS: &[&str] = &["clicks", "events", "messages", "metrics", "readings", "records"];
    let end = reading.sentence_end(at, 7);
    (at + 1..end).find(|it| RECORDS.contains(&reading.word(*it)))
}
