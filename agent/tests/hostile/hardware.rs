//! Files that the probes of hardware read by a fixed name.

pub(crate) const FILES: &[&str] = &[
    "dev/sda",
    "etc/cups/printers.conf",
    "etc/printcap",
    "etc/samba/smb.conf",
    "etc/sssd/conf.d/a.conf",
    "etc/sssd/sssd.conf",
    "proc/1/environ",
    "run/host/container-manager",
    "run/systemd/container",
    "run/systemd/resolve/resolv.conf",
    "sys/bus/pci/devices/0000:00:00.0/uevent",
    "sys/bus/usb/devices/1-1/manufacturer",
    "sys/bus/usb/devices/1-1/product",
    "sys/bus/usb/devices/1-1/uevent",
    "sys/bus/usb/devices/1-1:1.0/uevent",
    "sys/class/drm/card0-DP-1/edid",
    "sys/class/power_supply/BAT0/scope",
    "sys/class/power_supply/BAT0/type",
    "sys/class/power_supply/BAT0/uevent",
    "sys/class/tpm/tpm0/caps",
    "sys/class/video4linux/video0/name",
    "sys/devices/system/cpu/cpu0/acpi_cppc/nominal_freq",
    "sys/devices/system/cpu/cpu0/cpufreq/base_frequency",
    "sys/firmware/dmi/tables/smbios_entry_point",
    "sys/hypervisor/properties/features",
    "sys/hypervisor/type",
];

/// The main sources of the sections of hardware.
pub(crate) const SOURCES: &[(&str, &str)] = &[
    ("system", "/etc/sssd/sssd.conf"),
    ("memory", "/sys/firmware/dmi/tables/DMI"),
    ("devices", "/sys/bus/pci/devices/0000:00:00.0/uevent"),
    ("devices", "/sys/bus/usb/devices/1-1/uevent"),
    ("devices", "/sys/class/drm/card0-DP-1/edid"),
    ("devices", "/sys/class/power_supply/BAT0/uevent"),
    ("devices", "/etc/cups/printers.conf"),
];
