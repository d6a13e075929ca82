//! `belfort-agent run`.

use std::time::Duration;

use tracing::Level;

use super::{Context, Failure, once, runtime};

/// Checks in until stopped.
pub(super) fn run(context: &Context<'_>, interval: Option<Duration>) -> Result<(), Failure> {
    use std::io::IsTerminal as _;
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_max_level(Level::INFO)
        .with_target(false)
        .init();
    let state = once::open(context)?;
    runtime()?.block_on(crate::run::run(&state, &context.config, interval))?;
    Ok(())
}
