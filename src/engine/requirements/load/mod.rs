//! What a number is a number of: load, time, data, share, money.

mod shares;
mod times;
mod words;

use super::draft::Draft;
use super::quantities::Quantity;
use super::tokens::{Gap, Reading};
use shares::{money, share};
use times::time;
use words::{AT_MOST, DEVICES, FILES, JOBS, MESSAGES, PASSERS_BY, PEOPLE, REQUESTS};

/// Seconds of a unit of time.
fn seconds(word: &str) -> Option<f64> {
    Some(match word {
        "ms" | "millisecond" | "milliseconds" | "msec" | "millis" => 0.001,
        "s" | "sec" | "secs" | "second" | "seconds" | "sekunde" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" | "stunde" => 3600.0,
        "d" | "day" | "days" | "night" | "tag" => 86_400.0,
        "w" | "wk" | "week" | "weeks" => 604_800.0,
        "mo" | "month" | "months" | "monat" => 2_592_000.0,
        "y" | "yr" | "yrs" | "year" | "years" | "annum" | "jahr" => 31_536_000.0,
        _ => return None,
    })
}

const MONTH: f64 = 2_592_000.0;

/// Gigabytes of a unit of data.
fn gigabytes(word: &str) -> Option<f64> {
    Some(match word {
        "byte" | "bytes" => 1e-9,
        "kb" | "kib" | "kilobytes" | "kilobyte" => 1e-6,
        "mb" | "mib" | "megabytes" | "megabyte" | "megs" => 1e-3,
        "gb" | "gib" | "gigabytes" | "gigabyte" | "gigs" | "gig" => 1.0,
        "tb" | "tib" | "terabytes" | "terabyte" => 1e3,
        "pb" | "pib" | "petabytes" | "petabyte" => 1e6,
        _ => return None,
    })
}

/// A rate such as "per second", "/day", "a month", "daily": seconds of its
/// period and its last word.
fn period(reading: &Reading, at: usize) -> Option<(f64, usize)> {
    let word = reading.word(at);
    if matches!(word, "per" | "a" | "an" | "each" | "every" | "pro" | "im") {
        return seconds(reading.word(at + 1)).filter(|it| *it >= 1.0).map(|it| (it, at + 1));
    }
    if reading.gap(at).has(Gap::SLASH) {
        return seconds(word).filter(|it| *it >= 1.0).map(|it| (it, at));
    }
    let length = match word {
        "hourly" => 3600.0,
        "daily" => 86_400.0,
        "weekly" => 604_800.0,
        "monthly" => MONTH,
        "yearly" | "annually" | "annual" => 31_536_000.0,
        _ => return None,
    };
    Some((length, at))
}

/// The words around a number, as far as its clause goes.
struct Around<'r> {
    reading: &'r Reading<'r>,
    quantity: &'r Quantity,
    start: usize,
    end: usize,
}

impl Around<'_> {
    /// Whether one of `words` stands within `reach` words before.
    fn before(&self, reach: usize, words: &[&str]) -> bool {
        let start = self.start.max(self.quantity.from.saturating_sub(reach));
        (start..self.quantity.from).any(|at| words.contains(&self.reading.word(at)))
    }

    fn after(&self, reach: usize, words: &[&str]) -> Option<usize> {
        let end = self.end.min(self.quantity.to + 1 + reach);
        (self.quantity.to + 1..end).find(|at| words.contains(&self.reading.word(*at)))
    }

    fn near(&self, reach: usize, words: &[&str]) -> bool {
        self.before(reach, words) || self.after(reach, words).is_some()
    }

    /// The first rate behind the number.
    fn rate(&self, reach: usize) -> Option<(f64, usize)> {
        let end = self.end.min(self.quantity.to + 1 + reach);
        (self.quantity.to + 1..end).find_map(|at| period(self.reading, at))
    }
}

/// Reads every number of the text into the draft.
pub(super) fn read(reading: &Reading, quantities: &[Quantity], draft: &mut Draft) {
    for (nth, quantity) in quantities.iter().enumerate() {
        let start = nth.checked_sub(1).map_or(0, |it| quantities[it].to + 1);
        let end = quantities.get(nth + 1).map_or(reading.len(), |it| it.from);
        let around = Around {
            reading,
            quantity,
            start: start.max(clause_start(reading, quantity.from)),
            end: end.min(clause_end(reading, quantity.to)),
        };
        one(&around, draft);
    }
    downloads(reading, draft);
}

