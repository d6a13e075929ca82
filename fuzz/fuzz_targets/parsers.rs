//! Every parser of the agent, one at a time: the environment names it. `cargo xtask fuzz` runs them all.

#![no_main]

use std::sync::OnceLock;

#[path = "../src/parsers.rs"]
mod parsers;

static PARSER: OnceLock<parsers::Parser> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let parser = PARSER.get_or_init(|| {
        let name = std::env::var("BELFORT_PARSER").expect("BELFORT_PARSER names a parser");
        parsers::find(&name).expect("BELFORT_PARSER is in fuzz/src/parsers.rs")
    });
    parser(bytes);
});
