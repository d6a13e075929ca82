//! Which agents have the present settings, and whether what they hold was measured by them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use belfort_model::id::AgentId;

/// Agents that had the present settings at their last check-in here, each with whether its last report
/// kept them. As many as are enrolled at most; lost at a restart, and learnt again with the next check-ins.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<HashMap<AgentId, bool>>);

impl Told {
    /// Notes whether an agent has the present settings.
    pub(super) fn note(&self, agent: AgentId, current: bool) {
        let mut told = self.held();
        if current {
            told.entry(agent).or_insert(false);
        } else {
            told.remove(&agent);
        }
    }

    /// Whether an agent has the settings, so that it can be measured by them.
    pub(super) fn has(&self, agent: AgentId) -> bool {
        self.held().contains_key(&agent)
    }

    /// Whether an agent has the settings and its last report was not looked at under them yet, or did not
    /// keep them.
    pub(super) fn is_unproven(&self, agent: AgentId) -> bool {
        self.held().get(&agent) == Some(&false)
    }

    /// Notes whether the report of an agent kept the settings.
    pub(super) fn measured(&self, agent: AgentId, kept: bool) {
        if let Some(proven) = self.held().get_mut(&agent) {
            *proven = kept;
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<AgentId, bool>> {
        // No change of it takes two steps: whoever panicked while holding it left it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_measured_from_when_it_has_the_settings() {
        let (told, agent) = (Told::default(), AgentId(uuid::Uuid::from_u128(1)));
        let state = |told: &Told| (told.has(agent), told.is_unproven(agent));
        told.measured(agent, true);
        assert_eq!(state(&told), (false, false));
        told.note(agent, true);
        assert_eq!(state(&told), (true, true));
        told.measured(agent, true);
        told.note(agent, true);
        assert_eq!(state(&told), (true, false));
        told.measured(agent, false);
        assert_eq!(state(&told), (true, true));
        told.note(agent, false);
        assert_eq!(state(&told), (false, false));
    }
}
