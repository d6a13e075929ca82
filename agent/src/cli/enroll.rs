//! `belfort-agent enroll`.

use serde_json::json;
use zeroize::Zeroizing;

use super::{Context, EnrollArgs, Exit, Failure, print_value, runtime};
use crate::enrolment::{self, Token};
use crate::policy::Policy;
use crate::probe::Host;
use crate::state::{Identity, State};
use crate::transport::Address;

/// Gets an identity.
pub(super) fn enroll(context: &Context<'_>, args: &EnrollArgs) -> Result<(), Failure> {
    let address: Address = args.collector.parse()?;
    // Checked before anything else, also when it turns out not to be needed.
    let token = token(args)?;
    let state = State::lock(context.state)?;
    if let Some(identity) = state.identity()?
        && !args.again
    {
        if args.if_needed {
            return report("already_enrolled", &identity);
        }
        return Err(Failure::new(
            Exit::Usage,
            "this device is already enrolled; use --again to replace its identity, or --if-needed \
             to leave it",
        ));
    }
    let token = token.ok_or_else(|| {
        Failure::new(
            Exit::Input,
            "no token: give --token-file, --token or the environment variable BELFORT_TOKEN",
        )
    })?;
    let host = Host::system(Policy::new(None, &context.config));
    let identity = runtime()?.block_on(enrolment::enrol(&state, &host, &address, &token))?;
    report("enrolled", &identity)
}

fn token(args: &EnrollArgs) -> Result<Option<Token>, Failure> {
    let text = match (&args.token_file, &args.token) {
        (Some(path), _) => {
            let read = std::fs::read_to_string(path);
            let text = read.map_err(|error| {
                let message = format!("cannot read the token from {}: {error}", path.display());
                Failure::new(Exit::Input, message)
            })?;
            Zeroizing::new(text)
        }
        (None, Some(text)) => Zeroizing::new(text.clone()),
        (None, None) => return Ok(None),
    };
    Ok(Some(text.parse()?))
}

fn report(result: &str, identity: &Identity) -> Result<(), Failure> {
    let agent = identity.agent().map_err(Failure::output)?;
    let shown = json!({
        "result": result,
        "agent_id": agent.agent_id.to_string(),
        "report_endpoint": identity.report_endpoint,
    });
    print_value(&shown, false)
}
