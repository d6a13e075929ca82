//! The embedded database: one file, one writer, many readers.
//!
//! Writers that meet share one transaction and one flush to disk (group commit): each runs within a
//! savepoint, the last one of the group commits, and nobody is answered before that.

mod writer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection as Raw, ErrorCode, OpenFlags, ToSql};

use crate::driver::{Connection, Dialect, Driver, Tx};
use crate::pool::Pool;
use crate::value::{Row, Value};
use crate::{Result, StoreError};
use writer::Writer;

/// How long to wait for another process that writes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connections for reading.
const READERS: usize = 8;

/// One database file.
pub(crate) struct Sqlite {
    path: PathBuf,
    writer: Writer,
    readers: Pool<Raw>,
}

impl Sqlite {
    /// Opens an existing file.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        if !path.is_file() {
            let message = format!("{} does not exist", path.display());
            return Err(StoreError::Unavailable(message));
        }
        let failed = |error| failure("opening the database", &error);
        let connection = connect(path).map_err(failed)?;
        // WAL: readers never wait for the writer. FULL: a commit outlives a power cut.
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
            .map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            writer: Writer::new(connection),
            readers: Pool::new(READERS),
        })
    }

    /// Opens a file, or makes it, readable by its owner alone.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        create_private(path).map_err(|error| {
            StoreError::Unavailable(format!("{} cannot be made: {error}", path.display()))
        })?;
        Self::open(path)
    }

    /// Copies the database, as it is now, beside it; answers where.
    pub(crate) fn backup(&self, version: i64) -> Result<PathBuf> {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".schema-{version}.backup"));
        let target = PathBuf::from(name);
        let failed = |error: std::io::Error| {
            StoreError::NotWritable(format!("backup {}: {error}", target.display()))
        };
        // One from an attempt that was interrupted is not complete.
        if target.exists() {
            std::fs::remove_file(&target).map_err(failed)?;
        }
        create_private(&target).map_err(failed)?;
        let doing = "backing up the database";
        let connection = connect(&self.path).map_err(|error| failure(doing, &error))?;
        let text = target.to_string_lossy();
        connection.execute("VACUUM INTO ?1", [&text]).map_err(|error| failure(doing, &error))?;
        std::fs::File::open(&target).and_then(|file| file.sync_all()).map_err(failed)?;
        Ok(target)
    }

    /// Changes the writer's settings; for tests that take its rights away.
    #[cfg(test)]
    #[cfg(unix)]
    pub(crate) fn pragma(&self, sql: &str) {
        self.writer.pragma(sql);
    }

    fn reader(&self) -> Result<Raw> {
        let doing = "opening the database";
        let connection = connect(&self.path).map_err(|error| failure(doing, &error))?;
        connection
            .pragma_update(None, "query_only", true)
            .map_err(|error| failure(doing, &error))?;
        Ok(connection)
    }
}

impl Driver for Sqlite {
    fn read<T>(&self, doing: &'static str, work: impl Fn(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let mut lent = self.readers.get(|| self.reader())?;
        let connection = lent.get()?;
        let mut session = Session { connection, doing };
        session.batch("BEGIN")?;
        let result = work(&mut Tx::new(&mut session, Dialect::Sqlite));
        if session.batch("COMMIT").is_err() {
            lent.give_up();
        }
        result
    }

    fn write<T>(&self, doing: &'static str, work: impl Fn(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        self.writer.write(doing, work)
    }

    fn refresh_statistics(&self) -> Result<()> {
        // All tables, and not only those that this connection read (https://sqlite.org/pragma.html#pragma_optimize).
        self.writer
            .write("looking at the size of tables", |tx| tx.batch("PRAGMA optimize = 0x10002"))?;
        // A connection reads them when it is made.
        drop(self.readers.take_idle());
        Ok(())
    }
}

/// Opens a connection with what every connection needs.
fn connect(path: &Path) -> rusqlite::Result<Raw> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Raw::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(256);
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;")?;
    Ok(connection)
}

/// Makes an empty file that only its owner can read, unless it is there.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map(drop),
    }
}

/// A connection and what it is used for at the moment.
struct Session<'a> {
    connection: &'a Raw,
    doing: &'static str,
}

impl Session<'_> {
    fn run<T>(&self, result: rusqlite::Result<T>) -> Result<T> {
        result.map_err(|error| failure(self.doing, &error))
    }
}

impl Connection for Session<'_> {
    fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64> {
        let count = (|| {
            let mut statement = self.connection.prepare_cached(&numbered(sql))?;
            bind(&mut statement, params)?;
            statement.raw_execute()
        })();
        self.run(count).map(|count| count as u64)
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(Row) -> Result<()>,
    ) -> Result<()> {
        let handed_over = (|| {
            let mut statement = self.connection.prepare_cached(&numbered(sql))?;
            bind(&mut statement, params)?;
            let columns = statement.column_count();
            let mut found = statement.raw_query();
            while let Some(row) = found.next()? {
                let values = (0..columns).map(|column| Ok(value(row.get_ref(column)?)));
                let row = Row::new(values.collect::<rusqlite::Result<_>>()?);
                if let Err(error) = each(row) {
                    return Ok(Err(error));
                }
            }
            Ok(Ok(()))
        })();
        self.run(handed_over)?
    }

    fn batch(&mut self, sql: &str) -> Result<()> {
        self.run(self.connection.execute_batch(sql))
    }
}

/// `$1` as `?1`: to `SQLite` the first is a name, looked up among all names of a statement each time it is
/// bound, and the second is a number. No literal here has a `$` before a digit.
fn numbered(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut rest = sql.chars().peekable();
    while let Some(char) = rest.next() {
        let is_parameter = char == '$' && rest.peek().is_some_and(char::is_ascii_digit);
        text.push(if is_parameter { '?' } else { char });
    }
    text
}

fn bind(statement: &mut rusqlite::Statement<'_>, params: &[Value]) -> rusqlite::Result<()> {
    for index in 1..=statement.parameter_count() {
        let value = params.get(index - 1);
        let value = value.ok_or(rusqlite::Error::InvalidParameterCount(index, params.len()))?;
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        // No column and no expression here is one: whoever reads it is told what it found.
        ValueRef::Real(number) => Value::Text(number.to_string()),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}

/// What an error of `SQLite` means to the caller.
fn failure(doing: &'static str, error: &rusqlite::Error) -> StoreError {
    let reason = error.to_string();
    let while_doing = || format!("{reason} while {doing}");
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::ReadOnly | ErrorCode::SystemIoFailure) => {
            StoreError::NotWritable(while_doing())
        }
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::PermissionDenied,
        ) => StoreError::Unavailable(while_doing()),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Corrupt { what: "the file", reason }
        }
        _ => StoreError::Database { doing, reason },
    }
}
