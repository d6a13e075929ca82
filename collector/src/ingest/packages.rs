//! The packages of a stored section, as advisories are matched with them.

use belfort_assess::advisory::Installed;
use belfort_proto::inventory::v1::{Package, PackageState, SectionKind};
use belfort_proto::limits;
use belfort_proto::section::Section;
use belfort_store::StoreError;
use belfort_store::record::SectionBlob;

/// Kind of the section that holds packages.
pub const KIND: i32 = SectionKind::Packages as i32;

/// The packages of a section that are on the disk: also those half installed, but not those of which only
/// the configuration is left.
pub fn installed(blob: &SectionBlob) -> Result<Vec<Installed>, StoreError> {
    let corrupt = |reason: String| StoreError::Corrupt { what: "packages", reason };
    let size = usize::try_from(blob.size).unwrap_or(usize::MAX).min(limits::SECTION_BYTES);
    let bytes =
        zstd::bulk::decompress(&blob.zstd, size).map_err(|error| corrupt(error.to_string()))?;
    let section = Section::decode(SectionKind::Packages, &bytes)
        .map_err(|error| corrupt(error.to_string()))?;
    let Section::Packages(section) = section else {
        return Err(corrupt("it is another section".to_owned()));
    };
    let on_disk = |package: &Package| package.state() != PackageState::ConfigFiles;
    Ok(section.packages.into_iter().filter(on_disk).map(package).collect())
}

fn package(package: Package) -> Installed {
    let or = |text: String, other: &String| if text.is_empty() { other.clone() } else { text };
    Installed {
        package_type: package.ecosystem,
        source_name: or(package.source_name, &package.name),
        source_version: or(package.source_version, &package.version),
        name: package.name,
        version: package.version,
    }
}
