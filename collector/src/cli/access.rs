//! `token`, `agent`, `user`, `api-token` and `audit`: who gets in, and who did what.

use std::process::ExitCode;

use belfort_model::access::RoleGrant;
use belfort_model::id::{AgentId, ApiTokenId, TokenId};
use clap::{Args, Subcommand};

use super::assets::Paging;
use super::{Context, output};

use crate::app::tokens::NewToken;
use crate::ca::Authority;
use crate::failure::{Exit, Failure};
use crate::rest::EnrolmentAddress;
use crate::view::{AgentView, ApiTokenView, AuditView, List, NewTokenView, TokenView};
use crate::{clock, secret};

/// Enrolment tokens.
#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Make a token and print the command that enrols a device with it
    Create(TokenCreate),
    /// List tokens, newest first
    List,
    /// Revoke a token: it admits nobody any more
    Revoke {
        /// Id of the token
        id: TokenId,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    belfort-collector token create --label \"laptops Burgerzaken\" --unit BZ --uses 50 --expires 48h\n  \
    belfort-collector token create --label test --json")]
pub(super) struct TokenCreate {
    /// What the token is for
    #[arg(long)]
    label: String,
    /// Code of the unit proposed as the owner of what it admits
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// How many devices it may admit
    #[arg(long, default_value_t = 1)]
    uses: u32,
    /// How long it is valid: a number with s, m, h, d or w
    #[arg(long, value_name = "DURATION", default_value = "48h", value_parser = seconds)]
    expires: i64,
}

impl Token {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let now = clock::now();
        let (app, actor) = context.acting()?;
        match self {
            Self::Create(new) => {
                let config = context.config()?;
                let authority = Authority::open(&context.data, &config.trust_domain)?;
                let address = EnrolmentAddress {
                    endpoint: config.endpoint(config.enrolment.listen),
                    fingerprint: authority.fingerprint(),
                };
                let new = NewToken {
                    unit: new.unit,
                    label: new.label,
                    uses: new.uses,
                    seconds: new.expires,
                };
                let (token, secret) = app.token_create(&actor, &new, now)?;
                let secret = secret::enrolment_token(&secret, address.fingerprint);
                let command = address.command(&secret);
                let view = NewTokenView { token: TokenView::of(token, now), secret, command };
                context.output.one(&view, |view| {
                    vec![
                        format!(
                            "Token {} for {} admits {} until {}. Run on each device (shown this once):",
                            view.token.id,
                            view.token.label,
                            view.token.uses_allowed,
                            view.token.expires_at
                        ),
                        format!("  {}", view.command),
                    ]
                })
            }
            Self::List => {
                let tokens = List::all(app.token_list(&actor)?, |token| TokenView::of(token, now));
                let head = ["ID", "LABEL", "STATUS", "USES", "EXPIRES", "LAST USED"];
                context.output.list(&tokens, &head, |token| {
                    vec![
                        token.id.clone(),
                        token.label.clone(),
                        token.status.clone(),
                        format!("{}/{}", token.uses, token.uses_allowed),
                        token.expires_at.clone(),
                        token.last_used_at.clone().unwrap_or_default(),
                    ]
                })
            }
            Self::Revoke { id } => {
                app.token_revoke(&actor, id, now)?;
                context.output.done(&format!("token {id} is revoked"))
            }
        }
    }
}

/// Agents.
#[derive(Debug, Subcommand)]
pub(super) enum Agent {
    /// List agents, newest first
    List(Paging),
    /// Revoke an agent: its key is not honoured any more, on any collector, within seconds
    Revoke {
        /// Id of the agent
        id: AgentId,
    },
}

impl Agent {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        match self {
            Self::List(paging) => {
                let agents = List::of(app.store.agent_list(paging.page())?, AgentView::from);
                let head = ["ID", "ASSET", "STATUS", "VERSION", "LAST SEEN", "CERTIFICATE UNTIL"];
                context.output.list(&agents, &head, |agent| {
                    vec![
                        agent.id.clone(),
                        agent.asset.clone(),
                        agent.status.clone(),
                        agent.version.clone(),
                        agent.last_seen.clone().unwrap_or_default(),
                        agent.certificate_not_after.clone(),
                    ]
                })
            }
            Self::Revoke { id } => {
                app.agent_revoke(&actor, id, clock::now())?;
                context.output.done(&format!("agent {id} is revoked"))
            }
        }
    }
}

/// Users.
#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Add a user
    #[command(
        after_help = "Examples:\n  belfort-collector user add veiligheid --role security_officer\n  belfort-collector user add dh-dienstverlening --role department_head@DMT"
    )]
    Add {
        /// Login name: a function, for example `veiligheid`
        name: String,
        /// Role, for the whole organisation or, with `@` and its code, for a unit and all below it; can be
        /// repeated
        #[arg(long = "role", value_name = "ROLE[@UNIT]", required = true)]
        roles: Vec<String>,
    },
    /// List users
    List,
}

