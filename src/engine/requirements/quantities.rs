//! Numbers in all the ways people write them, before it is known what of.
//!
//! `50k`, `1.5M`, `10 000`, `10,000`, `half a million`, `two dozen`,
//! `10-20k`, `$3k`, `99.95 %`, `four nines`, `5TB`, `20ms`, `3x`.

use super::super::diag::Span;
use super::tokens::{Gap, Reading};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Currency {
    Usd,
    Eur,
    Gbp,
    Jpy,
    Chf,
    Inr,
    Aud,
    Cad,
}

impl Currency {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Usd => "USD",
            Self::Eur => "EUR",
            Self::Gbp => "GBP",
            Self::Jpy => "JPY",
            Self::Chf => "CHF",
            Self::Inr => "INR",
            Self::Aud => "AUD",
            Self::Cad => "CAD",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Quantity {
    /// First and last word.
    pub from: usize,
    pub to: usize,
    pub span: Span,
    /// The upper end of a range.
    pub value: f64,
    pub low: Option<f64>,
    /// Letters that stick to the number: "gb", "ms", "rps"; empty without any.
    pub unit: String,
    pub currency: Option<Currency>,
    pub percent: bool,
    /// "several thousand", "tens of thousands": an order of magnitude.
    pub vague: bool,
    /// A number of nines.
    pub nines: bool,
}

pub(super) fn find(reading: &Reading) -> Vec<Quantity> {
    let mut found: Vec<Quantity> = Vec::new();
    let mut at = 0;
    while at < reading.len() {
        match read(reading, at) {
            Some(quantity) => {
                at = quantity.to + 1;
                found.push(quantity);
            }
            None => at += 1,
        }
    }
    found
}

fn read(reading: &Reading, at: usize) -> Option<Quantity> {
    let first = number(reading, at)?;
    let first_unit = first.unit.clone();
    let mut quantity = Quantity {
        from: at,
        to: first.to,
        span: [0, 0],
        value: first.value,
        low: None,
        unit: first.unit,
        currency: None,
        percent: false,
        vague: first.vague,
        nines: false,
    };
    // "10-20k", "10 to 20k", "between 10 and 20k".
    let next = first.to + 1;
    let second_at = if hyphen(reading, next) {
        Some(next)
    } else {
        let between = at > 0 && reading.word(at - 1) == "between" && reading.word(next) == "and";
        (reading.word(next) == "to" || between).then_some(next + 1)
    };
    if let Some(second_at) = second_at
        && !reading.gap(second_at).has(Gap::COMMA | Gap::SENTENCE)
        && reading.word(second_at).starts_with(|c: char| c.is_ascii_digit())
        && let Some(second) = number(reading, second_at)
        && (first_unit.is_empty() || first_unit == second.unit)
    {
        let scaled = first.value * if first.scale == 1.0 { second.scale } else { 1.0 };
        if scaled < second.value {
            quantity.low = Some(scaled);
            quantity.value = second.value;
            quantity.to = second.to;
            quantity.unit = second.unit;
        }
    }
    let next = quantity.to + 1;
    if quantity.unit.is_empty()
        && matches!(reading.word(next), "nines" | "9s")
        && (2.0..=7.0).contains(&quantity.value)
    {
        quantity.nines = true;
        quantity.to = next;
        quantity.value = 1.0 - 10f64.powi(-(quantity.value as i32));
    }
    quantity.span = reading.span(quantity.from, quantity.to);
    money(reading, &mut quantity);
    let rest = &reading.text[quantity.span[1]..];
    let blank = rest.len() - rest.trim_start_matches([' ', '\u{a0}', '\u{202f}']).len();
    if blank <= 2 && rest[blank..].starts_with('%') {
        quantity.percent = true;
        quantity.span[1] += blank + 1;
    } else if matches!(reading.word(quantity.to + 1), "percent" | "pct")
        || (reading.word(quantity.to + 1) == "per" && reading.word(quantity.to + 2) == "cent")
    {
        quantity.percent = true;
        quantity.to += if reading.word(quantity.to + 1) == "per" { 2 } else { 1 };
        quantity.span[1] = reading.span(quantity.to, quantity.to)[1];
    }
    Some(quantity)
}

struct Number {
    to: usize,
    value: f64,
    scale: f64,
    unit: String,
    vague: bool,
}

fn number(reading: &Reading, at: usize) -> Option<Number> {
    let word = reading.word(at);
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        digits(reading, at)
    } else {
        words(reading, at)
    }
}

