//! Packs the registry of hardware addresses for the collector: who was given which prefix.
//!
//! Source: the public listings of the IEEE Registration Authority, `oui.csv` (MA-L), `mam.csv` (MA-M)
//! and `oui36.csv` (MA-S), as <https://standards-oui.ieee.org> publishes them and Debian's package
//! `ieee-data` carries them. The IEEE asserts no copyright in them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};

const FILES: &[&str] = &["oui.csv", "mam.csv", "oui36.csv"];
const TARGET: &str = "collector/data/oui.zst";
/// The longest name kept, characters.
const NAME: usize = 60;

/// Reads the listings of a folder and writes them packed.
pub(crate) fn write(root: &Path, folder: &Path, as_of: &str) -> Result<()> {
    let mut names = BTreeMap::new();
    for file in FILES {
        let path = folder.join(file);
        let text = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        read(&text, &mut names).with_context(|| format!("understand {}", path.display()))?;
    }
    if names.len() < 10_000 {
        bail!("{} holds only {} prefixes", folder.display(), names.len());
    }
    let mut packed = format!("# IEEE Registration Authority, MA-L, MA-M and MA-S, as of {as_of}\n");
    for (prefix, name) in &names {
        packed.push_str(&[prefix, "\t", name, "\n"].concat());
    }
    let packed = zstd::bulk::compress(packed.as_bytes(), 19).context("compress the listing")?;
    let target = root.join(TARGET);
    std::fs::write(&target, &packed).with_context(|| format!("write {TARGET}"))?;
    println!("{TARGET}: {} prefixes, {} bytes", names.len(), packed.len());
    Ok(())
}

/// Columns: registry, prefix in hexadecimal, name, address. Who asked not to be named is left out.
fn read(listing: &[u8], names: &mut BTreeMap<String, String>) -> Result<()> {
    for record in csv::Reader::from_reader(listing).byte_records() {
        let record = record.context("read a line")?;
        let cell = |at: usize| String::from_utf8_lossy(record.get(at).unwrap_or_default());
        let prefix = cell(1).to_ascii_uppercase();
        let hexadecimal = prefix.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !matches!(prefix.len(), 6 | 7 | 9) || !hexadecimal {
            bail!("`{prefix}` is no prefix");
        }
        let name: String = cell(2).split_whitespace().collect::<Vec<_>>().join(" ");
        let name: String = name.chars().filter(|c| !c.is_control()).take(NAME).collect();
        if !name.is_empty() && name != "Private" {
            names.insert(prefix, name.trim_end().to_owned());
        }
    }
    Ok(())
}
