//! Whether a package of a language came with a package of the system.
//!
//! In folders that the packages of a distribution share with what an administrator installs, the names
//! decide: distributions name what they package by the rules below. Whoever is taken for the
//! distribution's by mistake is missing from the list, while its double would be a vulnerability that
//! does not exist.

use belfort_proto::inventory::v1::Package;

use super::{is_of_system, python};

/// Whether the distribution packages a Python package, by its normal name: as `python3-x`, `python3.11-x`,
/// `python311-x`, `python-x`, `py3-x` or `x`.
pub fn python(name: &str, packages: &[Package]) -> bool {
    of_system(packages).any(|package| {
        let packaged = package.name.as_str();
        let rest = packaged.strip_prefix("python").or_else(|| packaged.strip_prefix("py"));
        let rest = rest.and_then(|rest| {
            rest.trim_start_matches(|sign: char| sign.is_ascii_digit() || sign == '.')
                .strip_prefix('-')
        });
        let same =
            |packaged: &str| packaged.len() == name.len() && python::normal(packaged) == name;
        same(packaged) || rest.is_some_and(same)
    })
}

/// Whether the distribution packages an npm package: as `x`, `node-x` or `nodejs-x`, a scope before the
/// name; npm and corepack come with Node.js itself.
pub fn npm(name: &str, packages: &[Package]) -> bool {
    let plain = name.trim_start_matches('@').replace('/', "-");
    let comes_with_node = matches!(name, "npm" | "corepack");
    of_system(packages).any(|package| {
        let packaged = package.name.as_str();
        let rest = packaged.strip_prefix("nodejs").or_else(|| packaged.strip_prefix("node"));
        // `nodejs`, `nodejs20`, `nodejs-npm`, `nodejs20-npm`.
        let rest = rest.map(|rest| rest.trim_start_matches(|sign: char| sign.is_ascii_digit()));
        packaged == plain
            || rest.is_some_and(|rest| {
                rest.strip_prefix('-') == Some(&plain) || (comes_with_node && rest.is_empty())
            })
    })
}

fn of_system(packages: &[Package]) -> impl Iterator<Item = &Package> {
    packages.iter().filter(|package| is_of_system(&package.ecosystem))
}

#[cfg(test)]
mod tests {
    use super::super::installed;
    use super::*;

    fn system(ecosystem: &str, name: &str) -> Vec<Package> {
        vec![installed(ecosystem, name.to_owned(), "1".to_owned())]
    }

    #[test]
    fn python_packages_by_their_names() {
        for packaged in [
            "python3-zope-interface",
            "python311-zope.interface",
            "py3-zope_interface",
            "zope-interface",
        ] {
            assert!(python("zope-interface", &system("rpm", packaged)), "{packaged}");
        }
        assert!(python("requests", &system("rpm", "python3.11-requests")));
        assert!(!python("requests", &system("rpm", "python3-requests-oauthlib")));
        assert!(!python("requests", &system("pypi", "requests")));
        assert!(!python("", &system("deb", "python3")));
    }

    #[test]
    fn npm_packages_by_their_names() {
        assert!(npm("npm", &system("deb", "nodejs")));
        assert!(npm("corepack", &system("rpm", "nodejs20")));
        assert!(npm("npm", &system("rpm", "nodejs20-npm")));
        assert!(npm("typescript", &system("alpm", "typescript")));
        assert!(npm("@angular/cli", &system("alpm", "angular-cli")));
        assert!(!npm("typescript", &system("deb", "nodejs")));
        assert!(!npm("npm", &system("deb", "nodejs-doc")));
    }
}
