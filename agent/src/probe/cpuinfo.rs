//! /proc/cpuinfo. Source of the format: `proc_cpuinfo(5)`.

use std::collections::BTreeSet;

use memchr::memmem;

use super::text;

/// Where it is.
pub const PATH: &str = "/proc/cpuinfo";
/// Largest file kept, bytes: about 1.5 kB per logical processor.
pub const BYTES_MAX: usize = 8 << 20;

/// What the file says about all processors together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CpuInfo {
    /// Logical processors.
    pub threads: u32,
    /// Distinct values of `physical id`; 0 where the architecture does not give them.
    pub packages: u32,
    /// Distinct pairs of `physical id` and `core id`; 0 where they are not given.
    pub cores: u32,
    /// `model name` of the first processor.
    pub model: String,
    /// `vendor_id` of the first processor.
    pub vendor: String,
    /// `microcode` of the first processor.
    pub microcode: String,
    /// `vmx`, `svm` or empty.
    pub virtualization: &'static str,
    /// Whether the processor says it runs under a hypervisor.
    pub hypervisor: bool,
}

/// Parses the file.
pub fn parse(content: &[u8]) -> CpuInfo {
    let mut info = CpuInfo::default();
    let mut packages = BTreeSet::new();
    let mut cores = BTreeSet::new();
    let mut package = None;
    for line in text::lines(content) {
        // Most of the file is flags that are the same for every processor: only the first are read.
        let Some(first) =
            line.first().filter(|byte| matches!(byte, b'p' | b'c' | b'm' | b'v' | b'f'))
        else {
            continue;
        };
        if *first == b'f' && (info.threads > 1 || !line.starts_with(b"flags")) {
            continue;
        }
        let Some((key, value)) = text::split_once(line, b':') else {
            continue;
        };
        match key.trim_ascii_end() {
            b"processor" => {
                info.threads = info.threads.saturating_add(1);
                package = None;
            }
            b"physical id" => {
                package = text::number::<u32>(value);
                packages.extend(package);
            }
            b"core id" => {
                if let (Some(package), Some(core)) = (package, text::number::<u32>(value)) {
                    cores.insert((package, core));
                }
            }
            b"model name" if info.model.is_empty() => info.model = text::clean(value),
            b"vendor_id" if info.vendor.is_empty() => info.vendor = text::clean(value),
            b"microcode" if info.microcode.is_empty() => info.microcode = text::clean(value),
            b"flags" => {
                let has = |flag: &[u8]| has_word(value, flag);
                info.hypervisor = has(b"hypervisor");
                info.virtualization = match (has(b"vmx"), has(b"svm")) {
                    (true, _) => "vmx",
                    (_, true) => "svm",
                    _ => "",
                };
            }
            _ => {}
        }
    }
    info.packages = u32::try_from(packages.len()).unwrap_or(u32::MAX);
    info.cores = u32::try_from(cores.len()).unwrap_or(u32::MAX);
    info
}

fn has_word(words: &[u8], wanted: &[u8]) -> bool {
    memmem::find_iter(words, wanted).any(|at| {
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        let after = words.get(at + wanted.len());
        [before, after].iter().all(|byte| byte.is_none_or(u8::is_ascii_whitespace))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TWO: &[u8] =
        b"processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R)\n\
        microcode\t: 0x1\ncpu MHz\t\t: 2600.1\nphysical id\t: 0\ncore id\t\t: 0\n\
        flags\t\t: fpu vmx_not hypervisor\n\nprocessor\t: 1\nvendor_id\t: GenuineIntel\n\
        physical id\t: 0\ncore id\t\t: 0\nflags\t\t: fpu\n";

    #[test]
    fn threads_of_one_core_count_once() {
        let info = parse(TWO);
        assert_eq!((info.packages, info.cores, info.threads), (1, 1, 2));
        assert_eq!(info.model, "Intel(R) Xeon(R)");
        assert_eq!(info.virtualization, "");
        assert!(info.hypervisor);
    }

    #[test]
    fn arm_gives_no_topology() {
        let info = parse(b"processor\t: 0\nBogoMIPS\t: 50\nFeatures\t: fp\n\nprocessor\t: 1\n");
        assert_eq!((info.packages, info.cores, info.threads), (0, 0, 2));
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&bytes);
            let _ = parse(&[TWO, &bytes].concat());
        }
    }
}
