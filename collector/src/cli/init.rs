//! `init`: sets up a collector.

use std::net::SocketAddr;

use belfort_model::access::{Role, RoleGrant};
use clap::Args;
use serde::Serialize;

use super::{Context, output};
use crate::app::access;
use crate::config::login::LoginConfig;
use crate::config::{Agents, Config, FILE, Listener, Web};
use crate::failure::Failure;
use crate::{clock, data_directory};

/// Days the first administrator's API token lasts.
const TOKEN_DAYS: i64 = 90;

/// Set up a collector.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    belfort-collector init --name collector.example\n  \
    belfort-collector init --name collector.example --name 192.0.2.10 --database postgres://belfort@db.example/belfort")]
pub(super) struct Init {
    /// Name or address agents reach the collector by; can be repeated, the first is the one they are told
    #[arg(long = "name", value_name = "HOST", required = true)]
    names: Vec<String>,
    /// Name of the organisation in every agent's identity; cannot be changed later
    #[arg(long, value_name = "NAME", default_value = "belfort.example")]
    trust_domain: String,
    /// Login name of the first administrator
    #[arg(long, value_name = "NAME", default_value = "admin")]
    admin: String,
    /// Where devices are enrolled
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:7441")]
    enrolment_listen: SocketAddr,
    /// Where agents check in and report
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:7442")]
    report_listen: SocketAddr,
    /// Where people and programs work with the register
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7480")]
    web_listen: SocketAddr,
}

#[derive(Serialize)]
struct Made {
    data: String,
    configuration: String,
    web: String,
    administrator: String,
    password_code: String,
    password_code_until: String,
    api_token: String,
    api_token_expires_at: String,
}

impl Init {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let database = context.database.clone();
        let config = Config {
            database: database.unwrap_or_else(|| "sqlite:belfort.db".to_owned()),
            trust_domain: self.trust_domain,
            names: self.names,
            enrolment: Listener { listen: self.enrolment_listen },
            report: Listener { listen: self.report_listen },
            web: Web::plain(self.web_listen),
            agents: Agents::default(),
            catalogue: vec![],
            login: LoginConfig::default(),
            registry: crate::app::registry::Registry::default(),
            advisories: None,
            branding: None,
        };
        let made = data_directory::create(&context.data, &config)?;
        let (actor, now) = (access::local(), clock::now());
        let admin = RoleGrant { role: Role::Admin, unit: None };
        let administrator = made.app.user_create(&actor, &self.admin, &[admin], now)?;
        let code = made.app.user_reset(&actor, administrator.id, now)?;
        let (token, secret) =
            made.app.api_token_create(&actor, &administrator.name, "first", TOKEN_DAYS, now)?;
        let made = Made {
            data: context.data.display().to_string(),
            configuration: context.data.join(FILE).display().to_string(),
            web: config.web.address(),
            administrator: administrator.name,
            password_code: code.code,
            password_code_until: code.until.to_string(),
            api_token: secret,
            api_token_expires_at: token.expires_at.to_string(),
        };
        context.output.one(&made, |made| {
            let data = &made.data;
            vec![
                format!("The collector is set up in {data}."),
                format!("Configuration: {}", made.configuration),
                String::new(),
                format!(
                    "One-time code of {} until {} (shown this once):",
                    made.administrator, made.password_code_until
                ),
                format!("  {}", made.password_code),
                format!(
                    "API token of {} for programs, until {} (shown this once):",
                    made.administrator, made.api_token_expires_at
                ),
                format!("  {}", made.api_token),
                String::new(),
                "Next:".to_owned(),
                format!("  belfort-collector --data {data} serve"),
                format!("  {}/wachtwoord in a browser: choose a password with the code", made.web),
                format!(
                    "  belfort-collector --data {data} token create --label first --expires 48h"
                ),
            ]
        })?;
        if !context.output.is_json() {
            output::line("")?;
            output::line(
                "Back up this directory: whoever loses its keys enrols every device anew.",
            )?;
        }
        Ok(())
    }
}
