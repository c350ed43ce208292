//! Any text about a design is answered, and what it changes can be analysed.
#![no_main]

use cloudgen_fuzz::engine::analysis::Analysis;
use cloudgen_fuzz::engine::answer::{Turn, confirm, reply};
use cloudgen_fuzz::engine::brief::Brief;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static CASE: LazyLock<(Brief, Analysis)> = LazyLock::new(|| {
    let brief = Brief::of("REST API with Postgres and a queue for 10k users in Ireland");
    let analysis = brief.analyze();
    (brief, analysis)
});

fuzz_target!(|text: &str| {
    let (brief, analysis) = &*CASE;
    match reply(Some(analysis), brief, text) {
        Turn::Change => {
            let mut brief = brief.clone();
            brief.say(text);
            confirm(Some(analysis), &brief.analyze());
        }
        Turn::Answer(it) | Turn::Help(it) => assert!(!it.plain().is_empty()),
    }
});
