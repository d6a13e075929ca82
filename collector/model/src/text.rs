//! Texts that people write.

/// A text that has 1 to `most` characters and no control characters but line ends and tabs, trimmed; or
/// what is wrong with it.
pub(crate) fn checked(what: &str, value: &str, most: usize) -> Result<String, String> {
    let value = value.trim();
    let length = value.chars().count();
    let is_control = |c: char| c.is_control() && c != '\n' && c != '\t';
    if length == 0 || length > most || value.chars().any(is_control) {
        return Err(format!("{what} must have 1 to {most} characters and no control characters"));
    }
    Ok(value.to_owned())
}

/// Most characters of a reason or an advice.
pub(crate) const LONG: usize = 4000;

/// Most characters of a title, a function or a reference.
pub(crate) const SHORT: usize = 200;
