//! The collector's configuration: one TOML file in the data directory. Unknown keys are refused, every
//! value is checked before anything starts.

pub mod login;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use belfort_proto::fields::FieldPath;
use belfort_proto::identity::is_trust_domain;
use belfort_proto::section;
use serde::{Deserialize, Serialize};

use crate::app::registry::Registry;
use login::LoginConfig;

/// Name of the file in the data directory.
pub const FILE: &str = "collector.toml";

/// The configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the database is: `sqlite:PATH` (relative to the data directory) or `postgres://…`.
    pub database: String,
    /// Name of the organisation in every agent's identity. Cannot be changed later.
    pub trust_domain: String,
    /// Names and addresses agents reach the collector by; they stand in its certificate. The first is
    /// the one agents are told.
    pub names: Vec<String>,
    /// A folder with advisory data, relative to the data directory: what is new in it is imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advisories: Option<PathBuf>,
    /// Where devices are enrolled.
    pub enrolment: Listener,
    /// Where agents check in and report.
    pub report: Listener,
    /// Where people and programs work with the register.
    pub web: Web,
    /// What agents are asked to do.
    #[serde(default)]
    pub agents: Agents,
    /// Files with findings and scenarios of your own, beside the shipped catalogue.
    #[serde(default)]
    pub catalogue: Vec<PathBuf>,
    /// How people log in.
    #[serde(default, skip_serializing_if = "LoginConfig::is_default")]
    pub login: LoginConfig,
    /// How the pages are dressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branding: Option<BrandingConfig>,
    /// How the registry is worded: legal entities and classification schemes.
    #[serde(default)]
    pub registry: Registry,
}

/// Where the organisation's logo, name and colours are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrandingConfig {
    /// The folder, relative to the data directory.
    pub folder: PathBuf,
}

/// A listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// Address and port.
    pub listen: SocketAddr,
}

/// The listener for people and programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Web {
    /// Address and port. Without a certificate only a loopback address is accepted: put a reverse proxy
    /// in front.
    pub listen: SocketAddr,
    /// Certificate chain, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// Its key, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
    /// Where people reach it, for example `https://belfort.example`; needed behind a reverse proxy for
    /// logging in at an identity provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    #[serde(default = "login::default_proxies", skip_serializing_if = "is_default_proxies")]
    pub trusted_proxies: Vec<IpAddr>,
}

fn is_default_proxies(proxies: &[IpAddr]) -> bool {
    proxies == login::default_proxies()
}

impl Web {
    /// A listener without a certificate.
    pub fn plain(listen: SocketAddr) -> Self {
        let trusted_proxies = login::default_proxies();
        Self { listen, certificate: None, key: None, url: None, trusted_proxies }
    }

    /// Where people reach it, without a slash at the end.
    pub fn address(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        let own = || format!("{scheme}://{}", self.listen);
        self.url.as_ref().map_or_else(own, |url| url.trim_end_matches('/').to_owned())
    }
}

/// What agents are asked to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Agents {
    /// Seconds between check-ins, 10 to 86,400.
    pub check_in_seconds: u32,
    /// Sections that are not collected, by name.
    pub sections_off: Vec<String>,
    /// Fields that are not collected, as `system.serial` or `network.interfaces.mac_address`.
    pub fields_off: Vec<String>,
    /// Addresses are reported only inside these prefixes.
    pub ip_prefixes: Vec<String>,
    /// Whether and how the last user of a device is named.
    pub user_identity: UserIdentity,
    /// Where the data protection impact assessment is found that covers naming people; needed for
    /// `user_identity = "account"`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub dpia_reference: String,
}

/// Whether and how the last user of a device is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserIdentity {
    /// Not at all.
    #[default]
    Off,
    /// By a pseudonym that nobody but the collector can tell.
    Pseudonym,
    /// By the name of the account.
    Account,
}

impl Default for Agents {
    fn default() -> Self {
        let prefixes = [
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "fc00::/7",
            "192.0.2.0/24",
            "2001:db8::/32",
        ];
        Self {
            check_in_seconds: 900,
            sections_off: vec![],
            fields_off: vec![],
            user_identity: UserIdentity::Off,
            dpia_reference: String::new(),
            ip_prefixes: prefixes.map(str::to_owned).to_vec(),
        }
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there: nothing was set up here yet.
    #[error("{} does not exist: run `belfort-collector init --data {}` first", path.display(), directory.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The data directory.
        directory: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is no configuration, or has a key that does not exist.
    #[error("{} is not a valid configuration:\n{reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        reason: String,
    },
    /// A value cannot be.
    #[error("{key}: {reason}")]
    Value {
        /// Which key.
        key: &'static str,
        /// What is wrong with it and what would do.
        reason: String,
    },
}

impl Config {
    /// The address devices reach a listener by: the first name and the listener's port.
    pub fn endpoint(&self, listen: SocketAddr) -> String {
        let name = self.names.first().map_or("localhost", String::as_str);
        let name = if name.parse::<std::net::Ipv6Addr>().is_ok() {
            format!("[{name}]")
        } else {
            name.to_owned()
        };
        format!("https://{name}:{}", listen.port())
    }

