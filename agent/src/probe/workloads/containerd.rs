//! Containers of containerd, also those of Kubernetes. Sources of the formats: the OCI's runtime
//! specification (`config.json`) and github.com/containerd/containerd, package `pkg/cri/annotations`.

use std::collections::BTreeMap;

use belfort_proto::inventory::v1::{Workload, WorkloadType};
use serde::Deserialize;

use super::{digest_in, workload};
use crate::probe::text;

/// Where containerd keeps what it runs, a folder for each namespace: its own place, and that of K3s.
pub const TASK_PATHS: &[&str] = &[
    "/run/containerd/io.containerd.runtime.v2.task",
    "/run/k3s/containerd/io.containerd.runtime.v2.task",
];
/// The namespace of Docker, which tells of its containers itself.
pub const DOCKER: &str = "moby";

/// The container that a `config.json` describes; nothing when it is none, or only holds the namespaces of
/// a pod.
pub fn container(id: &str, config: &[u8]) -> Option<Workload> {
    #[derive(Deserialize)]
    struct Config {
        #[serde(default)]
        annotations: BTreeMap<String, String>,
    }
    let Config { annotations } = serde_json::from_slice(config).ok()?;
    let of = |key: &str| {
        annotations.get(&format!("io.kubernetes.cri.{key}")).map(String::as_str).unwrap_or_default()
    };
    if of("container-type") == "sandbox" {
        return None;
    }
    let names = [of("sandbox-namespace"), of("sandbox-name"), of("container-name")];
    let name = names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join("/");
    let image = of("image-name");
    Some(Workload {
        id: text::clean(id.as_bytes()),
        image: text::clean(image.as_bytes()),
        image_digest: digest_in(image),
        ..workload("containerd", WorkloadType::Container, if name.is_empty() { id } else { &name })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_container_of_kubernetes() {
        let config = br#"{"ociVersion":"1.1.0","process":{"env":["TOKEN=secret"],"args":["web"]},
"annotations":{"io.kubernetes.cri.container-name":"web","io.kubernetes.cri.container-type":"container",
"io.kubernetes.cri.image-name":"registry.example.org/web@sha256:abcd",
"io.kubernetes.cri.sandbox-name":"web-7d4c-x2","io.kubernetes.cri.sandbox-namespace":"shop"}}"#;
        insta::assert_compact_debug_snapshot!(container("aa11", config).unwrap(), @r#"Workload { runtime: "containerd", r#type: Container, name: "shop/web-7d4c-x2/web", id: "aa11", image: "registry.example.org/web@sha256:abcd", image_digest: "sha256:abcd", running: Unspecified, privileged: Unspecified }"#);
        let pause = br#"{"annotations":{"io.kubernetes.cri.container-type":"sandbox"}}"#;
        assert!(container("bb", pause).is_none());
        assert_eq!(container("cc", b"{}").unwrap().name, "cc");
        assert!(container("dd", b"").is_none());
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = container("x", &bytes);
        }
    }
}
