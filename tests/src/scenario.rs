//! What happens on the walk through the policy's cycle, however it is walked: a made-up vulnerability of a
//! made-up package, the data on the device that has it, and who says what of it.

use serde_json::{Value, json};

use crate::package::{Probe, run};

/// The vulnerability.
pub const CVE: &str = "CVE-2026-99999";
/// The version that has it.
pub const OLD: &str = "1.0-1";
/// The version that fixes it.
pub const NEW: &str = "2.0-1";
/// Code of the finding it gives.
pub const CODE: &str = "vuln.known_exploited";
/// The scenario of the risk it gives.
pub const SCENARIO: &str = "outdated_software";
/// Who carries out what was decided.
pub const FUNCTION: &str = "dienstchef Burgerzaken";
/// What a class rests on.
pub const BASIS: &str = "collegebesluit 2026/12";
/// The advice of the data protection officer.
pub const ADVICE: &str = "eerst een GEB";
/// The reason of the decision.
pub const REASON: &str = "bijwerken binnen de maand";
/// The meeting it was taken in.
pub const MEETING: &str = "CI-2026-11";
/// When that was held.
pub const HELD: &str = "2026-11-20";
/// Why what else this machine has does not count here.
pub const NOT_OURS: &str = "eigen aan de testmachine";

/// Who walks: name and role.
pub const PEOPLE: [(&str, &str); 5] = [
    ("veiligheid", "security_officer"),
    ("hoofd", "department_head@DMT"),
    ("ander-hoofd", "department_head@DFIN"),
    ("functionaris", "dpo"),
    ("nazicht", "auditor"),
];

/// Data sets: name, kind of personal data, confidentiality.
pub const DATA_SETS: [(&str, &str, u8); 2] =
    [("Bevolkingsregister", "national_register", 4), ("Wegennet", "none", 1)];

/// The condition of the rule that gives a service its devices.
pub fn condition(service: &str) -> String {
    format!("asset.name.startsWith(\"{service}-\")")
}

/// The advisory of this machine's distribution.
pub fn osv(probe: &Probe) -> Value {
    let release = run("sh", &["-c", ". /etc/os-release && printf %s \"$VERSION_ID\""]);
    json!({
        "schema_version": "1.7.0", "id": "DSA-9999-1", "modified": "2026-11-20T00:00:00Z",
        "aliases": [CVE], "summary": "made up",
        "severity": [{ "type": "CVSS_V3",
                       "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }],
        "affected": [{
            "package": { "ecosystem": format!("Debian:{release}"), "name": probe.name },
            "ranges": [{ "type": "ECOSYSTEM",
                         "events": [{ "introduced": "0" }, { "fixed": NEW }] }]
        }]
    })
}

/// The list of vulnerabilities that are known to be exploited.
pub fn kev() -> Value {
    json!({
        "title": "made up", "catalogVersion": "2026.11.20",
        "dateReleased": "2026-11-20T00:00:00.000Z", "count": 1,
        "vulnerabilities": [{
            "cveID": CVE, "vendorProject": "Example", "product": "Probe",
            "vulnerabilityName": "made up", "dateAdded": "2026-11-20",
            "shortDescription": "made up", "requiredAction": "upgrade", "dueDate": "2026-12-11",
            "knownRansomwareCampaignUse": "Unknown", "notes": "", "cwes": []
        }]
    })
}

/// A finding must be the one about the vulnerability, and tell what it rests on.
pub fn assert_proven(finding: &Value, probe: &Probe) {
    assert_eq!((&finding["status"], &finding["likelihood"]), (&json!("open"), &json!(5)));
    let evidence = finding["evidence"].to_string();
    for told in [CVE, probe.name.as_str(), OLD, NEW] {
        assert!(evidence.contains(told), "{told} is missing in {evidence}");
    }
}

/// The day in so many days, where the organisation is: Brussels, whose rule is spelled out so that the
/// machine needs no time-zone data. The collector takes no day that has not come there.
pub fn day(ahead: u32) -> String {
    let here = "TZ=CET-1CEST,M3.5.0,M10.5.0/3";
    let ahead = format!("+{ahead} days");
    run("env", &[here, "date", "-d", &ahead, "+%Y-%m-%d"]).trim().to_owned()
}
