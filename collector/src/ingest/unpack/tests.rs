use belfort_proto::inventory::v1::{Package, PackagesSection, SystemSection};
use belfort_proto::section::SCHEMA_VERSION;

use super::*;

fn packages(count: usize) -> Section {
    let package = |number| Package { name: format!("package-{number}"), ..Package::default() };
    Section::Packages(PackagesSection {
        packages: (0..count).map(package).collect(),
        ..PackagesSection::default()
    })
}

/// The manifest line and the content of these bytes.
fn packed(kind: SectionKind, bytes: &[u8]) -> (Manifest, SectionContent) {
    let hash = section_hash(kind, SCHEMA_VERSION, bytes);
    let entry = Entry { kind, schema_version: SCHEMA_VERSION, hash };
    let content = SectionContent {
        kind: kind.into(),
        schema_version: SCHEMA_VERSION,
        uncompressed_size: u32::try_from(bytes.len()).unwrap(),
        zstd: zstd::bulk::compress(bytes, 3).unwrap(),
    };
    (Manifest::new(vec![entry]).unwrap(), content)
}

fn error(manifest: &Manifest, content: SectionContent) -> String {
    format!("{:?}", sections(manifest, &[content]).unwrap_err())
}

#[test]
fn a_section_is_taken_as_it_is() {
    let section = packages(50);
    let (manifest, content) = packed(SectionKind::Packages, &section.encode_to_vec());
    let unpacked = sections(&manifest, std::slice::from_ref(&content)).unwrap();
    assert_eq!(unpacked[0].section, section);
    assert_eq!(unpacked[0].blob.zstd, content.zstd);
    assert_eq!(unpacked[0].dropped_fields, 0);
}

#[test]
fn what_breaks_a_limit_is_refused_before_it_costs_anything() {
    let (manifest, content) = packed(SectionKind::Packages, &packages(50).encode_to_vec());
    let huge = SectionContent { uncompressed_size: 9 << 20, ..content.clone() };
    assert!(error(&manifest, huge).starts_with("Size"));
    let bomb = vec![0; 4 << 20];
    let (bomb_manifest, bomb) = packed(SectionKind::Packages, &bomb);
    assert!(error(&bomb_manifest, bomb).starts_with("Ratio"));
    let short = SectionContent { uncompressed_size: 10, ..content.clone() };
    assert!(error(&manifest, short).starts_with("Compression"));
    let long =
        SectionContent { uncompressed_size: content.uncompressed_size + 1, ..content.clone() };
    assert!(error(&manifest, long).starts_with("Compression"));
    let noise = SectionContent { zstd: vec![7; 500], ..content.clone() };
    assert!(error(&manifest, noise).starts_with("Compression"));
    let many = vec![content; 65];
    assert!(matches!(sections(&manifest, &many), Err(UnpackError::TooMany(65))));
}

#[test]
fn what_is_padded_or_swarming_is_refused() {
    let (manifest, content) = packed(SectionKind::Packages, &packages(1).encode_to_vec());
    // A skippable frame of zstd (RFC 8878, 3.1.2) behind the content.
    let mut padded = content.clone();
    padded.zstd.extend([0x50, 0x2a, 0x4d, 0x18, 0, 4, 0, 0]);
    padded.zstd.extend([0; 1024]);
    assert!(error(&manifest, padded).starts_with("Compression"));
    // Just below the ratio of compression, just above the number of elements.
    let mut swarm = [0x12, 0x00].repeat(100_001);
    let name = |number: u32| blake3::hash(&number.to_be_bytes()).to_string();
    let noise = |number| Package { name: name(number), ..Package::default() };
    let packages = (0..40).map(noise).collect();
    let noise = PackagesSection { packages, ..PackagesSection::default() };
    swarm.extend(Section::Packages(noise).encode_to_vec());
    let (manifest, swarm) = packed(SectionKind::Packages, &swarm);
    assert!(error(&manifest, swarm).starts_with("Limit"));
}

#[test]
fn a_report_is_bounded_as_a_whole() {
    let (manifest, content) = packed(SectionKind::Packages, &packages(1).encode_to_vec());
    let large = SectionContent { uncompressed_size: 8 << 20, ..content };
    let error = sections(&manifest, &vec![large; 5]).unwrap_err();
    assert!(matches!(error, UnpackError::ReportSize(_)), "{error}");
}

