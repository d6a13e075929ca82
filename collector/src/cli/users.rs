//! `user`: who may do what, and how they get in.

use std::io::{IsTerminal as _, Read as _};

use belfort_model::id::SessionId;
use clap::{Args, Subcommand};

use super::Context;
use crate::app::App;
use crate::app::access::Actor;
use crate::clock;
use crate::failure::Failure;
use crate::secret;
use crate::view::{List, ResetCodeView, SessionView, UserView};

/// Users.
#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Add a user
    #[command(
        after_help = "Examples:\n  belfort-collector user add veiligheid --role security_officer\n  belfort-collector user add dh-dienstverlening --role department_head@DMT\n\nThen `user reset` gives a one-time code with which the user chooses a password."
    )]
    Add {
        /// Login name: a function, for example `veiligheid`
        name: String,
        #[command(flatten)]
        roles: GivenRoles,
    },
    /// List users and how they get in
    List,
    /// Show one user
    Show {
        /// Name or id of the user
        user: String,
    },
    /// Give a user these roles instead of those it has; they count at once
    #[command(
        after_help = "Example:\n  belfort-collector user roles dh-dienstverlening --role department_head@DMT --role reader"
    )]
    Roles {
        /// Name or id of the user
        user: String,
        #[command(flatten)]
        roles: GivenRoles,
    },
    /// Switch a user off: its sessions end and its API tokens are revoked
    Disable {
        /// Name or id of the user
        user: String,
    },
    /// Switch a user on again
    Enable {
        /// Name or id of the user
        user: String,
    },
    /// Take back a user's password, second factor and sessions, and print a one-time code with which the
    /// user chooses a new password
    Reset {
        /// Name or id of the user
        user: String,
    },
    /// Set a user's password: asked for on a terminal, otherwise read from standard input
    #[command(
        after_help = "Examples:\n  belfort-collector user password admin\n  belfort-collector user password admin < file-with-the-password\n  belfort-collector user password admin --generate"
    )]
    Password {
        /// Name or id of the user
        user: String,
        /// Make a random password and print it
        #[arg(long)]
        generate: bool,
    },
    /// List a user's sessions, newest first
    Sessions {
        /// Name or id of the user
        user: String,
    },
    /// End a user's sessions, or one of them
    Logout {
        /// Name or id of the user
        user: String,
        /// Only this session
        #[arg(long, value_name = "ID")]
        session: Option<SessionId>,
    },
}

/// Roles on the command line.
#[derive(Debug, Args)]
pub(super) struct GivenRoles {
    /// Role, for the whole organisation or, with `@` and its code, for a unit and all below it; can be
    /// repeated
    #[arg(long = "role", value_name = "ROLE[@UNIT]", required = true)]
    roles: Vec<String>,
}

fn view(app: &App, actor: &Actor, user: &str) -> Result<UserView, Failure> {
    let now = clock::now();
    let id = app.user(actor, user)?.id;
    let account = app.account(actor, id, now)?;
    let roles = app.role_texts(&account.user.roles)?;
    Ok(UserView::of(account, roles, now))
}

fn way_in(user: &UserView) -> String {
    let factor = if user.second_factor_at.is_some() { " + second factor" } else { "" };
    match (&user.identity_provider, &user.password_at) {
        (Some(issuer), _) => issuer.clone(),
        (None, Some(_)) => format!("password{factor}"),
        (None, None) if user.reset_until.is_some() => "one-time code".to_owned(),
        (None, None) => "none".to_owned(),
    }
}

fn lines(user: &UserView) -> Vec<String> {
    vec![
        format!("{} ({})", user.name, user.id),
        format!("  roles          {}", user.roles.join(", ")),
        format!("  gets in by     {}", way_in(user)),
        format!("  recovery codes {}", user.recovery_codes),
        format!("  added          {}", user.created_at),
        format!("  switched off   {}", user.disabled_at.as_deref().unwrap_or("no")),
    ]
}

/// The password that was typed or piped in.
fn read_password() -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        let ask = |what| {
            rpassword::prompt_password(what)
                .map_err(|error| Failure::bad_input(format!("cannot ask for a password: {error}")))
        };
        let password = ask("New password: ")?;
        if ask("Once more: ")? != password {
            return Err(Failure::bad_input("the two passwords are not the same"));
        }
        return Ok(password);
    }
    let mut text = String::new();
    std::io::stdin()
        .take(4096)
        .read_to_string(&mut text)
        .map_err(|error| Failure::bad_input(format!("cannot read the password: {error}")))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

