//! The data directory: configuration, authority, keys and (with SQLite) the database. Made by `init`,
//! opened by every other command.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use belfort_assess::catalogue::Catalogue;
use belfort_store::Store;

use crate::app::App;
use crate::branding::Branding;
use crate::ca::{self, Authority, CaError};
use crate::config::{self, Config, ConfigError};
use crate::failure::{Exit, Failure};
use crate::login::Login;
use crate::login::oidc::{OidcError, Provider};
use crate::{clock, secret};

const PSEUDONYM_KEY_FILE: &str = "pseudonym.key";
const LOGIN_KEY_FILE: &str = "login.key";
const SPOOL: &str = "spool";

/// Everything a command works with.
pub struct Opened {
    /// The configuration.
    pub config: Config,
    /// The application over the database.
    pub app: App,
    /// The authority.
    pub authority: Authority,
    /// Key from which pseudonym keys of assets are derived.
    pub pseudonym_key: [u8; 32],
    /// The folder of advisory data, where one is configured.
    pub advisories: Option<PathBuf>,
    /// The organisation's logo, name and colours.
    pub branding: Branding,
    /// The folder where large requests lie while they are read. It holds nothing that has to be kept.
    pub spool: PathBuf,
}

/// The catalogue of a configuration: the shipped one and the organisation's own files.
pub fn catalogue(directory: &Path, config: &Config) -> Result<Catalogue, Failure> {
    let mut files = Vec::new();
    for file in &config.catalogue {
        let path = directory.join(file);
        let text = fs::read_to_string(&path)
            .map_err(|source| ConfigError::Read { path: path.clone(), source })?;
        files.push((path.display().to_string(), text));
    }
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    Ok(Catalogue::with(&files)?)
}

/// The organisation's logo, name and colours, where a folder of them is configured.
pub fn branding(directory: &Path, config: &Config) -> Result<Branding, Failure> {
    let Some(branding) = &config.branding else { return Ok(Branding::default()) };
    let folder = directory.join(&branding.folder);
    Branding::read(&folder).map_err(|error| Failure::new(Exit::Configuration, error))
}

/// Opens the database of a configuration.
pub fn open_app(directory: &Path, config: &Config) -> Result<App, Failure> {
    let catalogue = catalogue(directory, config)?;
    let store: Arc<dyn Store> = belfort_store::open(&database_url(directory, config))?.into();
    let app = App::new(store, catalogue).with_registry(config.registry.clone());
    Ok(app.with_login(login(directory, config)?))
}

/// What logging in goes by.
fn login(directory: &Path, config: &Config) -> Result<Login, Failure> {
    let wrong = |error: OidcError| Failure::new(Exit::Configuration, error);
    let provider = match &config.login.oidc {
        None => None,
        Some(oidc) => {
            let secret = oidc.client_secret_file.as_ref();
            let secret = secret
                .map(|file| ca::read_private(&directory.join(file)))
                .transpose()?
                .map(|text| text.trim().to_owned());
            let authorities = oidc.certificate_authority.as_ref().map(|file| {
                let path = directory.join(file);
                fs::read(&path).map_err(|source| ConfigError::Read { path, source })
            });
            let authorities = authorities.transpose()?;
            let redirect = format!("{}/aanmelden/oidc/terug", config.web.address());
            let provider = Provider::new(oidc.clone(), secret, redirect, authorities.as_deref());
            Some(provider.map_err(wrong)?)
        }
    };
    let key = login_key(directory)?;
    Ok(Login::new(&config.login, key, provider).at(&config.web))
}

/// The key that seals secrets of second factors. A directory of before there were any gets one now.
fn login_key(directory: &Path) -> Result<[u8; 32], Failure> {
    let path = directory.join(LOGIN_KEY_FILE);
    if !path.exists() {
        let key = secret::random::<32>().map_err(|e| Failure::from(anyhow::anyhow!(e)))?;
        match ca::write_new(&path, &hex::encode(key), 0o600) {
            Ok(()) => {}
            // Another process was first: its key counts.
            Err(_) if path.exists() => {}
            Err(error) => return Err(error.into()),
        }
    }
    read_key(directory, LOGIN_KEY_FILE)
}

/// Opens everything.
pub fn open(directory: &Path) -> Result<Opened, Failure> {
    let config = Config::read(directory)?;
    let authority = Authority::open(directory, &config.trust_domain)?;
    let pseudonym_key = read_key(directory, PSEUDONYM_KEY_FILE)?;
    let branding = branding(directory, &config)?;
    let app = open_app(directory, &config)?;
    let advisories = config.advisories.as_ref().map(|folder| directory.join(folder));
    let spool = directory.join(SPOOL);
    Ok(Opened { config, app, authority, pseudonym_key, advisories, branding, spool })
}

/// Makes a data directory: keys, configuration and database.
pub fn create(directory: &Path, config: &Config) -> Result<Opened, Failure> {
    config.validate()?;
    if directory.join(config::FILE).exists() || Authority::exists(directory) {
        let error = anyhow::anyhow!(
            "{} is set up already: nothing was changed. Use it, or choose another --data",
            directory.display()
        );
        return Err(Failure::new(Exit::Refused, error));
    }
    if fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some()) {
        let error = anyhow::anyhow!(
            "{} is not empty: nothing was changed. Give an empty or a new directory with --data",
            directory.display()
        );
        return Err(Failure::new(Exit::Refused, error));
    }
    let file_error = |doing, path: PathBuf| move |source| CaError::File { doing, path, source };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .and_then(|()| fs::set_permissions(directory, fs::Permissions::from_mode(0o700)))
        .map_err(file_error("make", directory.into()))?;
    // The database comes first: it is what fails when something was mistyped, and the command can
    // then be repeated as it was.
    let store: Arc<dyn Store> = belfort_store::create(&database_url(directory, config))?.into();
    let app = App::new(store, catalogue(directory, config)?);
    let app = app.with_login(login(directory, config)?);
    let authority = Authority::create(directory, &config.trust_domain, clock::now())?;
    let pseudonym_key = secret::random::<32>().map_err(|e| Failure::from(anyhow::anyhow!(e)))?;
    let path = directory.join(PSEUDONYM_KEY_FILE);
    ca::write_new(&path, &hex::encode(pseudonym_key), 0o600)?;
    let text = toml::to_string_pretty(config).map_err(|e| Failure::from(anyhow::anyhow!(e)))?;
    let text = format!("{HEADER}{text}");
    // It may hold the password of a database.
    ca::write_new(&directory.join(config::FILE), &text, 0o600)?;
    let advisories = config.advisories.as_ref().map(|folder| directory.join(folder));
    let (config, spool) = (config.clone(), directory.join(SPOOL));
    let branding = branding(directory, &config)?;
    Ok(Opened { config, app, authority, pseudonym_key, advisories, branding, spool })
}

const HEADER: &str = "\
# Belfort collector. Every key is explained in docs/reference/collector-configuration.md.
# `belfort-collector check` says whether this file is right; a change takes effect at the next start.

";

/// A relative SQLite path lies in the data directory.
fn database_url(directory: &Path, config: &Config) -> String {
    match config.database.strip_prefix("sqlite:") {
        Some(path) => format!("sqlite:{}", directory.join(path).display()),
        None => config.database.clone(),
    }
}

fn read_key(directory: &Path, file: &str) -> Result<[u8; 32], Failure> {
    let path = directory.join(file);
    let text = ca::read_private(&path)?;
    let mut key = [0; 32];
    hex::decode_to_slice(text.trim(), &mut key)
        .map_err(|error| CaError::Damaged { path, reason: error.to_string() })?;
    Ok(key)
}
