//! What the agent keeps: its identity, the collector's settings, and where it stands.
//!
//! The directory is private (0700, files 0600, owned by the user the agent runs as), checked at every
//! start and refused otherwise. Every write is atomic: a new file, synced, renamed over the old one.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use belfort_agent_sys::private::{self, Lock};
use belfort_agent_sys::process;
use belfort_proto::report::v1::Settings;
use prost::Message as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::probe::kept::{self, Kept};

mod identity;
pub use identity::{Identity, IdentityError, Validity};

/// Where the state lies unless the command line says otherwise.
pub const PATH_DEFAULT: &str = "/var/lib/belfort-agent";

const IDENTITY: &str = "identity.json";
const SETTINGS: &str = "settings.pb";
const PROGRESS: &str = "state.json";
const PENDING_KEY: &str = "enrolling.pem";
const KEPT: &str = "kept";
const LOCK: &str = "lock";
/// Larger files are none of ours.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// The same for what probes keep: a little more than all of it with its head.
const KEPT_BYTES_MAX: u64 = kept::BYTES_MAX as u64 + 4096;

/// Where the agent stands with the collector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Number of the last call that was begun.
    pub sequence: u64,
    /// The last check-in.
    pub last_check_in: Option<LastCheckIn>,
    /// Root hash the collector acknowledged last, hexadecimal.
    pub acknowledged_root: Option<String>,
}

/// How the last check-in went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastCheckIn {
    /// When, milliseconds since 1970-01-01 UTC.
    pub unix_ms: u64,
    /// `in_sync`, `reported`, `settings` when new ones came, or what went wrong.
    pub result: String,
}

