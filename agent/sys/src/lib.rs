//! The operating system as the agent needs it.
//!
//! What this crate is: reading files below a root without ever blocking, netlink dumps, and the few
//! calls that concern the agent's own process. It is the only crate that may contain `unsafe`; what
//! it offers is safe. What it is not: parsing or meaning; bytes go out as they came in.
//!
//! The rooms: [`files`] reads below a root directory; [`netlink`] and [`iptables`] ask the kernel;
//! [`host`] names the machine; [`process`] concerns this process; [`private`] keeps a private directory;
//! [`watch`] is told of changes.

pub mod files;
pub mod host;
#[cfg(target_os = "linux")]
pub mod iptables;
#[cfg(target_os = "linux")]
pub mod netlink;
pub mod private;
pub mod process;
#[cfg(target_os = "linux")]
pub mod watch;