#[derive(serde::Serialize)]
struct UserLine {
    id: String,
    name: String,
    roles: Vec<RoleGrant>,
    disabled: bool,
}

impl User {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        match self {
            Self::Add { name, roles } => {
                let roles: Result<Vec<_>, _> =
                    roles.iter().map(|role| app.role_grant(role)).collect();
                let user = app.user_create(&actor, &name, &roles?, clock::now())?;
                context.output.done(&format!("user {} is added", user.name))
            }
            Self::List => {
                let users = List::all(app.store.user_list()?, |user| UserLine {
                    id: user.id.to_string(),
                    name: user.name,
                    roles: user.roles,
                    disabled: user.disabled_at.is_some(),
                });
                context.output.list(&users, &["NAME", "ROLES", "ID"], |user| {
                    let roles: Vec<String> = user.roles.iter().map(|role| (*role).into()).collect();
                    vec![user.name.clone(), roles.join(", "), user.id.clone()]
                })
            }
        }
    }
}

/// API tokens.
#[derive(Debug, Subcommand)]
pub(super) enum ApiToken {
    /// Make an API token for a user
    #[command(
        after_help = "Example:\n  belfort-collector api-token create --user admin --label scripts --days 30"
    )]
    Create {
        /// Login name of the user
        #[arg(long)]
        user: String,
        /// What the token is for
        #[arg(long)]
        label: String,
        /// Days it is valid
        #[arg(long, default_value_t = 90)]
        days: i64,
    },
    /// List API tokens, newest first
    List,
    /// Revoke an API token
    Revoke {
        /// Id of the token
        id: ApiTokenId,
    },
}

#[derive(serde::Serialize)]
struct NewApiToken {
    #[serde(flatten)]
    token: ApiTokenView,
    secret: String,
}

impl ApiToken {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        let now = clock::now();
        match self {
            Self::Create { user, label, days } => {
                let (token, secret) = app.api_token_create(&actor, &user, &label, days, now)?;
                let made = NewApiToken { token: token.into(), secret };
                context.output.one(&made, |made| {
                    vec![
                        format!("API token until {} (shown this once):", made.token.expires_at),
                        format!("  {}", made.secret),
                    ]
                })
            }
            Self::List => {
                let tokens = List::all(app.store.api_token_list()?, ApiTokenView::from);
                context.output.list(&tokens, &["ID", "LABEL", "EXPIRES", "REVOKED"], |token| {
                    vec![
                        token.id.clone(),
                        token.label.clone(),
                        token.expires_at.clone(),
                        token.revoked_at.clone().unwrap_or_default(),
                    ]
                })
            }
            Self::Revoke { id } => {
                app.api_token_revoke(&actor, id, now)?;
                context.output.done(&format!("API token {id} is revoked"))
            }
        }
    }
}

/// The audit log.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// List who did what, newest first
    List(Paging),
    /// Recompute the chain of hashes: proves that no record was changed or taken out
    Verify,
}

impl Audit {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let app = context.app()?;
        match self {
            Self::List(paging) => {
                let records = List::of(app.store.audit_list(paging.page())?, AuditView::from);
                let head = ["NO", "AT", "WHO", "WHAT", "TO WHAT", "HOW"];
                context.output.list(&records, &head, |record| {
                    vec![
                        record.sequence.to_string(),
                        record.at.clone(),
                        record.actor.clone(),
                        record.action.clone(),
                        record.subject.clone(),
                        record.detail.to_string(),
                    ]
                })?;
                Ok(ExitCode::SUCCESS)
            }
            Self::Verify => match app.store.audit_verify()? {
                Ok(records) => {
                    context.output.done(&format!("the chain holds over {records} records"))?;
                    Ok(ExitCode::SUCCESS)
                }
                Err(first) => {
                    let text = format!(
                        "the chain is broken at record {first}: it, or one before it, was changed or taken out"
                    );
                    if context.output.is_json() {
                        output::json(&serde_json::json!({ "broken_at": first }))?;
                    }
                    Err(Failure::new(Exit::Damaged, anyhow::anyhow!(text)))
                }
            },
        }
    }
}

/// Reads `90s`, `15m`, `48h`, `30d` or `2w`.
fn seconds(text: &str) -> Result<i64, String> {
    let example = "use a number with s, m, h, d or w, for example 48h";
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or(example)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return Err(example.to_owned()),
    };
    let number: i64 = number.parse().map_err(|_| example)?;
    number.checked_mul(unit).filter(|seconds| *seconds > 0).ok_or_else(|| example.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("48h"), Ok(172_800));
        assert_eq!(seconds("2w"), Ok(1_209_600));
        for wrong in ["", "h", "48", "-1h", "0d", "1y", "9999999999999999d", "één d", "1é"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
