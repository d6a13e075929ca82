//! What agents are asked to do, for each asset its own pseudonym key.

use belfort_model::id::AssetId;
use belfort_proto::report::v1::{Settings, UserIdentity as WireIdentity};
use belfort_proto::section;

use crate::config::{Agents, UserIdentity};
use crate::ingest::off::Off;

/// Settings for agents.
#[derive(Clone)]
pub struct AgentSettings {
    agents: Agents,
    version: u64,
    pseudonym_key: [u8; 32],
}

impl AgentSettings {
    /// Settings from the configuration and the collector's pseudonym key.
    pub fn new(agents: Agents, pseudonym_key: [u8; 32]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&agents.check_in_seconds.to_be_bytes());
        hasher.update(&(identity(agents.user_identity) as i32).to_be_bytes());
        for list in [&agents.sections_off, &agents.fields_off, &agents.ip_prefixes] {
            hasher.update(&(list.len() as u64).to_be_bytes());
            for text in list {
                hasher.update(&(text.len() as u64).to_be_bytes());
                hasher.update(text.as_bytes());
            }
        }
        hasher.update(&pseudonym_key);
        let mut first = [0; 8];
        hasher.finalize_xof().fill(&mut first);
        // 0 is an agent without settings.
        let version = u64::from_be_bytes(first).max(1);
        Self { agents, version, pseudonym_key }
    }

    /// Names these settings: differs whenever they differ, on every collector alike.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Settings for the agent of an asset. Its pseudonym key is derived, so that pseudonyms of one
    /// device stay the same over enrolments and cannot be compared between devices by the devices.
    pub fn for_asset(&self, asset: AssetId) -> Settings {
        let key = blake3::keyed_hash(&self.pseudonym_key, asset.0.as_bytes());
        Settings {
            version: self.version,
            check_in_seconds: self.agents.check_in_seconds,
            sections_off: self
                .agents
                .sections_off
                .iter()
                .filter_map(|name| section::kind_by_name(name))
                .map(Into::into)
                .collect(),
            ip_prefixes: self.agents.ip_prefixes.clone(),
            pseudonym_key: key.as_bytes().to_vec(),
            fields_off: self.agents.fields_off.clone(),
            user_identity: identity(self.agents.user_identity).into(),
        }
    }

    /// What no agent with these settings sends.
    pub fn off(&self) -> Off {
        let sections = self.agents.sections_off.iter();
        // Both were checked with the configuration.
        Off {
            sections: sections.filter_map(|name| section::kind_by_name(name)).collect(),
            fields: self.agents.fields_off.iter().filter_map(|path| path.parse().ok()).collect(),
        }
    }

    /// Seconds until an agent's next check-in: the interval, less up to a tenth, so that a fleet that
    /// started at once spreads.
    pub fn spread_seconds(&self) -> u32 {
        let interval = self.agents.check_in_seconds;
        let random = crate::secret::random::<4>().map_or(0, u32::from_be_bytes);
        interval - random % (interval / 10 + 1)
    }
}

fn identity(asked: UserIdentity) -> WireIdentity {
    match asked {
        UserIdentity::Off => WireIdentity::Unspecified,
        UserIdentity::Pseudonym => WireIdentity::Pseudonym,
        UserIdentity::Account => WireIdentity::Account,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_settings_have_another_version() {
        let version = |agents: Agents| AgentSettings::new(agents, [7; 32]).version();
        let list = |text: &str| vec![text.to_owned()];
        let all = [
            Agents::default(),
            Agents { check_in_seconds: 60, ..Agents::default() },
            Agents { sections_off: list("memory"), ..Agents::default() },
            Agents { fields_off: list("memory"), ..Agents::default() },
            Agents { ip_prefixes: list("10.0.0.0/8"), ..Agents::default() },
            Agents { user_identity: UserIdentity::Pseudonym, ..Agents::default() },
        ];
        let versions: std::collections::BTreeSet<_> = all.map(version).into_iter().collect();
        assert_eq!(versions.len(), 6);
        // Where the assessment is filed is no concern of an agent.
        let filed = Agents { dpia_reference: "D-1".to_owned(), ..Agents::default() };
        assert_eq!(version(filed), version(Agents::default()));
    }
}
