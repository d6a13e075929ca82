//! What a database has to do for the store: run statements in a transaction.
//!
//! Everything above this seam is written once, so that the databases cannot drift apart. Statements
//! use `$1`, `$2` … and only what both understand; what differs is in [`Dialect`] and [`Lock`].

use belfort_model::access::Scope;

use crate::value::{Row, Value};
use crate::{Result, StoreError};

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// What only one transaction at a time may do. SQLite has one writer anyway.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lock {
    /// Decide which machine a device is.
    Enrolment = 1,
    /// Add links between assets and data sets.
    Links = 2,
    /// Append to the audit log. Taken last in a transaction, so that it can be part of no circle.
    Audit = 3,
    /// Change the schema.
    Schema = 4,
    /// Change who administers: the last one must stay.
    People = 5,
    /// Count attempts to log in.
    Attempts = 6,
    /// List the packages of a section.
    Packages = 20,
}

/// Advisory locks of one database share their numbers with other programs: ours start at "BELFORT".
const LOCK_SPACE: i64 = 0x4245_4c46_4f52_5400;

/// A connection within a transaction.
pub(crate) trait Connection {
    /// Runs a statement; answers how many rows it touched.
    fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64>;
    /// Runs a statement that answers rows, and hands over each as it comes: of a long list only what is
    /// made of it is kept.
    fn query(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(Row) -> Result<()>,
    ) -> Result<()>;
    /// Runs several statements without parameters.
    fn batch(&mut self, sql: &str) -> Result<()>;
}

/// A database.
pub(crate) trait Driver: Send + Sync + 'static {
    /// Runs `work` on one consistent view of the data.
    fn read<T>(&self, doing: &'static str, work: impl Fn(&mut Tx<'_>) -> Result<T>) -> Result<T>;
    /// Runs `work` in a transaction and makes it durable, or leaves no trace of it. `work` runs again
    /// when the database asks for it, so it changes nothing but the database.
    fn write<T>(&self, doing: &'static str, work: impl Fn(&mut Tx<'_>) -> Result<T>) -> Result<T>;
    /// Lets the database look again at how much its tables hold, where that changed by far: how it finds rows
    /// rests on it.
    fn refresh_statistics(&self) -> Result<()>;
}

