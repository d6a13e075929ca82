use std::io::{Cursor, Write as _};

use belfort_model::advisory::{Affected, Ends, Event, Record, VendorSeverity};
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;

/// What a feed gives: its records and its summary.
fn run(kind: FeedKind, name: &str, bytes: &[u8]) -> Result<(Vec<Record>, Summary), FeedError> {
    let mut records = Vec::new();
    let mut emit = |record| {
        records.push(record);
        Ok(())
    };
    let mut intake = Intake::new(&mut emit);
    read(kind, name, Cursor::new(bytes), &mut intake)?;
    let summary = intake.finish()?;
    Ok((records, summary))
}

fn affected(records: &[Record]) -> Vec<&Affected> {
    let mut all = Vec::new();
    for record in records {
        if let Record::Affected(affected) = record {
            all.push(affected);
        }
    }
    all
}

const KEV: &str = r#"{"title": "Catalog", "catalogVersion": "2025.08.25",
    "dateReleased": "2025-08-25T17:04:19.9796Z", "count": 2, "vulnerabilities": [
    {"cveID": "CVE-2024-3094", "dateAdded": "2025-08-25", "vulnerabilityName": "XZ", "cwes": [],
     "knownRansomwareCampaignUse": "Known", "dueDate": "2025-09-15"},
    {"cveID": "CVE-24-1", "dateAdded": "2025-08-25"}, {"cveID": "CVE-2024-0001", "dateAdded": "2025-01-01"}]}"#;

#[test]
fn kev_names_what_it_cannot_use() {
    let (records, summary) = run(FeedKind::Kev, "", KEV.as_bytes()).unwrap();
    assert_eq!((summary.records, summary.skipped), (2, 1));
    assert_eq!(summary.version.as_deref(), Some("2025.08.25"));
    assert_eq!(summary.as_of.unwrap().day(), "2025-08-25");
    assert_eq!(summary.named[0].record, "CVE-24-1");
    let Record::Cve(fact) = &records[0] else { panic!("{records:?}") };
    let kev = fact.detail.kev.as_ref().unwrap();
    assert!(kev.ransomware && kev.due.as_deref() == Some("2025-09-15"));
}

#[test]
fn a_feed_that_breaks_off_is_refused() {
    for end in [KEV.len() - 1, KEV.len() / 2, 30] {
        let cut = run(FeedKind::Kev, "", &KEV.as_bytes()[..end]);
        assert!(matches!(cut, Err(FeedError::Syntax { .. })), "{cut:?}");
    }
    let other = run(FeedKind::Kev, "", br#"{"hello": []}"#).unwrap_err();
    assert!(other.to_string().contains("`vulnerabilities`"), "{other}");
    let trailing = run(FeedKind::Kev, "", format!("{KEV} x").as_bytes());
    assert!(matches!(trailing, Err(FeedError::Syntax { .. })), "{trailing:?}");
    let broken = KEV.replace("dateAdded", "added");
    let broken = run(FeedKind::Kev, "", broken.as_bytes()).unwrap_err();
    assert!(broken.to_string().contains("0 of 3; the first"), "{broken}");
}

#[test]
fn the_european_list_has_days_with_slashes() {
    let text = r#"[{"cveID": "CVE-2024-3094", "dateReported": "2025/03/01",
        "shortDescription": "Flaw", "exploitationType": "Ransomware"}]"#;
    let (records, summary) = run(FeedKind::EuKev, "", text.as_bytes()).unwrap();
    let Record::Cve(fact) = &records[0] else { panic!("{records:?}") };
    let listed = fact.detail.eu_kev.as_ref().unwrap();
    assert_eq!((listed.listed.as_str(), listed.ransomware), ("2025-03-01", true));
    assert_eq!(summary.as_of.unwrap().day(), "2025-03-01");
    assert!(run(FeedKind::EuKev, "", b"{}").is_err());
}

const EPSS: &str = "#model_version:v2025.03.14,score_date:2025-08-25T12:55:00Z\n\
    cve,epss,percentile\nCVE-2024-3094,0.86424,0.99325\nCVE-2024-0001,0.00043,1.0\n";