/// Why the state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// There is no right to read it.
    #[error("no right to read {path}: run as root or as the user of the agent's service")]
    Denied {
        /// Which file or directory.
        path: PathBuf,
    },
    /// Owner, kind or rights are wrong.
    #[error("{path} is not private: {problem}; mend it with `{remedy}`")]
    Insecure {
        /// Which file or directory.
        path: PathBuf,
        /// What is wrong.
        problem: String,
        /// The command that mends it.
        remedy: String,
    },
    /// A file's content is damaged.
    #[error(
        "{path} is damaged ({problem}); nothing was changed. Restore it from a backup, or move the \
         directory away and enrol again with a new token"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Another agent works on the directory.
    #[error("another belfort-agent is at work in {path}: stop it first, or wait until it is done")]
    Locked {
        /// Which directory.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}")]
    Write {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
}

/// A state directory that was found private.
#[derive(Debug)]
pub struct State {
    dir: PathBuf,
    _lock: Option<Lock>,
}

impl State {
    /// Opens the directory for reading; nothing when there is none.
    pub fn open(dir: &Path) -> Result<Option<Self>, StateError> {
        if !check(dir, true)? {
            return Ok(None);
        }
        for file in [IDENTITY, SETTINGS, PROGRESS, PENDING_KEY] {
            check(&dir.join(file), false)?;
        }
        Ok(Some(Self { dir: dir.to_owned(), _lock: None }))
    }

    /// Opens the directory for work: made when missing, locked against a second agent.
    pub fn lock(dir: &Path) -> Result<Self, StateError> {
        let write = |source| StateError::Write { path: dir.to_owned(), source };
        private::make_directory(dir).map_err(write)?;
        let state = Self::open(dir)?;
        let lock = private::lock(&dir.join(LOCK)).map_err(write)?;
        let lock = lock.ok_or_else(|| StateError::Locked { path: dir.to_owned() })?;
        let dir = state.map_or_else(|| dir.to_owned(), |state| state.dir);
        Ok(Self { dir, _lock: Some(lock) })
    }

    /// The device's identity; nothing before enrolment.
    pub fn identity(&self) -> Result<Option<Identity>, StateError> {
        let Some(identity) = self.json::<Identity>(IDENTITY)? else {
            return Ok(None);
        };
        identity.check().map_err(|error| self.damaged(IDENTITY, error.to_string()))?;
        Ok(Some(identity))
    }

    /// Keeps a new identity.
    pub fn save_identity(&self, identity: &Identity) -> Result<(), StateError> {
        self.save_json(IDENTITY, identity)
    }

    /// The collector's settings; nothing before the first check-in.
    pub fn settings(&self) -> Result<Option<Settings>, StateError> {
        let Some(bytes) = self.read(SETTINGS)? else {
            return Ok(None);
        };
        let settings = Settings::decode(bytes.as_slice())
            .map_err(|error| self.damaged(SETTINGS, error.to_string()))?;
        Ok(Some(settings))
    }

    /// Keeps new settings.
    pub fn save_settings(&self, settings: &Settings) -> Result<(), StateError> {
        self.write(SETTINGS, &settings.encode_to_vec())
    }

    /// Where the agent stands.
    pub fn progress(&self) -> Result<Progress, StateError> {
        Ok(self.json(PROGRESS)?.unwrap_or_default())
    }

    /// Keeps where the agent stands.
    pub fn save_progress(&self, progress: &Progress) -> Result<(), StateError> {
        self.save_json(PROGRESS, progress)
    }

    /// What probes kept; nothing when it cannot be read, since a pass finds the same without it.
    pub fn kept(&self) -> Kept {
        let bytes = self.read_up_to(KEPT, KEPT_BYTES_MAX).ok().flatten();
        bytes.map(|bytes| Kept::from_bytes(&bytes)).unwrap_or_default()
    }

    /// Keeps what probes kept, when a pass changed it.
    pub fn save_kept(&self, kept: &Kept) -> Result<(), StateError> {
        kept.take_changed().map_or(Ok(()), |bytes| self.write(KEPT, &bytes))
    }

    /// The key of an enrolment that was begun and not finished, so that repeating it makes no second
    /// agent.
    pub fn pending_key(&self) -> Result<Option<String>, StateError> {
        let Some(bytes) = self.read(PENDING_KEY)? else {
            return Ok(None);
        };
        let text = String::from_utf8(bytes);
        text.map(Some).map_err(|_| self.damaged(PENDING_KEY, "not text".to_owned()))
    }

    /// Keeps the key of an enrolment that begins.
    pub fn save_pending_key(&self, pem: &str) -> Result<(), StateError> {
        self.write(PENDING_KEY, pem.as_bytes())
    }

    /// Forgets what belonged to an earlier identity, after a new one was kept.
    pub fn forget_enrolment(&self) -> Result<(), StateError> {
        for file in [PENDING_KEY, SETTINGS, PROGRESS] {
            let path = self.dir.join(file);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StateError::Write { path, source: error });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn json<T: DeserializeOwned>(&self, file: &str) -> Result<Option<T>, StateError> {
        let Some(bytes) = self.read(file)? else {
            return Ok(None);
        };
        let parsed = serde_json::from_slice(&bytes);
        parsed.map(Some).map_err(|error| self.damaged(file, error.to_string()))
    }

    fn save_json<T: Serialize>(&self, file: &str, value: &T) -> Result<(), StateError> {
        let text = serde_json::to_vec_pretty(value).map_err(|error| StateError::Write {
            path: self.dir.join(file),
            source: error.into(),
        })?;
        self.write(file, &text)
    }

    fn damaged(&self, file: &str, problem: String) -> StateError {
        StateError::Damaged { path: self.dir.join(file), problem }
    }

    fn read(&self, file: &str) -> Result<Option<Vec<u8>>, StateError> {
        self.read_up_to(file, FILE_BYTES_MAX)
    }

    fn read_up_to(&self, file: &str, cap: u64) -> Result<Option<Vec<u8>>, StateError> {
        let path = self.dir.join(file);
        let size = match std::fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other.map(|metadata| metadata.len()),
        };
        match size {
            Ok(size) if size > cap => {
                return Err(self.damaged(file, format!("{size} bytes")));
            }
            Ok(_) => {}
            Err(source) => return Err(StateError::Read { path, source }),
        }
        std::fs::read(&path).map(Some).map_err(|source| StateError::Read { path, source })
    }

    fn write(&self, file: &str, content: &[u8]) -> Result<(), StateError> {
        let path = self.dir.join(file);
        let new = self.dir.join(format!("{file}.new"));
        let written = (|| {
            // Left over from a write that was cut short; the lock says that nobody else is at it.
            if std::fs::symlink_metadata(&new).is_ok() {
                std::fs::remove_file(&new)?;
            }
            let mut target = private::create_file(&new)?;
            target.write_all(content)?;
            target.sync_all()?;
            std::fs::rename(&new, &path)?;
            std::fs::File::open(&self.dir)?.sync_all()
        })();
        written.map_err(|source| StateError::Write { path, source })
    }
}

/// Checks owner, kind and rights of a path; `false` when it does not exist.
fn check(path: &Path, directory: bool) -> Result<bool, StateError> {
    let found = match private::ownership(path) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(false),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return Err(StateError::Denied { path: path.to_owned() });
        }
        Err(source) => return Err(StateError::Read { path: path.to_owned(), source }),
    };
    let user = process::effective_user();
    let insecure = |problem: String, remedy: String| {
        Err(StateError::Insecure { path: path.to_owned(), problem, remedy })
    };
    let shown = path.display();
    if directory != found.directory || directory == found.file {
        let wanted = if directory { "a directory" } else { "a regular file" };
        return insecure(format!("it is not {wanted}"), format!("mv {shown} {shown}.old"));
    }
    let open_to_others = found.mode & 0o077 != 0;
    if found.user != user {
        // Others may not look inside a private directory; that is no fault of the directory.
        if !open_to_others && user != 0 {
            return Err(StateError::Denied { path: path.to_owned() });
        }
        return insecure(
            format!("it belongs to user {} instead of {user}", found.user),
            format!("chown {user} {shown}"),
        );
    }
    if open_to_others {
        let mode = if directory { "0700" } else { "0600" };
        return insecure(
            format!("its rights are {:04o} instead of {mode}", found.mode),
            format!("chmod {mode} {shown}"),
        );
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn progress_survives_and_is_private() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("state");
        let state = State::lock(&dir).unwrap();
        assert_eq!(state.progress().unwrap(), Progress::default());
        let progress = Progress { sequence: 7, ..Progress::default() };
        state.save_progress(&progress).unwrap();
        assert_eq!(State::open(&dir).unwrap().unwrap().progress().unwrap(), progress);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);
        assert_eq!(mode(&dir.join(PROGRESS)), 0o600);
        assert!(!dir.join("state.json.new").exists());
    }

    #[test]
    fn a_write_that_was_cut_short_does_no_harm() {
        let parent = tempfile::tempdir().unwrap();
        let state = State::lock(&parent.path().join("state")).unwrap();
        std::fs::write(parent.path().join("state/state.json.new"), "half").unwrap();
        assert_eq!(state.progress().unwrap(), Progress::default());
        state.save_progress(&Progress { sequence: 1, ..Progress::default() }).unwrap();
        assert_eq!(state.progress().unwrap().sequence, 1);
    }

    #[test]
    fn a_second_agent_is_kept_out() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("state");
        let first = State::lock(&dir).unwrap();
        assert!(matches!(State::lock(&dir), Err(StateError::Locked { .. })));
        drop(first);
        assert!(State::lock(&dir).is_ok());
    }

    #[test]
    fn open_rights_are_refused() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("state");
        let state = State::lock(&dir).unwrap();
        state.save_progress(&Progress::default()).unwrap();
        let file = dir.join(PROGRESS);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(State::open(&dir), Err(StateError::Insecure { .. })));
        std::fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", &file).unwrap();
        assert!(matches!(State::open(&dir), Err(StateError::Insecure { .. })));
    }

    #[test]
    fn what_probes_kept_survives_and_is_never_missed() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("state");
        let state = State::lock(&dir).unwrap();
        assert_eq!(state.kept().get("apt"), None);
        let kept = Kept::default();
        kept.put("apt", "text".to_owned());
        state.save_kept(&kept).unwrap();
        assert_eq!(state.kept().get("apt").as_deref(), Some("text"));
        let mode = std::fs::metadata(dir.join(KEPT)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(dir.join(KEPT), "damaged").unwrap();
        assert_eq!(state.kept().get("apt"), None);
        // Without a change nothing is written, not even over damage.
        state.save_kept(&kept).unwrap();
        assert_eq!(std::fs::read(dir.join(KEPT)).unwrap(), b"damaged");
    }

    #[test]
    fn damaged_files_are_named_and_kept() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("state");
        let state = State::lock(&dir).unwrap();
        state.write(PROGRESS, b"{ not json").unwrap();
        let error = state.progress().unwrap_err();
        assert!(matches!(&error, StateError::Damaged { path, .. } if path.ends_with(PROGRESS)));
        assert_eq!(std::fs::read(dir.join(PROGRESS)).unwrap(), b"{ not json");
        state.write(SETTINGS, b"\xff\xff").unwrap();
        assert!(matches!(state.settings(), Err(StateError::Damaged { .. })));
    }
}
