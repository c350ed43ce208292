//! Looking through the files of a set: a tree, a search, a comparison.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::compare::{self, Change, Hunk, Pair};
use super::highlight::{self, Line};
use super::store::File;

/// Lines that a search shows at most.
const HITS: usize = 200;

/// Files that are longer are shown without colours, up to this many lines.
const SHOWN: usize = 8_000;

/// A file in the tree.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    pub path: String,
    pub folder: String,
    pub name: String,
    pub bytes: usize,
    pub lines: usize,
    pub current: bool,
    /// In a comparison: `added`, `removed`, `changed`, or nothing.
    pub change: &'static str,
}

/// The files, those of folders last.
pub fn tree(files: &[File], current: Option<&str>) -> Vec<Entry> {
    let mut out: Vec<Entry> = files
        .iter()
        .map(|it| {
            let (folder, name) = it.path.rsplit_once('/').unwrap_or(("", &it.path));
            Entry {
                folder: folder.to_owned(),
                name: name.to_owned(),
                bytes: it.bytes,
                lines: it.lines,
                current: current == Some(it.path.as_str()),
                change: "",
                path: it.path.clone(),
            }
        })
        .collect();
    out.sort_by(|a, b| a.folder.cmp(&b.folder).then_with(|| a.name.cmp(&b.name)));
    out
}

/// The file that is shown when none is asked for: that with most of the design.
pub fn first(files: &[File]) -> Option<&File> {
    let usual = ["main.tf", "template.yaml"];
    let named = usual.iter().find_map(|name| files.iter().find(|it| it.path == *name));
    let dense = files.iter().max_by_key(|it| (it.blocks.len(), std::cmp::Reverse(&it.path)));
    dense.filter(|it| !it.blocks.is_empty()).or(named).or_else(|| files.first())
}

/// A file as it is shown.
#[derive(Serialize)]
pub struct Source {
    pub lines: Vec<Line>,
    /// Lines that are not shown.
    pub cut: usize,
}

pub fn source(path: &str, text: &str) -> Source {
    let total = text.lines().count();
    if total <= SHOWN {
        return Source { lines: highlight::lines(path, text), cut: 0 };
    }
    let short: Vec<&str> = text.lines().take(SHOWN).collect();
    Source { lines: highlight::lines("", &short.join("\n")), cut: total - SHOWN }
}

/// A line with the words that were searched for.
#[derive(Debug, PartialEq, Serialize)]
pub struct Hit {
    pub path: String,
    pub line: usize,
    pub before: String,
    pub found: String,
    pub after: String,
}

/// Lines with the words, whatever their case; and whether there are more.
pub fn search(files: &[(String, String)], words: &str) -> (Vec<Hit>, bool) {
    let wanted: Vec<char> = words.trim().chars().map(lower).collect();
    let mut out = Vec::new();
    if wanted.is_empty() {
        return (out, false);
    }
    for (path, text) in files {
        for (n, line) in text.lines().enumerate() {
            let chars: Vec<char> = line.chars().collect();
            let at = chars
                .windows(wanted.len())
                .position(|it| it.iter().zip(&wanted).all(|(a, b)| lower(*a) == *b));
            let Some(at) = at else { continue };
            if out.len() == HITS {
                return (out, true);
            }
            let text = |from: usize, to: usize| chars[from..to].iter().collect::<String>();
            let end = at + wanted.len();
            out.push(Hit {
                path: path.clone(),
                line: n + 1,
                before: text(at.saturating_sub(60), at).trim_start().to_owned(),
                found: text(at, end),
                after: text(end, chars.len().min(end + 120)),
            });
        }
    }
    (out, false)
}

/// One character for one, so that places stay what they are.
fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// Where the code of a component is.
#[derive(Debug, PartialEq, Serialize)]
pub struct Part {
    pub component: String,
    /// Path, resource, first and last line.
    pub places: Vec<(String, String, usize, usize)>,
    /// Whether some of it is in the file that is shown.
    pub here: bool,
}

