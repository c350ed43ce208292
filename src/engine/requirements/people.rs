//! Systems that are described by what their people do with them: "patients
//! should book online", "readers vote", "we sell concert tickets".
//!
//! Nobody who writes so names a part, so this looks for people next to what is
//! done through a system, and asks for a sign that a system is meant at all.

use super::tokens::{Gap, Reading};
use super::{Load, WorkloadKind as W};

/// People whom an organisation serves or employs.
pub(super) const PEOPLE: &[&str] = &[
    "agents",
    "attendees",
    "audience",
    "authors",
    "bidders",
    "buyers",
    "candidates",
    "caseworkers",
    "citizens",
    "clients",
    "clinicians",
    "couriers",
    "customers",
    "dentists",
    "doctors",
    "drivers",
    "employees",
    "families",
    "fans",
    "farmers",
    "guests",
    "lawyers",
    "developers",
    "learners",
    "librarians",
    "listeners",
    "members",
    "nurses",
    "operators",
    "parents",
    "participants",
    "partners",
    "passengers",
    "people",
    "patients",
    "players",
    "pupils",
    "readers",
    "residents",
    "riders",
    "sellers",
    "shoppers",
    "staff",
    "students",
    "subscribers",
    "suppliers",
    "teachers",
    "tenants",
    "travellers",
    "users",
    "vendors",
    "viewers",
    "visitors",
    "volunteers",
];

/// What they do through a system.
const ACTS: &[&str] = &[
    "apply",
    "ask",
    "bid",
    "book",
    "browse",
    "buy",
    "cancel",
    "chat",
    "check",
    "comment",
    "compare",
    "donate",
    "download",
    "enrol",
    "enroll",
    "file",
    "find",
    "follow",
    "listen",
    "look",
    "manage",
    "message",
    "order",
    "pay",
    "plan",
    "play",
    "post",
    "publish",
    "rate",
    "read",
    "rent",
    "report",
    "request",
    "reserve",
    "review",
    "schedule",
    "search",
    "see",
    "sell",
    "send",
    "share",
    "sign",
    "stream",
    "submit",
    "subscribe",
    "swap",
    "track",
    "trade",
    "upload",
    "view",
    "vote",
    "watch",
];

/// What an organisation offers itself.
const OFFERS: &[&str] = &["sell", "rent", "auction", "lend", "deliver", "stream", "offer"];

/// Words of somebody who means something that answers through a network.
const ONLINE: &[&str] = &[
    "app",
    "apps",
    "digital",
    "internet",
    "mobile",
    "online",
    "page",
    "platform",
    "something",
    "portal",
    "site",
    "software",
    "system",
    "tool",
    "web",
    "website",
    "onlineshop",
];

/// The first place where people do something through a system.
pub(super) fn act(reading: &Reading) -> Option<(usize, usize)> {
    (0..reading.len()).find_map(|at| {
        let end = reading.sentence_end(at, 5);
        let done = |acts: &[&str]| {
            (at + 1..end).find(|it| acts.contains(&reading.word(*it))).map(|to| (at, to))
        };
        if PEOPLE.contains(&reading.word(at)) {
            done(ACTS)
        } else if matches!(reading.word(at), "we" | "i") {
            done(OFFERS)
        } else if matches!(reading.word(at), "place" | "way") {
            // "a place where dentists can upload pictures"
            done(ACTS)
        } else {
            None
        }
    })
}

/// Whether what people do is done through something to be built: it is counted,
/// or a word says that it is online.
pub(super) fn means_a_system(reading: &Reading, load: &Load) -> bool {
    act(reading).is_some() && (*load != Load::default() || is_online(reading))
}

pub(super) fn is_online(reading: &Reading) -> bool {
    (0..reading.len()).any(|at| ONLINE.contains(&reading.word(at)))
}

