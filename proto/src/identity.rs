//! The name in a certificate: a SPIFFE id `spiffe://<trust-domain>/agent/<agent-id>`.
//!
//! Source of the form: SPIFFE-ID specification, section 2.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// Who a certificate belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AgentUri {
    /// The organisation's trust domain, for example `belfort.example`.
    pub trust_domain: String,
    /// The agent's id.
    pub agent_id: Uuid,
}

/// Why a URI is not an agent's identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgentUriError {
    /// Another scheme than `spiffe`.
    #[error("identity does not start with spiffe://")]
    Scheme,
    /// The trust domain is empty or has a character outside `a-z 0-9 . - _`.
    #[error("trust domain is empty or has a character outside a-z 0-9 . - _")]
    TrustDomain,
    /// The path is not `/agent/<id>`.
    #[error("path is not /agent/<id>")]
    Path,
    /// The id is not a lower-case hyphenated UUID.
    #[error("agent id is not a lower-case UUID")]
    AgentId,
}

/// Whether a name can be a trust domain (SPIFFE-ID, section 2.1: at most 255 bytes of `a-z0-9.-_`).
pub fn is_trust_domain(name: &str) -> bool {
    (1..=255).contains(&name.len())
        && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_'))
}

impl fmt::Display for AgentUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "spiffe://{}/agent/{}", self.trust_domain, self.agent_id.hyphenated())
    }
}

impl FromStr for AgentUri {
    type Err = AgentUriError;

    fn from_str(uri: &str) -> Result<Self, Self::Err> {
        let rest = uri.strip_prefix("spiffe://").ok_or(AgentUriError::Scheme)?;
        let (trust_domain, path) = rest.split_once('/').ok_or(AgentUriError::Path)?;
        if !is_trust_domain(trust_domain) {
            return Err(AgentUriError::TrustDomain);
        }
        let id = path.strip_prefix("agent/").ok_or(AgentUriError::Path)?;
        let agent_id = Uuid::try_parse(id).map_err(|_| AgentUriError::AgentId)?;
        // One spelling only, so that two texts never name one agent.
        if agent_id.hyphenated().to_string() != id {
            return Err(AgentUriError::AgentId);
        }
        Ok(Self { trust_domain: trust_domain.to_owned(), agent_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let uri =
            AgentUri { trust_domain: "belfort.example".to_owned(), agent_id: Uuid::from_u128(7) };
        assert_eq!(uri.to_string().parse(), Ok(uri));
    }

    #[test]
    fn refuses_every_other_spelling() {
        let id = "00000000-0000-0000-0000-00000000000a";
        for (uri, error) in [
            (format!("https://a/agent/{id}"), AgentUriError::Scheme),
            (format!("spiffe://A/agent/{id}"), AgentUriError::TrustDomain),
            (format!("spiffe:///agent/{id}"), AgentUriError::TrustDomain),
            (format!("spiffe://a/collector/{id}"), AgentUriError::Path),
            ("spiffe://a".to_owned(), AgentUriError::Path),
            (format!("spiffe://a/agent/{}", id.to_uppercase()), AgentUriError::AgentId),
            (format!("spiffe://a/agent/{id}/x"), AgentUriError::AgentId),
            (format!("spiffe://a/agent/{}", id.replace('-', "")), AgentUriError::AgentId),
        ] {
            assert_eq!(uri.parse::<AgentUri>(), Err(error), "{uri}");
        }
    }
}
