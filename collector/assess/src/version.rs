//! Orders of versions, one file each.

mod apk;
mod dpkg;
mod rpm;
mod semver;
mod windows;

use std::cmp::Ordering;

pub use dpkg::dpkg_part;

/// How versions of an ecosystem order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Debian, Ubuntu.
    Dpkg,
    /// Red Hat and its relatives, SUSE.
    Rpm,
    /// Alpine.
    Apk,
    /// Semantic versions.
    Semver,
    /// Builds of Windows.
    Windows,
}

impl Order {
    /// The order of an ecosystem as OSV names it, with or without its release; nothing when it is not
    /// known here.
    pub fn of_ecosystem(ecosystem: &str) -> Option<Self> {
        Some(match ecosystem.split(':').next().unwrap_or_default() {
            "Debian" | "Ubuntu" => Self::Dpkg,
            "Rocky Linux" | "AlmaLinux" | "Red Hat" | "SUSE" | "openSUSE" | "Mageia"
            | "openEuler" => Self::Rpm,
            "Alpine" | "Wolfi" | "Chainguard" => Self::Apk,
            "npm" | "crates.io" | "Go" | "Hex" | "NuGet" | "SwiftURL" => Self::Semver,
            "Windows" => Self::Windows,
            _ => return None,
        })
    }

    /// The order of a type of package URL, as the software catalogue names its ecosystems; nothing when it
    /// is not known here.
    pub fn of_package_type(ecosystem: &str) -> Option<Self> {
        Some(match ecosystem {
            "deb" => Self::Dpkg,
            "rpm" => Self::Rpm,
            "apk" => Self::Apk,
            "npm" | "cargo" | "golang" | "hex" | "nuget" | "swift" => Self::Semver,
            _ => return None,
        })
    }

    /// Compares two versions; nothing when one of them is empty or no version of this order. Nothing
    /// is known of it then: it matches nothing.
    pub fn compare(self, a: &str, b: &str) -> Option<Ordering> {
        if a.is_empty() || b.is_empty() {
            return None;
        }
        match self {
            Self::Dpkg => Some(dpkg::compare(a, b)),
            Self::Rpm => Some(rpm::compare(a, b)),
            Self::Apk => apk::compare(a, b),
            Self::Semver => semver::compare(a, b),
            Self::Windows => windows::compare(a, b),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Order; 5] = [Order::Dpkg, Order::Rpm, Order::Apk, Order::Semver, Order::Windows];

    #[test]
    fn the_catalogue_orders_as_advisories_do() {
        assert_eq!(Order::of_package_type("deb"), Order::of_ecosystem("Debian"));
        assert_eq!(Order::of_package_type("npm"), Order::of_ecosystem("npm"));
        assert_eq!(Order::of_package_type("windows"), None);
    }

    #[test]
    fn an_empty_version_compares_with_nothing() {
        for order in ALL {
            assert_eq!(order.compare("", "1"), None);
            assert_eq!(order.compare("1", ""), None);
            assert_eq!(order.compare("1", "1"), Some(Ordering::Equal));
        }
    }

    /// Texts that look like versions, and some that only share their signs.
    fn version() -> impl Strategy<Value = String> {
        prop_oneof![
            "[0-9]{1,3}(\\.[0-9]{1,2}){0,3}[a-z]?(_(rc|alpha|p|git)[0-9]?)?(-r?[0-9]{1,2})?",
            "[0-9]:[0-9a-c.+~-]{1,8}(-[0-9a-c.+~]{1,4})?",
            "[0-9]{1,2}\\.[0-9]{1,2}\\.[0-9](-[a-c0-9.]{1,4})?",
            "[0-3a-b.~^+:_-]{1,6}",
        ]
    }

    proptest! {
        #[test]
        fn every_order_is_total(a in version(), b in version(), c in version()) {
            for order in ALL {
                let (ab, ba) = (order.compare(&a, &b), order.compare(&b, &a));
                prop_assert_eq!(ab, ba.map(Ordering::reverse), "{:?}: {} {}", order, a, b);
                prop_assert!(order.compare(&a, &a).is_none_or(|order| order == Ordering::Equal));
                let bc = order.compare(&b, &c);
                if let (Some(ab), Some(bc)) = (ab, bc)
                    && ab != Ordering::Greater
                    && bc != Ordering::Greater
                {
                    let ac = order.compare(&a, &c);
                    let expected = if ab == Ordering::Equal { bc } else { Ordering::Less };
                    let expected = if bc == Ordering::Equal { ab } else { expected };
                    prop_assert_eq!(ac, Some(expected), "{:?}: {} {} {}", order, a, b, c);
                }
            }
        }
    }
}