fn hyphen(reading: &Reading, at: usize) -> bool {
    let (Some(a), Some(b)) = (reading.words.get(at.wrapping_sub(1)), reading.words.get(at)) else {
        return false;
    };
    // A currency sign may be repeated: "$2k-$3k".
    let between = reading.text[a.end..b.start].trim_matches([' ', '$', '€', '£']);
    matches!(between, "-" | "–" | "—" | "..")
}

fn digits(reading: &Reading, at: usize) -> Option<Number> {
    let word = reading.word(at);
    let split =
        word.find(|c: char| !(c.is_ascii_digit() || matches!(c, ',' | '.'))).unwrap_or(word.len());
    let (head, tail) = word.split_at(split);
    let mut value = parse(head)?;
    // "24.000 EUR": nobody writes three zeros behind a decimal point.
    if head.len() <= 7 && head.ends_with(".000") {
        value *= 1000.0;
    }
    let mut to = at;
    // "10 000": thousands set apart by a space.
    if tail.is_empty() && head.len() <= 3 && !head.contains('.') {
        let mut groups = 0;
        while groups < 4 {
            let next = to + 1;
            let (Some(a), Some(b)) = (reading.words.get(to), reading.words.get(next)) else {
                break;
            };
            let between = &reading.text[a.end..b.start];
            let group = reading.word(next);
            let spaced =
                matches!(between, " " | "\u{a0}" | "\u{202f}" | "\u{2009}" | "'" | "’" | "_");
            if !spaced || group.len() != 3 || !group.bytes().all(|b| b.is_ascii_digit()) {
                break;
            }
            value = value * 1000.0 + group.parse::<f64>().ok()?;
            to = next;
            groups += 1;
        }
    }
    // "10^6", "5e3".
    if tail.is_empty()
        && let (Some(a), Some(b)) = (reading.words.get(at), reading.words.get(at + 1))
        && &reading.text[a.end..b.start] == "^"
        && let Ok(power) = reading.word(at + 1).parse::<i32>()
        && (1..=12).contains(&power)
    {
        let value = value.powi(power);
        return Some(Number { to: at + 1, value, scale: 1.0, unit: String::new(), vague: false });
    }
    let exponent = tail.strip_prefix('e').and_then(|it| it.parse::<i32>().ok());
    if let Some(power) = exponent.filter(|it| (1..=12).contains(it)) {
        value *= 10f64.powi(power);
        return Some(Number { to: at, value, scale: 1.0, unit: String::new(), vague: false });
    }
    let (scale, unit) = suffix(tail)?;
    value *= scale;
    let mut scale = scale;
    if unit.is_empty() && scale == 1.0 {
        let joined = !reading
            .gap(to + 1)
            .has(Gap::COMMA | Gap::SENTENCE | Gap::OPEN | Gap::CLOSE | Gap::NEWLINE);
        if joined && let Some(times) = magnitude(reading.word(to + 1)) {
            value *= times;
            scale = times;
            to += 1;
        }
    }
    Some(Number { to, value, scale, unit: unit.to_owned(), vague: false })
}

/// "10,000", "1.5", "1.500.000", "2,5".
fn parse(head: &str) -> Option<f64> {
    let points = head.matches('.').count();
    let head = head.trim_end_matches(['.', ',']);
    let plain = match points {
        0 => head.replace(',', ""),
        1 => head.replace(',', ""),
        _ if head.split('.').skip(1).all(|it| it.len() == 3) => head.replace('.', ""),
        _ => return None,
    };
    plain.parse().ok().filter(|it: &f64| it.is_finite() && *it < 1e15)
}

/// The letters behind a number: a scale, a unit, both; `None` for names.
fn suffix(tail: &str) -> Option<(f64, &str)> {
    const UNITS: &[&str] = &[
        "", "rps", "tps", "qps", "rpm", "ms", "s", "sec", "secs", "min", "mins", "h", "hr", "hrs",
        "d", "y", "yr", "yrs", "kb", "mb", "gb", "tb", "pb", "kib", "mib", "gib", "tib", "gbps",
        "mbps", "x", "req", "msg", "mau", "dau", "w", "wk", "usd", "eur", "gbit", "mbit", "msgs",
    ];
    if UNITS.contains(&tail) {
        return Some((1.0, tail));
    }
    for (sign, scale) in [
        ("k", 1e3),
        ("mm", 1e6),
        ("mn", 1e6),
        ("mio", 1e6),
        ("mil", 1e6),
        ("m", 1e6),
        ("bn", 1e9),
        ("b", 1e9),
    ] {
        if let Some(rest) = tail.strip_prefix(sign)
            && UNITS.contains(&rest)
        {
            return Some((scale, rest));
        }
    }
    None
}