fn set_password(
    context: &Context,
    app: &App,
    actor: &Actor,
    user: &str,
    generate: bool,
) -> Result<(), Failure> {
    let user = app.user(actor, user)?;
    let password = if generate {
        secret::random_text().map_err(crate::app::AppError::from)?
    } else {
        read_password()?
    };
    app.user_password_set(actor, user.id, &password, clock::now())?;
    if !generate {
        return context.output.done(&format!("the password of {} is set", user.name));
    }
    let made = serde_json::json!({ "user": user.name, "password": password });
    context.output.one(&made, |_| {
        vec![format!("Password of {} (shown this once):", user.name), format!("  {password}")]
    })
}

impl User {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        let (out, now) = (context.output, clock::now());
        match self {
            Self::Add { name, roles } => {
                let roles = app.role_grants(&roles.roles)?;
                let user = app.user_create(&actor, &name, &roles, now)?;
                if out.is_json() {
                    return out.one(&view(&app, &actor, &user.id.to_string())?, lines);
                }
                out.done(&format!("user {} is added", user.name))
            }
            Self::List => {
                let accounts = app.account_list(&actor, now)?;
                let mut users = Vec::with_capacity(accounts.len());
                for account in accounts {
                    let roles = app.role_texts(&account.user.roles)?;
                    users.push(UserView::of(account, roles, now));
                }
                let users = List::all(users, |user| user);
                out.list(&users, &["NAME", "ROLES", "GETS IN BY", "OFF SINCE", "ID"], |user| {
                    vec![
                        user.name.clone(),
                        user.roles.join(", "),
                        way_in(user),
                        user.disabled_at.clone().unwrap_or_default(),
                        user.id.clone(),
                    ]
                })
            }
            Self::Show { user } => out.one(&view(&app, &actor, &user)?, lines),
            Self::Roles { user, roles } => {
                let user = app.user(&actor, &user)?;
                let roles = app.role_grants(&roles.roles)?;
                app.user_roles_set(&actor, user.id, Some(user.version), &roles, now)?;
                let texts = app.role_texts(&roles)?.join(", ");
                out.done(&format!("user {} now has {texts}", user.name))
            }
            Self::Disable { user } => {
                let user = app.user(&actor, &user)?;
                app.user_disable(&actor, user.id, now)?;
                out.done(&format!("user {} is switched off", user.name))
            }
            Self::Enable { user } => {
                let user = app.user(&actor, &user)?;
                app.user_enable(&actor, user.id, now)?;
                out.done(&format!("user {} is switched on", user.name))
            }
            Self::Reset { user } => {
                let user = app.user(&actor, &user)?;
                let code = ResetCodeView::from(app.user_reset(&actor, user.id, now)?);
                let address = context.config()?.web.address();
                out.one(&code, |code| {
                    vec![
                        format!(
                            "One-time code of {} until {} (shown this once):",
                            user.name, code.until
                        ),
                        format!("  {}", code.code),
                        format!("The user chooses a password with it at {address}/wachtwoord"),
                    ]
                })
            }
            Self::Password { user, generate } => {
                set_password(context, &app, &actor, &user, generate)
            }
            Self::Sessions { user } => {
                let user = app.user(&actor, &user)?;
                let sessions = app.session_list(&actor, user.id, now)?;
                let sessions = List::all(sessions, |session| SessionView::of(session, None));
                let head = ["ID", "BY", "SINCE", "LAST USED", "UNTIL", "FROM"];
                out.list(&sessions, &head, |session| {
                    vec![
                        session.id.clone(),
                        session.method.clone(),
                        session.created_at.clone(),
                        session.last_used_at.clone(),
                        session.expires_at.clone(),
                        session.address.clone(),
                    ]
                })
            }
            Self::Logout { user, session } => {
                let user = app.user(&actor, &user)?;
                match session {
                    Some(session) => app.session_end(&actor, user.id, session, now)?,
                    None => app.session_end_all(&actor, user.id, now)?,
                }
                out.done(&format!("{} is logged out", user.name))
            }
        }
    }
}