#[test]
fn epss_is_read_packed_and_plain() {
    let (records, summary) = run(FeedKind::Epss, "", EPSS.as_bytes()).unwrap();
    let Record::Cve(fact) = &records[0] else { panic!("{records:?}") };
    assert_eq!((fact.epss.unwrap().score, fact.epss.unwrap().percentile), (864_240, 993_250));
    assert_eq!(summary.version.as_deref(), Some("v2025.03.14 2025-08-25"));
    assert_eq!(summary.as_of.unwrap().day(), "2025-08-25");
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(EPSS.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    assert_eq!(detect(&packed), Detected::Feed(FeedKind::Epss));
    assert_eq!(run(FeedKind::Epss, "", &packed).unwrap(), (records, summary));
    // Cut off: in the packing, in a line, and in the words of the head.
    assert!(run(FeedKind::Epss, "", &packed[..packed.len() - 12]).is_err());
    assert!(run(FeedKind::Epss, "", &EPSS.as_bytes()[..EPSS.len() - 12]).is_err());
    assert!(run(FeedKind::Epss, "", b"cve,score\n").is_err());
}

#[test]
fn a_probability_above_one_is_none() {
    let text = EPSS.replace("0.86424", "1.2");
    let (records, summary) = run(FeedKind::Epss, "", text.as_bytes()).unwrap();
    assert_eq!((records.len(), summary.skipped), (1, 1));
    assert_eq!(summary.named[0].record, "line 3");
}

#[test]
fn the_tracker_knows_never_open_and_unimportant() {
    let text = r#"{"openssl": {
        "CVE-2024-0001": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "3.0.14-1",
            "urgency": "not yet assigned"}, "sid": {"status": "open"}}},
        "CVE-2024-0002": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "0",
            "urgency": "high"}}},
        "CVE-2024-0003": {"releases": {"trixie": {"status": "open", "urgency": "unimportant"}}},
        "CVE-2024-0004": {"releases": {"trixie": {"status": "undetermined"}}},
        "CVE-2024-0005": {"releases": {"trixie": {"status": "resolved"}}}}}"#;
    let (records, summary) = run(FeedKind::Debian, "", text.as_bytes()).unwrap();
    let all = affected(&records);
    assert_eq!((summary.records, summary.ignored, summary.skipped), (2, 3, 1));
    assert_eq!((all[0].ecosystem.as_str(), all[0].package.as_str()), ("Debian:12", "openssl"));
    let introduced = || Event::Introduced("0".to_owned());
    let fixed = Event::Fixed("3.0.14-1".to_owned());
    assert_eq!(all[0].detail.ranges, [vec![introduced(), fixed]]);
    assert_eq!(all[1].detail.ranges, [vec![introduced()]]);
    assert!(all[1].detail.informational && !all[0].detail.informational);
}

const OSV: &str = r#"{"schema_version": "1.7.0", "id": "UBUNTU-CVE-2024-3094",
    "modified": "2025-08-25T12:00:00Z", "upstream": ["CVE-2024-3094"],
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
                 {"type": "Ubuntu", "score": "high"}],
    "affected": [{"package": {"ecosystem": "Ubuntu:22.04:LTS", "name": "xz-utils"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "5.2.5-2ubuntu1"}]},
                   {"type": "GIT", "events": [{"introduced": "abc"}]}],
        "versions": ["5.2.4-1"]}]}"#;

#[test]
fn osv_finds_cves_in_upstream_and_drops_repeated_versions() {
    let (records, summary) = run(FeedKind::Osv, "", OSV.as_bytes()).unwrap();
    let all = affected(&records);
    assert_eq!(all[0].detail.cves, ["CVE-2024-3094".parse().unwrap()]);
    assert_eq!(all[0].detail.severity, Some(VendorSeverity::High));
    assert_eq!((all[0].detail.ranges.len(), all[0].detail.versions.len()), (1, 0));
    assert_eq!(summary.subject.as_deref(), Some("ubuntu:22.04:lts"));
    let python = OSV.replace("Ubuntu:22.04:LTS", "PyPI");
    let (records, _) = run(FeedKind::Osv, "", python.as_bytes()).unwrap();
    assert_eq!(affected(&records)[0].detail.versions, ["5.2.4-1"]);
    let red_hat = OSV.replace("Ubuntu:22.04:LTS", "Red Hat:enterprise_linux:9::baseos");
    let (records, _) = run(FeedKind::Osv, "", red_hat.as_bytes()).unwrap();
    assert_eq!(affected(&records)[0].ecosystem, "Red Hat:enterprise_linux:9");
    let withdrawn =
        OSV.replace("\"modified\"", "\"withdrawn\": \"2025-01-01T00:00:00Z\", \"modified\"");
    assert!(matches!(run(FeedKind::Osv, "", withdrawn.as_bytes()), Err(FeedError::Empty(_))));
}

