//! The server database: a pool of connections, each with its prepared statements.
//!
//! The client blocks, and must not be called on a thread that runs asynchronous tasks: callers use a
//! blocking thread, as for every call of the store.

pub(crate) mod tls;
mod value;

use std::collections::HashMap;
use std::time::Duration;

use ::postgres::error::{DbError, SqlState};
use ::postgres::fallible_iterator::FallibleIterator as _;
use ::postgres::{Client, Config, NoTls, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::driver::{Connection, Dialect, Driver, Tx};
use crate::pool::Pool;
use crate::value::{Row, Value};
use crate::{Result, StoreError};
use tls::TlsSettings;

/// Connections of one collector.
const CONNECTIONS: usize = 16;

/// How often a transaction is run when it meets another or its connection broke.
const ATTEMPTS: u32 = 8;

/// Prepared statements kept per connection.
const STATEMENTS: usize = 512;

/// One database of a server.
pub(crate) struct Postgres {
    config: Config,
    /// Nothing for connections that are not encrypted.
    tls: Option<MakeRustlsConnect>,
    pool: Pool<Link>,
}

/// One connection.
struct Link {
    client: Client,
    statements: HashMap<String, Statement>,
}

impl Postgres {
    /// Connects, once, to see that it works.
    pub(crate) fn open(config: Config, settings: &TlsSettings) -> Result<Self> {
        let tls = if settings.on { Some(tls::connector(settings.roots.as_deref())?) } else { None };
        let database = Self { config, tls, pool: Pool::new(CONNECTIONS) };
        database.pool.get(|| database.connect())?;
        Ok(database)
    }

    fn connect(&self) -> Result<Link> {
        let doing = "connecting to the database";
        let mut config = self.config.clone();
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(10));
        }
        // A server that went away without a word is noticed within half a minute.
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(15));
        }
        config.keepalives_idle(Duration::from_secs(15));
        if config.get_application_name().is_none() {
            config.application_name("belfort");
        }
        let client = match &self.tls {
            Some(tls) => config.connect(tls.clone()),
            None => config.connect(NoTls),
        };
        let mut client = client.map_err(|error| failure(doing, &error))?;
        client
            .batch_execute("SET standard_conforming_strings = on; SET lock_timeout = '30s'")
            .map_err(|error| failure(doing, &error))?;
        Ok(Link { client, statements: HashMap::new() })
    }

    /// Runs `work` between `begin` and a commit.
    fn transaction<T>(
        &self,
        doing: &'static str,
        begin: &str,
        work: impl Fn(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut attempt = 1;
        loop {
            let mut lent = self.pool.get(|| self.connect())?;
            let mut session = Session { link: lent.get()?, doing, again: false, broken: false };
            let mut result = session
                .batch(begin)
                .and_then(|()| work(&mut Tx::new(&mut session, Dialect::Postgres)));
            // Until the commit is sent, a broken connection has changed nothing.
            let mut again = session.again || session.broken;
            if !session.broken {
                session.again = false;
                let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
                let ended = session.batch(end);
                again |= session.again;
                result = match ended {
                    Err(error) if result.is_ok() => Err(error),
                    _ => result,
                };
            }
            if session.broken {
                // What else is idle is probably broken as well.
                lent.give_up();
                drop(self.pool.take_idle());
            }
            drop(lent);
            if result.is_ok() || !again || attempt >= ATTEMPTS {
                return result;
            }
            // Those that met each other come back at different moments.
            let spread = u64::from(std::process::id() % 7) + u64::from(attempt);
            std::thread::sleep(Duration::from_millis(spread * u64::from(attempt)));
            attempt += 1;
        }
    }
}

impl Driver for Postgres {
    fn read<T>(&self, doing: &'static str, work: impl Fn(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        self.transaction(doing, begin, work)
    }

    fn write<T>(&self, doing: &'static str, work: impl Fn(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        self.transaction(doing, "BEGIN ISOLATION LEVEL READ COMMITTED", work)
    }

    /// The server does so by itself (autovacuum).
    fn refresh_statistics(&self) -> Result<()> {
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Closing a connection blocks, which a thread with asynchronous tasks must not: a program that
        // ends on such a thread drops its store there.
        let idle = self.pool.take_idle();
        let closed = std::thread::spawn(move || drop(idle)).join();
        drop(closed);
    }
}

/// A connection and what it is used for at the moment.
struct Session<'a> {
    link: &'a mut Link,
    doing: &'static str,
    /// The database asked to run the transaction again.
    again: bool,
    /// The connection is of no more use.
    broken: bool,
}

impl Session<'_> {
    fn run<T>(&mut self, result: std::result::Result<T, ::postgres::Error>) -> Result<T> {
        result.map_err(|error| {
            let meeting = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];
            self.again |= error.code().is_some_and(|code| meeting.contains(code));
            // A server that stops says so, and closes the connection a moment later.
            self.broken |= self.link.client.is_closed()
                || error
                    .code()
                    .is_some_and(|code| matches!(code.code().get(..3), Some("57P" | "080")));
            failure(self.doing, &error)
        })
    }

    fn prepared(&mut self, sql: &str) -> Result<Statement> {
        if let Some(statement) = self.link.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.link.client.prepare(sql);
        let statement = self.run(statement)?;
        if self.link.statements.len() >= STATEMENTS {
            self.link.statements.clear();
        }
        let kept = statement.clone();
        self.link.statements.insert(sql.to_owned(), kept);
        Ok(statement)
    }
}

impl Connection for Session<'_> {
    fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64> {
        let statement = self.prepared(sql)?;
        let count = self.link.client.execute(&statement, &value::refs(params));
        self.run(count)
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(Row) -> Result<()>,
    ) -> Result<()> {
        let statement = self.prepared(sql)?;
        let handed_over = (|| {
            let mut rows = self.link.client.query_raw(&statement, params)?;
            while let Some(row) = rows.next()? {
                if let Err(error) = each(value::row(&row)?) {
                    return Ok(Err(error));
                }
            }
            Ok(Ok(()))
        })();
        self.run(handed_over)?
    }

    fn batch(&mut self, sql: &str) -> Result<()> {
        let result = self.link.client.batch_execute(sql);
        self.run(result)
    }
}

/// What an error of the server or of the connection means to the caller.
fn failure(doing: &'static str, error: &::postgres::Error) -> StoreError {
    let Some(db) = error.as_db_error() else {
        let reason = match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        let is_statement =
            std::error::Error::source(error).is_some_and(|source| !source.is::<std::io::Error>());
        return if is_statement && !error.is_closed() && doing != "connecting to the database" {
            StoreError::Database { doing, reason }
        } else {
            StoreError::Unavailable(format!("{reason} while {doing}"))
        };
    };
    let reason = db.message().to_owned();
    let while_doing = || format!("{reason} while {doing}");
    let code = db.code().code();
    match code {
        // Too many connections and out of memory pass; a full disk and read-only do not by waiting.
        "53300" | "53200" | "55P03" => StoreError::Unavailable(while_doing()),
        "25006" | "58030" => StoreError::NotWritable(while_doing()),
        _ => match code.get(..2) {
            Some("53") => StoreError::NotWritable(while_doing()),
            Some("08" | "28" | "3D" | "57") => StoreError::Unavailable(while_doing()),
            _ => StoreError::Database { doing, reason: with_constraint(db) },
        },
    }
}

fn with_constraint(db: &DbError) -> String {
    match db.constraint() {
        Some(constraint) => format!("{} ({constraint})", db.message()),
        None => db.message().to_owned(),
    }
}
