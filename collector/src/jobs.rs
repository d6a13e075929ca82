//! What the collector does by itself: evaluates what is due, imports advisory data, and renews its own
//! certificate.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use belfort_store::retention::Erased;
use tokio::sync::Notify;

use crate::app::advisories::folder_state;
use crate::app::{App, AppError};
use crate::ca::{self, Authority};
use crate::clock;
use crate::grpc::tls::ServerCertificate;

/// What is due is looked for at least this often: another process may have made it so, and some findings
/// come with time alone.
const EVALUATE_EVERY: Duration = Duration::from_secs(5);
/// How often time is let pass, and every unit's risks are worked out anew, whatever happened: reviews fall
/// due, exceptions end, forgotten proposals close, and what is past its time is erased.
const CHORES_EVERY: Duration = Duration::from_hours(24);
/// How often the key figures of the day are kept anew, so that the day ends with nearly its last state.
const FIGURES_EVERY: Duration = Duration::from_mins(30);
/// How often the folder of advisory data is looked at.
const IMPORT_EVERY: Duration = Duration::from_secs(30);
/// How long nothing may change in it before it is imported.
const SETTLE: Duration = Duration::from_secs(2);
/// Reports that come together are evaluated together.
const GATHER: Duration = Duration::from_millis(200);

/// What is done once a day, and at every start.
fn chores(app: &App) -> Result<(), AppError> {
    let now = clock::now();
    app.store.idempotent_purge(now.plus_days(-1))?;
    app.pass_time(now)?;
    let erased = app.retain(now)?;
    if erased != Erased::default() {
        tracing::info!(?erased, "erased what is past its time");
    }
    Ok(app.store.risk_request_all()?)
}

/// Evaluates what is due whenever `wake` says so, and by time. Never ends.
pub async fn evaluate(app: App, wake: Arc<Notify>) {
    let mut chores_done = None::<Instant>;
    loop {
        let run = app.clone();
        let daily = chores_done.is_none_or(|last| last.elapsed() >= CHORES_EVERY);
        let work = move || {
            // Whatever comes of the chores, what is due is evaluated.
            let chores = daily.then(|| chores(&run));
            (chores, run.evaluate_due(clock::now()))
        };
        match tokio::task::spawn_blocking(work).await {
            Ok((chores, done)) => {
                match chores {
                    Some(Ok(())) => chores_done = Some(Instant::now()),
                    Some(Err(error)) => tracing::warn!(%error, "daily chores failed, tried again"),
                    None => {}
                }
                match done {
                    Ok(done) if done.assets + done.units > 0 => {
                        let (assets, units, failed) = (done.assets, done.units, done.failed);
                        tracing::info!(assets, units, failed, "evaluated");
                    }
                    Ok(_) => {}
                    // Nothing is lost: what is due stays due.
                    Err(error) => tracing::warn!(%error, "evaluation failed, tried again later"),
                }
            }
            Err(error) => tracing::error!(%error, "evaluation ended unexpectedly"),
        }
        let _ = tokio::time::timeout(EVALUATE_EVERY, wake.notified()).await;
        tokio::time::sleep(GATHER).await;
    }
}

/// Keeps the key figures of the day, for the trend and for reports about a day that is over, and those the
/// database keeps of itself. Never ends.
pub async fn keep_figures(app: App) {
    loop {
        let run = app.clone();
        let work = move || {
            // Without it pages are slower; the figures of a day cannot be made up for.
            if let Err(error) = run.store.refresh_statistics() {
                tracing::warn!(%error, "the size of tables was not looked at, tried again later");
            }
            run.kpi_day_keep(clock::now())
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "key figures not kept, tried again later"),
            Err(error) => tracing::error!(%error, "keeping key figures ended unexpectedly"),
        }
        tokio::time::sleep(FIGURES_EVERY).await;
    }
}

/// Imports what is new in a folder of advisory data. What cannot be imported is said in the log once, and
/// tried again when a file changed. Never ends.
pub async fn import_advisories(app: App, folder: PathBuf, wake: Arc<Notify>) {
    let mut seen = None;
    loop {
        let (run, path, before) = (app.clone(), folder.clone(), seen.clone());
        let work = move || {
            let state = folder_state(&path);
            if state.is_none() || state == before {
                return (state, false);
            }
            // A file that is still being written is left for the next time.
            std::thread::sleep(SETTLE);
            if folder_state(&path) != state {
                return (before, false);
            }
            (state, run.advisories_import_folder(&path, clock::now()))
        };
        match tokio::task::spawn_blocking(work).await {
            Ok((state, changed)) => {
                seen = state;
                if changed {
                    wake.notify_one();
                }
            }
            Err(error) => tracing::error!(%error, "the import ended unexpectedly"),
        }
        tokio::time::sleep(IMPORT_EVERY).await;
    }
}

/// Makes the collector's certificate anew long before it ends. Never ends.
pub async fn renew_certificate(
    authority: Arc<Authority>,
    names: Vec<String>,
    certificate: Arc<ServerCertificate>,
) {
    let days = u64::try_from(ca::SERVER_DAYS / 3).unwrap_or(1);
    loop {
        tokio::time::sleep(Duration::from_secs(days * 86_400)).await;
        match authority.issue_server(&names, clock::now()) {
            Ok(fresh) => {
                certificate.replace(fresh);
                tracing::info!("the collector's certificate was renewed");
            }
            Err(error) => tracing::error!(%error, "cannot renew the collector's certificate"),
        }
    }
}
