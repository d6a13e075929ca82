//! Cameras by the names of their video devices.

use std::collections::{BTreeMap, BTreeSet};

/// Names of cameras, sorted, each once. A camera has several devices of one name; those of a processor's
/// own camera unit are numbered instead, `… Capture 0` to `… Capture 47`, and count as one.
pub fn cameras(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in names.into_iter().filter(|name| !name.is_empty()) {
        groups.entry(stem(&name).to_owned()).or_default().insert(name);
    }
    let mut cameras = BTreeSet::new();
    for (stem, names) in groups {
        if names.len() > 1 {
            cameras.insert(stem);
        } else {
            cameras.extend(names);
        }
    }
    cameras.into_iter().collect()
}

/// A name without the number at its end.
fn stem(name: &str) -> &str {
    match name.rsplit_once(' ') {
        Some((stem, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            match stem.trim_end() {
                "" => name,
                stem => stem,
            }
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_camera_once() {
        let names =
            ["Webcam 500", "Unit Capture 0", "Unit Capture 10", "HD Cam: A", "HD Cam: A", ""];
        let found = cameras(names.map(str::to_owned));
        assert_eq!(found, ["HD Cam: A", "Unit Capture", "Webcam 500"]);
    }

    proptest! {
        #[test]
        fn any_names(names in proptest::collection::vec("[a1 ]{0,6}", 0..6)) {
            let found = cameras(names.clone());
            prop_assert!(found.len() <= names.len());
            prop_assert!(found.is_sorted());
        }
    }
}