/// The components in the code, those of the file that is shown first.
pub fn parts(files: &[File], current: Option<&str>) -> Vec<Part> {
    let mut all: BTreeMap<&str, Part> = BTreeMap::new();
    for file in files {
        for block in &file.blocks {
            let part = all.entry(&block.component).or_insert_with(|| Part {
                component: block.component.clone(),
                places: Vec::new(),
                here: false,
            });
            part.here |= current == Some(file.path.as_str());
            part.places.push((file.path.clone(), block.resource.clone(), block.first, block.last));
        }
    }
    let mut out: Vec<Part> = all.into_values().collect();
    out.sort_by_key(|it| !it.here);
    out
}

/// How one file differs from its counterpart.
#[derive(Debug, PartialEq, Serialize)]
pub struct Difference {
    pub path: String,
    pub change: &'static str,
    pub added: usize,
    pub removed: usize,
    pub hunks: Vec<Hunk>,
    /// The same side by side, a list for each hunk.
    pub pairs: Vec<Vec<Pair>>,
}

/// The files that differ, in order of their paths.
pub fn differences(before: &[(String, String)], after: &[(String, String)]) -> Vec<Difference> {
    let map = |files: &[(String, String)]| -> BTreeMap<String, String> {
        files.iter().filter(|it| it.0 != "manifest.json").cloned().collect()
    };
    let (before, after) = (map(before), map(after));
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    paths
        .into_iter()
        .filter_map(|path| {
            let (then, now) = (before.get(path), after.get(path));
            if then == now {
                return None;
            }
            let change = match (then, now) {
                (None, _) => "added",
                (_, None) => "removed",
                _ => "changed",
            };
            let text = |it: Option<&String>| it.map_or("", String::as_str).to_owned();
            let rows = compare::rows(&text(then), &text(now));
            let count = |wanted: Change| rows.iter().filter(|it| it.change == wanted).count();
            let (added, removed) = (count(Change::Added), count(Change::Removed));
            let hunks = compare::hunks(rows);
            let pairs = hunks.iter().map(|it| compare::pairs(&it.rows)).collect();
            Some(Difference { path: path.clone(), change, added, removed, hunks, pairs })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(files: &[(&str, &str)]) -> Vec<(String, String)> {
        files.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect()
    }

    #[test]
    fn a_search_ignores_case_and_says_where() {
        let files = texts(&[("a.tf", "x\n  Name = \"Queue\"\n"), ("b.tf", "ÄQUEUE\n")]);
        let (hits, more) = search(&files, " queue ");
        assert!(!more);
        let places: Vec<_> =
            hits.iter().map(|it| (it.path.as_str(), it.line, it.found.as_str())).collect();
        assert_eq!(places, [("a.tf", 2, "Queue"), ("b.tf", 1, "QUEUE")]);
        assert_eq!(hits[0].before, "Name = \"");
        assert_eq!(search(&files, "  "), (Vec::new(), false));
        let many = texts(&[("a", &"x\n".repeat(500))]);
        assert_eq!(search(&many, "x").0.len(), HITS);
        assert!(search(&many, "x").1);
    }

    #[test]
    fn files_that_are_the_same_are_not_different() {
        let before = texts(&[("a", "1\n2\n"), ("b", "1\n"), ("same", "x")]);
        let after = texts(&[("a", "1\n3\n"), ("c", "1\n"), ("same", "x")]);
        let found: Vec<_> = differences(&before, &after)
            .into_iter()
            .map(|it| (it.path, it.change, it.added, it.removed))
            .collect();
        let expected = [("a", "changed", 1, 1), ("b", "removed", 0, 1), ("c", "added", 1, 0)];
        assert_eq!(found, expected.map(|it| (it.0.to_owned(), it.1, it.2, it.3)));
    }
}
