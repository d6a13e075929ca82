//! Where the database is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::StoreError;

/// The address of a database: `sqlite:PATH` or `postgres://user:password@host:port/database`.
///
/// A PostgreSQL server on another machine needs `?sslmode=verify-full`, with `&sslrootcert=PATH` unless
/// the system trusts its authority: without it the connection is not encrypted. Certificate and name
/// of the server are then always checked, also under the name `require`.
///
/// The text form hides the password, so that it can be logged.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A database of a PostgreSQL server.
    Postgres(PostgresUrl),
}

/// The address of a PostgreSQL database. Only the driver sees the password in it.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(String);

impl PostgresUrl {
    pub(crate) fn secret(&self) -> &str {
        &self.0
    }
}

impl FromStr for DatabaseUrl {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err(refused("`sqlite:` needs the path of a file behind it"));
            }
            return Ok(Self::Sqlite(Path::new(path).to_owned()));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(PostgresUrl(text.to_owned())));
        }
        // The text is not repeated: it may be a misspelt address with a password in it.
        Err(refused("a database is `sqlite:PATH` or `postgres://user:password@host:port/database`"))
    }
}

fn refused(message: &str) -> StoreError {
    StoreError::Refused(message.to_owned())
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&redacted(&url.0)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted(&self.0))
    }
}

/// Replaces the password between the user and the host, and in the parameters.
fn redacted(url: &str) -> String {
    let (before, parameters) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, rest) = before.split_once("://").unwrap_or(("postgres", before));
    // A password may hold an `@` that somebody forgot to encode: the last one counts.
    let mut text = match rest.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{scheme}://{user}:***@{host}"),
            None => format!("{scheme}://{user}@{host}"),
        },
        None => before.to_owned(),
    };
    let parameters = parameters.split('&').filter(|part| !part.is_empty());
    for (index, parameter) in parameters.enumerate() {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let is_secret = name.eq_ignore_ascii_case("password");
        text.push(if index == 0 { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        text.push_str(if is_secret { "***" } else { value });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        format!("{:?}", text.parse::<DatabaseUrl>().unwrap())
    }

    #[test]
    fn passwords_are_never_shown() {
        for (url, expected) in [
            ("postgres://bel:s3c@db:5432/x", "postgres://bel:***@db:5432/x"),
            ("postgresql://bel:p@ss:w@db/x", "postgresql://bel:***@db/x"),
            ("postgres://db/x?user=a&password=b", "postgres://db/x?user=a&password=***"),
            ("postgres://bel@db/x", "postgres://bel@db/x"),
            ("postgres:///x?host=/run/pg", "postgres:///x?host=/run/pg"),
        ] {
            assert_eq!(shown(url), expected);
        }
        let error = "postgre://bel:s3c@db/x".parse::<DatabaseUrl>().unwrap_err();
        assert!(!error.to_string().contains("s3c"));
    }

    #[test]
    fn files_are_read_in_three_spellings() {
        assert_eq!(shown("sqlite:/var/lib/b.db"), "sqlite:/var/lib/b.db");
        assert_eq!(shown("sqlite:///var/lib/b.db"), "sqlite:/var/lib/b.db");
        assert_eq!(shown("sqlite:b.db"), "sqlite:b.db");
        assert!("sqlite:".parse::<DatabaseUrl>().is_err());
    }
}
