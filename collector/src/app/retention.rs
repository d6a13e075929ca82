//! What is not kept for ever. Source: `docs/guides/run-a-collector.md`, "How long things are kept".

use belfort_model::risk::SYSTEM;
use belfort_model::time::Timestamp;
use belfort_store::record::Audit;
use belfort_store::retention::{Bounds, Erased};

use super::{App, Result};

/// Days that the content of a section is kept after another took its place.
pub const SECTION_DAYS: i64 = 30;
/// Days that changes of an asset are kept: thirteen months.
pub const CHANGE_DAYS: i64 = 396;
/// Days that findings are kept after they were resolved: twenty-four months.
pub const FINDING_DAYS: i64 = 731;
/// Days that an asset is kept after it was archived.
pub const ASSET_DAYS: i64 = 365;

/// Parts erased in one call at most; the next day goes on.
const PARTS: usize = 2_000;

impl App {
    /// Erases what is past its time, part by part; answers how much. Repeating it at the same moment erases
    /// nothing more.
    pub fn retain(&self, now: Timestamp) -> Result<Erased> {
        let bounds = Bounds {
            sections: now.plus_days(-SECTION_DAYS),
            changes: now.plus_days(-CHANGE_DAYS),
            findings: now.plus_days(-FINDING_DAYS),
            assets: now.plus_days(-ASSET_DAYS),
        };
        let audit = Audit {
            at: now,
            actor: SYSTEM.to_owned(),
            action: "retention.erase",
            subject: String::new(),
            detail: String::new(),
        };
        let mut all = Erased::default();
        for _ in 0..PARTS {
            let part = self.store.retention_erase(&bounds, &audit)?;
            if part == Erased::default() {
                break;
            }
            all.sections += part.sections;
            all.contents += part.contents;
            all.changes += part.changes;
            all.findings += part.findings;
            all.assets += part.assets;
        }
        Ok(all)
    }
}