    /// Reads the configuration of a data directory.
    pub fn read(directory: &Path) -> Result<Self, ConfigError> {
        let path = directory.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ConfigError::Missing { path, directory: directory.into() });
            }
            Err(source) => return Err(ConfigError::Read { path, source }),
        };
        let config: Self = toml::from_str(&text)
            .map_err(|error| ConfigError::Syntax { path, reason: error.to_string() })?;
        config.validate()?;
        Ok(config)
    }

    /// Checks every value.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let wrong = |key, reason: String| Err(ConfigError::Value { key, reason });
        if !is_trust_domain(&self.trust_domain) {
            let reason =
                format!("`{}` is not 1 to 255 characters of a-z 0-9 . - _", self.trust_domain);
            return wrong("trust_domain", reason);
        }
        if self.names.is_empty() {
            return wrong("names", "give at least one host name or address".to_owned());
        }
        if self.web.certificate.is_some() != self.web.key.is_some() {
            return wrong("web", "give both `certificate` and `key`, or neither".to_owned());
        }
        if self.web.certificate.is_none() && !self.web.listen.ip().is_loopback() {
            let reason = format!(
                "{} can be reached from other machines and has no certificate: set `certificate` and `key`, or listen on 127.0.0.1 behind a reverse proxy",
                self.web.listen
            );
            return wrong("web.listen", reason);
        }
        if let Some(url) = self.web.url.as_ref().filter(|url| !login::is_web_address(url)) {
            let reason = format!("`{url}` is not an https address (http only on loopback)");
            return wrong("web.url", reason);
        }
        login::validate(&self.login)?;
        if !(10..=86_400).contains(&self.agents.check_in_seconds) {
            let reason = format!("{} is not 10 to 86400", self.agents.check_in_seconds);
            return wrong("agents.check_in_seconds", reason);
        }
        for name in &self.agents.sections_off {
            if section::kind_by_name(name).is_none() {
                return wrong("agents.sections_off", format!("there is no section `{name}`"));
            }
        }
        for path in &self.agents.fields_off {
            if let Err(error) = path.parse::<FieldPath>() {
                return wrong("agents.fields_off", error.to_string());
            }
        }
        let covered = !self.agents.dpia_reference.trim().is_empty();
        if self.agents.user_identity == UserIdentity::Account && !covered {
            let reason = "`account` names people: say in `agents.dpia_reference` where the data protection impact assessment is that covers it, or take `pseudonym`";
            return wrong("agents.user_identity", reason.to_owned());
        }
        if let Err((key, reason)) = self.registry.validate() {
            return wrong(key, reason);
        }
        for prefix in &self.agents.ip_prefixes {
            if !is_prefix(prefix) {
                let reason = format!("`{prefix}` is not a prefix such as 10.0.0.0/8");
                return wrong("agents.ip_prefixes", reason);
            }
        }
        Ok(())
    }
}

fn is_prefix(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let most = match address.parse() {
        Ok(std::net::IpAddr::V4(_)) => 32,
        Ok(std::net::IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    length.parse::<u8>().is_ok_and(|length| length <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Config {
        toml::from_str(
            r#"
            database = "sqlite:belfort.db"
            trust_domain = "belfort.example"
            names = ["collector.example"]
            enrolment.listen = "0.0.0.0:7441"
            report.listen = "0.0.0.0:7442"
            web.listen = "127.0.0.1:7480"
            "#,
        )
        .unwrap()
    }

    #[test]
    fn every_wrong_value_is_named() {
        let mut config = example();
        config.validate().unwrap();
        config.agents.check_in_seconds = 1;
        assert!(config.validate().unwrap_err().to_string().starts_with("agents.check_in_seconds"));
        let mut config = example();
        config.web.listen = "0.0.0.0:7480".parse().unwrap();
        assert!(config.validate().unwrap_err().to_string().contains("no certificate"));
        let mut config = example();
        config.agents.ip_prefixes = vec!["10.0.0.0/33".to_owned()];
        assert!(config.validate().unwrap_err().to_string().contains("10.0.0.0/33"));
        let mut config = example();
        config.agents.sections_off = vec!["files".to_owned()];
        assert!(config.validate().unwrap_err().to_string().contains("`files`"));
        let mut config = example();
        config.agents.fields_off = vec!["system.serail".to_owned()];
        assert!(config.validate().unwrap_err().to_string().contains("no field `serail`"));
        config.agents.fields_off = vec!["system.serial".to_owned()];
        config.agents.user_identity = UserIdentity::Account;
        config.agents.dpia_reference = " ".to_owned();
        assert!(config.validate().unwrap_err().to_string().starts_with("agents.user_identity"));
        config.agents.dpia_reference = "DPIA-2026-014".to_owned();
        config.validate().unwrap();
        let mut config = example();
        config.trust_domain = "Gent".to_owned();
        assert!(config.validate().unwrap_err().to_string().contains("`Gent`"));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let text = toml::to_string(&example()).unwrap();
        std::fs::write(directory.path().join(FILE), format!("colour = \"blue\"\n{text}")).unwrap();
        let error = Config::read(directory.path()).unwrap_err().to_string();
        assert!(error.contains("colour") && error.contains("line 1"), "{error}");
        let empty = tempfile::tempdir().unwrap();
        let error = Config::read(empty.path()).unwrap_err().to_string();
        assert!(error.contains("belfort-collector init"), "{error}");
    }
}
