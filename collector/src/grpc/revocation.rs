//! Whose key is not honoured any more: read from the store every two seconds, so that it holds on
//! every collector within five; checked at handshake and per call, and open connections are closed.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use belfort_model::id::AgentId;
use belfort_store::{Store, StoreError};
use tokio::sync::watch;

/// How often the store is asked.
const REFRESH: Duration = Duration::from_secs(2);

/// The agents whose key is not honoured.
#[derive(Clone)]
pub struct Revocations(watch::Receiver<Arc<HashSet<AgentId>>>);

impl Revocations {
    /// Reads the present state; the returned future keeps it current and never ends.
    pub async fn start(
        store: Arc<dyn Store>,
    ) -> Result<(Self, impl Future<Output = ()> + Send + 'static), StoreError> {
        let begin = store.clone();
        let first =
            tokio::task::spawn_blocking(move || read(&*begin)).await.unwrap_or_else(|error| {
                Err(StoreError::Unavailable(format!(
                    "reading revocations ended unexpectedly: {error}"
                )))
            })?;
        let (sender, receiver) = watch::channel(Arc::new(first));
        let keep_current = async move {
            loop {
                tokio::time::sleep(REFRESH).await;
                let store = store.clone();
                match tokio::task::spawn_blocking(move || read(&*store)).await {
                    Ok(Ok(fresh)) => {
                        sender.send_if_modified(|known| {
                            let changed = **known != fresh;
                            if changed {
                                *known = Arc::new(fresh);
                            }
                            changed
                        });
                    }
                    // The last known state keeps holding; the store is asked again per call anyway.
                    Ok(Err(error)) => tracing::warn!(%error, "cannot read revocations"),
                    Err(error) => tracing::error!(%error, "reading revocations ended unexpectedly"),
                }
            }
        };
        Ok((Self(receiver), keep_current))
    }

    /// Whether an agent's key is not honoured.
    pub fn contains(&self, agent: AgentId) -> bool {
        self.0.borrow().contains(&agent)
    }

    /// Ends when an agent's key is not honoured any more.
    pub async fn wait_for(&self, agent: AgentId) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|revoked| revoked.contains(&agent)).await.is_err() {
            // The collector is stopping: nobody will say any more.
            std::future::pending::<()>().await;
        }
    }
}

fn read(store: &dyn Store) -> Result<HashSet<AgentId>, StoreError> {
    Ok(store.agent_revocations()?.into_iter().collect())
}