/// "1M downloads a month, average episode 40 MB": what goes out.
fn downloads(reading: &Reading, draft: &mut Draft) {
    let load = &draft.needs.load;
    let (Some(count), Some(kb), None) =
        (load.requests_per_month, load.item_kb, load.egress_gb_per_month)
    else {
        return;
    };
    let taken = |at: &usize| matches!(reading.word(*at), "downloads" | "plays" | "listens");
    if let Some(at) = (0..reading.len()).find(taken).filter(|_| kb >= 100.0) {
        let span = reading.span(at, at);
        draft.load(
            |it| &mut it.egress_gb_per_month,
            "load.egress_gb_per_month",
            count * kb / 1e6,
            span,
            0.7,
        );
    }
}

fn clause_start(reading: &Reading, at: usize) -> usize {
    let mut from = at;
    while from > 0 && at - from < 9 && !reading.gap(from).ends_clause() {
        from -= 1;
    }
    from
}

fn clause_end(reading: &Reading, at: usize) -> usize {
    let mut to = at + 1;
    while to < reading.len() && to - at < 10 && !reading.gap(to).ends_clause() {
        to += 1;
    }
    to
}

fn one(around: &Around, draft: &mut Draft) {
    let quantity = around.quantity;
    let confidence = if quantity.vague {
        0.45
    } else if quantity.low.is_some() {
        0.75
    } else {
        0.92
    };
    if quantity.currency.is_some() {
        money(around, draft, confidence);
        return;
    }
    if quantity.value == 0.0 {
        // "RPO 0": nothing may be lost.
        if around.before(2, &["rpo"]) {
            draft.set(|it| &mut it.rpo_minutes, "rpo", 0.0, quantity.span, confidence);
        }
        return;
    }
    if budget_without_currency(around) {
        money(around, draft, confidence - 0.2);
        return;
    }
    if quantity.percent || quantity.nines {
        share(around, draft, confidence);
        return;
    }
    // The unit sticks to the number or is the next word.
    let (unit, unit_at) = if quantity.unit.is_empty() {
        (around.reading.word(quantity.to + 1), quantity.to + 1)
    } else {
        (quantity.unit.as_str(), quantity.to)
    };
    let attached = unit_at == quantity.to
        || !around
            .reading
            .gap(unit_at)
            .has(Gap::COMMA | Gap::SENTENCE | Gap::SLASH | Gap::CLOSE | Gap::OPEN);
    if attached && let Some(size) = gigabytes(unit) {
        data(around, draft, quantity.value * size, unit_at, confidence);
        return;
    }
    if matches!(unit, "rps" | "tps" | "qps" | "req") && (unit != "req" || around.rate(3).is_some())
    {
        let per = if unit == "req" { around.rate(3).map_or(1.0, |it| it.0) } else { 1.0 };
        requests(around, draft, quantity.value, per, unit_at, confidence);
        return;
    }
    if unit == "rpm" {
        requests(around, draft, quantity.value, 60.0, unit_at, confidence);
        return;
    }
    // "15m" was read as fifteen million; where only time makes sense it is time.
    if attached
        && let Some(length) = seconds(unit).filter(|_| !around.reading.gap(unit_at).has(Gap::SLASH))
    {
        if time(around, draft, quantity.value * length, unit_at, confidence) {
            return;
        }
    } else if quantity.unit.is_empty()
        && quantity.value >= 1e6
        && around.reading.original(quantity.to).ends_with('m')
        && around.before(3, &["rpo", "rto", "within", "recovery"])
        && time(around, draft, quantity.value / 1e6 * 60.0, quantity.to, 0.8)
    {
        return;
    }
    if unit == "x" || matches!(unit, "times" | "fold") {
        if around.near(
            6,
            &[
                "peak",
                "peaks",
                "spike",
                "spikes",
                "traffic",
                "friday",
                "load",
                "burst",
                "bursts",
                "surge",
                "christmas",
                "sale",
                "normal",
            ],
        ) {
            draft.load(
                |it| &mut it.peak_factor,
                "load.peak_factor",
                quantity.value,
                quantity.span,
                confidence,
            );
        }
        return;
    }
    counted(around, draft, confidence);
}

