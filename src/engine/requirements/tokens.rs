//! Words with their place: the text cut once, in linear time, for all readers.
//!
//! Lower-casing is ASCII only, so the lower-cased text has the same byte offsets
//! as the original and a word is a range that is valid in both. What lies
//! between two words is kept as a [`Gap`], because commas, arrows and brackets
//! decide how far "no" or "instead of" reach.

use super::super::diag::Span;

/// What was found between a word and the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Gap(u16);

impl Gap {
    pub(super) const COMMA: u16 = 1;
    pub(super) const SENTENCE: u16 = 1 << 1;
    pub(super) const NEWLINE: u16 = 1 << 2;
    pub(super) const OPEN: u16 = 1 << 3;
    pub(super) const CLOSE: u16 = 1 << 4;
    pub(super) const ARROW: u16 = 1 << 5;
    pub(super) const COLON: u16 = 1 << 6;
    pub(super) const SEMICOLON: u16 = 1 << 7;
    pub(super) const DASH: u16 = 1 << 8;
    pub(super) const PLUS: u16 = 1 << 9;
    pub(super) const SLASH: u16 = 1 << 10;
    pub(super) const SPACE: u16 = 1 << 11;

    pub(super) fn has(self, flags: u16) -> bool {
        self.0 & flags != 0
    }

    /// Whether a product name may run across it: "event-driven", "CI/CD".
    fn joins(self) -> bool {
        !self.has(
            Self::COMMA
                | Self::SENTENCE
                | Self::OPEN
                | Self::CLOSE
                | Self::ARROW
                | Self::SEMICOLON
                | Self::PLUS,
        )
    }

    /// Whether a clause ends here whatever the words are.
    pub(super) fn ends_clause(self) -> bool {
        self.has(Self::SENTENCE | Self::SEMICOLON)
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    pub start: usize,
    pub end: usize,
    pub gap: Gap,
    pub sentence: u32,
}

/// A text and its words.
pub(super) struct Reading<'t> {
    pub text: &'t str,
    lower: String,
    pub words: Vec<Word>,
}

impl<'t> Reading<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let lower = text.to_ascii_lowercase();
        let words = cut(text);
        Self { text, lower, words }
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// The word at `at` in lower case; empty beyond either end.
    pub(super) fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |it| &self.lower[it.start..it.end])
    }

    pub(super) fn original(&self, at: usize) -> &'t str {
        self.words.get(at).map_or("", |it| &self.text[it.start..it.end])
    }

    pub(super) fn gap(&self, at: usize) -> Gap {
        self.words.get(at).map_or(Gap(Gap::SENTENCE), |it| it.gap)
    }

    /// The bytes from the first to the last of these words.
    pub(super) fn span(&self, from: usize, to: usize) -> Span {
        match (self.words.get(from), self.words.get(to)) {
            (Some(a), Some(b)) if a.start <= b.end => [a.start, b.end],
            _ => [0, 0],
        }
    }

    pub(super) fn same_sentence(&self, a: usize, b: usize) -> bool {
        match (self.words.get(a), self.words.get(b)) {
            (Some(a), Some(b)) => a.sentence == b.sentence,
            _ => false,
        }
    }

    /// Whether the word is written with a capital that its place does not ask for.
    pub(super) fn is_name(&self, at: usize) -> bool {
        let capital = |it: usize| self.original(it).starts_with(|c: char| c.is_ascii_uppercase());
        capital(at)
            && (!self.gap(at).has(Gap::SENTENCE | Gap::NEWLINE)
                || self.original(at).chars().skip(1).any(|c| c.is_ascii_uppercase())
                || (self.gap(at + 1).joins() && capital(at + 1)))
    }

    /// Whether a word is used as a name by somebody who writes no capitals: "w/ glue
    /// and athena", "s3 -> glue -> redshift".
    pub(super) fn is_small_name(&self, at: usize, to: usize) -> bool {
        if self.text.bytes().any(|it| it.is_ascii_uppercase()) {
            return false;
        }
        let linked = Gap::ARROW | Gap::PLUS;
        let before = at > 0
            && (self.gap(at).has(linked)
                || matches!(self.word(at - 1), "with" | "w" | "via" | "using" | "through" | "by"));
        let after = to + 1 >= self.len()
            || self.gap(to + 1).has(linked | Gap::COMMA | Gap::SENTENCE | Gap::CLOSE)
            || matches!(
                self.word(to + 1),
                "and" | "or" | "to" | "for" | "into" | "in" | "on" | "with" | "then" | "from"
            );
        before && after
    }

    pub(super) fn joins(&self, at: usize) -> bool {
        self.gap(at).joins()
    }

    /// First word of the sentence that `at` stands in, at most `reach` back.
    pub(super) fn sentence_start(&self, at: usize, reach: usize) -> usize {
        let mut from = at;
        while from > 0 && at - from < reach && !self.gap(from).has(Gap::SENTENCE) {
            from -= 1;
        }
        from
    }

    /// One past the last word of the sentence, at most `reach` ahead.
    pub(super) fn sentence_end(&self, at: usize, reach: usize) -> usize {
        let mut to = at + 1;
        while to < self.len() && to - at < reach && !self.gap(to).has(Gap::SENTENCE) {
            to += 1;
        }
        to.min(self.len())
    }
}

