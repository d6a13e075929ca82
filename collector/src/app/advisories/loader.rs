//! Advisory data in memory: read once, and again when it changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use belfort_assess::advisory::{
    Advised, Builder, Index, Installed, Matches, SourceRef, Suppressed,
};
use belfort_model::access::Scope;
use belfort_model::advisory::SuppressionScope;
use belfort_model::facts::DeviceFacts;
use belfort_model::id::AssetId;
use belfort_model::unit::OrgUnit;
use belfort_store::record::{Page, StoredSource};
use belfort_store::{Store, StoreError};

use crate::ingest::packages;

/// Rows read at a time.
const ROWS: u32 = 10_000;
/// How often reading begins again because something changed meanwhile.
const ATTEMPTS: usize = 5;
/// Package lists kept with what was found in them, within one round of evaluations.
const KEPT: usize = 64;

/// Keeps the index of the newest advisory data.
#[derive(Debug, Default)]
pub struct Loader {
    current: Mutex<Option<(u64, Arc<Index>)>>,
}

impl Loader {
    /// The index of what the store holds now. Another process may have imported since the last call.
    pub fn current(&self, store: &dyn Store) -> Result<Arc<Index>, StoreError> {
        // Held while reading: nobody needs the same data twice.
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let mut version = store.advisory_version()?;
        if let Some((known, index)) = &*current
            && *known == version
        {
            return Ok(Arc::clone(index));
        }
        // The old one is not needed while the new one is made, unless an evaluation still holds it.
        *current = None;
        for _ in 0..ATTEMPTS {
            let index = Arc::new(read(store)?);
            let now = store.advisory_version()?;
            if now == version {
                *current = Some((version, Arc::clone(&index)));
                return Ok(index);
            }
            version = now;
        }
        Err(StoreError::Unavailable("advisory data keeps changing".to_owned()))
    }
}

fn read(store: &dyn Store) -> Result<Index, StoreError> {
    let mut builder = Builder::default();
    let mut sources = store.advisory_sources()?;
    // The newest first: it counts where two say something of the same.
    sources.sort_by(|a, b| (b.source.as_of, &a.source.name).cmp(&(a.source.as_of, &b.source.name)));
    for StoredSource { source, load } in sources {
        let from =
            Arc::new(SourceRef { name: source.name, version: source.version, as_of: source.as_of });
        let mut after = 0;
        loop {
            let page = store.advisory_affected(load, after, ROWS)?;
            let Some((last, _)) = page.last() else { break };
            after = *last;
            for (_, affected) in page {
                builder.affected(&from, affected);
            }
        }
        let mut after = 0;
        loop {
            let page = store.advisory_facts(load, after, ROWS)?;
            let Some(last) = page.last() else { break };
            after = last.cve.number();
            for fact in page {
                builder.fact(&from, fact);
            }
        }
        for cycle in store.advisory_cycles(load)? {
            builder.cycle(&from, cycle);
        }
    }
    let units = store.unit_list()?;
    for suppression in store.suppression_list(None, Page::ALL)?.items {
        if suppression.ended_at.is_none() {
            let reached = reached(suppression.scope, &units);
            builder.suppressed(Suppressed { suppression, units: reached });
        }
    }
    Ok(builder.build())
}

fn reached(scope: SuppressionScope, units: &[OrgUnit]) -> Vec<belfort_model::id::UnitId> {
    match scope {
        SuppressionScope::Unit(unit) => match Scope::below(unit, units) {
            Scope::Units(units) => units.into_iter().collect(),
            Scope::All => vec![unit],
        },
        SuppressionScope::All | SuppressionScope::Asset(_) => vec![],
    }
}

/// What was found in one list of packages.
#[derive(Debug)]
pub(in crate::app) struct Found {
    packages: Vec<Installed>,
    matches: Option<Matches>,
}

/// Hash of the section, and the release of the operating system it was matched for.
type Key = ([u8; 32], String);

/// A round of evaluations, with the advisory data there is. Machines of one kind have the same packages:
/// what was found in them is worked out once.
#[derive(Debug)]
pub struct Round {
    index: Arc<Index>,
    found: Mutex<HashMap<Key, Arc<Found>>>,
}

impl Round {
    /// A round with this data.
    pub fn new(index: Arc<Index>) -> Self {
        Self { index, found: Mutex::default() }
    }

    /// Goes on with this data. What was found in other data does not count any more.
    pub(in crate::app) fn follow(&mut self, index: Arc<Index>) {
        if !Arc::ptr_eq(&self.index, &index) {
            *self = Self::new(index);
        }
    }

    /// What there is in the packages of an asset; nothing without data or without a list of packages.
    pub(in crate::app) fn found(
        &self,
        store: &dyn Store,
        asset: AssetId,
        facts: Option<&DeviceFacts>,
    ) -> Result<Option<Arc<Found>>, StoreError> {
        let Some(facts) = facts.filter(|_| !self.index.is_empty()) else { return Ok(None) };
        let Some(hash) = store.asset_section_of(asset, packages::KIND)? else { return Ok(None) };
        let os = &facts.os;
        let key = (hash, format!("{}\n{}\n{}", os.family, os.id, os.version));
        let kept = || self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept().get(&key) {
            return Ok(Some(Arc::clone(found)));
        }
        let Some(blob) = store.section_get(&[hash])?.into_iter().next() else { return Ok(None) };
        let packages = packages::installed(&blob)?;
        let matches = self.index.matches(os, &packages);
        let found = Arc::new(Found { packages, matches });
        let mut all = kept();
        if all.len() >= KEPT {
            all.clear();
        }
        all.insert(key, Arc::clone(&found));
        Ok(Some(found))
    }

    /// What the checks see of it.
    pub(in crate::app) fn advised<'a>(&'a self, found: Option<&'a Found>) -> Option<Advised<'a>> {
        (!self.index.is_empty()).then(|| Advised {
            index: &self.index,
            packages: found.map(|found| found.packages.as_slice()),
            matches: found.and_then(|found| found.matches.as_ref()),
        })
    }
}
