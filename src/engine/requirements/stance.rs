//! Where a named service stands: wanted, there already, replaced, forbidden or
//! only mentioned. Decided by cue words in the same clause; each cue says how
//! far it reaches, and commas stop it unless a list goes on.

use super::Stance;
use super::tokens::{Gap, Reading};

/// How firmly something is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Modality {
    Plain,
    Optional,
    Later,
}

/// A cue, how many words it reaches, and what it makes of a name behind it.
struct Cue {
    words: &'static [&'static str],
    reach: usize,
    stance: Stance,
}

const fn cue(words: &'static [&'static str], reach: usize, stance: Stance) -> Cue {
    Cue { words, reach, stance }
}

/// Read backwards from the name; longer cues stand before those they contain.
const BEFORE: &[Cue] = &[
    cue(&["instead", "of"], 4, Stance::Replaced),
    cue(&["rather", "than"], 4, Stance::Replaced),
    cue(&["in", "place", "of"], 4, Stance::Replaced),
    cue(&["away", "from"], 5, Stance::Replaced),
    cue(&["off", "of"], 4, Stance::Replaced),
    cue(&["move", "off"], 4, Stance::Replaced),
    cue(&["get", "off"], 4, Stance::Replaced),
    cue(&["moving", "off"], 4, Stance::Replaced),
    cue(&["migrate", "from"], 5, Stance::Replaced),
    cue(&["migrating", "from"], 5, Stance::Replaced),
    cue(&["migration", "from"], 5, Stance::Replaced),
    cue(&["migrated", "from"], 5, Stance::Replaced),
    cue(&["migrate", "off"], 5, Stance::Replaced),
    cue(&["migrating", "off"], 5, Stance::Replaced),
    cue(&["switch", "from"], 5, Stance::Replaced),
    cue(&["switching", "from"], 5, Stance::Replaced),
    cue(&["moving", "from"], 5, Stance::Replaced),
    cue(&["replacing"], 5, Stance::Replaced),
    cue(&["replace"], 5, Stance::Replaced),
    cue(&["replaces"], 5, Stance::Replaced),
    cue(&["replacement", "for"], 5, Stance::Replaced),
    cue(&["decommission"], 5, Stance::Replaced),
    cue(&["decommissioning"], 5, Stance::Replaced),
    cue(&["retire"], 4, Stance::Replaced),
    cue(&["phase", "out"], 4, Stance::Replaced),
    cue(&["swap", "out"], 4, Stance::Replaced),
    cue(&["anything", "but"], 3, Stance::Excluded),
    cue(&["no", "need", "for"], 4, Stance::Excluded),
    cue(&["no", "longer", "need"], 4, Stance::Excluded),
    cue(&["no", "more"], 3, Stance::Excluded),
    cue(&["no"], 3, Stance::Excluded),
    cue(&["without"], 5, Stance::Excluded),
    cue(&["avoid"], 5, Stance::Excluded),
    cue(&["avoids"], 5, Stance::Excluded),
    cue(&["avoiding"], 5, Stance::Excluded),
    cue(&["stay", "away", "from"], 4, Stance::Excluded),
    cue(&["steer", "clear", "of"], 4, Stance::Excluded),
    cue(&["except"], 4, Stance::Excluded),
    cue(&["excluding"], 4, Stance::Excluded),
    cue(&["don't", "want"], 6, Stance::Excluded),
    cue(&["dont", "want"], 6, Stance::Excluded),
    cue(&["do", "not", "want"], 6, Stance::Excluded),
    cue(&["don't", "use"], 4, Stance::Excluded),
    cue(&["dont", "use"], 4, Stance::Excluded),
    cue(&["do", "not", "use"], 4, Stance::Excluded),
    cue(&["must", "not", "use"], 4, Stance::Excluded),
    cue(&["should", "not", "use"], 4, Stance::Excluded),
    cue(&["not", "using"], 4, Stance::Excluded),
    cue(&["not", "use"], 4, Stance::Excluded),
    cue(&["don't", "need"], 4, Stance::Excluded),
    cue(&["do", "not", "need"], 4, Stance::Excluded),
    cue(&["don't", "like"], 4, Stance::Excluded),
    cue(&["never", "use"], 4, Stance::Excluded),
    cue(&["never"], 2, Stance::Excluded),
    cue(&["hate"], 3, Stance::Excluded),
    cue(&["can't", "use"], 4, Stance::Excluded),
    cue(&["cannot", "use"], 4, Stance::Excluded),
    cue(&["not", "allowed", "to", "use"], 4, Stance::Excluded),
    cue(&["not"], 2, Stance::Excluded),
    cue(&["non"], 1, Stance::Excluded),
    cue(&["similar", "to"], 5, Stance::Passing),
    cue(&["inspired", "by"], 5, Stance::Passing),
    cue(&["unlike"], 4, Stance::Passing),
    cue(&["comparable", "to"], 4, Stance::Passing),
    cue(&["equivalent", "of"], 4, Stance::Passing),
    cue(&["equivalent", "to"], 4, Stance::Passing),
    cue(&["compared", "to"], 4, Stance::Passing),
    cue(&["compared", "with"], 4, Stance::Passing),
    cue(&["as", "opposed", "to"], 4, Stance::Passing),
    cue(&["versus"], 3, Stance::Passing),
    cue(&["already", "have"], 8, Stance::Existing),
    cue(&["already", "use"], 8, Stance::Existing),
    cue(&["already", "using"], 8, Stance::Existing),
    cue(&["already", "run"], 8, Stance::Existing),
    cue(&["already", "running"], 8, Stance::Existing),
    cue(&["already", "own"], 8, Stance::Existing),
    cue(&["already", "operate"], 8, Stance::Existing),
    cue(&["already", "on"], 5, Stance::Existing),
    cue(&["already", "in"], 5, Stance::Existing),
    cue(&["currently", "have"], 8, Stance::Existing),
    cue(&["currently", "use"], 8, Stance::Existing),
    cue(&["currently", "using"], 8, Stance::Existing),
    cue(&["currently", "run"], 8, Stance::Existing),
    cue(&["currently", "running"], 8, Stance::Existing),
    cue(&["currently", "on"], 5, Stance::Existing),
    cue(&["currently", "hosted"], 6, Stance::Existing),
    cue(&["currently"], 4, Stance::Existing),
    cue(&["we're", "on"], 4, Stance::Existing),
    cue(&["existing"], 5, Stance::Existing),
    cue(&["pre", "existing"], 5, Stance::Existing),
    cue(&["our", "current"], 5, Stance::Existing),
    cue(&["the", "current"], 5, Stance::Existing),
    cue(&["keep", "our"], 5, Stance::Existing),
    cue(&["connect", "to", "our"], 5, Stance::Existing),
];