/// "30k a year budget", "budget: 500 a month": money of which nobody says which.
fn budget_without_currency(around: &Around) -> bool {
    let (reading, quantity) = (around.reading, around.quantity);
    let plain = |word: &str| {
        matches!(
            word,
            "a" | "per"
                | "month"
                | "monthly"
                | "year"
                | "yearly"
                | "mo"
                | "of"
                | "is"
                | "max"
                | "the"
        )
    };
    let bare =
        quantity.unit.is_empty() && !quantity.percent && !quantity.nines && quantity.value >= 20.0;
    let after = quantity.to + 1;
    let ahead = (after..after + 4)
        .take_while(|at| plain(reading.word(*at)) || reading.word(*at) == "budget")
        .any(|at| reading.word(at) == "budget" && !reading.gap(at).has(Gap::COMMA | Gap::SENTENCE));
    let behind = (1..=3)
        .take_while(|back| quantity.from >= *back)
        .take_while(|back| *back == 1 || plain(reading.word(quantity.from - back + 1)))
        .any(|back| reading.word(quantity.from - back) == "budget");
    let ends = after >= reading.len()
        || plain(reading.word(after))
        || reading.gap(after).has(Gap::COMMA | Gap::SENTENCE | Gap::SLASH | Gap::CLOSE);
    bare && (ahead || behind && ends)
}

