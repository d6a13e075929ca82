//! The device's own configuration: an optional file that can only restrict what is collected.

use std::path::{Path, PathBuf};

use belfort_proto::fields::FieldPath;
use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::section;
use serde::{Deserialize, Deserializer, de};

use crate::policy::UserIdentity;
use crate::probe::cidr::Prefix;

/// Where the configuration lies unless the command line says otherwise.
pub const PATH_DEFAULT: &str = "/etc/belfort/agent.toml";

/// The configuration file. Unknown keys are refused, so that a misspelt restriction is noticed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `ip_prefixes`: addresses are reported only inside these prefixes *and* inside those of the
    /// collector. An empty list reports no address. Default: those of the collector.
    #[serde(default, deserialize_with = "prefixes")]
    pub ip_prefixes: Option<Vec<Prefix>>,
    /// `sections_off`: sections that are not collected on this device, in addition to those the
    /// collector has switched off. Default: none.
    #[serde(default, deserialize_with = "sections")]
    pub sections_off: Vec<SectionKind>,
    /// `fields_off`: fields that are not collected on this device, in addition to those the collector
    /// has switched off; paths as `system.serial` or `network.interfaces.mac_address`. Default: none.
    #[serde(default, deserialize_with = "fields")]
    pub fields_off: Vec<FieldPath>,
    /// `user_identity`: how the last user is named at most, `off` or `pseudonym`. Default: as the
    /// collector's settings say.
    #[serde(default, deserialize_with = "user_identity")]
    pub user_identity: Option<UserIdentity>,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read configuration {path}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// The file's content is wrong.
    #[error("configuration {path} is not valid: {message}")]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong, with line and column.
        message: String,
    },
}

impl Config {
    /// Reads the configuration. A missing file is an empty one, unless it was asked for by name.
    pub fn load(path: &Path, asked_for: bool) -> Result<Self, ConfigError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !asked_for => {
                return Ok(Self::default());
            }
            Err(source) => return Err(ConfigError::Read { path: path.to_owned(), source }),
        };
        toml::from_str(&text).map_err(|error| ConfigError::Content {
            path: path.to_owned(),
            message: error.to_string().trim_end().to_owned(),
        })
    }
}

fn prefixes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Prefix>>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts
        .iter()
        .map(|text| text.parse().map_err(de::Error::custom))
        .collect::<Result<_, _>>()
        .map(Some)
}

fn sections<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<SectionKind>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let kind = |name: &String| {
        section::kind_by_name(name)
            .ok_or_else(|| de::Error::custom(format!("there is no section `{name}`")))
    };
    names.iter().map(kind).collect()
}

fn fields<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<FieldPath>, D::Error> {
    let paths = Vec::<String>::deserialize(deserializer)?;
    paths.iter().map(|path| path.parse().map_err(de::Error::custom)).collect()
}

fn user_identity<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<UserIdentity>, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "off" => Ok(Some(UserIdentity::Off)),
        "pseudonym" => Ok(Some(UserIdentity::Pseudonym)),
        other => Err(de::Error::custom(format!(
            "`{other}` is not `off` or `pseudonym`: a device can only restrict what the collector asks for"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_and_values_are_refused() {
        for (text, complaint) in [
            ("section_off = []", "unknown field `section_off`"),
            ("sections_off = [\"nothing\"]", "there is no section `nothing`"),
            ("ip_prefixes = [\"10.0.0.0\"]", "is not a prefix"),
            ("fields_off = [\"system.serail\"]", "`system` has no field `serail`"),
            ("fields_off = [\"accounts.outcomes\"]", "outcomes cannot be switched off"),
            ("user_identity = \"account\"", "a device can only restrict"),
        ] {
            let error = toml::from_str::<Config>(text).unwrap_err().to_string();
            assert!(error.contains(complaint), "{error}");
        }
    }

    #[test]
    fn a_missing_file_is_empty_unless_it_was_asked_for() {
        let path = Path::new("/nonexistent/agent.toml");
        assert!(Config::load(path, false).is_ok());
        assert!(matches!(Config::load(path, true), Err(ConfigError::Read { .. })));
    }
}