/// Words that begin a new thought, which no cue reaches across.
const BREAKS: &[&str] = &[
    "but", "however", "we", "i", "it", "just", "only", "so", "which", "then", "while", "although",
    "because", "please", "with", "by", "to", "that", "want", "wants", "need", "needs", "add",
    "adding", "would", "plan", "looking", "should",
];

/// Cues of a later turn, which speaks in orders.
const ORDERS: &[&[&str]] = &[
    &["drop"],
    &["remove"],
    &["delete"],
    &["ditch"],
    &["lose"],
    &["skip"],
    &["omit"],
    &["get", "rid", "of"],
    &["take", "out"],
    &["take", "away"],
    &["leave", "out"],
    &["scrap"],
    &["kill"],
    &["forget"],
    &["exclude"],
];

/// The stance of the name that spans the words `from..=to`. `named` tells which
/// words belong to names, so that a list of them can be followed.
pub(super) fn of(
    reading: &Reading,
    from: usize,
    to: usize,
    named: &[bool],
    orders: bool,
) -> (Stance, Modality) {
    let modality = modality(reading, from, to);
    if orders && ordered_out(reading, from, named) {
        return (Stance::Excluded, modality);
    }
    if let Some(stance) = before(reading, from, named) {
        return (stance, modality);
    }
    if let Some(stance) = after(reading, from, to) {
        return (stance, modality);
    }
    (Stance::Wanted, modality)
}