#[test]
fn an_archive_is_called_after_what_all_its_advisories_name() {
    let also = |ecosystem: &str, more: &[&str]| {
        let package = |one: &str| {
            format!(
                r#"{{"package": {{"ecosystem": "{one}", "name": "x"}}, "versions": ["1"],
                    "ranges": [{{"type": "ECOSYSTEM", "events": [{{"introduced": "0"}}]}}]}}"#
            )
        };
        let named: Vec<_> =
            std::iter::once(&ecosystem).chain(more).map(|one| package(one)).collect();
        let head = r#""schema_version": "1.7.0", "modified": "2025-08-25T12:00:00Z""#;
        format!(r#"{{{head}, "id": "A-1", "affected": [{}]}}"#, named.join(","))
    };
    let subject = |records: &[String]| {
        let names: Vec<_> = (0..records.len()).map(|number| format!("{number}.json")).collect();
        let entries: Vec<_> = names
            .iter()
            .zip(records)
            .map(|(name, text)| (name.as_str(), text.as_bytes()))
            .collect();
        let mut ignore = |_| Ok(());
        let mut intake = Intake::new(&mut ignore);
        let bytes = zipped(&entries);
        let size = bytes.len() as u64;
        crate::read_zip(FeedKind::Osv, Cursor::new(bytes), size, &mut intake).unwrap();
        intake.finish().unwrap().subject
    };
    let npm = [also("npm", &["PyPI"]), also("npm", &[]), also("npm", &["Maven"])];
    assert_eq!(subject(&npm).as_deref(), Some("npm"));
    let python = [also("PyPI", &["npm"]), also("PyPI", &[])];
    assert_eq!(subject(&python).as_deref(), Some("pypi"));
    let bookworm = [also("Debian:12", &["Debian:11"]), also("Debian:12", &["Debian:13"])];
    assert_eq!(subject(&bookworm).as_deref(), Some("debian:12"));
    let all = [also("Debian:12", &["Debian:11"]), also("Debian:13", &[])];
    assert_eq!(subject(&all).as_deref(), Some("debian"));
    assert_eq!(subject(&[also("npm", &[]), also("PyPI", &[])]), None);
}

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn run_zip(bytes: &[u8]) -> Result<Summary, FeedError> {
    let mut emit = |_| Ok(());
    let mut intake = Intake::new(&mut emit);
    read_zip(FeedKind::Osv, Cursor::new(bytes), bytes.len() as u64, &mut intake)?;
    intake.finish()
}

#[test]
fn an_archive_is_read_whole_or_not() {
    let good = zipped(&[("A.json", OSV.as_bytes()), ("b/B.json", OSV.as_bytes()), ("x.txt", b"?")]);
    assert_eq!(detect(&good), Detected::Zip);
    assert_eq!(detect_zip(Cursor::new(&good)), Some(FeedKind::Osv));
    let summary = run_zip(&good).unwrap();
    assert_eq!((summary.records, summary.ignored), (2, 1));
    let broken = zipped(&[("A.json", OSV.as_bytes()), ("b/B.json", &OSV.as_bytes()[..50])]);
    let error = run_zip(&broken).unwrap_err();
    assert!(error.to_string().contains("b/B.json"), "{error}");
    assert!(run_zip(&good[..good.len() / 2]).is_err());
}

#[test]
fn what_unpacks_to_very_much_is_refused() {
    // 9 MiB of blanks: over the bound of a record, from a few kB.
    let blanks = vec![b' '; 9 << 20];
    let bomb = zipped(&[("A.json", &blanks)]);
    assert!(bomb.len() < 100_000);
    assert!(matches!(run_zip(&bomb), Err(FeedError::TooLarge(_))));
    // Many entries, each within its bound.
    let blanks = [OSV.as_bytes(), &vec![b' '; 2 << 20]].concat();
    let names: Vec<String> = (0..20).map(|number| format!("{number}.json")).collect();
    let entries: Vec<_> = names.iter().map(|name| (name.as_str(), blanks.as_slice())).collect();
    let bomb = zipped(&entries);
    assert!(matches!(run_zip(&bomb), Err(FeedError::TooLarge(_))), "{}", bomb.len());
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(b"{\"vulnerabilities\": [").unwrap();
    packed.write_all(&vec![b' '; 32 << 20]).unwrap();
    let error = run(FeedKind::Kev, "", &packed.finish().unwrap()).unwrap_err();
    assert!(matches!(error, FeedError::Read(_)), "{error}");
}

