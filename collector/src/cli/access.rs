//! `token` and `agent`: which devices get in.

use belfort_model::id::{AgentId, TokenId};
use clap::{Args, Subcommand};

use super::Context;
use super::assets::Paging;
use crate::app::AppError;
use crate::app::access::Right;
use crate::app::tokens::NewToken;
use crate::ca::Authority;
use crate::failure::Failure;
use crate::rest::EnrolmentAddress;
use crate::view::{AgentView, List, NewTokenView, TokenView};
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
                actor.require(Right::Read).map_err(AppError::from)?;
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