/// Equal, or one the plain plural of the other.
pub(super) fn same(word: &str, name: &str) -> bool {
    if word == name {
        return true;
    }
    if let Some(stem) = word.strip_suffix('s') {
        if stem == name {
            return true;
        }
        if let Some(stem) = word.strip_suffix("ies") {
            return name.strip_suffix('y') == Some(stem);
        }
        if let Some(stem) = word.strip_suffix("es") {
            return stem == name && !stem.is_empty();
        }
    }
    false
}

fn cut(text: &str) -> Vec<Word> {
    let bytes = text.as_bytes();
    let mut words = Vec::with_capacity(text.len() / 6 + 1);
    let mut gap = Gap::SENTENCE;
    let mut sentence = 0;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c.is_alphanumeric() {
            let end = word_end(text, at);
            if gap & Gap::SENTENCE != 0 && !words.is_empty() {
                sentence += 1;
            }
            words.push(Word { start: at, end, gap: Gap(gap), sentence });
            gap = 0;
            at = end;
            continue;
        }
        let next = at + c.len_utf8();
        let ahead = text[next..].chars().next();
        gap |= match c {
            ',' | '、' | '，' => Gap::COMMA,
            '.' | '!' | '?' | '。' | '…' => {
                // "e.g. Lambda" goes on; the letters before the point say so.
                if abbreviates(text, at) { Gap::SPACE } else { Gap::SENTENCE }
            }
            ';' => Gap::SEMICOLON,
            ':' => Gap::COLON,
            '(' | '[' | '{' => Gap::OPEN,
            ')' | ']' | '}' => Gap::CLOSE,
            '\n' => newline(bytes, next),
            '→' | '⇒' | '➜' | '➔' | '⟶' => Gap::ARROW,
            '>' if at > 0 && matches!(bytes[at - 1], b'-' | b'=') => Gap::ARROW,
            '>' if ahead == Some('>') => Gap::ARROW,
            '>' if gap & Gap::SPACE != 0 && ahead == Some(' ') => Gap::ARROW,
            '–' | '—' => Gap::DASH,
            '-' if gap & Gap::SPACE != 0 && ahead == Some(' ') => Gap::DASH,
            '+' | '&' => Gap::PLUS,
            '/' | '|' => Gap::SLASH,
            '•' | '▪' | '●' | '‣' => Gap::SENTENCE,
            '*' if gap & Gap::NEWLINE != 0 => Gap::SENTENCE,
            c if c.is_whitespace() => Gap::SPACE,
            _ => 0,
        };
        at = next;
    }
    words
}

