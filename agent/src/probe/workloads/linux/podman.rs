//! Reads Podman's containers.

use belfort_agent_sys::files::ReadError;
use belfort_proto::inventory::v1::{Tristate, Workload};

use super::{BYTES_MAX, running};
use crate::probe::outcome::{SMALL_BYTES, Sources};
use crate::probe::text;
use crate::probe::workloads::podman::{
    Containers, RUN_PATH, STORAGE_PATH, containers, digests, privileged,
};

/// Lists of containers; the second has those that are forgotten with the next start of the machine.
const LISTS: &[&str] = &["containers.json", "volatile-containers.json"];

pub(super) fn read(sources: &mut Sources<'_>, workloads: &mut Vec<Workload>) {
    for entry in sources.list(STORAGE_PATH) {
        // A folder for each driver: `overlay-containers`, `vfs-containers`.
        if let Some(driver) = entry.name.strip_suffix("-containers") {
            storage(sources, driver, workloads);
        }
    }
}

fn storage(sources: &mut Sources<'_>, driver: &str, workloads: &mut Vec<Workload>) {
    let folder = format!("{driver}-containers");
    let mut images = None;
    for list in LISTS {
        let path = format!("{STORAGE_PATH}/{folder}/{list}");
        let Some(content) = sources.optional(&path, BYTES_MAX) else { continue };
        let Some(Containers { containers, of_others }) = containers(&content) else {
            sources.outcomes.failed(&path, "not a list of containers");
            continue;
        };
        if of_others {
            sources.outcomes.failed(&path, "containers of CRI-O are not read");
        }
        for (mut workload, image) in containers {
            let images = images.get_or_insert_with(|| {
                let path = format!("{STORAGE_PATH}/{driver}-images/images.json");
                let content = sources.optional(&path, BYTES_MAX);
                content.as_deref().and_then(digests).unwrap_or_default()
            });
            workload.image_digest = images.get(&image).cloned().unwrap_or_default();
            // The id becomes part of paths.
            if !workload.id.contains(['/', '.']) {
                complete(sources, &folder, &mut workload);
            }
            workloads.push(workload);
        }
    }
}

fn complete(sources: &mut Sources<'_>, folder: &str, workload: &mut Workload) {
    let below = format!("{folder}/{}/userdata", workload.id);
    let pattern = format!("{STORAGE_PATH}/{folder}/*/userdata/config.json");
    let config =
        sources.one_of_many(&pattern, &format!("{STORAGE_PATH}/{below}/config.json"), BYTES_MAX);
    workload.privileged = config.as_deref().map(privileged).unwrap_or_default().into();
    let pid = sources.root.read(&format!("{RUN_PATH}/{below}/pidfile"), SMALL_BYTES);
    let running = match pid.as_deref().map(text::number) {
        Ok(Some(pid)) => running::process(sources, pid, &workload.id),
        // What runs has one.
        Err(ReadError::Absent) => Tristate::No,
        Ok(None) | Err(_) => Tristate::Unspecified,
    };
    workload.running = running.into();
}