/// One transaction.
pub(crate) struct Tx<'a> {
    connection: &'a mut dyn Connection,
    dialect: Dialect,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(connection: &'a mut dyn Connection, dialect: Dialect) -> Self {
        Self { connection, dialect }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Runs a statement; answers how many rows it touched.
    pub(crate) fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64> {
        self.connection.execute(sql, params)
    }

    /// All rows of a query, each read by `read`.
    pub(crate) fn list<T>(
        &mut self,
        sql: &str,
        params: &[Value],
        read: impl Fn(&mut Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        self.connection.query(sql, params, &mut |mut row| {
            found.push(read(&mut row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// The first row of a query, read by `read`.
    pub(crate) fn one<T>(
        &mut self,
        sql: &str,
        params: &[Value],
        read: impl Fn(&mut Row) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut first = None;
        self.connection.query(sql, params, &mut |mut row| {
            if first.is_none() {
                first = Some(read(&mut row)?);
            }
            Ok(())
        })?;
        Ok(first)
    }

    /// The number a query answers.
    pub(crate) fn count(&mut self, sql: &str, params: &[Value]) -> Result<u64> {
        let number = self.one(sql, params, |row| row.next::<i64>("count"))?;
        Ok(number.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
    }

    /// Whether a query without parameters answers more rows than these.
    pub(crate) fn is_more(&mut self, sql: &str, than: u64) -> Result<bool> {
        let sql = format!("SELECT COUNT(*) FROM ({sql} LIMIT $1) AS some_rows");
        Ok(self.count(&sql, &[than.saturating_add(1).into()])? > than)
    }

    /// Runs several statements without parameters.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        self.connection.batch(sql)
    }

    /// Waits until no other transaction holds this lock; it is held until the end.
    pub(crate) fn lock(&mut self, lock: Lock) -> Result<()> {
        if self.dialect == Dialect::Postgres {
            let key = LOCK_SPACE + lock as i64;
            self.execute("SELECT pg_advisory_xact_lock($1)", &[Value::Int(key)])?;
        }
        Ok(())
    }

    /// What to put behind a query whose rows nobody else may change until the end. It does not stand
    /// in the way of rows that only refer to them.
    pub(crate) fn for_update(&self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite => "",
            Dialect::Postgres => " FOR NO KEY UPDATE",
        }
    }
}

/// Conditions of a query, put together one by one.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    text: String,
    pub(crate) params: Vec<Value>,
}

impl Conditions {
    /// Adds a condition in which `?` stands for the value.
    pub(crate) fn add(&mut self, condition: &str, value: Value) {
        self.params.push(value);
        let number = format!("${}", self.params.len());
        self.add_plain(&condition.replace('?', &number));
    }

    /// Adds a condition without a value.
    pub(crate) fn add_plain(&mut self, condition: &str) {
        self.text.push_str(if self.text.is_empty() { " WHERE " } else { " AND " });
        self.text.push_str(condition);
    }

    /// Takes values; answers what stands for them in a list behind `IN`.
    pub(crate) fn values(&mut self, values: impl IntoIterator<Item = Value>) -> String {
        let before = self.params.len();
        self.params.extend(values);
        placeholders(before, self.params.len() - before)
    }

    /// Adds that a column has one of these values; nothing when there are none to have.
    pub(crate) fn any_of<T: Into<Value>>(
        &mut self,
        column: &str,
        values: impl IntoIterator<Item = T>,
    ) {
        let list = self.values(values.into_iter().map(Into::into));
        if !list.is_empty() {
            self.add_plain(&format!("{column} IN ({list})"));
        }
    }

    /// Adds that one of these holds; nothing when there are none.
    pub(crate) fn either(&mut self, conditions: &[String]) {
        if !conditions.is_empty() {
            self.add_plain(&format!("({})", conditions.join(" OR ")));
        }
    }

    /// Adds that a unit is within what somebody may see. `condition` has `?` for the list of units.
    pub(crate) fn within(&mut self, condition: &str, scope: &Scope) {
        let Scope::Units(units) = scope else { return };
        if units.is_empty() {
            return self.add_plain("1 = 0");
        }
        let list = placeholders(self.params.len(), units.len());
        self.params.extend(units.iter().map(|unit| Value::from(*unit)));
        self.add_plain(&condition.replace('?', &list));
    }

    /// The `WHERE` clause, or nothing.
    pub(crate) fn clause(&self) -> &str {
        &self.text
    }

    /// The `WHERE` clause so far; what is added from now on makes another one of the same statement.
    pub(crate) fn next_clause(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// Adds the part of a list; answers `LIMIT … OFFSET …`.
    pub(crate) fn page(&mut self, page: crate::record::Page) -> String {
        self.params.push(page.limit.into());
        self.params.push(page.offset.into());
        let count = self.params.len();
        format!(" LIMIT ${} OFFSET ${count}", count - 1)
    }
}

/// `$1, $2, …`, starting after `before` other parameters.
pub(crate) fn placeholders(before: usize, count: usize) -> String {
    let numbers: Vec<String> =
        (before + 1..=before + count).map(|number| format!("${number}")).collect();
    numbers.join(", ")
}

/// A text as a pattern for `LIKE … ESCAPE '\'` that matches it anywhere.
pub(crate) fn contains_pattern(text: &str) -> Result<String> {
    if text.len() > 1024 {
        let message = "a search text has at most 1024 bytes".to_owned();
        return Err(StoreError::Refused(message));
    }
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    Ok(format!("%{escaped}%"))
}