/// A number of things, with or without a rate.
fn counted(around: &Around, draft: &mut Draft, confidence: f64) {
    let (reading, quantity) = (around.reading, around.quantity);
    let mut noun: Option<(usize, &str)> = None;
    for at in quantity.to + 1..around.end.min(quantity.to + 6) {
        if at > quantity.to + 1
            && reading.gap(at).has(Gap::COMMA | Gap::OPEN | Gap::CLOSE | Gap::ARROW)
        {
            break;
        }
        let word = reading.word(at);
        let known = people(word)
            || [REQUESTS, MESSAGES, DEVICES, JOBS, FILES].iter().any(|it| it.contains(&word));
        if known {
            noun = Some((at, word));
            // "monthly active users": the last noun says it; "user requests" too.
            if !(people(word) && REQUESTS.contains(&reading.word(at + 1))) {
                break;
            }
        }
        if matches!(
            word,
            "to" | "from" | "in" | "with" | "on" | "and" | "for" | "at" | "per" | "by"
        ) {
            break;
        }
    }
    let value = quantity.value;
    let (at, noun) = match noun {
        Some(found) => found,
        // "Users: 50k", "traffic of 200 per second".
        None => {
            let label = (around.start.max(quantity.from.saturating_sub(4))..quantity.from)
                .rev()
                .take_while(|at| {
                    !reading.gap(at + 1).has(Gap::COMMA)
                        && (*at + 1 == quantity.from
                            || matches!(
                                reading.word(at + 1),
                                "of" | "is"
                                    | "are"
                                    | "about"
                                    | "around"
                                    | "approx"
                                    | "roughly"
                                    | "count"
                                    | "number"
                                    | "per"
                                    | "month"
                                    | "expected"
                            ))
                })
                .find(|at| {
                    let word = reading.word(*at);
                    people(word)
                        || REQUESTS.contains(&word)
                        || DEVICES.contains(&word)
                        || MESSAGES.contains(&word)
                        || word == "traffic"
                });
            match label {
                Some(at) => (
                    quantity.to,
                    if reading.word(at) == "traffic" { "requests" } else { reading.word(at) },
                ),
                None => match around.rate(2) {
                    Some((per, end)) if per <= 60.0 => {
                        requests(around, draft, value, per, end, 0.5);
                        return;
                    }
                    _ => return,
                },
            }
        }
    };
    let span = [quantity.span[0], reading.span(at, at)[1].max(quantity.span[1])];
    let rate = (at + 1..around.end.min(at + 6)).find_map(|it| period(reading, it)).or_else(|| {
        (quantity.to + 1..at).find_map(|it| {
            period(reading, it)
                .filter(|_| matches!(reading.word(it), "daily" | "monthly" | "hourly" | "weekly"))
        })
    });
    if people(noun) {
        if asides(around, at) {
            return;
        }
        let says = |words: &[&str]| {
            (quantity.to + 1..=at).any(|it| words.contains(&reading.word(it)))
                || around.before(2, words)
        };
        let together = matches!(
            (reading.word(at + 1), reading.word(at + 2), reading.word(at + 3)),
            ("at", "once", _)
                | ("at", "the", "same")
                | ("at", "a", "time")
                | ("simultaneously", ..)
        );
        let there = ["concurrent", "concurrently", "simultaneous", "online"];
        if noun == "ccu" || together || says(&there) {
            draft.load(
                |it| &mut it.concurrent_users,
                "load.concurrent_users",
                value,
                span,
                confidence,
            );
        } else if PASSERS_BY.contains(&noun) {
            let per = match rate {
                Some((per, _)) => per,
                None if says(&["daily"]) => 86_400.0,
                None if says(&["weekly"]) => 604_800.0,
                None => MONTH,
            };
            let visits = value * MONTH / per;
            draft.load(
                |it| &mut it.visits_per_month,
                "load.visits_per_month",
                visits,
                span,
                confidence,
            );
        } else if matches!(noun, "mau" | "maus")
            || says(&["monthly"])
            || rate.is_some_and(|it| it.0 == MONTH)
        {
            draft.load(
                |it| &mut it.monthly_active_users,
                "load.monthly_active_users",
                value,
                span,
                confidence,
            );
        } else if matches!(noun, "dau" | "daus")
            || says(&["daily"])
            || rate.is_some_and(|it| it.0 == 86_400.0)
        {
            draft.load(
                |it| &mut it.daily_active_users,
                "load.daily_active_users",
                value,
                span,
                confidence,
            );
        } else if reading.word(at + 1) != "team" && !around.before(3, &["top", "team"]) {
            draft.load(|it| &mut it.users, "load.users", value, span, confidence);
        }
        return;
    }
    if DEVICES.contains(&noun) {
        // "20 machines" without a word of telemetry are servers.
        if noun != "machines" || value >= 100.0 {
            draft.load(|it| &mut it.devices, "load.devices", value, span, confidence);
        }
        return;
    }
    let Some((per, end)) = rate else {
        if JOBS.contains(&noun) || MESSAGES.contains(&noun) || FILES.contains(&noun) {
            return;
        }
        if value >= 1e5 && REQUESTS.contains(&noun) && !around.before(4, &["up", "of"]) {
            draft.load(
                |it| &mut it.requests_per_month,
                "load.requests_per_month",
                value,
                span,
                0.4,
            );
        }
        return;
    };
    if REQUESTS.contains(&noun) {
        requests(around, draft, value, per, end, confidence);
    } else if MESSAGES.contains(&noun) {
        let span = [span[0], reading.span(end, end)[1]];
        // "50,000 sensors send 1 message per minute": each of them does.
        let each = if value <= 1000.0 { senders(around, draft) } else { None };
        let value = value * each.unwrap_or(1.0);
        if per <= 3600.0 {
            draft.load(
                |it| &mut it.messages_per_second,
                "load.messages_per_second",
                value / per,
                span,
                confidence,
            );
        } else {
            draft.load(
                |it| &mut it.messages_per_month,
                "load.messages_per_month",
                value * MONTH / per,
                span,
                confidence,
            );
        }
    } else if JOBS.contains(&noun) {
        let span = [span[0], reading.span(end, end)[1]];
        draft.load(
            |it| &mut it.jobs_per_day,
            "load.jobs_per_day",
            value * 86_400.0 / per,
            span,
            confidence,
        );
    } else {
        let span = [span[0], reading.span(end, end)[1]];
        draft.load(
            |it| &mut it.files_per_month,
            "load.files_per_month",
            value * MONTH / per,
            span,
            confidence,
        );
    }
}

fn people(word: &str) -> bool {
    PEOPLE.contains(&word) || super::people::PEOPLE.contains(&word)
}

/// People who build or are written to, and do not use it: "we are three
/// developers", "a newsletter to 30k people".
fn asides(around: &Around, noun: usize) -> bool {
    let reading = around.reading;
    let builders = matches!(
        reading.word(noun),
        "people" | "developers" | "engineers" | "staff" | "employees" | "members"
    );
    let back = |words: &[&str]| {
        let start = reading.sentence_start(around.quantity.from, 4);
        (start..around.quantity.from).any(|it| words.contains(&reading.word(it)))
    };
    builders
        && around.quantity.value <= 100.0
        && (back(&["team", "we're"]) || back(&["we"]) && back(&["are"]))
        || back(&["newsletter", "newsletters", "mailing"]) && back(&["to"])
        || back(&["predictions", "scores", "forecasts"]) && back(&["for"])
}

