//! `api-token`: what programs identify themselves with.

use belfort_model::access::Right;
use belfort_model::id::ApiTokenId;
use clap::Subcommand;

use super::Context;
use crate::app::api_tokens::NewApiToken;
use crate::clock;
use crate::failure::Failure;
use crate::view::{ApiTokenView, List, NewApiTokenView};

/// API tokens.
#[derive(Debug, Subcommand)]
pub(super) enum ApiToken {
    /// Make an API token for a user
    #[command(
        after_help = "Examples:\n  belfort-collector api-token create --user admin --label scripts --days 30\n  belfort-collector api-token create --user veiligheid --label dashboard --right read --right export"
    )]
    Create {
        /// Login name of the user
        #[arg(long)]
        user: String,
        /// What the token is for
        #[arg(long)]
        label: String,
        /// Days it is valid, at most 365
        #[arg(long, default_value_t = 90)]
        days: i64,
        /// The only rights it gives; can be repeated. Without it, it gives all that its user has
        #[arg(long = "right", value_name = "RIGHT")]
        rights: Vec<Right>,
    },
    /// List API tokens, newest first
    List,
    /// Revoke an API token
    Revoke {
        /// Id of the token
        id: ApiTokenId,
    },
}

impl ApiToken {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        let now = clock::now();
        match self {
            Self::Create { user, label, days, rights } => {
                let rights = (!rights.is_empty()).then(|| rights.into_iter().collect());
                let new = NewApiToken { label, days, rights };
                let (token, secret) = app.api_token_create_with(&actor, &user, &new, now)?;
                let made = NewApiTokenView { token: token.into(), secret };
                context.output.one(&made, |made| {
                    vec![
                        format!("API token until {} (shown this once):", made.token.expires_at),
                        format!("  {}", made.secret),
                    ]
                })
            }
            Self::List => {
                let tokens = List::all(app.api_token_list(&actor)?, ApiTokenView::from);
                let head = ["ID", "LABEL", "RIGHTS", "EXPIRES", "LAST USED", "REVOKED"];
                context.output.list(&tokens, &head, |token| {
                    let rights = token.rights.as_ref().map(|rights| rights.join(", "));
                    vec![
                        token.id.clone(),
                        token.label.clone(),
                        rights.unwrap_or_else(|| "all of its user".to_owned()),
                        token.expires_at.clone(),
                        token.last_used_at.clone().unwrap_or_default(),
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
