//! Waiting, with an end; and chance.

use std::time::{Duration, Instant};

/// Asks again and again until there is an answer; fails after `longest`, saying what was waited for.
pub fn until<T>(what: &str, longest: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < longest, "no {what} within {} s", longest.as_secs());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A random number below `end`.
pub fn chance(end: u64) -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    u64::from_le_bytes(bytes) % end
}

/// A random text of twelve hexadecimal digits, for names that nobody else uses.
pub fn unique() -> String {
    format!("{:012x}", chance(1 << 48))
}
