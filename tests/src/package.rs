//! A Debian package of a test's own, on this machine.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::wait;

/// A package of a test's own, taken off again however the test ends.
pub struct Probe {
    /// Its name.
    pub name: String,
}

impl Probe {
    /// A package with a name nobody else has; nothing is installed yet.
    #[expect(clippy::new_without_default, reason = "each one is another")]
    pub fn new() -> Self {
        Self { name: format!("belfort-test-probe-{}", wait::unique()) }
    }

    /// Builds a version of it; answers the file.
    pub fn build(&self, directory: &Path, version: &str) -> String {
        let name = &self.name;
        let tree = directory.join(format!("{name}_{version}"));
        fs::create_dir_all(tree.join("DEBIAN")).unwrap();
        let control = format!(
            "Package: {name}\nVersion: {version}\nArchitecture: all\n\
             Maintainer: Belfort <test@belfort.example>\nDescription: made by a test\n"
        );
        fs::write(tree.join("DEBIAN/control"), control).unwrap();
        let file = format!("{}.deb", tree.display());
        let tree = tree.display().to_string();
        run("dpkg-deb", &["--build", "--root-owner-group", &tree, &file]);
        file
    }

    /// Takes it off.
    pub fn purge(&self) {
        run("dpkg", &["--purge", &self.name]);
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let _ = Command::new("dpkg").args(["--purge", &self.name]).output();
    }
}

/// Runs a program that must succeed; gives what it printed.
pub fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Only one test at a time changes the packages of this machine.
pub fn alone() -> fs::File {
    let file = fs::File::create(std::env::temp_dir().join("belfort-tests.packages")).unwrap();
    file.lock().unwrap();
    file
}