/// A line break is a mere space where a paragraph was wrapped; it ends the
/// sentence before an empty line, a bullet or a numbered item.
fn newline(bytes: &[u8], next: usize) -> u16 {
    let rest = &bytes[next.min(bytes.len())..];
    let blank = rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\r')).unwrap_or(rest.len());
    match rest.get(blank) {
        Some(b'\n' | b'-' | b'*' | b'#') => Gap::NEWLINE | Gap::SENTENCE,
        Some(b) if b.is_ascii_digit() => {
            let number = rest[blank..].iter().take(4).take_while(|b| b.is_ascii_digit()).count();
            match rest.get(blank + number) {
                Some(b'.' | b')') => Gap::NEWLINE | Gap::SENTENCE,
                _ => Gap::NEWLINE | Gap::SPACE,
            }
        }
        _ => Gap::NEWLINE | Gap::SPACE,
    }
}

/// Whether the point at `at` belongs to "e.g.", "i.e.", "approx." and the like.
fn abbreviates(text: &str, at: usize) -> bool {
    let before = &text.as_bytes()[..at];
    let start =
        before.iter().rposition(|b| b.is_ascii_whitespace() || *b == b'(').map_or(0, |it| it + 1);
    if at - start > 8 || !text.is_char_boundary(start) {
        return false;
    }
    let word = text[start..at].to_ascii_lowercase();
    matches!(
        word.as_str(),
        "e.g"
            | "i.e"
            | "approx"
            | "ca"
            | "vs"
            | "incl"
            | "eg"
            | "ie"
            | "resp"
            | "max"
            | "min"
            | "mio"
            | "mrd"
            | "tsd"
    )
}

fn word_end(text: &str, start: usize) -> usize {
    let rest = &text[start..];
    let mut chars = rest.char_indices().peekable();
    let mut before = '\0';
    while let Some((at, c)) = chars.next() {
        let ahead = chars.peek().map(|it| it.1);
        let stays = match c {
            c if c.is_alphanumeric() => true,
            '\'' | '’' => ahead.is_some_and(char::is_alphabetic) && before.is_alphabetic(),
            ',' => before.is_ascii_digit() && thousands(&rest.as_bytes()[at + 1..]),
            // "Node.js" and "db.m5.large" are words; "Stream.This" lacks a space.
            '.' => match ahead {
                Some(next) if next.is_ascii_digit() => before.is_alphanumeric(),
                Some(next) if next.is_alphabetic() => {
                    !(before.is_lowercase() && next.is_uppercase())
                }
                _ => false,
            },
            _ => false,
        };
        if !stays {
            return start + at;
        }
        before = c;
    }
    text.len()
}

/// Three digits and no fourth: the comma before them groups thousands.
fn thousands(rest: &[u8]) -> bool {
    rest.len() >= 3
        && rest[..3].iter().all(u8::is_ascii_digit)
        && !rest.get(3).is_some_and(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let reading = Reading::new(text);
        (0..reading.len()).map(|it| reading.word(it).to_owned()).collect()
    }

    #[test]
    fn cuts_words_numbers_and_names() {
        assert_eq!(
            words("Use Node.js on db.m5.large for 10,000 users, don't over-think it.Then 1.5M/day"),
            [
                "use",
                "node.js",
                "on",
                "db.m5.large",
                "for",
                "10,000",
                "users",
                "don't",
                "over",
                "think",
                "it",
                "then",
                "1.5m",
                "day"
            ]
        );
    }

    #[test]
    fn knows_where_sentences_end() {
        let reading = Reading::new("Cache, e.g. Redis. Then:\n- one\n- two\nwrapped");
        let sentences: Vec<u32> = reading.words.iter().map(|it| it.sentence).collect();
        assert_eq!(sentences, [0, 0, 0, 1, 2, 3, 3]);
    }

    #[test]
    fn arrows_are_seen_in_all_spellings() {
        for text in ["a -> b", "a→b", "a => b", "a --> b", "a > b", "a >> b"] {
            assert!(Reading::new(text).gap(1).has(Gap::ARROW), "{text}");
        }
        assert!(!Reading::new("a >5").gap(1).has(Gap::ARROW));
    }
}
