//! A limit per caller over a window of time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Counts what each caller did within a window.
pub struct Limiter<K> {
    most: u32,
    window: Duration,
    seen: Mutex<HashMap<K, (Instant, u32)>>,
}

/// Callers remembered at most; beyond that those whose window is over are forgotten, then all.
const MOST_CALLERS: usize = 200_000;

impl<K: Eq + Hash> Limiter<K> {
    /// At most so many per window.
    pub fn new(most: u32, window: Duration) -> Self {
        Self { most, window, seen: Mutex::new(HashMap::new()) }
    }

    /// Whether a caller has reached the limit.
    pub fn is_over(&self, caller: &K) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(caller)
            .is_some_and(|(since, count)| since.elapsed() < self.window && *count >= self.most)
    }

    /// Counts one; answers whether it was still within the limit.
    pub fn count(&self, caller: K) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST_CALLERS {
            let window = self.window;
            seen.retain(|_, (since, _)| since.elapsed() < window);
            if seen.len() >= MOST_CALLERS {
                seen.clear();
            }
        }
        let entry = seen.entry(caller).or_insert((Instant::now(), 0));
        if entry.0.elapsed() >= self.window {
            *entry = (Instant::now(), 0);
        }
        entry.1 = entry.1.saturating_add(1);
        entry.1 <= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_has_a_limit_of_its_own() {
        let limiter = Limiter::new(2, Duration::from_hours(1));
        assert!(limiter.count("a") && limiter.count("a"));
        assert!(limiter.is_over(&"a"));
        assert!(!limiter.count("a"));
        assert!(!limiter.is_over(&"b") && limiter.count("b"));
    }

    #[test]
    fn the_limit_ends_with_its_window() {
        let limiter = Limiter::new(1, Duration::ZERO);
        assert!(limiter.count("a") && limiter.count("a"));
        assert!(!limiter.is_over(&"a"));
    }
}
