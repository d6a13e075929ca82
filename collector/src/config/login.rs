//! How people log in.

use std::net::IpAddr;
use std::path::PathBuf;

use belfort_model::access::Role;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// How people log in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoginConfig {
    /// Whether whoever can change something must show a second factor beside the password.
    pub totp: SecondFactor,
    /// An identity provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc: Option<OidcConfig>,
}

impl LoginConfig {
    /// Whether all is as when nothing is configured.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Whether a second factor is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactor {
    /// Every role that can change something needs one.
    #[default]
    Required,
    /// Who set one up needs it.
    Optional,
}

/// An identity provider that speaks `OpenID` Connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// Its issuer, exactly as its discovery document says it.
    pub issuer: String,
    /// What it calls this collector.
    pub client_id: String,
    /// File with the secret it gave; relative to the data directory. Without one the collector is a
    /// public client (PKCE is used either way).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_file: Option<PathBuf>,
    /// What the button of the login page names.
    #[serde(default = "default_label")]
    pub label: String,
    /// Claim with the groups a person is in.
    #[serde(default = "default_groups_claim")]
    pub groups_claim: String,
    /// Claim with the name shown here.
    #[serde(default = "default_name_claim")]
    pub name_claim: String,
    /// Asked for beside `openid`.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// Certificates of an authority of your own that signed the provider's, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_authority: Option<PathBuf>,
    /// Days after the last login at the provider in which the person's API tokens are let in: groups give
    /// roles at a login alone.
    #[serde(default = "default_token_days")]
    pub token_days: u16,
    /// Which group gives which role.
    pub roles: Vec<GroupRole>,
}

/// A role that members of a group have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRole {
    /// The group, as the claim says it: with Entra ID its object id.
    pub group: String,
    /// The role.
    pub role: Role,
    /// Code of the unit it reaches; nothing for the whole organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

fn default_label() -> String {
    "uw organisatie".to_owned()
}

fn default_groups_claim() -> String {
    "groups".to_owned()
}

fn default_name_claim() -> String {
    "preferred_username".to_owned()
}

/// Days after a login at the provider in which API tokens are let in, when nothing is configured.
pub fn default_token_days() -> u16 {
    30
}

fn default_scopes() -> Vec<String> {
    vec!["profile".to_owned()]
}

/// Proxies that are believed when nothing is configured: those on this machine.
pub fn default_proxies() -> Vec<IpAddr> {
    vec![IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])]
}

/// Whether this is an address people's browsers can be sent to: `https://…`, or `http://` on loopback.
pub fn is_web_address(text: &str) -> bool {
    let Ok(uri) = text.parse::<http::Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let loopback =
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => loopback,
        _ => false,
    }
}

/// Checks every value.
pub(super) fn validate(config: &LoginConfig) -> Result<(), ConfigError> {
    let wrong = |key, reason: String| Err(ConfigError::Value { key, reason });
    let Some(oidc) = &config.oidc else { return Ok(()) };
    if !is_web_address(&oidc.issuer) {
        let reason = format!(
            "`{}` is not an https address (http is accepted on loopback alone)",
            oidc.issuer
        );
        return wrong("login.oidc.issuer", reason);
    }
    if oidc.client_id.is_empty() {
        return wrong("login.oidc.client_id", "it is empty".to_owned());
    }
    if !(1..=365).contains(&oidc.token_days) {
        return wrong("login.oidc.token_days", format!("{} is not 1 to 365", oidc.token_days));
    }
    if oidc.roles.is_empty() {
        let reason = "without a group that gives a role nobody could do anything".to_owned();
        return wrong("login.oidc.roles", reason);
    }
    for given in &oidc.roles {
        if given.group.is_empty() {
            return wrong("login.oidc.roles.group", "it is empty".to_owned());
        }
        if given.role == Role::Admin && given.unit.is_some() {
            let reason = "`admin` is a role of the whole organisation: leave `unit` out".to_owned();
            return wrong("login.oidc.roles.unit", reason);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_goes_without_tls() {
        for good in [
            "https://login.example/tenant/v2.0",
            "http://127.0.0.1:3000",
            "http://localhost/x",
            "http://[::1]:80/",
        ] {
            assert!(is_web_address(good), "{good}");
        }
        for bad in ["http://login.example", "http://192.0.2.1", "ftp://localhost", "https://", "x"]
        {
            assert!(!is_web_address(bad), "{bad}");
        }
    }

    #[test]
    fn a_provider_is_read_and_checked() {
        let text = r#"
            totp = "optional"
            [oidc]
            issuer = "https://login.example/tenant/v2.0"
            client_id = "belfort"
            [[oidc.roles]]
            group = "8a1b"
            role = "department_head"
            unit = "DMT"
        "#;
        let good: LoginConfig = toml::from_str(text).unwrap();
        validate(&good).unwrap();
        let oidc = good.oidc.as_ref().unwrap();
        assert_eq!((oidc.groups_claim.as_str(), oidc.token_days), ("groups", 30));
        let said = |change: &dyn Fn(&mut OidcConfig)| {
            let mut config = good.clone();
            config.oidc.as_mut().map(change).unwrap();
            validate(&config).unwrap_err().to_string()
        };
        assert!(
            said(&|it| it.issuer = "http://login.example".into()).contains("login.oidc.issuer")
        );
        assert!(said(&|it| it.token_days = 0).contains("login.oidc.token_days"));
        assert!(said(&|it| it.roles.clear()).contains("login.oidc.roles"));
        assert!(said(&|it| it.roles[0].role = Role::Admin).contains("whole organisation"));
        let unknown = text.replace("client_id", "client");
        assert!(toml::from_str::<LoginConfig>(&unknown).is_err());
    }
}
