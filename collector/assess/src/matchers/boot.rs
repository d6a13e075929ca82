//! How the machine starts.

use crate::catalogue::{Catalogue, FindingKind};
use crate::evaluate::{Observation, Subject, Verdict};

/// Secure boot is supported (the machine started through UEFI) and off.
pub(super) fn secure_off(subject: &Subject<'_>, _: &FindingKind, _: &Catalogue) -> Verdict {
    let facts = match subject.device_facts() {
        Ok(facts) => facts,
        Err(verdict) => return verdict,
    };
    match (facts.uefi, facts.secure_boot) {
        (Some(false), _) => Verdict::NotApplicable,
        (_, Some(true)) => Verdict::Pass,
        (_, Some(false)) => Verdict::Hit(vec![Observation::of("secure_boot", "off")]),
        _ => Verdict::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Fixture, result};

    #[test]
    fn only_what_supports_it_can_have_it_off() {
        let with = |uefi, secure_boot| {
            let mut fixture = Fixture::device();
            fixture.facts.uefi = uefi;
            fixture.facts.secure_boot = secure_boot;
            result("boot.secure_off", &fixture.subject())
        };
        assert_eq!(with(Some(true), Some(false)), "hit");
        assert_eq!(with(Some(true), Some(true)), "pass");
        assert_eq!(with(Some(true), None), "unknown");
        assert_eq!(with(None, None), "unknown");
        assert_eq!(with(Some(false), None), "not_applicable");
    }
}
