//! Who may use whom.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each part of the crate, and the parts it may mention.
const MAY_USE: &[(&str, &[&str])] = &[
    ("engine", &["engine"]),
    ("platform", &["platform"]),
    ("features", &["engine", "features", "platform"]),
    ("app.rs", &["features", "platform"]),
    ("cli", &["app", "cli", "engine", "platform"]),
    ("lsp", &["engine", "lsp"]),
];

fn sources(below: &Path) -> Vec<PathBuf> {
    if below.is_file() {
        return vec![below.to_owned()];
    }
    let Ok(entries) = fs::read_dir(below) else { return Vec::new() };
    entries
        .flat_map(|it| sources(&it.unwrap().path()))
        .filter(|it| it.extension().is_some_and(|it| it == "rs"))
        .collect()
}

/// What follows `crate::` in the code of a file, comments aside.
fn mentions(file: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(file).unwrap();
    let code: Vec<_> = text.lines().map(|it| it.split("//").next().unwrap_or(it)).collect();
    code.join("\n")
        .split("crate::")
        .skip(1)
        .map(|rest| {
            let path: String = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_' || *c == ':')
                .collect();
            path.split("::").map(str::to_owned).collect()
        })
        .collect()
}

#[test]
fn parts_mention_only_what_they_may() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (part, may) in MAY_USE {
        for file in sources(&src.join(part)) {
            for path in mentions(&file) {
                if !may.contains(&path[0].as_str()) {
                    wrong.push(format!(
                        "{} uses crate::{}",
                        file.strip_prefix(&src).unwrap().display(),
                        path.join("::")
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_part_is_in_the_table() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(src).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = MAY_USE.iter().any(|(part, _)| *part == name);
        assert!(known || name == "lib.rs" || name == "main.rs", "say what {name} may use");
    }
}

#[test]
fn features_do_not_depend_on_each_other_in_circles() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/features");
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in sources(&src) {
        let inside = file.strip_prefix(&src).unwrap();
        let feature =
            inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        for path in mentions(&file) {
            if let [part, other, ..] = path.as_slice()
                && part == "features"
                && *other != feature
            {
                uses.entry(feature.clone()).or_default().insert(other.clone());
            }
        }
    }
    // Take away features that use nothing that is left, until none is.
    let mut left = uses.clone();
    loop {
        let names: BTreeSet<_> = left.keys().cloned().collect();
        let before = left.len();
        left.retain(|_, others| others.iter().any(|it| names.contains(it)));
        if left.len() == before {
            break;
        }
    }
    assert!(left.is_empty(), "these use each other in circles: {left:?}");
}
