//! Whether dnf installs updates by itself. Sources: dnf-automatic(8), dnf5-automatic(8).

use super::repositories::{settings, truth};

/// The timer that installs whatever the configuration says.
pub const INSTALLING_TIMER: &str = "dnf-automatic-install.timer";
/// The timers that do what the configuration says. Others of dnf only tell or download.
pub const CONFIGURED_TIMERS: &[&str] = &["dnf-automatic.timer", "dnf5-automatic.timer"];

/// Whether a configuration applies updates; nothing when it does not say.
pub fn applies(content: &[u8]) -> Option<bool> {
    let mut applies = None;
    settings(content, |section, key, value| {
        if section == "commands" && key == "apply_updates" {
            applies = truth(value).or(applies);
        }
    });
    applies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_setting_counts() {
        assert_eq!(
            applies(b"[commands]\nupgrade_type = default\napply_updates = yes\n"),
            Some(true)
        );
        assert_eq!(applies(b"[commands]\napply_updates=False\n"), Some(false));
        assert_eq!(applies(b"[commands]\n# apply_updates = yes\n"), None);
        assert_eq!(applies(b"[email]\napply_updates = yes\n"), None);
    }
}
