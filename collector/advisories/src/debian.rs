//! Debian's security tracker: `source → CVE → {releases: {codename: {status, fixed_version, urgency}}}`.

use std::io::Read;

use belfort_model::advisory::{
    Affected, AffectedDetail, CveId, Event, FeedKind, Record, VendorSeverity,
};
use serde_json::Value;

use crate::json::{Bad, stream, string, text};
use crate::{FeedError, Intake};

/// Code names and their releases. Testing and unstable are not installed where it counts, and have no
/// number.
const RELEASES: &[(&str, u32)] = &[
    ("jessie", 8),
    ("stretch", 9),
    ("buster", 10),
    ("bullseye", 11),
    ("bookworm", 12),
    ("trixie", 13),
    ("forky", 14),
    ("duke", 15),
];

/// Reads the tracker.
pub(crate) fn read(input: impl Read, intake: &mut Intake<'_>) -> Result<(), FeedError> {
    let descend = |keys: &[String]| keys.len() < 2;
    stream(FeedKind::Debian, input, intake, 2, &descend, &mut |intake, keys, value| {
        let [package, id] = keys else {
            let reason = "it is not a map of packages to maps of vulnerabilities".to_owned();
            return Err(FeedError::Syntax { kind: FeedKind::Debian, reason });
        };
        entry(package, id, &value, intake)
    })
}

fn entry(package: &str, id: &str, value: &Value, intake: &mut Intake<'_>) -> Result<(), FeedError> {
    // `TEMP-…` are vulnerabilities without a number yet.
    let cve = id.parse::<CveId>().ok();
    let releases = value.get("releases").and_then(Value::as_object);
    let Some(releases) = releases else {
        intake.skip(&format!("{package} {id}"), Bad::new("`releases` is missing"));
        return Ok(());
    };
    for (codename, release) in releases {
        let Some((_, number)) = RELEASES.iter().find(|(name, _)| name == codename) else {
            intake.ignore();
            continue;
        };
        let record = affected(package, id, cve, *number, release);
        intake.take_or_skip(|| format!("{package} {id} {codename}"), record)?;
    }
    Ok(())
}

fn affected(
    package: &str,
    id: &str,
    cve: Option<CveId>,
    release: u32,
    value: &Value,
) -> Result<Option<Record>, Bad> {
    let fixed = string(value, "fixed_version").map(str::trim).filter(|text| !text.is_empty());
    let introduced = || Event::Introduced("0".to_owned());
    let events = match (string(value, "status"), fixed) {
        // Never was affected; or nobody has looked: nothing is said.
        (Some("resolved"), Some("0")) | (Some("undetermined"), _) => return Ok(None),
        (Some("resolved"), Some(fixed)) => {
            vec![introduced(), Event::Fixed(text("fixed_version", fixed, 128)?)]
        }
        (Some("open"), _) => vec![introduced()],
        (status, _) => {
            let status = status.unwrap_or("missing").chars().take(20).collect::<String>();
            return Err(Bad::new(format!("status {status} without a usable fixed_version")));
        }
    };
    let urgency = string(value, "urgency").unwrap_or_default();
    Ok(Some(Record::Affected(Affected {
        advisory: text("the id", id, 64)?,
        ecosystem: format!("Debian:{release}"),
        package: text("the package", package, 256)?,
        detail: AffectedDetail {
            cves: cve.into_iter().collect(),
            ranges: vec![events],
            informational: urgency == "unimportant",
            severity: VendorSeverity::of(urgency),
            ..AffectedDetail::default()
        },
    })))
}
