//! This process: its rights, its priority, its memory.

use std::time::Duration;

/// The effective user.
pub fn effective_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Steps back behind everything else on the machine: lowest-but-useful processor priority, idle
/// input and output. Failure is of no consequence: the agent then runs at ordinary priority.
pub fn step_back() {
    let _ = rustix::process::nice(10);
    #[cfg(target_os = "linux")]
    {
        const WHO_PROCESS: libc::c_long = 1;
        const CLASS_IDLE: libc::c_long = 3 << 13;
        // SAFETY: ioprio_set(2) takes three integers and touches no memory of this process.
        let _ = unsafe { libc::syscall(libc::SYS_ioprio_set, WHO_PROCESS, 0_i64, CLASS_IDLE) };
    }
}

/// Hands freed memory back to the system, where the C library otherwise keeps it.
pub fn release_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: malloc_trim(3) may be called at any time; it only returns free pages.
        let _ = unsafe { libc::malloc_trim(0) };
    }
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
