//! Which advisories concern an operating system and a package.

use belfort_model::facts::OsFacts;

/// Ecosystems whose advisories concern the packages of an operating system, as OSV names them. None for
/// one whose releases are not known here.
pub(super) fn of_system(os: &OsFacts) -> Vec<String> {
    let version = os.version.as_str();
    let major = version.split('.').next().unwrap_or_default();
    let two = || {
        let mut parts = version.split('.');
        Some(format!("{}.{}", parts.next()?, parts.next()?))
    };
    if os.family == "windows" {
        return vec!["Windows".to_owned()];
    }
    if major.is_empty() {
        return vec![];
    }
    match os.id.as_str() {
        "debian" => vec![format!("Debian:{major}")],
        "ubuntu" => vec![format!("Ubuntu:{version}:LTS"), format!("Ubuntu:{version}")],
        "alpine" => two().map(|two| vec![format!("Alpine:v{two}")]).unwrap_or_default(),
        "rocky" => vec![format!("Rocky Linux:{major}")],
        "almalinux" => vec![format!("AlmaLinux:{major}")],
        "rhel" => vec![format!("Red Hat:enterprise_linux:{major}")],
        _ => vec![],
    }
}

/// The ecosystem of packages that do not belong to the operating system, as OSV names it, by the type of
/// their package URL.
pub(super) fn of_language(package_type: &str) -> Option<&'static str> {
    Some(match package_type {
        "pypi" => "PyPI",
        "npm" => "npm",
        "cargo" => "crates.io",
        "golang" => "Go",
        "maven" => "Maven",
        "gem" => "RubyGems",
        "nuget" => "NuGet",
        "composer" => "Packagist",
        _ => return None,
    })
}

/// The type of the packages of an ecosystem, as OSV names it.
pub(super) fn package_type(ecosystem: &str) -> Option<&'static str> {
    let base = ecosystem.split(':').next().unwrap_or_default();
    Some(match base {
        "Debian" | "Ubuntu" => "deb",
        "Alpine" => "apk",
        "Rocky Linux" | "AlmaLinux" | "Red Hat" => "rpm",
        "Windows" => "windows",
        "PyPI" => "pypi",
        "npm" => "npm",
        "crates.io" => "cargo",
        "Go" => "golang",
        "Maven" => "maven",
        "RubyGems" => "gem",
        "NuGet" => "nuget",
        "Packagist" => "composer",
        _ => return None,
    })
}

/// Whether packages of this type come with the operating system. Tools of others run on it, too, and keep
/// databases of their own there: its advisories do not concern those.
pub(super) fn is_system(os: &OsFacts, package_type: &str) -> bool {
    match os.id.as_str() {
        "debian" | "ubuntu" => package_type == "deb",
        "alpine" => package_type == "apk",
        "rocky" | "almalinux" | "rhel" => package_type == "rpm",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_names_its_ecosystems() {
        let of = |id: &str, version: &str| {
            let (id, version) = (id.to_owned(), version.to_owned());
            of_system(&OsFacts { family: "linux".to_owned(), id, version, ..OsFacts::default() })
        };
        assert_eq!(of("debian", "12"), ["Debian:12"]);
        assert_eq!(of("ubuntu", "22.04"), ["Ubuntu:22.04:LTS", "Ubuntu:22.04"]);
        assert_eq!(of("alpine", "3.20.3"), ["Alpine:v3.20"]);
        assert_eq!(of("rocky", "9.4"), ["Rocky Linux:9"]);
        assert_eq!(of("rhel", "9.4"), ["Red Hat:enterprise_linux:9"]);
        assert!(of("debian", "").is_empty() && of("gentoo", "2").is_empty());
    }

    #[test]
    fn packages_of_another_system_are_not_its_own() {
        let os = OsFacts { id: "debian".to_owned(), ..OsFacts::default() };
        assert!(is_system(&os, "deb") && !is_system(&os, "rpm") && !is_system(&os, "apk"));
        let os = OsFacts { id: "rocky".to_owned(), ..OsFacts::default() };
        assert!(is_system(&os, "rpm") && !is_system(&os, "deb"));
        assert!(!is_system(&OsFacts::default(), "deb"));
    }
}
