//! Containers of Docker. Source of the formats: github.com/moby/moby, packages `container` (what
//! `config.v2.json` and `hostconfig.json` hold) and `reference` (`repositories.json`).

use std::collections::BTreeMap;

use belfort_proto::inventory::v1::{Tristate, Workload, WorkloadType};
use serde::Deserialize;

use super::{digest_in, workload};
use crate::probe::text;

/// Where Docker keeps everything, unless its configuration says otherwise.
pub const DATA_PATH: &str = "/var/lib/docker";
/// Docker's configuration.
pub const CONFIGURATION_PATH: &str = "/etc/docker/daemon.json";

/// A container, and what is needed to complete it.
#[derive(Debug)]
pub struct Container {
    /// What is known of it.
    pub workload: Workload,
    /// Id of its image.
    pub image_id: String,
    /// The driver that stores its image.
    pub driver: String,
    /// Its first process, when Docker believes that it runs.
    pub pid: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Configuration {
    #[serde(rename = "ID")]
    id: String,
    name: String,
    #[serde(default)]
    image: String,
    #[serde(default)]
    driver: String,
    #[serde(default)]
    state: State,
    config: Asked,
    image_manifest: Option<Descriptor>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct State {
    running: bool,
    pid: u32,
}

/// What the container was made from; its environment and command are not read.
#[derive(Deserialize)]
struct Asked {
    #[serde(default, rename = "Image")]
    image: String,
}

#[derive(Deserialize)]
struct Descriptor {
    #[serde(default)]
    digest: String,
}

/// The container that a `config.v2.json` describes; nothing when it is none.
pub fn container(config: &[u8]) -> Option<Container> {
    let read: Configuration = serde_json::from_slice(config).ok()?;
    let clean = |value: &str| text::clean(value.as_bytes());
    let name = read.name.trim_start_matches('/');
    let digest = read.image_manifest.map(|manifest| clean(&manifest.digest)).unwrap_or_default();
    let named = digest_in(&read.config.image);
    Some(Container {
        workload: Workload {
            id: clean(&read.id),
            image: clean(&read.config.image),
            image_digest: if named.is_empty() { digest } else { named },
            ..workload("docker", WorkloadType::Container, name)
        },
        image_id: read.image,
        driver: read.driver,
        pid: read.state.running.then_some(read.state.pid),
    })
}

/// Whether a `hostconfig.json` makes its container privileged.
pub fn privileged(config: &[u8]) -> Tristate {
    #[derive(Deserialize)]
    struct Host {
        #[serde(rename = "Privileged")]
        privileged: bool,
    }
    match serde_json::from_slice(config) {
        Ok(Host { privileged: true }) => Tristate::Yes,
        Ok(Host { privileged: false }) => Tristate::No,
        Err(_) => Tristate::Unspecified,
    }
}

/// Where a `daemon.json` moves Docker's data.
pub fn data_root(configuration: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Daemon {
        #[serde(rename = "data-root")]
        data_root: String,
    }
    let Daemon { data_root } = serde_json::from_slice(configuration).ok()?;
    let path = text::clean(data_root.trim_end_matches('/').as_bytes());
    path.starts_with('/').then_some(path)
}

/// Digests by the ids of images.
#[derive(Debug, Default)]
pub struct Digests(BTreeMap<String, Vec<String>>);

impl Digests {
    /// Reads a `repositories.json`; nothing when it is none.
    pub fn parse(repositories: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct File {
            // By repository, then by full name: `name:tag` or `name@digest`.
            repositories: BTreeMap<String, BTreeMap<String, String>>,
        }
        let File { repositories } = serde_json::from_slice(repositories).ok()?;
        let mut digests: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, id) in repositories.into_values().flatten() {
            if name.contains('@') {
                digests.entry(id).or_default().push(name);
            }
        }
        Some(Self(digests))
    }

    /// The digest of an image, by preference that under the name by which it was asked for; empty for one
    /// that came from no registry.
    pub fn of(&self, image_id: &str, image: &str) -> String {
        let names = self.0.get(image_id).map(Vec::as_slice).unwrap_or_default();
        // A colon after the last slash begins a tag; one before it, a port.
        let start = image.rfind('/').unwrap_or(0);
        let tag = image.get(start..).and_then(|last| last.find(':'));
        let repository = tag.and_then(|at| image.get(..start + at)).unwrap_or(image);
        let same = |name: &&String| name.split('@').next() == Some(repository);
        names.iter().find(same).or(names.first()).map(|name| digest_in(name)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONFIG: &[u8] = br#"{"State":{"Running":true,"Paused":false,"Pid":4242,"Error":""},
"ID":"b2c3","Created":"2026-01-01T00:00:00Z","Path":"nginx","Args":["-g"],
"Config":{"Hostname":"b2c3","Env":["PASSWORD=secret"],"Cmd":["nginx"],"Image":"example.org:5000/web:1"},
"Image":"sha256:aaaa","Name":"/web","Driver":"overlay2","RestartCount":0}"#;
    const REPOSITORIES: &[u8] = br#"{"Repositories":{
"example.org:5000/web":{"example.org:5000/web:1":"sha256:aaaa",
  "example.org:5000/web@sha256:dddd":"sha256:aaaa"},
"another":{"another@sha256:cccc":"sha256:aaaa","another:1":"sha256:aaaa"},
"local":{"local:1":"sha256:bbbb"}}}"#;

