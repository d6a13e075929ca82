//! How the machine names itself.

use std::ffi::CStr;

/// What uname(2) says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Host name, possibly with its domain.
    pub node: String,
    /// Architecture of the running kernel.
    pub machine: String,
    /// Release of the running kernel.
    pub release: String,
    /// Kernel's name, for example `Linux`.
    pub system: String,
}

/// Asks the kernel for its names.
pub fn names() -> Names {
    let uname = rustix::system::uname();
    let text = |name: &CStr| name.to_string_lossy().into_owned();
    Names {
        node: text(uname.nodename()),
        machine: text(uname.machine()),
        release: text(uname.release()),
        system: text(uname.sysname()),
    }
}

/// The signature a hypervisor leaves in the processor, for example `KVMKVMKVM`; empty on bare metal
/// and on processors without one.
///
/// Source: CPUID leaf `0x4000_0000`, readable without rights. Only asked when leaf 1 says that a
/// hypervisor is there, because the leaf is undefined otherwise.
pub fn hypervisor_signature() -> String {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::__cpuid;
        if __cpuid(1).ecx & (1 << 31) == 0 {
            return String::new();
        }
        let leaf = __cpuid(0x4000_0000);
        let bytes: Vec<u8> = [leaf.ebx, leaf.ecx, leaf.edx]
            .into_iter()
            .flat_map(u32::to_le_bytes)
            .filter(u8::is_ascii_graphic)
            .collect();
        String::from_utf8(bytes).unwrap_or_default()
    }
    #[cfg(not(target_arch = "x86_64"))]
    String::new()
}
