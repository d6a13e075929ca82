//! Passes over the machine and check-ins, once or again and again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use belfort_agent_sys::process;
use belfort_proto::report::v1::Settings;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};

use crate::config::Config;
use crate::exchange::{Delivery, Exchange, ExchangeError};
use crate::policy::{Policy, PseudonymKey};
use crate::probe::Host;
use crate::probe::kept::Kept;
use crate::report::{Report, ReportError};
use crate::state::{State, StateError};

/// Seconds between check-ins before the collector has said otherwise.
const INTERVAL_DEFAULT: Duration = Duration::from_mins(15);
/// Shortest pause, whatever the collector says: it must never be asked in a tight loop.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// How often new settings may ask for a new pass in one go.
const PASSES: u32 = 3;
/// First pause after a failure.
const BACKOFF_FIRST: Duration = Duration::from_secs(5);

/// The rules for a pass, from whatever state can be read.
pub fn policy(dir: &Path, config: &Config) -> Result<Policy, StateError> {
    let settings = match State::open(dir) {
        Ok(Some(state)) => state.settings(),
        Ok(None) => Ok(None),
        Err(error) => Err(error),
    };
    match settings {
        Ok(settings) => Ok(Policy::new(settings.as_ref(), config)),
        // Without rights a pass still works; what it cannot know it says.
        Err(StateError::Denied { .. }) => {
            let mut policy = Policy::new(None, config);
            policy.pseudonym_key = PseudonymKey::Denied;
            Ok(policy)
        }
        Err(error) => Err(error),
    }
}

/// One pass over this machine under the present settings, with what earlier passes kept.
pub fn pass(
    settings: Option<&Settings>,
    config: &Config,
    kept: &Arc<Kept>,
) -> Result<Report, ReportError> {
    Report::read(&Host::system(Policy::new(settings, config)).with(Arc::clone(kept)))
}

/// What earlier passes kept, for a pass that only shows: whoever may not read it does without.
pub fn kept(dir: &Path) -> Arc<Kept> {
    let state = State::open(dir).ok().flatten();
    state.map(|state| Arc::new(state.kept())).unwrap_or_default()
}

/// One pass and one conversation; again when the settings changed, so that nothing is sent that they
/// no longer allow.
pub async fn once(state: &State, config: &Config) -> Result<Delivery, ExchangeError> {
    let mut exchange = Exchange::new(state)?;
    deliver(state, config, &Arc::new(state.kept()), &mut exchange).await
}

async fn deliver(
    state: &State,
    config: &Config,
    kept: &Arc<Kept>,
    exchange: &mut Exchange<'_>,
) -> Result<Delivery, ExchangeError> {
    let mut whole = Delivery::default();
    for _ in 0..PASSES {
        let report = pass(state.settings()?.as_ref(), config, kept)?;
        // A full disk makes passes dearer, not wrong.
        if let Err(error) = state.save_kept(kept) {
            warn!(reason = chain(&error), "what the pass read is not kept");
        }
        let delivery = exchange.deliver(&report).await?;
        whole.bytes_up += delivery.bytes_up;
        whole.bytes_down += delivery.bytes_down;
        whole.settings_changed |= delivery.settings_changed;
        whole.next_check_in = delivery.next_check_in;
        if !delivery.settings_changed {
            let Delivery { in_sync, sent, root, .. } = delivery;
            return Ok(Delivery { in_sync, sent, root, ..whole });
        }
    }
    Err(ExchangeError::Answer("it changes the settings again and again"))
}

/// Checks in again and again until told to stop. A failure is logged and tried again later; only the
/// state can end the loop.
pub async fn run(
    state: &State,
    config: &Config,
    interval: Option<Duration>,
) -> Result<(), ExchangeError> {
    process::step_back();
    let stop_signal = |source| StateError::Read { path: "signals".into(), source };
    let mut terminate = signal(SignalKind::terminate()).map_err(stop_signal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(stop_signal)?;
    let mut exchange = Exchange::new(state)?;
    let kept = Arc::new(state.kept());
    let mut failures = 0;
    info!("started");
    loop {
        let result = tokio::select! {
            result = deliver(state, config, &kept, &mut exchange) => result,
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        };
        let pause = match result {
            Ok(delivery) => {
                failures = 0;
                let sections = delivery.sent.len();
                info!(sections, up = delivery.bytes_up, down = delivery.bytes_down, "checked in");
                interval.unwrap_or(delivery.next_check_in).max(PAUSE_MIN)
            }
            Err(ExchangeError::State(error)) => return Err(error.into()),
            Err(error) => {
                failures += 1;
                let pause = backoff(failures, interval.unwrap_or(INTERVAL_DEFAULT), random());
                let reason = chain(&error);
                warn!(reason, retry_seconds = pause.as_secs(), "check-in failed");
                pause
            }
        };
        process::release_memory();
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    info!("stopped");
    Ok(())
}

/// Pause after the n-th failure in a row: full jitter under a limit that doubles up to the interval.
/// Source of the method: AWS Architecture Blog, *Exponential Backoff And Jitter*.
fn backoff(failures: u32, interval: Duration, random: u32) -> Duration {
    let doubled = BACKOFF_FIRST.saturating_mul(1_u32.checked_shl(failures - 1).unwrap_or(u32::MAX));
    let limit = doubled.min(interval);
    limit.mul_f64(f64::from(random) / f64::from(u32::MAX)).max(PAUSE_MIN)
}

fn random() -> u32 {
    // Without a source of randomness the middle is as good as anything.
    getrandom::u32().unwrap_or(u32::MAX / 2)
}

/// An error and its causes in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_interval_and_never_vanish() {
        let interval = Duration::from_mins(1);
        assert_eq!(backoff(1, interval, u32::MAX), Duration::from_secs(5));
        assert_eq!(backoff(3, interval, u32::MAX), Duration::from_secs(20));
        assert_eq!(backoff(9, interval, u32::MAX), interval);
        assert_eq!(backoff(200, interval, u32::MAX), interval);
        assert_eq!(backoff(9, interval, 0), PAUSE_MIN);
    }
}
