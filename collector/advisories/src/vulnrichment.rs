//! CISA Vulnrichment: CVE records (version 5) with decision points and scores by an authorised publisher.

use belfort_model::advisory::{CveDetail, CveFact, CveId, Cvss, Record, Ssvc};
use serde_json::Value;

use crate::json::{Bad, list, prose, string};
use crate::{FeedError, Intake};

/// Reads one CVE record.
pub(crate) fn record(value: &Value, intake: &mut Intake<'_>) -> Result<(), FeedError> {
    let metadata = value.get("cveMetadata").unwrap_or(&Value::Null);
    if let Some(moment) = string(metadata, "dateUpdated") {
        intake.note_moment(moment);
    }
    let id = string(metadata, "cveId").unwrap_or("a record without cveId");
    intake.take_or_skip(|| id.to_owned(), fact(value, metadata, id))
}

fn fact(value: &Value, metadata: &Value, id: &str) -> Result<Option<Record>, Bad> {
    let cve: CveId = id.parse().map_err(|_| Bad::new("cveMetadata.cveId is no CVE id"))?;
    if string(metadata, "state") == Some("REJECTED") {
        return Ok(None);
    }
    let containers = value.get("containers").ok_or_else(|| Bad::new("containers is missing"))?;
    let cna = containers.get("cna").into_iter();
    let mut detail = CveDetail::default();
    // What the enriching publisher says comes after, and counts.
    for container in cna.chain(list(containers, "adp")) {
        for metric in list(container, "metrics") {
            detail.ssvc = ssvc(metric).or(detail.ssvc);
            detail.cvss = cvss(metric).or(detail.cvss);
        }
    }
    let empty = detail == CveDetail::default();
    Ok((!empty).then_some(Record::Cve(CveFact { cve, epss: None, detail })))
}

fn cvss(metric: &Value) -> Option<Cvss> {
    let vector = ["cvssV4_0", "cvssV3_1", "cvssV3_0"]
        .iter()
        .find_map(|key| metric.get(key).and_then(|score| string(score, "vectorString")))?;
    (vector.len() <= 256).then(|| Cvss { vector: prose(vector, 256) })
}

fn ssvc(metric: &Value) -> Option<Ssvc> {
    let other = metric.get("other")?;
    if string(other, "type") != Some("ssvc") {
        return None;
    }
    let mut ssvc = Ssvc::default();
    for option in list(other.get("content")?, "options") {
        let of = |key| string(option, key).map(|text| prose(text, 20));
        if let Some(text) = of("Exploitation") {
            ssvc.exploitation = text;
        }
        if let Some(text) = of("Automatable") {
            ssvc.automatable = text;
        }
        if let Some(text) = of("Technical Impact") {
            ssvc.technical_impact = text;
        }
    }
    Some(ssvc)
}
