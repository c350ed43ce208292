//! What no test of behaviour can show: things that the code never does.

use std::path::{Path, PathBuf};

/// The files of the crate below a directory.
fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
}

/// Fails for each file of the crate that holds one of the words, except for the
/// files that are known to, each with its reason.
fn assert_absent(words: &[&str], except: &[(&str, &str)]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&root, &mut found);
    assert!(found.len() > 100, "the sources should be here");
    for path in found {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        if except.iter().any(|(it, _)| *it == name) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for word in words {
            assert!(!text.contains(word), "src/{name} mentions {word}");
        }
    }
}

/// The compiler takes SQL only as a literal, unless it is told otherwise by one
/// of these words.
///
/// ASVS V1.2.4
#[test]
fn no_statement_is_put_together_at_run_time() {
    assert_absent(
        &["AssertSqlSafe", "QueryBuilder", "raw_sql("],
        &[
            ("platform/jobs.rs", "a constant of several statements, which only raw_sql takes"),
            ("platform/db.rs", "begins a transaction; what it puts in are ids and a constant"),
        ],
    );
}

/// ASVS V1.2.5
#[test]
fn programs_are_started_in_one_place_and_without_a_shell() {
    let postgres = "starts Postgres, with a list of arguments that holds no input of anyone's";
    let browser = "opens an address of the server, as one argument, on the machine of who asks";
    assert_absent(
        &["Command::new("],
        &[
            ("platform/postgres/cluster.rs", postgres),
            ("platform/postgres/install.rs", postgres),
            ("cli/remote/open.rs", browser),
        ],
    );
    let language = "the name of a language in a guide";
    assert_absent(
        &["\"/bin/sh\"", "\"sh\"", "\"bash\""],
        &[("features/docs/markdown.rs", language)],
    );
}