#[test]
fn a_text_without_end_is_refused() {
    let mut text = b"[{\"cveID\": \"".to_vec();
    text.resize(text.len() + (9 << 20), b'x');
    let error = run(FeedKind::EuKev, "", &text).unwrap_err();
    assert!(error.to_string().contains("8 MiB"), "{error}");
    let deep = "[".repeat(100_000);
    assert!(run(FeedKind::EuKev, "", deep.as_bytes()).is_err());
}

fn cycles(name: &str, text: &str) -> Vec<belfort_model::advisory::ReleaseCycle> {
    let (records, _) = run(FeedKind::EndOfLife, name, text.as_bytes()).unwrap();
    let cycle = |record| match record {
        Record::Cycle(cycle) => Some(cycle),
        _ => None,
    };
    records.into_iter().filter_map(cycle).collect()
}

#[test]
fn an_end_is_a_day_or_a_yes_or_no_in_all_three_forms() {
    let front = "---\ntitle: Debian\npermalink: /debian\nauto:\n  methods:\n  - x: y\nreleases:\n\
        -   releaseCycle: \"13\"\n    eol: false # not yet\n    latest: 13.10\n\
        -   releaseCycle: \"12\"\n    eol: 2026-06-10\n    eoes: 2028-06-30\n    lts: true\n---\n\ntext";
    let api = r#"{"schema_version": "1.2.0", "last_modified": "2025-08-25T00:00:00+00:00",
        "result": {"name": "debian", "releases": [
        {"name": "13", "isEol": false, "eolFrom": null, "latest": {"name": "13.10"}},
        {"name": "12", "isEol": false, "eolFrom": "2026-06-10", "eoesFrom": "2028-06-30", "isLts": true}]}}"#;
    let old = r#"[{"cycle": "13", "eol": false, "latest": "13.10"},
        {"cycle": "12", "eol": "2026-06-10", "extendedSupport": "2028-06-30", "lts": true}]"#;
    let from_front = cycles("?", front);
    assert_eq!(from_front[0].ends, Some(Ends::Known(false)));
    assert_eq!(from_front[0].latest, "13.10");
    assert_eq!(from_front[1].ends, Some(Ends::On("2026-06-10".to_owned())));
    assert_eq!(from_front[1].extended_ends, Some(Ends::On("2028-06-30".to_owned())));
    assert!(from_front[1].long_term && from_front[1].product == "debian");
    assert_eq!(cycles("?", api), from_front);
    assert_eq!(cycles("debian", old), from_front);
    let wrong = run(FeedKind::EndOfLife, "x", br#"[{"cycle": "1", "eol": "soon"}]"#);
    assert!(matches!(wrong, Err(FeedError::Empty(_))), "{wrong:?}");
}

