//! A certified `OpenID` Connect provider on loopback: npm's `oidc-provider`, from `tests/oidc`.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::browser::Browser;

/// The client's name at the provider.
pub const CLIENT: &str = "belfort";
/// The client's secret at the provider.
pub const SECRET: &str = "only for tests, on loopback";

/// A provider. Its process ends when this is dropped.
pub struct Provider {
    process: Child,
    /// Held open: a program that cannot print ends.
    _out: BufReader<ChildStdout>,
    /// Its address.
    pub issuer: String,
}

impl Provider {
    /// Starts one that sends people back to this address.
    pub fn start(redirect: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("oidc");
        assert!(
            folder.join("node_modules/oidc-provider").is_dir(),
            "the provider's packages are not installed: `cargo xtask test` does it, or run \
             `npm ci` in tests/oidc"
        );
        let mut process = Command::new("node")
            .arg("provider.mjs")
            .args([CLIENT, SECRET, redirect])
            .current_dir(&folder)
            .env("NODE_NO_WARNINGS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node can be run");
        let mut out = BufReader::new(process.stdout.take().expect("its output"));
        let mut issuer = String::new();
        out.read_line(&mut issuer).expect("a line");
        let issuer = issuer.trim().to_owned();
        assert!(issuer.starts_with("http://"), "the provider said: {issuer}");
        Self { process, _out: out, issuer }
    }

    /// Tells the provider to do something.
    pub fn tell(&self, what: &str) {
        let answer = Browser::default().post(&format!("{}/test/{what}", self.issuer), &[]);
        assert_eq!(answer.status, 200, "{what}");
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