#[test]
fn content_must_match_its_hash_and_its_kind() {
    let (manifest, content) = packed(SectionKind::Packages, &packages(50).encode_to_vec());
    let (_, other) = packed(SectionKind::Packages, &packages(51).encode_to_vec());
    assert!(error(&manifest, other).starts_with("Hash"));
    let kind = SectionContent { kind: SectionKind::System.into(), ..content.clone() };
    assert!(error(&manifest, kind).starts_with("NotInManifest"));
    let unknown = SectionContent { kind: 99, ..content.clone() };
    assert!(error(&manifest, unknown).starts_with("NotInManifest"));
    assert!(sections(&manifest, &[content.clone(), content]).is_err(), "the same kind twice");
    let (manifest, nonsense) = packed(SectionKind::Packages, b"\x12\xff\xff");
    assert!(error(&manifest, nonsense).starts_with("Decode"));
}

#[test]
fn long_texts_are_refused() {
    let system = SystemSection { host_name: "x".repeat(5000), ..SystemSection::default() };
    let bytes = Section::System(system).encode_to_vec();
    let (manifest, content) = packed(SectionKind::System, &bytes);
    assert!(error(&manifest, content).starts_with("Limit"));
}

#[test]
fn fields_the_schema_does_not_allow_are_dropped_and_counted() {
    let system = SystemSection { host_name: "pc-1".to_owned(), ..SystemSection::default() };
    let allowed = Section::System(system).encode_to_vec();
    let mut bytes = allowed.clone();
    // Field 99, a text: "browser history".
    bytes.extend([0x9a, 0x06, 15]);
    bytes.extend(b"browser history");
    let (manifest, content) = packed(SectionKind::System, &bytes);
    let unpacked = sections(&manifest, &[content]).unwrap();
    assert_eq!(unpacked[0].dropped_fields, 1);
    let size = usize::try_from(unpacked[0].blob.size).unwrap();
    assert_eq!(zstd::bulk::decompress(&unpacked[0].blob.zstd, size).unwrap(), allowed);
    assert_eq!(unpacked[0].blob.key.hash, manifest.entries()[0].hash.0);
}

proptest::proptest! {
    /// Whatever a client sends, it is refused or taken whole: nothing panics, and what is taken can be
    /// read back from its stored form.
    #[test]
    fn any_bytes_are_refused_or_taken_whole(
        kind in 0_i32..16,
        bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400),
        declared in proptest::option::of(0_u32..2000),
        raw in proptest::bool::ANY,
    ) {
        let Ok(known) = SectionKind::try_from(kind) else { return Ok(()) };
        let (manifest, mut content) = packed(known, &bytes);
        if let Some(declared) = declared {
            content.uncompressed_size = declared;
        }
        if raw {
            content.zstd.clone_from(&bytes);
        }
        for unpacked in sections(&manifest, &[content]).unwrap_or_default() {
            let stored = crate::ingest::decode(&unpacked.blob);
            proptest::prop_assert_eq!(stored, Some(unpacked.section));
        }
    }

    /// A manifest from the wire is refused or keeps its order.
    #[test]
    fn any_manifest_is_refused_or_ordered(
        kinds in proptest::collection::vec((-2_i32..20, 0_u32..3, 31_usize..34), 0..70),
    ) {
        let wire: Vec<_> = kinds
            .into_iter()
            .map(|(kind, schema_version, length)| belfort_proto::report::v1::ManifestEntry {
                kind,
                schema_version,
                hash: vec![1; length],
            })
            .collect();
        if let Ok(manifest) = Manifest::from_wire(&wire) {
            let kinds: Vec<_> = manifest.entries().iter().map(|entry| entry.kind as i32).collect();
            proptest::prop_assert!(kinds.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }

    /// A certificate signing request of any bytes is refused, not a panic.
    #[test]
    fn any_request_for_a_certificate_is_refused(
        bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..600),
    ) {
        proptest::prop_assert!(crate::ca::Csr::parse(&bytes).is_err());
    }
}
