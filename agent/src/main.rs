//! The agent's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    belfort_agent::cli::main()
}
