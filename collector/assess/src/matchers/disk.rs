//! Disks.

use belfort_model::facts::{DeviceFacts, VolumeFacts};
use belfort_model::scale::{Dimensions, Level};

use crate::catalogue::{Catalogue, FindingKind};
use crate::evaluate::{Observation, Subject, Verdict, item};

/// What the firmware or the boot loader reads before anything can be decrypted: it holds no data of
/// the organisation.
const BOOT_VOLUMES: &[&str] = &["/boot", "/boot/efi", "/boot/firmware", "/efi"];

/// The volumes that hold data.
pub(crate) fn data_volumes(facts: &DeviceFacts) -> impl Iterator<Item = &VolumeFacts> {
    facts.volumes.iter().filter(|volume| !BOOT_VOLUMES.contains(&volume.mount_point.as_str()))
}

/// A volume lies on disks that are not encrypted. On a fixed device whose data needs little
/// confidentiality (V at most 2, and not merely assumed) it is for information.
pub(super) fn unencrypted(subject: &Subject<'_>, kind: &FindingKind, _: &Catalogue) -> Verdict {
    let facts = match subject.device_facts() {
        Ok(facts) => facts,
        Err(verdict) => return verdict,
    };
    let volumes: Vec<_> = data_volumes(facts).collect();
    let plain: Vec<_> = volumes.iter().filter(|volume| volume.encrypted == Some(false)).collect();
    if plain.is_empty() {
        let known = !volumes.is_empty() && volumes.iter().all(|volume| volume.encrypted.is_some());
        return if known { Verdict::Pass } else { Verdict::Unknown };
    }
    let mobile = subject.asset.subtype.is_mobile();
    let information_only =
        !mobile && !subject.class.is_assumed() && subject.class.biv.v <= Level::TWO;
    Verdict::Hit(vec![Observation {
        key: String::new(),
        likelihood: if mobile { kind.params.mobile_likelihood } else { None },
        dimensions: information_only.then(Dimensions::default),
        evidence: plain
            .into_iter()
            .map(|volume| {
                let (mount, device) = (&volume.mount_point, &volume.device);
                item("volume", format!("{mount} on {device} is not encrypted"))
            })
            .collect(),
    }])
}

#[cfg(test)]
mod tests {
    use belfort_model::asset::Subtype;
    use belfort_model::facts::VolumeFacts;

    use crate::catalogue::Catalogue;
    use crate::evaluate::{Subject, evaluate};
    use crate::testing::{Fixture, result};

    fn with(encrypted: &[Option<bool>]) -> Fixture {
        let mut fixture = Fixture::device();
        fixture.facts.volumes = encrypted
            .iter()
            .enumerate()
            .map(|(number, encrypted)| VolumeFacts {
                mount_point: format!("/{number}"),
                device: format!("sda{number}"),
                size_bytes: 1 << 30,
                encrypted: *encrypted,
            })
            .collect();
        fixture
    }

    #[test]
    fn unknown_is_unknown() {
        assert_eq!(result("disk.unencrypted", &with(&[]).subject()), "unknown");
        assert_eq!(result("disk.unencrypted", &with(&[Some(true), None]).subject()), "unknown");
        assert_eq!(result("disk.unencrypted", &with(&[Some(true)]).subject()), "pass");
        assert_eq!(result("disk.unencrypted", &with(&[None, Some(false)]).subject()), "hit");
    }

    #[test]
    fn what_starts_the_machine_need_not_be_encrypted() {
        let mut laptop = with(&[Some(true), Some(false)]);
        laptop.facts.volumes[1].mount_point = "/boot/efi".to_owned();
        assert_eq!(result("disk.unencrypted", &laptop.subject()), "pass");
    }

    #[test]
    fn a_laptop_is_lost_more_easily_and_open_data_is_no_risk() {
        let catalogue = Catalogue::shipped().unwrap();
        let hit = |fixture: &Fixture, v: Option<i64>| {
            let links: Vec<_> = v.into_iter().map(Fixture::link).collect();
            let subject = Subject { links: &links, ..fixture.subject() };
            let hits = evaluate(&catalogue, &subject).hits;
            let hit = hits.iter().find(|hit| hit.code == "disk.unencrypted").unwrap();
            (hit.likelihood.get(), hit.dimensions.to_string())
        };
        let mut fixture = with(&[Some(false)]);
        assert_eq!(hit(&fixture, None), (2, "V".to_owned()));
        assert_eq!(hit(&fixture, Some(3)), (2, "V".to_owned()));
        assert_eq!(hit(&fixture, Some(2)), (2, String::new()));
        fixture.asset.subtype = Subtype::Laptop;
        assert_eq!(hit(&fixture, Some(2)), (3, "V".to_owned()));
    }
}