/// The devices that the sentence has already counted.
fn senders(around: &Around, draft: &Draft) -> Option<f64> {
    let reading = around.reading;
    let start =
        reading.span(reading.sentence_start(around.quantity.from, 30), around.quantity.from)[0];
    let (span, devices) = draft.devices?;
    (span[0] >= start).then_some(devices)
}

fn requests(around: &Around, draft: &mut Draft, value: f64, per: f64, end: usize, confidence: f64) {
    let (reading, quantity) = (around.reading, around.quantity);
    let span = [quantity.span[0], reading.span(end, end)[1].max(quantity.span[1])];
    if per > 3600.0 {
        draft.load(
            |it| &mut it.requests_per_month,
            "load.requests_per_month",
            value * MONTH / per,
            span,
            confidence,
        );
        return;
    }
    let rate = value / per;
    let breaks = Gap::COMMA | Gap::SEMICOLON | Gap::CLOSE;
    let peak = around.before(4, AT_MOST)
        || (end + 1..around.end.min(end + 4))
            .take_while(|at| !reading.gap(*at).has(breaks))
            .any(|at| AT_MOST.contains(&reading.word(at)));
    if peak {
        draft.load(
            |it| &mut it.peak_requests_per_second,
            "load.peak_requests_per_second",
            rate,
            span,
            confidence,
        );
    } else {
        draft.load(
            |it| &mut it.requests_per_second,
            "load.requests_per_second",
            rate,
            span,
            confidence,
        );
    }
}

fn data(around: &Around, draft: &mut Draft, gigabytes: f64, unit_at: usize, confidence: f64) {
    let (reading, quantity) = (around.reading, around.quantity);
    let rate = (unit_at + 1..around.end.min(unit_at + 7)).find_map(|at| period(reading, at));
    let end = rate.map_or(unit_at, |it| it.1);
    let span = [quantity.span[0], reading.span(end, end)[1].max(quantity.span[1])];
    // The size of a machine is no load.
    if rate.is_none()
        && around.after(3, &["ram", "memory", "vram", "heap", "vcpu", "cpu"]).is_some()
    {
        return;
    }
    if around.near(
        5,
        &[
            "egress",
            "download",
            "downloads",
            "outbound",
            "bandwidth",
            "transfer",
            "serve",
            "serves",
            "delivered",
            "downloaded",
        ],
    ) && rate.is_some()
    {
        let (per, _) = rate.unwrap_or((MONTH, 0));
        draft.load(
            |it| &mut it.egress_gb_per_month,
            "load.egress_gb_per_month",
            gigabytes * MONTH / per,
            span,
            confidence,
        );
    } else if let Some((per, _)) = rate {
        draft.load(
            |it| &mut it.ingest_gb_per_day,
            "load.ingest_gb_per_day",
            gigabytes * 86_400.0 / per,
            span,
            confidence,
        );
    } else if around.near(
        3,
        &[
            "each", "payload", "payloads", "average", "avg", "per", "size", "sized", "bodies",
            "body", "apiece",
        ],
    ) && gigabytes <= if around.before(1, &["each"]) { 1000.0 } else { 50.0 }
        // "100k photos a month of 4 MB"
        || gigabytes <= 5.0 && around.before(1, &["of"]) && around.before(7, FILES)
        // Nobody keeps less than a megabyte in all.
        || gigabytes < 1e-3
    {
        draft.load(|it| &mut it.item_kb, "load.item_kb", gigabytes * 1e6, span, confidence);
    } else if !around.near(
        4,
        &[
            "transfer",
            "migration",
            "egress",
            "limit",
            "up",
            "quota",
            "maximum",
            "exceeds",
            "larger",
            "smaller",
            "chunk",
            "chunks",
            "instance",
        ],
    ) {
        draft.load_sum(|it| &mut it.storage_gb, "load.storage_gb", gigabytes, span, confidence);
    }
}
