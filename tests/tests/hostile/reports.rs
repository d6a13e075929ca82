//! Reports that break a rule each.

use belfort_proto::inventory::v1::{Package, PackagesSection, SystemSection};
use belfort_proto::limits;
use belfort_proto::report::v1::{ManifestEntry, ReportRequest, SectionContent};
use belfort_proto::section::{SCHEMA_VERSION, Section, section_hash};
use belfort_tests::device::{Inventory, content};

/// One section as a report of its own.
fn single(section: &Section) -> ReportRequest {
    Inventory { sections: vec![section.clone()] }.report(1)
}

fn system(host_name: &str) -> Section {
    Section::System(SystemSection { host_name: host_name.to_owned(), ..SystemSection::default() })
}

/// Any bytes as the whole content of a section, with a hash that fits.
fn raw(kind: i32, bytes: &[u8], section: SectionContent) -> ReportRequest {
    let hash = section_hash(kind.try_into().unwrap(), SCHEMA_VERSION, bytes).0.to_vec();
    let manifest = vec![ManifestEntry { kind, schema_version: SCHEMA_VERSION, hash }];
    ReportRequest { manifest, sections: vec![section], sequence: 1 }
}

/// Reports that break a rule each, with a word of the refusal.
pub(crate) fn bad_reports() -> Vec<(&'static str, ReportRequest, &'static str)> {
    let good = || single(&system("pc-1"));
    let with = |change: &dyn Fn(&mut ReportRequest)| {
        let mut report = good();
        change(&mut report);
        report
    };
    let entry = |change: &dyn Fn(&mut ManifestEntry)| with(&|it| change(&mut it.manifest[0]));
    let section = |change: &dyn Fn(&mut SectionContent)| with(&|it| change(&mut it.sections[0]));
    let zeros = vec![0; limits::SECTION_BYTES];
    let mut understated = content(1, &zeros);
    understated.uncompressed_size = 20_000;
    let large = |kind| {
        let mut large = content(kind, &[]);
        large.uncompressed_size = u32::try_from(limits::SECTION_BYTES).unwrap();
        large
    };
    let kinds = [1, 2, 3, 4, 5];
    let many =
        (0..=limits::ELEMENTS).map(|n| Package { name: n.to_string(), ..Package::default() });
    let many = many.collect();
    let many = Section::Packages(PackagesSection { packages: many, ..PackagesSection::default() });
    let long = "x".repeat(limits::STRING_BYTES + 1);
    let deep = |text: &str| {
        let packages = vec![Package { publisher: text.to_owned(), ..Package::default() }];
        Section::Packages(PackagesSection { packages, ..PackagesSection::default() })
    };
    vec![
        ("wrong hash", entry(&|it| it.hash = vec![7; 32]), "hash"),
        ("hash of 31 bytes", entry(&|it| it.hash = vec![7; 31]), "31 bytes"),
        ("no hash", entry(&|it| it.hash.clear()), "0 bytes"),
        ("unknown kind", entry(&|it| it.kind = 99), "99"),
        ("no kind", entry(&|it| it.kind = 0), "kind"),
        ("kind to come", entry(&|it| it.kind = 16), "kind 16"),
        ("negative kind", entry(&|it| it.kind = -1), "kind -1"),
        ("unknown schema", entry(&|it| it.schema_version = 9), "schema version 9"),
        ("unknown schema of content", section(&|it| it.schema_version = 9), "manifest"),
        ("kind not in manifest", section(&|it| it.kind = 2), "manifest"),
        ("twice", with(&|it| it.sections.push(it.sections[0].clone())), "twice"),
        ("65 entries", with(&|it| it.manifest = vec![it.manifest[0].clone(); 65]), "65"),
        ("65 sections", with(&|it| it.sections = vec![it.sections[0].clone(); 65]), "65"),
        ("twice in manifest", with(&|it| it.manifest.push(it.manifest[0].clone())), "order"),
        ("not zstd", section(&|it| it.zstd = vec![1; 40]), "decompressed"),
        ("no bytes", section(&|it| it.zstd.clear()), "section"),
        ("cut short", section(&|it| it.zstd.truncate(it.zstd.len() / 2)), "decompressed"),
        ("overstated", section(&|it| it.uncompressed_size += 1), "decompressed"),
        ("size of 4 GiB", section(&|it| it.uncompressed_size = u32::MAX), "bytes"),
        ("bomb", raw(1, &zeros, content(1, &zeros)), "beyond the limit"),
        ("understated bomb", raw(1, &zeros, understated), "decompressed"),
        (
            "40 MiB in five sections",
            ReportRequest {
                manifest: kinds
                    .map(|kind| ManifestEntry { kind, schema_version: 1, hash: vec![7; 32] })
                    .to_vec(),
                sections: kinds.map(large).to_vec(),
                sequence: 1,
            },
            "report",
        ),
        ("not a message", raw(1, &[0xff; 64], content(1, &[0xff; 64])), "decoded"),
        ("text too long", single(&system(&long)), "over a limit"),
        ("text too long within", single(&deep(&long)), "over a limit"),
        ("list too long", single(&many), "over a limit"),
    ]
}