fn ends_with(reading: &Reading, at: usize, words: &[&str]) -> bool {
    at + 1 >= words.len()
        && words.iter().rev().enumerate().all(|(back, word)| reading.word(at - back) == *word)
        && (1..words.len()).all(|back| !reading.gap(at + 1 - back).has(Gap::COMMA | Gap::SENTENCE))
}

fn before(reading: &Reading, from: usize, named: &[bool]) -> Option<Stance> {
    let mut at = from;
    let mut plain = 0;
    let mut after_comma = false;
    while at > 0 && from - at < 40 {
        let gap = reading.gap(at);
        if gap.ends_clause() || gap.has(Gap::ARROW | Gap::CLOSE | Gap::DASH) {
            return None;
        }
        if gap.has(Gap::OPEN) && at == from {
            return None;
        }
        after_comma |= gap.has(Gap::COMMA);
        at -= 1;
        let word = reading.word(at);
        if let Some(cue) =
            BEFORE.iter().find(|it| plain < it.reach && ends_with(reading, at, it.words))
        {
            return judge(reading, at, from, cue, after_comma && plain > 0, named);
        }
        if named.get(at).copied().unwrap_or(false)
            || matches!(word, "or" | "and" | "nor" | "aws" | "amazon" | "azure" | "google")
        {
            continue;
        }
        if BREAKS.contains(&word) && !(matches!(word, "to" | "with" | "that")) {
            return None;
        }
        if after_comma && !matches!(word, "the" | "a" | "an" | "any" | "our") {
            return None;
        }
        plain += 1;
        if plain > 8 {
            return None;
        }
    }
    None
}

/// Exceptions that a bare table cannot say.
fn judge(
    reading: &Reading,
    at: usize,
    from: usize,
    cue: &Cue,
    broken: bool,
    named: &[bool],
) -> Option<Stance> {
    if broken {
        return None;
    }
    // "allows customers to replace X": a possibility, nobody's order.
    let offered = (at.saturating_sub(5)..at).any(|it| {
        matches!(
            reading.word(it),
            "allow"
                | "allows"
                | "allowing"
                | "can"
                | "could"
                | "lets"
                | "easily"
                | "may"
                | "customers"
        )
    });
    if offered && cue.stance == Stance::Replaced && cue.words.len() == 1 {
        return None;
    }
    let between = || (at + 1..from).map(|it| reading.word(it));
    match cue.words {
        // "not only X but also Y", "not just".
        ["not"] if matches!(reading.word(at + 1), "only" | "just" | "yet") => None,
        // "no compute", "no public access to S3": the thing denied is another.
        ["no"] | ["not"] | ["without"]
            if between().any(|it| {
                matches!(
                    it,
                    "access"
                        | "internet"
                        | "to"
                        | "in"
                        | "from"
                        | "on"
                        | "via"
                        | "through"
                        | "for"
                        | "into"
                        | "of"
                        | "managing"
                        | "changing"
                        | "provisioning"
                        | "leaving"
                        | "public"
                        | "code"
                        | "custom"
                )
            }) && !between().any(|it| matches!(it, "use" | "using" | "want" | "need")) =>
        {
            None
        }
        // "no compute Amazon API Gateway …": a full stop was forgotten.
        ["no"]
            if (at + 1..from).any(|it| {
                !named.get(it).copied().unwrap_or(false)
                    && !matches!(
                        reading.word(it),
                        "or" | "and"
                            | "nor"
                            | "more"
                            | "other"
                            | "additional"
                            | "extra"
                            | "new"
                            | "managed"
                            | "expensive"
                            | "aws"
                            | "amazon"
                            | "azure"
                            | "google"
                            | "use"
                            | "of"
                            | "any"
                            | "longer"
                            | "separate"
                            | "self"
                            | "hosted"
                    )
            }) =>
        {
            None
        }
        // "replace A with B": B is what is wanted.
        ["replace" | "replacing" | "replaces"]
            if between().any(|it| matches!(it, "with" | "by")) =>
        {
            None
        }
        ["migrate" | "migrating" | "migration" | "switch" | "switching" | "moving", "from"]
            if between().any(|it| it == "to") =>
        {
            None
        }
        [
            "away" | "migrate" | "migrating" | "migration" | "switch" | "switching" | "moving"
            | "off",
            _,
        ] if between().any(|it| it == "to") => None,
        // "existing data to S3": what exists is not the name.
        ["existing"] | ["the" | "our", "current"]
            if between().any(|it| {
                matches!(
                    it,
                    "to" | "in" | "into" | "on" | "from" | "with" | "and" | "via" | "using" | "of"
                )
            }) =>
        {
            None
        }
        ["existing"] if (at + 1..from).any(|it| named.get(it).copied().unwrap_or(false)) => None,
        _ => Some(cue.stance),
    }
}