/// Things that answer people, called by what they are for: "expense tool",
/// "booking site", "case management system".
const THINGS: &[(&str, W)] = &[
    ("api", W::RestApi),
    ("app", W::WebApp),
    ("application", W::WebApp),
    ("backend", W::RestApi),
    ("engine", W::RestApi),
    ("exchange", W::RestApi),
    ("game", W::MobileBackend),
    ("marketplace", W::WebApp),
    ("platform", W::WebApp),
    ("portal", W::WebApp),
    ("product", W::WebApp),
    ("service", W::RestApi),
    ("shop", W::Ecommerce),
    ("site", W::WebApp),
    ("software", W::WebApp),
    ("store", W::Ecommerce),
    ("system", W::WebApp),
    ("tool", W::WebApp),
    ("website", W::WebApp),
];

/// What stands before such a word without telling what it is for.
const NO_PURPOSE: &[&str] = &[
    "all",
    "any",
    "search",
    "recommendation",
    "compute",
    "db",
    "database",
    "cloud",
    "design",
    "each",
    "every",
    "feature",
    "file",
    "host",
    "key",
    "new",
    "object",
    "of",
    "offline",
    "online",
    "operating",
    "other",
    "payment",
    "power",
    "same",
    "some",
    "some",
    "state",
    "that",
    "this",
    "to",
    "value",
    "with",
];

/// The first thing that is called by its purpose, and its words.
pub(super) fn thing(reading: &Reading) -> Option<(W, (usize, usize))> {
    (0..reading.len()).find_map(|at| {
        let word = reading.word(at);
        let kind = THINGS.iter().find(|it| it.0 == word)?.1;
        let next = reading.word(at + 1);
        let other = matches!(
            next,
            "gateway" | "key" | "keys" | "account" | "level" | "mesh" | "call" | "calls"
        ) || reading.gap(at).has(Gap::SLASH | Gap::OPEN)
            || at > 0
                && matches!(
                    reading.word(at - 1),
                    "calls" | "call" | "from" | "external" | "third" | "existing"
                );
        if other {
            return None;
        }
        let begins = at == 0 || reading.gap(at).has(Gap::SENTENCE | Gap::COMMA);
        let purpose = at > 0
            && reading.gap(at).has(Gap::SPACE | Gap::DASH)
            && !reading.gap(at).has(Gap::COMMA | Gap::COLON)
            && !NO_PURPOSE.contains(&reading.word(at - 1));
        (begins || purpose).then_some((kind, (if begins { at } else { at - 1 }, at)))
    })
}

/// Parts that people meet: none has to be added where there is one.
pub(super) fn meets(kind: W) -> bool {
    matches!(
        kind,
        W::WebApp
            | W::StaticSite
            | W::RestApi
            | W::GraphqlApi
            | W::Realtime
            | W::MobileBackend
            | W::Microservices
            | W::Ecommerce
            | W::Cms
            | W::GameServer
            | W::GenAi
            | W::Desktop
            | W::ContainerPlatform
            | W::VirtualMachine
            | W::FileTransfer
            | W::Migration
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::of;
    use super::W;

    #[test]
    fn what_people_do_makes_a_system() {
        for text in [
            "We run a small clinic chain. Patients should book online, maybe 300 bookings/day",
            "Photo contest for a newspaper. Readers vote. Peak 400 votes per second for one evening.",
            "we sell concert tickets, at times to 200k people at once",
            "Our farmers report harvests on their phones, it should be an app",
        ] {
            let it = of(text);
            assert!(it.needs.describes_system, "{text}");
            assert!(
                it.needs
                    .workloads
                    .iter()
                    .any(|it| it.kind == W::WebApp || it.kind == W::MobileBackend),
                "{text}"
            );
        }
        for text in [
            "The patients were patient and the readers read.",
            "We sell apples on the market every Saturday",
            "My students write poems about the sea",
        ] {
            assert!(!of(text).needs.describes_system, "{text}");
        }
    }

    #[test]
    fn named_services_are_taken_at_their_word() {
        let it = of("Users upload photos to S3, a Lambda resizes them");
        assert!(
            it.needs.workloads.iter().all(|it| it.kind != W::WebApp),
            "{:?}",
            it.needs.workloads
        );
    }
}
