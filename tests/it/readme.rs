//! The README says what is so.

use cloudgen::platform::config::VARIABLES;

const README: &str = include_str!("../../README.md");

/// `UPDATE=1` writes it.
#[test]
fn the_configuration_table_is_the_one_of_the_code() {
    let mut table = String::from("| variable | for example | meaning |\n| --- | --- | --- |\n");
    for it in VARIABLES {
        table.push_str(&format!("| `{}` | `{}` | {} |\n", it.name, it.example, it.meaning));
    }
    let (before, rest) = README.split_once("| variable |").unwrap_or_default();
    let after = rest.split_once("\n\n").map_or("", |(_, after)| after);
    if std::env::var_os("UPDATE").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        std::fs::write(path, format!("{before}{table}\n{after}")).unwrap();
    } else {
        assert!(
            README.contains(&table),
            "UPDATE=1 cargo test --test it readme brings it up to date"
        );
    }
}
