//! Known exploited vulnerabilities: the catalogues of CISA and of ENISA. They hold no versions: they say
//! something about a vulnerability, never that a product is affected.

use std::io::Read;

use belfort_model::advisory::{CveDetail, CveFact, CveId, Exploited, FeedKind, Record};
use serde_json::Value;

use crate::json::{Bad, day, prose, stream, string};
use crate::{FeedError, Intake};

/// CISA: `{catalogVersion, dateReleased, vulnerabilities: [{cveID, dateAdded, …}]}`.
pub(crate) fn read(input: impl Read, intake: &mut Intake<'_>) -> Result<(), FeedError> {
    let kind = FeedKind::Kev;
    let mut found = false;
    let descend = |keys: &[String]| match keys {
        [] => true,
        [key] => key == "vulnerabilities",
        _ => false,
    };
    stream(kind, input, intake, 2, &descend, &mut |intake, keys, value| {
        match (keys.first().map(String::as_str), value.as_str()) {
            (Some("vulnerabilities"), _) => {
                found = true;
                intake.take_or_skip(|| name(&value), exploited(&value).map(Some))?;
            }
            (Some("catalogVersion"), Some(version)) => intake.set_version(version),
            (Some("dateReleased"), Some(moment)) => intake.note_moment(moment),
            _ => {}
        }
        Ok(())
    })?;
    if found {
        return Ok(());
    }
    Err(FeedError::Syntax { kind, reason: "there is no list `vulnerabilities`".to_owned() })
}

/// ENISA: `[{cveID, dateReported: "YYYY/MM/DD", shortDescription, exploitationType}]`.
pub(crate) fn read_eu(input: impl Read, intake: &mut Intake<'_>) -> Result<(), FeedError> {
    let descend = |keys: &[String]| keys.is_empty();
    stream(FeedKind::EuKev, input, intake, 1, &descend, &mut |intake, keys, value| {
        if !keys.is_empty() {
            let reason = "it is an object, not a list".to_owned();
            return Err(FeedError::Syntax { kind: FeedKind::EuKev, reason });
        }
        if let Some(reported) = string(&value, "dateReported") {
            intake.note_moment(reported);
        }
        intake.take_or_skip(|| name(&value), exploited_eu(&value).map(Some))
    })
}

fn name(value: &Value) -> String {
    string(value, "cveID").unwrap_or("a record without cveID").to_owned()
}

fn cve(value: &Value) -> Result<CveId, Bad> {
    let id = string(value, "cveID").ok_or_else(|| Bad::new("cveID is missing"))?;
    id.trim().parse().map_err(|error: belfort_model::advisory::NotACve| Bad::new(error.to_string()))
}

fn exploited(value: &Value) -> Result<Record, Bad> {
    let cve = cve(value)?;
    let listed = string(value, "dateAdded").and_then(day);
    let kev = Exploited {
        listed: listed.ok_or_else(|| Bad::new("dateAdded is no day"))?,
        name: prose(string(value, "vulnerabilityName").unwrap_or_default(), 200),
        ransomware: string(value, "knownRansomwareCampaignUse") == Some("Known"),
        due: string(value, "dueDate").and_then(day),
    };
    let detail = CveDetail { kev: Some(kev), ..CveDetail::default() };
    Ok(Record::Cve(CveFact { cve, epss: None, detail }))
}

fn exploited_eu(value: &Value) -> Result<Record, Bad> {
    let cve = cve(value)?;
    let listed = string(value, "dateReported").and_then(day);
    let name = string(value, "shortDescription").or_else(|| string(value, "exploitationType"));
    let eu_kev = Exploited {
        listed: listed.ok_or_else(|| Bad::new("dateReported is no day"))?,
        name: prose(name.unwrap_or_default(), 200),
        ransomware: string(value, "exploitationType")
            .is_some_and(|kind| kind.to_ascii_lowercase().contains("ransomware")),
        due: None,
    };
    let detail = CveDetail { eu_kev: Some(eu_kev), ..CveDetail::default() };
    Ok(Record::Cve(CveFact { cve, epss: None, detail }))
}
