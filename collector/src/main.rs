//! `belfort-collector`: see `belfort-collector --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    belfort_collector::cli::main()
}
