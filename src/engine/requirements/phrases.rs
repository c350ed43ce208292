//! Finds phrases of a fixed table in a text: one pass, longest match first.

use super::tokens::{Reading, same};
use std::collections::HashMap;

/// How a name must be written to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    Any,
    /// Written like a name: "Glue", not "glue".
    Name,
    /// Only behind the name of its provider: "AWS Config".
    Prefixed,
}

struct Phrase {
    words: Vec<&'static str>,
    spelling: Spelling,
    entry: usize,
}

/// A table of phrases, indexed by their first word.
pub(super) struct Phrases {
    first: HashMap<&'static str, Vec<Phrase>>,
    /// Long single names, for which one wrong letter is forgiven.
    distinctive: HashMap<(u8, usize), Vec<(&'static str, usize)>>,
}

/// Where an entry of the table was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub entry: usize,
    pub from: usize,
    /// The last word, inclusive.
    pub to: usize,
    pub misspelt: bool,
}

impl Phrases {
    /// `names` are separated by `|`; `^` asks for [`Spelling::Name`], `@` for
    /// [`Spelling::Prefixed`]. Hyphens in a name count as spaces.
    pub(super) fn new(names: impl Iterator<Item = (&'static str, usize)>, forgiving: bool) -> Self {
        let mut all: Vec<Phrase> = Vec::new();
        let mut distinctive: HashMap<(u8, usize), Vec<(&'static str, usize)>> = HashMap::new();
        for (names, entry) in names {
            for name in names.split('|').map(str::trim).filter(|it| !it.is_empty()) {
                let (spelling, name) = match name.as_bytes()[0] {
                    b'^' => (Spelling::Name, &name[1..]),
                    b'@' => (Spelling::Prefixed, &name[1..]),
                    _ => (Spelling::Any, name),
                };
                let words: Vec<&'static str> =
                    name.split([' ', '-', '/']).filter(|it| !it.is_empty()).collect();
                let Some(&head) = words.first() else { continue };
                if forgiving && words.len() == 1 && head.len() >= 6 && spelling == Spelling::Any {
                    let key = (head.as_bytes()[0], head.len());
                    distinctive.entry(key).or_default().push((head, entry));
                }
                all.push(Phrase { words, spelling, entry });
            }
        }
        // Longest first, so that the first that fits is the best.
        all.sort_by_key(|it| std::cmp::Reverse(it.words.len()));
        let mut first: HashMap<&'static str, Vec<Phrase>> = HashMap::new();
        for phrase in all {
            first.entry(phrase.words[0]).or_default().push(phrase);
        }
        Self { first, distinctive }
    }

    /// All matches from left to right; they do not overlap.
    pub(super) fn find(&self, reading: &Reading, prefix: fn(&str) -> bool) -> Vec<Found> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < reading.len() {
            match self.at(reading, at, prefix) {
                Some(hit) => {
                    at = hit.to + 1;
                    found.push(hit);
                }
                None => at += 1,
            }
        }
        found
    }

    fn at(&self, reading: &Reading, at: usize, prefix: fn(&str) -> bool) -> Option<Found> {
        let word = reading.word(at);
        let forgiving = !self.distinctive.is_empty();
        let mut best: Option<(usize, usize)> = None;
        let stems = [Some(word), word.strip_suffix('s'), word.strip_suffix("es")];
        for stem in stems.into_iter().flatten() {
            for phrase in self.first.get(stem).into_iter().flatten() {
                if best.is_some_and(|(length, _)| phrase.words.len() <= length) {
                    break;
                }
                let fits = phrase.words.iter().enumerate().skip(1).all(|(nth, name)| {
                    let word = reading.word(at + nth);
                    reading.joins(at + nth)
                        && (same(word, name)
                            || forgiving
                                && word.len() >= 6
                                && one_slip(word.as_bytes(), name.as_bytes()))
                });
                let prefixed = at > 0 && reading.joins(at) && prefix(reading.word(at - 1));
                let spelt = match phrase.spelling {
                    Spelling::Any => true,
                    Spelling::Name => {
                        prefixed
                            || reading.is_name(at)
                            || reading.is_small_name(at, at + phrase.words.len() - 1)
                    }
                    Spelling::Prefixed => prefixed,
                };
                if fits && spelt {
                    best = Some((phrase.words.len(), phrase.entry));
                }
            }
        }
        if let Some((length, entry)) = best {
            return Some(Found { entry, from: at, to: at + length - 1, misspelt: false });
        }
        let (_, entry) = self.nearly(word)?;
        Some(Found { entry, from: at, to: at, misspelt: true })
    }

    /// The one distinctive name that differs by a single slip of the finger.
    fn nearly(&self, word: &str) -> Option<(&'static str, usize)> {
        if self.distinctive.is_empty() || word.len() < 5 || word.len() > 24 || !word.is_ascii() {
            return None;
        }
        let head = word.as_bytes()[0];
        (word.len() - 1..=word.len() + 1)
            .filter_map(|length| self.distinctive.get(&(head, length)))
            .flatten()
            .find(|(name, _)| one_slip(word.as_bytes(), name.as_bytes()))
            .copied()
    }
}

/// One letter missing, added, changed, or two neighbours swapped; the plural and
/// other endings of ordinary words do not count.
fn one_slip(word: &[u8], name: &[u8]) -> bool {
    let same_head = word.iter().zip(name).take_while(|(a, b)| a == b).count();
    let (word, name) = (&word[same_head..], &name[same_head..]);
    if word.is_empty() || name.is_empty() {
        return false;
    }
    match word.len() as i64 - name.len() as i64 {
        0 => {
            // A changed last letter is another form of the word: "scheduled".
            (word.len() > 1 && word[1..] == name[1..])
                || (word.len() > 1
                    && word[0] == name[1]
                    && word[1] == name[0]
                    && word[2..] == name[2..])
        }
        1 => word[1..] == *name,
        -1 => *word == name[1..],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &'static str, text: &str) -> Vec<String> {
        let table = Phrases::new([(names, 0)].into_iter(), true);
        let reading = Reading::new(text);
        table
            .find(&reading, |it| it == "aws")
            .into_iter()
            .map(|it| {
                let [from, to] = reading.span(it.from, it.to);
                text[from..to].to_owned()
            })
            .collect()
    }

    #[test]
    fn longest_first_with_plurals_and_hyphens() {
        assert_eq!(
            found("queue|dead letter queue", "two dead-letter queues, one queue"),
            ["dead-letter queues", "queue"]
        );
    }

    #[test]
    fn names_that_are_words_want_a_capital_or_a_prefix() {
        assert_eq!(found("^glue", "some glue, AWS Glue, aws glue"), ["Glue", "glue"]);
        assert_eq!(found("@config", "the Config and AWS Config"), ["Config"]);
    }

    #[test]
    fn one_slip_is_forgiven_in_long_names() {
        assert_eq!(found("dynamodb", "dynmodb and dynamobd and dynamics"), ["dynmodb", "dynamobd"]);
    }
}
