//! The two programs, built from the same source as the tests.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The collector.
pub fn collector() -> PathBuf {
    directory().join("belfort-collector")
}

/// The agent.
pub fn agent() -> PathBuf {
    directory().join("belfort-agent")
}

/// Where this test's profile puts its programs. Builds them first, so that no test ever runs a stale
/// one; when nothing changed that is a moment.
fn directory() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let test = env::current_exe().unwrap();
        // <target>/<profile>/deps/<test>
        let profile =
            test.parent().and_then(Path::parent).expect("a test lies in a target directory");
        build_once(profile);
        profile.to_owned()
    })
}

/// nextest runs each test in a process of its own: the first one of a run builds, the others see that
/// it did.
fn build_once(profile: &Path) {
    let Some(run) = env::var_os("NEXTEST_RUN_ID") else {
        build(profile);
        return;
    };
    let mark = profile.join("belfort-tests.built");
    let lock = fs::File::create(profile.join("belfort-tests.lock")).unwrap();
    lock.lock().unwrap();
    if fs::read(&mark).ok().as_deref() != Some(run.as_encoded_bytes()) {
        build(profile);
        fs::write(&mark, run.as_encoded_bytes()).unwrap();
    }
}

fn build(profile: &Path) {
    let target = profile.parent().expect("a profile lies in a target directory");
    // The directory of the profile `dev` is called `debug`.
    let name = match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What cargo told this test about its own package would have other packages built anew.
    for (name, _) in env::vars_os() {
        let is_own = |own| name.as_encoded_bytes().starts_with(own);
        if [b"CARGO_PKG_".as_slice(), b"CARGO_MANIFEST_", b"CARGO_CRATE_"].into_iter().any(is_own) {
            command.env_remove(name);
        }
    }
    let output = command
        .args(["build", "-p", "belfort-agent", "-p", "belfort-collector", "--bins"])
        .args(["--profile", name, "--target-dir"])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo can be run");
    assert!(
        output.status.success(),
        "the programs cannot be built:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