fn magnitude(word: &str) -> Option<f64> {
    Some(match word {
        "hundred" => 1e2,
        "thousand" | "k" | "grand" => 1e3,
        "million" | "millions" | "mio" | "mn" | "mil" | "m" => 1e6,
        "billion" | "bn" => 1e9,
        "lakh" => 1e5,
        "crore" => 1e7,
        "dozen" => 12.0,
        _ => return None,
    })
}

fn small(word: &str) -> Option<f64> {
    const SMALL: &[&str] = &[
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: &[&str] =
        &["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    if let Some(at) = SMALL.iter().position(|it| *it == word) {
        return Some(at as f64 + 1.0);
    }
    TENS.iter().position(|it| *it == word).map(|at| (at as f64 + 2.0) * 10.0)
}

fn words(reading: &Reading, at: usize) -> Option<Number> {
    let word = reading.word(at);
    let next = |nth: usize| reading.word(at + nth);
    let vague = |to: usize, value: f64| {
        Some(Number { to, value, scale: 1.0, unit: String::new(), vague: true })
    };
    match (word, next(1)) {
        ("half", "a") if magnitude(next(2)).is_some_and(|it| it > 12.0) => {
            return Some(Number {
                to: at + 2,
                value: magnitude(next(2))? / 2.0,
                scale: 1.0,
                unit: String::new(),
                vague: false,
            });
        }
        ("quarter", "petabyte" | "terabyte") => {
            return Some(Number {
                to: at,
                value: 0.25,
                scale: 1.0,
                unit: String::new(),
                vague: false,
            });
        }
        ("quarter", "million") => {
            return Some(Number {
                to: at + 1,
                value: 250_000.0,
                scale: 1.0,
                unit: String::new(),
                vague: false,
            });
        }
        ("a", "few" | "couple") | ("several" | "few" | "couple", _) => {
            let base = match (word, next(1)) {
                ("a", "couple") | ("couple", _) => 2.0,
                ("a", "few") | ("few", _) => 3.0,
                _ => 5.0,
            };
            let mut to = if word == "a" { at + 1 } else { at };
            if reading.word(to + 1) == "of" {
                to += 1;
            }
            let times = magnitude(reading.word(to + 1)).or_else(|| match reading.word(to + 1) {
                "hundreds" => Some(1e2),
                "thousands" => Some(1e3),
                _ => None,
            })?;
            return vague(to + 1, base * times);
        }
        ("tens", "of") if matches!(next(2), "thousands" | "millions") => {
            return vague(at + 2, if next(2) == "thousands" { 3e4 } else { 3e7 });
        }
        ("hundreds", "of") if matches!(next(2), "thousands" | "millions") => {
            return vague(at + 2, if next(2) == "thousands" { 3e5 } else { 3e8 });
        }
        ("hundreds", "of") => return vague(at, 3e2),
        ("thousands", "of") => return vague(at, 3e3),
        ("millions", "of") => return vague(at, 3e6),
        ("billions", "of") => return vague(at, 3e9),
        ("a" | "one", times)
            if magnitude(times).is_some_and(|it| it >= 12.0 && times.len() > 2) =>
        {
            let mut value = magnitude(times)?;
            let mut to = at + 1;
            if let Some(more) = magnitude(next(2)).filter(|_| next(2).len() > 2) {
                value *= more;
                to += 1;
            }
            return Some(Number { to, value, scale: value, unit: String::new(), vague: false });
        }
        _ => {}
    }
    // "twenty five thousand", "two dozen", "three".
    let mut value = small(word)?;
    let mut to = at;
    if value >= 20.0
        && let Some(ones) = small(next(1)).filter(|it| *it < 10.0)
    {
        value += ones;
        to += 1;
    }
    let mut scale = 1.0;
    while let Some(times) =
        magnitude(reading.word(to + 1)).filter(|_| reading.word(to + 1).len() > 2)
    {
        scale *= times;
        to += 1;
    }
    Some(Number { to, value: value * scale, scale, unit: String::new(), vague: false })
}

fn money(reading: &Reading, quantity: &mut Quantity) {
    let start = quantity.span[0];
    let before = reading.text[..start].trim_end_matches(' ');
    let sign = before.chars().next_back().filter(|_| start - before.len() <= 1);
    let (currency, width) = match sign {
        Some('$') => (Some(Currency::Usd), 1),
        Some('€') => (Some(Currency::Eur), 3),
        Some('£') => (Some(Currency::Gbp), 2),
        Some('¥') => (Some(Currency::Jpy), 2),
        Some('₹') => (Some(Currency::Inr), 3),
        _ => (None, 0),
    };
    if let Some(currency) = currency {
        quantity.currency = Some(currency);
        quantity.span[0] = before.len() - width;
        return;
    }
    if matches!(quantity.unit.as_str(), "usd" | "eur") {
        quantity.currency = named_currency(&quantity.unit);
        return;
    }
    let next = quantity.to + 1;
    if let Some(currency) = named_currency(reading.word(next))
        && !reading.gap(next).has(Gap::SENTENCE | Gap::COMMA)
    {
        quantity.currency = Some(currency);
        quantity.to = next;
        quantity.span[1] = reading.span(next, next)[1];
        return;
    }
    let rest = &reading.text[quantity.span[1]..];
    let blank = rest.len() - rest.trim_start_matches(' ').len();
    let sign = match rest[blank..].chars().next() {
        Some('$') => Some((Currency::Usd, 1)),
        Some('€') => Some((Currency::Eur, 3)),
        Some('£') => Some((Currency::Gbp, 2)),
        _ => None,
    };
    if let Some((currency, width)) = sign.filter(|_| blank <= 1) {
        quantity.currency = Some(currency);
        quantity.span[1] += blank + width;
        return;
    }
    if quantity.from > 0
        && let Some(currency) = named_currency(reading.word(quantity.from - 1))
        && reading.word(quantity.from - 1).len() == 3
        && !reading.gap(quantity.from).has(Gap::SENTENCE | Gap::COMMA)
    {
        quantity.currency = Some(currency);
        quantity.from -= 1;
        quantity.span[0] = reading.span(quantity.from, quantity.from)[0];
    }
}

fn named_currency(word: &str) -> Option<Currency> {
    Some(match word {
        "usd" | "dollars" | "dollar" | "bucks" => Currency::Usd,
        "eur" | "euro" | "euros" => Currency::Eur,
        "gbp" | "quid" | "sterling" => Currency::Gbp,
        "jpy" | "yen" => Currency::Jpy,
        "chf" | "francs" => Currency::Chf,
        "inr" | "rupees" => Currency::Inr,
        "aud" => Currency::Aud,
        "cad" => Currency::Cad,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> (f64, String) {
        let reading = Reading::new(text);
        let it = find(&reading).into_iter().next().expect(text);
        (it.value, text[it.span[0]..it.span[1]].to_owned())
    }

    #[test]
    fn numbers_in_many_spellings() {
        for (text, value, words) in [
            ("50k users", 50e3, "50k"),
            ("1.5M users", 1.5e6, "1.5M"),
            ("10 000 users", 10e3, "10 000"),
            ("10,000 users", 10e3, "10,000"),
            ("half a million users", 5e5, "half a million"),
            ("two dozen servers", 24.0, "two dozen"),
            ("several thousand users", 5e3, "several thousand"),
            ("twenty five thousand users", 25e3, "twenty five thousand"),
            ("10-20k users", 20e3, "10-20k"),
            ("between 10 and 20k users", 20e3, "10 and 20k"),
            ("2 million users", 2e6, "2 million"),
            ("a hundred thousand users", 1e5, "a hundred thousand"),
            ("€2,500/mo", 2500.0, "€2,500"),
            ("USD 40k per year", 40e3, "USD 40k"),
            ("3000 dollars", 3000.0, "3000 dollars"),
            ("24.000 EUR a year", 24e3, "24.000 EUR"),
            ("CHF 6'000 per month", 6e3, "CHF 6'000"),
            ("10^6 users", 1e6, "10^6"),
            ("5e3 requests/sec", 5e3, "5e3"),
            ("99.95 %", 99.95, "99.95 %"),
            ("tens of thousands of users", 3e4, "tens of thousands"),
        ] {
            assert_eq!(first(text), (value, words.to_owned()), "{text}");
        }
        let nines = first("four nines").0;
        assert!((nines - 0.9999).abs() < 1e-12);
    }

    #[test]
    fn names_with_digits_are_no_numbers() {
        for text in ["5xlarge", "2k12", "3rd", "1.2.3"] {
            assert_eq!(find(&Reading::new(text)), [], "{text}");
        }
    }
}
