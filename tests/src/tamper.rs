//! What somebody does who has the database in hand and wants it to say something else.

use postgres::{Client, NoTls};
use rusqlite::Connection;

use crate::collector::{Backend, Collector, on_a_thread};

/// Names somebody else in a record of the audit log, past what keeps the collector itself from it.
pub fn audit(collector: &Collector, record: u32) {
    let forged = format!("UPDATE audit SET actor = 'iemand anders' WHERE seq = {record};");
    match collector.backend() {
        Backend::Sqlite => {
            let sql = format!("DROP TRIGGER audit_no_update; {forged}");
            let connection = Connection::open(collector.data().join("belfort.db")).unwrap();
            connection.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
            connection.execute_batch(&sql).unwrap();
        }
        Backend::Postgres => on_a_thread(|| {
            let sql = format!("DROP TRIGGER audit_no_change ON audit; {forged}");
            Client::connect(collector.database(), NoTls).unwrap().batch_execute(&sql).unwrap();
        }),
    }
}