#[test]
fn microsoft_names_a_build_and_an_update() {
    let text = r#"{"document": {"csaf_version": "2.0", "tracking": {"id": "msrc_CVE-2024-38063",
        "current_release_date": "2024-08-13T07:00:00.000Z"}},
      "product_tree": {"branches": [{"category": "vendor", "name": "Microsoft", "branches": [
        {"category": "product_name", "name": "Windows 10 Version 22H2", "branches": [
          {"category": "product_version_range", "name": "<10.0.19045.4780", "product": {"product_id": "1"}},
          {"category": "product_version", "name": "10.0.19045.4780", "product": {"product_id": "11929"}}]},
        {"category": "product_name", "name": "Office", "branches": [
          {"category": "product_version_range", "name": "<16.0.17928.20114", "product": {"product_id": "2"}}]}]}]},
      "vulnerabilities": [{"cve": "CVE-2024-38063",
        "product_status": {"known_affected": ["1", "2"], "fixed": ["11929"]},
        "remediations": [{"category": "vendor_fix", "product_ids": ["1"],
          "details": "10.0.19045.4780:Security Update",
          "url": "https://support.microsoft.com/help/5041580"}],
        "scores": [{"cvss_v3": {"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}],
        "threats": [{"category": "impact", "details": "Critical"}]}]}"#;
    assert_eq!(detect(text.as_bytes()), Detected::Feed(FeedKind::Msrc));
    let (records, _) = run(FeedKind::Msrc, "", text.as_bytes()).unwrap();
    let all = affected(&records);
    assert_eq!((all.len(), all[0].package.as_str()), (1, "10.0.19045"));
    assert_eq!(all[0].detail.updates, ["KB5041580"]);
    assert!(all[0].detail.ranges[0].contains(&Event::Fixed("10.0.19045.4780".to_owned())));
    assert_eq!(all[0].detail.severity, Some(VendorSeverity::Critical));
}

#[test]
fn decision_points_and_scores_are_taken_from_the_enriching_publisher() {
    let text = r#"{"dataType": "CVE_RECORD", "cveMetadata": {"cveId": "CVE-2024-3094",
        "state": "PUBLISHED", "dateUpdated": "2024-08-25T12:00:00.000Z"}, "containers": {"cna": {},
        "adp": [{"metrics": [{"other": {"type": "ssvc", "content": {"options": [
            {"Exploitation": "active"}, {"Automatable": "yes"}, {"Technical Impact": "total"}]}}},
            {"cvssV3_1": {"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}}]}]}}"#;
    assert_eq!(detect(text.as_bytes()), Detected::Feed(FeedKind::Vulnrichment));
    let (records, _) = run(FeedKind::Vulnrichment, "", text.as_bytes()).unwrap();
    let Record::Cve(fact) = &records[0] else { panic!("{records:?}") };
    let ssvc = fact.detail.ssvc.as_ref().unwrap();
    assert_eq!((ssvc.exploitation.as_str(), ssvc.automatable.as_str()), ("active", "yes"));
    assert!(fact.detail.cvss.is_some());
}

#[test]
fn each_feed_is_recognised() {
    let front = "---\ntitle: x\nreleases:\n- releaseCycle: \"1\"\n---\n";
    let tracker =
        r#"{"a": {"CVE-2024-0001": {"releases": {"sid": {"status": "open", "urgency": "low"}}}}}"#;
    for (text, kind) in [
        (KEV, FeedKind::Kev),
        (r#"[{"cveID": "CVE-2024-3094"}]"#, FeedKind::EuKev),
        (EPSS, FeedKind::Epss),
        (OSV, FeedKind::Osv),
        (front, FeedKind::EndOfLife),
        (r#"[{"cycle": "1", "eol": false}]"#, FeedKind::EndOfLife),
        (tracker, FeedKind::Debian),
    ] {
        assert_eq!(detect(text.as_bytes()), Detected::Feed(kind));
    }
    let schema = r#"{"$schema": "x", "properties": {"catalogVersion": {}, "vulnerabilities": {}}}"#;
    for text in [schema, "", "{}", "[]", "hello", "---\nx\n", "\u{0}"] {
        assert_eq!(detect(text.as_bytes()), Detected::Unknown, "{text}");
    }
}

/// Bytes that begin like a feed and go on as they like.
fn mangled() -> impl Strategy<Value = Vec<u8>> {
    let seeds =
        [KEV, EPSS, OSV, "---\nreleases:\n- releaseCycle: \"1\"\n---\n", "[{\"cycle\": 1}]"];
    let seed = prop::sample::select(seeds.to_vec());
    let change = (any::<prop::sample::Index>(), any::<u8>());
    let changed = (seed, prop::collection::vec(change, 0..8)).prop_map(|(seed, changes)| {
        let mut bytes = seed.as_bytes().to_vec();
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    });
    prop_oneof![changed, prop::collection::vec(any::<u8>(), 0..400)]
}

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(bytes in mangled()) {
        let _any = detect(&bytes);
        let _none = detect_zip(Cursor::new(&bytes));
        let _refused = run_zip(&bytes);
        for kind in FeedKind::ALL {
            let _any = run(*kind, "x", &bytes);
        }
    }

    #[test]
    fn a_packed_feed_that_is_changed_does_not_panic(at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = zipped(&[("A.json", OSV.as_bytes())]);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _any = run_zip(&bytes);
    }
}
