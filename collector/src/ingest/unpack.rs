//! Unpacks the sections of a report: bounded, checked against their hashes, and cut to what the schema
//! allows.

use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::limits;
use belfort_proto::reflect;
use belfort_proto::report::v1::SectionContent;
use belfort_proto::section::{Entry, Manifest, Section, SectionError, section_hash};
use belfort_store::record::{SectionBlob, SectionKey};

/// Why a section was not taken.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// More sections than a report may have.
    #[error("report has {0} sections")]
    TooMany(usize),
    /// A section the manifest does not name.
    #[error("section {0} is not in the manifest, or stands twice")]
    NotInManifest(i32),
    /// Larger than a section may be.
    #[error("section {kind:?} says it has {bytes} bytes")]
    Size {
        /// Which section.
        kind: SectionKind,
        /// The size it declares.
        bytes: usize,
    },
    /// All sections together are larger than a report may be.
    #[error("report says it has {0} bytes")]
    ReportSize(usize),
    /// Compressed more than inventory ever is.
    #[error("section {0:?} is compressed beyond the limit")]
    Ratio(SectionKind),
    /// Not zstd, or another size than declared.
    #[error("section {0:?} cannot be decompressed to its declared size")]
    Compression(SectionKind),
    /// The content is not what the hash says.
    #[error("section {0:?} does not match its hash")]
    Hash(SectionKind),
    /// The content is no such section.
    #[error("section cannot be read")]
    Decode(#[source] SectionError),
    /// A text or list is longer than allowed.
    #[error("section is over a limit")]
    Limit(#[source] reflect::ReflectError),
    /// The store's form of the section could not be made.
    #[error("section {0:?} cannot be compressed")]
    Compress(SectionKind),
}

/// A checked section.
#[derive(Clone, Debug)]
pub struct Unpacked {
    /// Its line in the manifest.
    pub entry: Entry,
    /// Its content.
    pub section: Section,
    /// What is stored.
    pub blob: SectionBlob,
    /// How many fields the schema does not know; they are not stored.
    pub dropped_fields: usize,
}

/// Unpacks all sections of a report.
pub fn sections(
    manifest: &Manifest,
    contents: &[SectionContent],
) -> Result<Vec<Unpacked>, UnpackError> {
    if contents.len() > limits::SECTIONS {
        return Err(UnpackError::TooMany(contents.len()));
    }
    let total: usize = contents.iter().map(declared_size).sum();
    if total > limits::REPORT_BYTES {
        return Err(UnpackError::ReportSize(total));
    }
    let mut unpacked: Vec<Unpacked> = Vec::with_capacity(contents.len());
    for content in contents {
        let entry = SectionKind::try_from(content.kind)
            .ok()
            .and_then(|kind| manifest.get(kind))
            .filter(|entry| entry.schema_version == content.schema_version)
            .filter(|entry| unpacked.iter().all(|other| other.entry.kind != entry.kind))
            .ok_or(UnpackError::NotInManifest(content.kind))?;
        unpacked.push(section(entry, content)?);
    }
    Ok(unpacked)
}

fn declared_size(content: &SectionContent) -> usize {
    usize::try_from(content.uncompressed_size).unwrap_or(usize::MAX)
}

fn section(entry: Entry, content: &SectionContent) -> Result<Unpacked, UnpackError> {
    let kind = entry.kind;
    let size = declared_size(content);
    if size > limits::SECTION_BYTES {
        return Err(UnpackError::Size { kind, bytes: size });
    }
    if size / limits::COMPRESSION_RATIO > content.zstd.len() {
        return Err(UnpackError::Ratio(kind));
    }
    // What is stored is what was sent: it may not be padded.
    if content.zstd.len() > zstd::zstd_safe::compress_bound(size) {
        return Err(UnpackError::Compression(kind));
    }
    let bytes =
        zstd::bulk::decompress(&content.zstd, size).map_err(|_| UnpackError::Compression(kind))?;
    if bytes.len() != size {
        return Err(UnpackError::Compression(kind));
    }
    if section_hash(kind, entry.schema_version, &bytes) != entry.hash {
        return Err(UnpackError::Hash(kind));
    }
    reflect::check_elements(kind, &bytes).map_err(UnpackError::Limit)?;
    let section = Section::decode(kind, &bytes).map_err(UnpackError::Decode)?;
    reflect::check_limits(kind, &bytes).map_err(UnpackError::Limit)?;
    let canonical = section.encode_to_vec();
    let key = SectionKey { kind: kind as i32, hash: entry.hash.0 };
    let (blob, dropped_fields) = if canonical == bytes {
        let (size, zstd) = (content.uncompressed_size, content.zstd.clone());
        (SectionBlob { key, schema_version: entry.schema_version, size, zstd }, 0)
    } else {
        // Fields this schema does not allow are not kept; the section stays known by the hash the
        // agent gives it, so that both sides agree on the root.
        let dropped = reflect::unknown_fields(kind, &bytes).unwrap_or(0);
        let size = u32::try_from(canonical.len())
            .map_err(|_| UnpackError::Size { kind, bytes: canonical.len() })?;
        let zstd = zstd::bulk::compress(&canonical, 3).map_err(|_| UnpackError::Compress(kind))?;
        (SectionBlob { key, schema_version: entry.schema_version, size, zstd }, dropped)
    };
    Ok(Unpacked { entry, section, blob, dropped_fields })
}

#[cfg(test)]
mod tests;