    #[test]
    fn a_container() {
        let found = container(CONFIG).unwrap();
        assert_eq!((found.pid, found.image_id.as_str()), (Some(4242), "sha256:aaaa"));
        assert_eq!(found.driver, "overlay2");
        insta::assert_compact_debug_snapshot!(found.workload, @r#"Workload { runtime: "docker", r#type: Container, name: "web", id: "b2c3", image: "example.org:5000/web:1", image_digest: "", running: Unspecified, privileged: Unspecified }"#);
        let config = r#"{"ID":"1","Name":"x","Config":{"Image":"web@sha256:eeee"},"Driver":"overlayfs",
            "ImageManifest":{"mediaType":"m","digest":"sha256:ffff"}}"#;
        assert_eq!(container(config.as_bytes()).unwrap().workload.image_digest, "sha256:eeee");
        let config = config.replace("web@sha256:eeee", "web");
        assert_eq!(container(config.as_bytes()).unwrap().workload.image_digest, "sha256:ffff");
        assert!(container(b"{}").is_none());
    }

    #[test]
    fn digests_by_image() {
        let digests = Digests::parse(REPOSITORIES).unwrap();
        assert_eq!(digests.of("sha256:aaaa", "example.org:5000/web:1"), "sha256:dddd");
        assert_eq!(digests.of("sha256:aaaa", "another"), "sha256:cccc");
        assert_eq!(digests.of("sha256:aaaa", "sha256:aaaa"), "sha256:cccc");
        assert_eq!(digests.of("sha256:bbbb", "local:1"), "");
        assert!(Digests::parse(b"[]").is_none());
    }

    #[test]
    fn configuration_of_host_and_daemon() {
        assert_eq!(privileged(br#"{"Binds":null,"Privileged":true}"#), Tristate::Yes);
        assert_eq!(privileged(br#"{"Privileged":false}"#), Tristate::No);
        assert_eq!(privileged(b"{}"), Tristate::Unspecified);
        assert_eq!(data_root(br#"{"data-root": "/srv/docker/"}"#).as_deref(), Some("/srv/docker"));
        assert_eq!(data_root(br#"{"data-root": "relative"}"#), None);
        assert_eq!(data_root(b"{}"), None);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200), image in "\\PC{0,20}") {
            let _ = container(&bytes);
            let _ = (privileged(&bytes), data_root(&bytes), Digests::parse(&bytes));
            let _ = Digests::parse(REPOSITORIES).unwrap().of("sha256:aaaa", &image);
        }
    }
}