fn after(reading: &Reading, from: usize, to: usize) -> Option<Stance> {
    let end = reading.sentence_end(to, 9);
    let mut words: Vec<&str> = Vec::new();
    for at in to + 1..end {
        if reading.gap(at).has(Gap::COMMA | Gap::SEMICOLON | Gap::ARROW | Gap::OPEN | Gap::DASH) {
            break;
        }
        words.push(reading.word(at));
    }
    let rest = words.join(" ") + " ";
    let starts = |options: &[&str]| {
        options.iter().any(|it| rest.strip_prefix(it).is_some_and(|rest| rest.starts_with(' ')))
    };
    if starts(&[
        "is not allowed",
        "are not allowed",
        "isn't allowed",
        "is forbidden",
        "are forbidden",
        "is not an option",
        "is not permitted",
        "is banned",
        "is prohibited",
        "must not be used",
        "should not be used",
        "may not be used",
        "cannot be used",
        "can't be used",
        "is out of scope",
        "is off the table",
        "is not needed",
        "isn't needed",
        "are not needed",
        "is not required",
        "is too expensive",
        "is a no go",
        "is not wanted",
        "free please",
    ]) {
        return Some(Stance::Excluded);
    }
    if starts(&[
        "is already",
        "are already",
        "already exists",
        "already in place",
        "that we already",
        "we already",
        "which we already",
        "that already",
        "exists already",
        "stays",
        "will stay",
        "remains",
    ]) {
        return Some(Stance::Existing);
    }
    // "since ECR requires internet": a reason, not a wish.
    let reason = from > 0
        && matches!(reading.word(from - 1), "since" | "because" | "as")
        && !reading.gap(from).ends_clause()
        && starts(&[
            "requires", "require", "needs", "need", "is not", "isn't", "are not", "cannot",
            "can't", "does not", "doesn't", "has no", "is only",
        ]);
    if reason || starts(&["works", "style", "like experience", "compatible", "clone", "does it"]) {
        return Some(Stance::Passing);
    }
    None
}

/// "drop the CDN", "please remove Redis and the queue".
fn ordered_out(reading: &Reading, from: usize, named: &[bool]) -> bool {
    let mut at = from;
    let mut plain = 0;
    while at > 0 && plain <= 4 && !reading.gap(at).ends_clause() {
        at -= 1;
        if ORDERS.iter().any(|it| ends_with(reading, at, it)) {
            return true;
        }
        let word = reading.word(at);
        if BREAKS.contains(&word) || matches!(word, "add" | "use" | "from") {
            return false;
        }
        if !named.get(at).copied().unwrap_or(false) && !matches!(word, "and" | "or" | "the") {
            plain += 1;
        }
    }
    false
}

fn modality(reading: &Reading, from: usize, to: usize) -> Modality {
    let start = reading.sentence_start(from, 6);
    let end = reading.sentence_end(to, 5);
    for at in (start..from).chain(to + 1..end) {
        match reading.word(at) {
            "optional" | "optionally" | "ideally" | "perhaps" | "maybe" | "possibly" => {
                return Modality::Optional;
            }
            "later" | "eventually" | "someday" => return Modality::Later,
            "future"
                if reading.word(at.wrapping_sub(1)) == "the"
                    || reading.word(at.wrapping_sub(1)) == "in" =>
            {
                return Modality::Later;
            }
            "nice" if reading.word(at + 1) == "to" && reading.word(at + 2) == "have" => {
                return Modality::Optional;
            }
            _ => {}
        }
    }
    Modality::Plain
}
