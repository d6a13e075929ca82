//! Containers of Podman. Source of the formats: github.com/containers/storage, package `storage`
//! (`containers.json`, `images.json`), and github.com/containers/podman, package `libpod/define`
//! (annotations); compared with files that Podman 4.3 wrote.

use std::collections::BTreeMap;

use belfort_proto::inventory::v1::{Tristate, Workload, WorkloadType};
use serde::Deserialize;

use super::workload;
use crate::probe::text;

/// Where containers and images of root are stored; CRI-O shares it.
pub const STORAGE_PATH: &str = "/var/lib/containers/storage";
/// What lasts only until the next start of the machine.
pub const RUN_PATH: &str = "/run/containers/storage";

/// Containers of one storage.
#[derive(Debug, Default)]
pub struct Containers {
    /// Those of Podman, each with the id of its image.
    pub containers: Vec<(Workload, String)>,
    /// Whether there are some of another program.
    pub of_others: bool,
}

#[derive(Deserialize)]
struct Stored {
    id: String,
    #[serde(default)]
    names: Option<Vec<String>>,
    #[serde(default)]
    image: String,
    #[serde(default)]
    metadata: String,
}

/// What the program that made a container noted with it, as text.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Metadata {
    image_name: String,
    name: String,
    /// Only CRI-O knows pods here.
    pod_id: String,
}

/// Reads a `containers.json`; nothing when it is none.
pub fn containers(content: &[u8]) -> Option<Containers> {
    let stored: Vec<Stored> = serde_json::from_slice(content).ok()?;
    let mut found = Containers::default();
    for one in stored {
        let metadata: Metadata = serde_json::from_str(&one.metadata).unwrap_or_default();
        if !metadata.pod_id.is_empty() {
            found.of_others = true;
            continue;
        }
        let name = one.names.unwrap_or_default().into_iter().next().unwrap_or(metadata.name);
        let workload = Workload {
            id: text::clean(one.id.as_bytes()),
            image: text::clean(metadata.image_name.as_bytes()),
            ..workload("podman", WorkloadType::Container, &name)
        };
        found.containers.push((workload, one.image));
    }
    Some(found)
}

/// Digests of an `images.json` by the ids of the images; nothing when it is none.
pub fn digests(content: &[u8]) -> Option<BTreeMap<String, String>> {
    #[derive(Deserialize)]
    struct Image {
        id: String,
        #[serde(default)]
        digest: String,
    }
    let images: Vec<Image> = serde_json::from_slice(content).ok()?;
    let clean = |digest: String| text::clean(digest.as_bytes());
    Some(images.into_iter().map(|image| (image.id, clean(image.digest))).collect())
}

/// Whether a container is privileged, from the `config.json` for its runtime, which is written when it is
/// first started.
pub fn privileged(config: &[u8]) -> Tristate {
    #[derive(Deserialize)]
    struct Config {
        annotations: BTreeMap<String, String>,
    }
    let Ok(Config { annotations }) = serde_json::from_slice(config) else {
        return Tristate::Unspecified;
    };
    match annotations.get("io.podman.annotations.privileged").map(String::as_str) {
        Some("TRUE") => Tristate::Yes,
        Some("FALSE") => Tristate::No,
        _ => Tristate::Unspecified,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // As Podman 4.3 writes it, ids cut short.
    const CONTAINERS: &[u8] = br#"[{"id":"6d61","names":["web"],"image":"5551","layer":"9556",
"metadata":"{\"image-name\":\"localhost/example/web:1\",\"image-id\":\"5551\",\"name\":\"web\",\"created-at\":1795812525}",
"created":"2026-11-27T20:48:45Z","flags":{"MountLabel":"","ProcessLabel":""}},
{"id":"7777","names":["k8s_POD"],"image":"5551","metadata":"{\"pod-name\":\"p\",\"pod-id\":\"1\"}"},
{"id":"8888","image":"","metadata":""}]"#;

    #[test]
    fn containers_of_podman() {
        let found = containers(CONTAINERS).unwrap();
        assert!(found.of_others);
        insta::assert_debug_snapshot!(found.containers, @r#"
        [
            (
                Workload {
                    runtime: "podman",
                    r#type: Container,
                    name: "web",
                    id: "6d61",
                    image: "localhost/example/web:1",
                    image_digest: "",
                    running: Unspecified,
                    privileged: Unspecified,
                },
                "5551",
            ),
            (
                Workload {
                    runtime: "podman",
                    r#type: Container,
                    name: "",
                    id: "8888",
                    image: "",
                    image_digest: "",
                    running: Unspecified,
                    privileged: Unspecified,
                },
                "",
            ),
        ]
        "#);
        assert!(containers(b"{}").is_none());
    }

    #[test]
    fn images_and_configuration() {
        let images =
            br#"[{"id":"5551","digest":"sha256:a66b","names":["localhost/example/web:1"]}]"#;
        assert_eq!(digests(images).unwrap()["5551"], "sha256:a66b");
        let with = |value: &str| {
            let config = format!(
                r#"{{"process":{{"env":["A=b"]}},
                    "annotations":{{"io.podman.annotations.privileged":"{value}"}}}}"#
            );
            privileged(config.as_bytes())
        };
        assert_eq!((with("TRUE"), with("FALSE")), (Tristate::Yes, Tristate::No));
        assert_eq!((with("x"), privileged(b"{}")), (Tristate::Unspecified, Tristate::Unspecified));
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (containers(&bytes), digests(&bytes), privileged(&bytes));
        }
    }
}
