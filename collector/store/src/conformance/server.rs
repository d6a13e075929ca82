//! What only a server has: encrypted connections, and an end that blocks.

use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::cluster;
use crate::{StoreError, create};

/// Writes an authority, a certificate of `localhost` under it, and an authority nobody uses.
pub(super) fn certificates(directory: &Path) {
    let (root, issuer) = authority();
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let server = server.signed_by(&key, &issuer).unwrap();
    for (name, text) in [
        ("ca.pem", root),
        ("other-ca.pem", authority().0),
        ("server.crt", server.pem()),
        ("server.key", key.serialize_pem()),
    ] {
        fs::write(directory.join(name), text).unwrap();
    }
}

fn authority() -> (String, Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let root = params.self_signed(&key).unwrap().pem();
    (root, Issuer::new(params, key))
}

/// The server admits nobody over the network who does not encrypt.
#[test]
fn an_encrypted_connection_checks_the_server() {
    let address = |host: &str, rest: &str| {
        let (port, ca) = (cluster::port(), cluster::file("ca.pem"));
        let other = cluster::file("other-ca.pem");
        let name = cluster::database().0;
        let rest = rest
            .replace("OTHER", &other.display().to_string())
            .replace("OURS", &ca.display().to_string());
        format!("postgres://belfort@{host}:{port}/{name}?hostaddr=127.0.0.1&{rest}")
    };
    for mode in ["verify-full", "require"] {
        let url = address("localhost", &format!("sslmode={mode}&sslrootcert=OURS"));
        let health = create(&url).unwrap().health().unwrap();
        assert_eq!(health.engine, "postgresql");
    }
    for (host, rest) in [
        ("localhost", "sslmode=verify-full&sslrootcert=OTHER"),
        ("localhost", "sslmode=require&sslrootcert=OTHER"),
        ("otherhost", "sslmode=require&sslrootcert=OURS"),
        ("localhost", "sslmode=disable"),
        ("localhost", ""),
    ] {
        let error = create(&address(host, rest)).err().unwrap();
        assert!(matches!(error, StoreError::Unavailable(_)), "{rest}: {error}");
    }
}

#[test]
fn a_store_may_end_among_asynchronous_tasks() {
    let store = create(&cluster::database().1).unwrap();
    store.health().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { drop(store) });
}

#[test]
fn a_server_that_is_not_there_is_not_available() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("postgres://belfort:s3cret@127.0.0.1:{port}/belfort");
    let error = create(&url).err().unwrap();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(!error.to_string().contains("s3cret"));
}
