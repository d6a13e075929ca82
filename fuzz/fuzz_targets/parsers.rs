//! Every parser of the agent: the environment names the one that is run, or several, divided by commas, that
//! each get every input. `cargo xtask fuzz` runs them all.

#![no_main]

use std::sync::OnceLock;

#[path = "../src/parsers.rs"]
mod parsers;

static CHOSEN: OnceLock<Vec<parsers::Parser>> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let chosen = CHOSEN.get_or_init(|| {
        let names = std::env::var("BELFORT_PARSER").expect("BELFORT_PARSER names a parser");
        let find = |name| parsers::find(name).expect("BELFORT_PARSER is in fuzz/src/parsers.rs");
        names.split(',').map(find).collect()
    });
    for parser in chosen {
        parser(bytes);
    }
});
