//! Any turns of a conversation are read: facts quote the text, confidence is a
//! share, and reading them again gives the same.
#![no_main]

use cloudgen_fuzz::engine::brief::Brief;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let brief = Brief {
        turns: text.split("\n\n").take(4).map(str::to_owned).collect(),
        ..Brief::default()
    };
    let read = brief.requirements();
    for fact in &read.facts {
        let [from, to] = fact.span;
        assert_eq!(read.text.get(from..to), Some(fact.text.as_str()), "{}", fact.kind);
        assert!((0.0..=1.0).contains(&fact.confidence), "{}", fact.kind);
    }
    let again = brief.requirements();
    assert_eq!((read.needs, read.facts), (again.needs, again.facts));
});
