//! `serve`: serves until told to stop.

use std::io::IsTerminal as _;
use std::time::Duration;

use tracing_subscriber::EnvFilter;

use super::Context;
use crate::data_directory;
use crate::failure::{Exit, Failure};
use crate::serve::{self, ServeError, Server};

pub(super) fn run(context: &Context) -> Result<(), Failure> {
    // BELFORT_LOG=debug shows more; libraries stay quiet.
    let filter = EnvFilter::try_from_env("BELFORT_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,belfort_collector=info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    if context.output.is_json() {
        log.json().init();
    } else {
        log.init();
    }

    let mut opened = data_directory::open(&context.data)?;
    if context.database.is_some() {
        opened.config = context.config()?;
        opened.app = context.app()?;
    }
    // Closing a connection to PostgreSQL blocks, which no asynchronous task may: the last one who
    // knows the store lets go of it after the runtime has ended.
    let store = opened.app.store.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| anyhow::anyhow!("cannot start: {error}"))?;
    let result = runtime.block_on(async {
        let stop = serve::signalled()?;
        Server::bind(opened).await?.run(stop).await
    });
    // What is under way is durable or not at all; an evaluation goes on at the next start.
    runtime.shutdown_timeout(Duration::from_secs(5));
    drop(store);
    result.map_err(failure)
}

fn failure(error: ServeError) -> Failure {
    match error {
        ServeError::Store(error) => error.into(),
        ServeError::Ca(error) => error.into(),
        error @ (ServeError::Listen { .. } | ServeError::WebCertificate(_)) => {
            Failure::new(Exit::Configuration, error)
        }
        error @ (ServeError::Tls(_) | ServeError::Signal(_)) => {
            Failure::new(Exit::Unexpected, error)
        }
    }
}
