//! This process: its rights, its priority, its memory.

use std::time::Duration;

/// The effective user.
pub fn effective_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The niceness of an agent that has stepped back.
///
/// Not lower, and not in the idle class of the scheduler: there an agent on a machine whose processors
/// are all busy gets a few thousandths of one, and what changed could wait for minutes. At 10 it gets
/// about a tenth of what an ordinary program gets beside it, and it needs milliseconds.
pub const NICE: i32 = 10;

/// Steps back behind everything else on the machine: lowest-but-useful processor priority, idle
/// input and output. Failure is of no consequence: the agent then runs at ordinary priority. Whoever
/// started the agent may have lowered it already, and that stays.
pub fn step_back() {
    if rustix::process::getpriority_process(None).is_ok_and(|nice| nice < NICE) {
        let _ = rustix::process::setpriority_process(None, NICE);
    }
    #[cfg(target_os = "linux")]
    {
        const WHO_PROCESS: libc::c_long = 1;
        const CLASS_IDLE: libc::c_long = 3 << 13;
        // SAFETY: ioprio_set(2) takes three integers and touches no memory of this process.
        let _ = unsafe { libc::syscall(libc::SYS_ioprio_set, WHO_PROCESS, 0_i64, CLASS_IDLE) };
    }
}

/// Has the C library keep what a pass frees for the rest of the pass: it otherwise takes large blocks from the
/// system one by one and gives them back at once, and every page of them is made anew, which costs a pass a
/// twentieth of its processor time. [`release_memory`] gives back what is kept.
pub fn keep_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // Larger than what a pass over a machine with a thousand packages reads at once.
        const LARGE: libc::c_int = 4 << 20;
        // About as much as such a pass needs.
        const KEPT: libc::c_int = 2 << 20;
        // SAFETY: mallopt(3) only changes how the C library asks for memory from now on.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
            libc::mallopt(libc::M_TOP_PAD, KEPT);
        }
    }
}

/// Hands memory back to the system: what was freed, where the C library otherwise keeps it, and the
/// program's own code. Code that only a full pass goes through then rests for a day, and what is needed
/// before comes back from the system's cache.
pub fn release_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: malloc_trim(3) may be called at any time; it only returns free pages.
        let _ = unsafe { libc::malloc_trim(0) };
    }
    #[cfg(target_os = "linux")]
    {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        // This function lies in the code that is meant, not in that of a library.
        let here = release_memory as *const () as usize;
        let Some(code) = code_around(&maps, here) else { return };
        // SAFETY: the range is the private mapping of this program's code, without the right to write,
        // so its pages are those of the file; dropping them makes the kernel map the same ones again.
        let _ = unsafe {
            let start = std::ptr::without_provenance_mut(code.start);
            libc::madvise(start, code.len(), libc::MADV_DONTNEED)
        };
    }
}

/// The mapping of code that holds an address, out of `/proc/self/maps`: executable, private, not
/// writable. Source of the format: `proc_pid_maps(5)`.
#[cfg(target_os = "linux")]
fn code_around(maps: &str, address: usize) -> Option<std::ops::Range<usize>> {
    maps.lines().find_map(|line| {
        let (range, rest) = line.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        let number = |digits| usize::from_str_radix(digits, 16).ok();
        let range = number(start)?..number(end)?;
        (rest.starts_with("r-xp ") && range.contains(&address)).then_some(range)
    })
}

/// Resident memory of this process, bytes; 0 when unknown.
pub fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages.saturating_mul(rustix::param::page_size() as u64)
}

/// Processor time of this process since it started.
pub fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Processor time of the calling thread since it started.
#[cfg(target_os = "linux")]
pub fn thread_cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Limits the memory that this process may ask for, bytes: what it writes to, without programs and
/// libraries. An allocation beyond it fails. A lower limit that is there already stays.
pub fn limit_memory(bytes: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let before = getrlimit(Resource::Data);
    let lower = |limit: Option<u64>| Some(limit.map_or(bytes, |limit| limit.min(bytes)));
    let limit = Rlimit { current: lower(before.current), maximum: lower(before.maximum) };
    // Without it the limit of the service's control group still holds.
    let _ = setrlimit(Resource::Data, limit);
}

/// Highest resident memory of a process so far, bytes; 0 when unknown.
pub fn peak_bytes(process: &str) -> u64 {
    status_bytes(process, "VmHWM:")
}

/// Resident memory of a process by its number, bytes; 0 when unknown.
pub fn resident_bytes_of(process: &str) -> u64 {
    status_bytes(process, "VmRSS:")
}

fn status_bytes(process: &str, key: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    let kibibytes = line.trim().strip_suffix("kB").unwrap_or_default().trim();
    kibibytes.parse::<u64>().unwrap_or(0).saturating_mul(1024)
}

/// Processor time of a process that has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTime {
    /// In its own code.
    pub user: Duration,
    /// In the kernel on its behalf.
    pub system: Duration,
}

impl CpuTime {
    /// Both together. This sum is exact; the kernel only estimates how it divides in a short run.
    pub fn total(&self) -> Duration {
        self.user + self.system
    }
}

/// Waits for a child process and gives the processor time it took, and whether it succeeded.
#[cfg(target_os = "linux")]
pub fn wait_cpu_time(child: &mut std::process::Child) -> std::io::Result<(CpuTime, bool)> {
    let process = libc::pid_t::try_from(child.id()).map_err(std::io::Error::other)?;
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are to live values of the types wait4(2) asks for; it writes to them only.
    let reaped = unsafe { libc::wait4(process, &raw mut status, 0, usage.as_mut_ptr()) };
    if reaped != process {
        return Err(std::io::Error::last_os_error());
    }
    // SAFETY: every bit pattern is a valid rusage, and zeroed() has given one.
    let usage = unsafe { usage.assume_init() };
    let time = |value: libc::timeval| {
        let seconds = Duration::from_secs(u64::try_from(value.tv_sec).unwrap_or(0));
        seconds + Duration::from_micros(u64::try_from(value.tv_usec).unwrap_or(0))
    };
    let succeeded = libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0;
    Ok((CpuTime { user: time(usage.ru_utime), system: time(usage.ru_stime) }, succeeded))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_code_is_let_go() {
        let maps = "1000-2000 r--p 00000000 fe:00 1 /usr/bin/a\n2000-5000 r-xp 00001000 fe:00 1 /usr/bin/a\n\
                    5000-6000 rw-p 00000000 00:00 0\nbroken\n7000-8000 rwxp 00000000 00:00 0\n";
        assert_eq!(code_around(maps, 0x2001), Some(0x2000..0x5000));
        for address in [0x1800, 0x5000, 0x7800, 0x9000] {
            assert_eq!(code_around(maps, address), None, "{address:x}");
        }
    }

    #[test]
    fn a_program_goes_on_without_its_code() {
        // Memory that was freed below a piece that is kept: the allocator holds on to it until it is asked.
        let small = || (0..20_000).map(|_| vec![1_u8; 400]).collect::<Vec<_>>();
        let (freed, kept) = (small(), vec![1_u8; 400]);
        drop(freed);
        let before = resident_bytes();
        release_memory();
        let after = resident_bytes();
        assert!(after < before, "{after} of {before} bytes");
        assert_eq!(kept.len(), 400);
        assert!(cpu_time() > Duration::ZERO);
    }
}
