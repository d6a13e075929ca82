//! Which product of endoflife.date an operating system or a package is: data.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::advisory::Installed;
use crate::catalogue::CatalogueError;

/// An operating system's product.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// The product.
    pub product: String,
    /// Whether extended support is open to all.
    #[serde(default)]
    pub extended: bool,
}

/// A product and the packages that are it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Software {
    /// The product.
    pub product: String,
    /// Packages as `type/name`; one `*` stands for anything.
    pub packages: Vec<String>,
    /// One of these stands in the version of a package the maker ships; none at all: every version.
    #[serde(default)]
    pub marks: Vec<String>,
}

/// Operating systems and packages, and the products they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductTable {
    /// By the ID of os-release.
    pub system: BTreeMap<String, System>,
    /// Packages.
    pub software: Vec<Software>,
}

impl ProductTable {
    /// The table this build ships.
    pub fn shipped() -> Result<Self, CatalogueError> {
        let name = "products.toml";
        toml::from_str(include_str!("../data/products.toml")).map_err(|source| {
            CatalogueError::Syntax {
                name: name.to_owned(),
                finding: None,
                source: Box::new(source),
            }
        })
    }

    /// The product a package is.
    pub fn product(&self, package: &Installed) -> Option<&str> {
        let name = format!("{}/{}", package.package_type, package.name);
        let fits = |software: &&Software| {
            software.packages.iter().any(|pattern| is_like(&name, pattern))
                && (software.marks.is_empty()
                    || software.marks.iter().any(|mark| package.version.contains(mark.as_str())))
        };
        self.software.iter().find(fits).map(|software| software.product.as_str())
    }
}

fn is_like(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => name == pattern,
        Some((before, after)) => name
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|rest| !rest.is_empty()),
    }
}

/// The maker's version of a package's version: without epoch and without what a packager adds.
pub(crate) fn makers_version(version: &str) -> &str {
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    version.split(['-', '+', '~']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_maker_ships_is_the_product() {
        let table = ProductTable::shipped().unwrap();
        let of = |name: &str, version: &str| {
            let package = Installed {
                package_type: "deb".to_owned(),
                name: name.to_owned(),
                version: version.to_owned(),
                ..Installed::default()
            };
            table.product(&package).map(str::to_owned)
        };
        assert_eq!(of("nodejs", "16.20.2-1nodesource1").as_deref(), Some("nodejs"));
        assert_eq!(of("nodejs", "18.13.0+dfsg1-1"), None);
        assert_eq!(of("postgresql-12", "12.22-1.pgdg120+1").as_deref(), Some("postgresql"));
        assert_eq!(of("postgresql-15", "15.8-0+deb12u1"), None);
        assert_eq!(of("google-chrome-stable", "120.0.6099.109-1").as_deref(), Some("chrome"));
        assert_eq!(makers_version("5:24.0.7-1~debian.12~bookworm"), "24.0.7");
        assert_eq!(makers_version("142.0.1~build1"), "142.0.1");
    }
}
