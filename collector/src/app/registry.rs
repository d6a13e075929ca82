//! How the organisation words its registry: legal entities and classification schemes.

use belfort_model::scheme::{Scheme, SchemeError};
use serde::{Deserialize, Serialize};

use super::{AppError, Result};

/// The part of the configuration the registry goes by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Registry {
    /// Codes of the legal entities assets belong to.
    pub legal_entities: Vec<String>,
    /// Name and version of the scheme that is used when a classification names none.
    pub scheme: String,
    /// Schemes of your own, beside those that come with the product.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schemes: Vec<Scheme>,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            legal_entities: ["STAD", "OCMW", "D09", "EXTERN"].map(str::to_owned).to_vec(),
            scheme: belfort_model::classification::DEFAULT_SCHEME.to_owned(),
            schemes: Vec::new(),
        }
    }
}

impl Registry {
    /// Every scheme: those that are shipped, then the organisation's own.
    pub fn all_schemes(&self) -> Vec<Scheme> {
        let mut all = Scheme::shipped();
        all.extend(self.schemes.iter().cloned());
        all
    }

    /// The scheme of this name; the default one when it is empty.
    pub fn scheme(&self, name: &str) -> Result<Scheme> {
        let name = if name.is_empty() { &self.scheme } else { name };
        let all = self.all_schemes();
        all.iter().find(|scheme| scheme.name == name).cloned().ok_or_else(|| {
            let known: Vec<_> = all.iter().map(|scheme| scheme.name.as_str()).collect();
            let known = known.join(", ");
            AppError::Invalid(format!("there is no classification scheme `{name}`, only {known}"))
        })
    }

    /// The legal entity with this code, whatever its case; empty when nobody has said.
    pub fn legal_entity(&self, code: &str) -> Result<String> {
        let code = code.trim();
        if code.is_empty() {
            return Ok(String::new());
        }
        let same = |one: &&String| one.to_lowercase() == code.to_lowercase();
        self.legal_entities.iter().find(same).cloned().ok_or_else(|| {
            let known = self.legal_entities.join(", ");
            AppError::Invalid(format!("legal entity `{code}` is not one of {known}"))
        })
    }

    /// Checks that it can be used.
    pub fn validate(&self) -> std::result::Result<(), (&'static str, String)> {
        for code in &self.legal_entities {
            let length = code.chars().count();
            if !(1..=20).contains(&length) || code.chars().any(|c| c.is_control() || c == ' ') {
                let reason = format!("`{code}` is not 1 to 20 characters without blanks");
                return Err(("registry.legal_entities", reason));
            }
        }
        for scheme in &self.schemes {
            let wrong = |error: SchemeError| ("registry.schemes", error.to_string());
            scheme.validate().map_err(wrong)?;
        }
        let all = self.all_schemes();
        let mut names: Vec<_> = all.iter().map(|scheme| scheme.name.as_str()).collect();
        if !names.contains(&self.scheme.as_str()) {
            let reason = format!("there is no scheme `{}`, only {}", self.scheme, names.join(", "));
            return Err(("registry.scheme", reason));
        }
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find_map(|two| match two {
            [a, b] if a == b => Some(a),
            _ => None,
        }) {
            return Err(("registry.schemes", format!("scheme `{twice}` is there twice")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_right_and_wrong_values_are_named() {
        let good = Registry::default();
        assert_eq!(good.validate(), Ok(()));
        assert_eq!(good.legal_entity(" ocmw ").unwrap(), "OCMW");
        assert_eq!(good.legal_entity("").unwrap(), "");
        assert!(good.legal_entity("NV").unwrap_err().to_string().contains("STAD, OCMW"));
        assert_eq!(good.scheme("").unwrap().name, "gent-biv5/1");
        assert!(good.scheme("own/1").is_err());
        let key = |registry: Registry| registry.validate().unwrap_err().0;
        assert_eq!(key(Registry { scheme: "own/1".to_owned(), ..good.clone() }), "registry.scheme");
        let twice = vec![Scheme::shipped().remove(0)];
        assert_eq!(key(Registry { schemes: twice, ..good.clone() }), "registry.schemes");
        let blank = vec!["A B".to_owned()];
        assert_eq!(key(Registry { legal_entities: blank, ..good }), "registry.legal_entities");
    }
}
