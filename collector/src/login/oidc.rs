//! Logging in at an identity provider: OpenID Connect, authorization code with PKCE. Who somebody is
//! stands in the ID token, whose signature, issuer, audience, nonce and times are verified.

mod claims;
mod http;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use belfort_model::time::Timestamp;
use belfort_store::record::Identity;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AccessToken, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier,
    ProviderMetadataWithLogout, RedirectUrl, Scope, SignatureVerificationError, TokenResponse as _,
};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::config::login::{GroupRole, OidcConfig};
use http::Client;

/// What the provider says about itself is asked anew so often.
const FRESH: Duration = Duration::from_hours(1);
/// A key nobody knows makes the collector ask again, but not more often than this.
const ASK_AGAIN: Duration = Duration::from_secs(30);
/// What clocks may differ by, seconds.
const SKEW_SECONDS: i64 = 60;
/// How long somebody may take at the provider, seconds.
const PATIENCE_SECONDS: i64 = 600;

/// Why somebody does not get in through the provider.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The provider is configured in a way that cannot be.
    #[error("the identity provider cannot be used: {0}")]
    Setup(String),
    /// The provider does not answer, or not as it should.
    #[error("the identity provider does not answer as it should: {0}")]
    Provider(String),
    /// The answer belongs to no login that was begun in this browser, or it came too late.
    #[error("this answer belongs to no login that was begun in this browser, or it came too late")]
    State,
    /// The provider refused the login or the code.
    #[error("the identity provider refused: {0}")]
    Refused(String),
    /// The ID token does not hold.
    #[error("the ID token does not hold: {0}")]
    Token(String),
    /// The provider left the groups out because there are too many.
    #[error(
        "the identity provider left the groups out because the person is in too many of them \
         (`{0}` came as overage): let it send only the groups assigned to this application"
    )]
    Overage(String),
}

/// A login that was begun; it waits in the browser, sealed.
#[derive(Clone, Serialize, Deserialize)]
pub struct Pending {
    state: String,
    nonce: String,
    verifier: String,
    begun_at: Timestamp,
}

/// Who the provider says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// What the provider calls the person.
    pub identity: Identity,
    /// Name to show.
    pub name: String,
    /// Groups the person is in.
    pub groups: Vec<String>,
}

/// An identity provider.
pub struct Provider {
    config: OidcConfig,
    secret: Option<String>,
    redirect: String,
    client: Client,
    known: Mutex<Option<(Arc<ProviderMetadataWithLogout>, Instant)>>,
}

/// The client of the library, made from what the provider says about itself.
macro_rules! library_client {
    ($provider:expr, $metadata:expr) => {{
        let redirect = RedirectUrl::new($provider.redirect.clone())
            .map_err(|error| OidcError::Setup(error.to_string()))?;
        let secret = $provider.secret.clone().map(ClientSecret::new);
        let id = ClientId::new($provider.config.client_id.clone());
        CoreClient::from_provider_metadata($metadata.as_ref().clone(), id, secret)
            .set_redirect_uri(redirect)
            .set_auth_type(auth_type($metadata))
    }};
}

impl Provider {
    /// A provider as configured; `redirect` is where it sends people back, `authorities` are PEM
    /// certificates of an authority of the organisation's own.
    pub fn new(
        config: OidcConfig,
        secret: Option<String>,
        redirect: String,
        authorities: Option<&[u8]>,
    ) -> Result<Self, OidcError> {
        let client = Client::new(config.issuer.starts_with("https:"), authorities)?;
        Ok(Self { config, secret, redirect, client, known: Mutex::new(None) })
    }

    /// What the login page calls it.
    pub fn label(&self) -> &str {
        &self.config.label
    }

    /// Which roles these groups give.
    pub fn roles(&self, groups: &[String]) -> Vec<&GroupRole> {
        self.config.roles.iter().filter(|given| groups.contains(&given.group)).collect()
    }

    /// What the provider says about itself; from memory unless that is older than `longest`.
    fn metadata(&self, longest: Duration) -> Result<Arc<ProviderMetadataWithLogout>, OidcError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((metadata, _)) = known.as_ref().filter(|(_, at)| at.elapsed() < longest) {
            return Ok(metadata.clone());
        }
        let issuer = IssuerUrl::new(self.config.issuer.clone())
            .map_err(|error| OidcError::Setup(error.to_string()))?;
        let call = |request| self.client.call(request);
        match ProviderMetadataWithLogout::discover(&issuer, &call) {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                *known = Some((metadata.clone(), Instant::now()));
                Ok(metadata)
            }
            Err(error) => Err(OidcError::Provider(with_causes(&error))),
        }
    }

    /// Begins a login: where to send the browser, and what it keeps meanwhile.
    pub fn begin(&self, now: Timestamp) -> Result<(String, Pending), OidcError> {
        let metadata = self.metadata(FRESH)?;
        let client = library_client!(self, &metadata);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        );
        for scope in &self.config.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        let (url, state, nonce) = request.set_pkce_challenge(challenge).url();
        let pending = Pending {
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
            begun_at: now,
        };
        Ok((url.to_string(), pending))
    }

    /// Ends a login: exchanges the code and verifies who came back.
    pub fn finish(
        &self,
        pending: Pending,
        state: &str,
        code: &str,
        now: Timestamp,
    ) -> Result<Person, OidcError> {
        let same = bool::from(pending.state.as_bytes().ct_eq(state.as_bytes()));
        let late = now >= pending.begun_at.plus_seconds(PATIENCE_SECONDS);
        if !same || late || now < pending.begun_at {
            return Err(OidcError::State);
        }
        let metadata = self.metadata(FRESH)?;
        let client = library_client!(self, &metadata);
        let call = |request| self.client.call(request);
        let answer = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| OidcError::Provider(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier))
            .request(&call)
            .map_err(|error| match error {
                openidconnect::RequestTokenError::ServerResponse(said) => {
                    OidcError::Refused(said.error().to_string())
                }
                other => OidcError::Provider(with_causes(&other)),
            })?;
        let token =
            answer.id_token().ok_or_else(|| OidcError::Token("there is none".to_owned()))?;
        let nonce = Nonce::new(pending.nonce);
        let subject = match self.verify(&metadata, token, &nonce, now) {
            Err(Verification::UnknownKey) => {
                // The provider may have changed its keys since it was asked.
                let metadata = self.metadata(ASK_AGAIN)?;
                self.verify(&metadata, token, &nonce, now)
            }
            other => other,
        };
        let subject = subject.map_err(|error| match error {
            Verification::UnknownKey => OidcError::Token("nobody knows its key".to_owned()),
            Verification::Other(error) => error,
        })?;
        self.person(&metadata, subject, token, answer.access_token())
    }

    /// Verifies an ID token; gives its subject.
    fn verify(
        &self,
        metadata: &Arc<ProviderMetadataWithLogout>,
        token: &CoreIdToken,
        nonce: &Nonce,
        now: Timestamp,
    ) -> Result<String, Verification> {
        use CoreJwsSigningAlgorithm as Alg;
        let moment = |at: Timestamp| {
            chrono::DateTime::from_timestamp_millis(at.0).unwrap_or(chrono::DateTime::UNIX_EPOCH)
        };
        let (earlier, later) =
            (moment(now.plus_seconds(-SKEW_SECONDS)), moment(now.plus_seconds(SKEW_SECONDS)));
        let client = (|| Ok(library_client!(self, metadata)))().map_err(Verification::Other)?;
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs([
                Alg::RsaSsaPkcs1V15Sha256,
                Alg::RsaSsaPkcs1V15Sha384,
                Alg::RsaSsaPkcs1V15Sha512,
                Alg::RsaSsaPssSha256,
                Alg::RsaSsaPssSha384,
                Alg::RsaSsaPssSha512,
                Alg::EcdsaP256Sha256,
                Alg::EcdsaP384Sha384,
                Alg::EdDsa,
            ])
            .set_time_fn(move || earlier)
            .set_issue_time_verifier_fn(move |issued| {
                if issued > later { Err("it was issued in the future".to_owned()) } else { Ok(()) }
            });
        match token.claims(&verifier, nonce) {
            Ok(claims) => Ok(claims.subject().to_string()),
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => Err(Verification::UnknownKey),
            Err(error) => Err(Verification::Other(OidcError::Token(with_causes(&error)))),
        }
    }

    /// Who it is: from the claims of the verified token and, for what is not there, from the provider.
    fn person(
        &self,
        metadata: &ProviderMetadataWithLogout,
        subject: String,
        token: &CoreIdToken,
        access: &AccessToken,
    ) -> Result<Person, OidcError> {
        let (groups_claim, name_claim) = (&self.config.groups_claim, &self.config.name_claim);
        let mut found = claims::of_token(&token.to_string())
            .ok_or_else(|| OidcError::Token("its claims cannot be read".to_owned()))?;
        if claims::is_overage(&found, groups_claim) {
            return Err(OidcError::Overage(groups_claim.clone()));
        }
        let complete = found.contains_key(groups_claim) && found.contains_key(name_claim);
        if let (false, Some(address)) = (complete, metadata.userinfo_endpoint()) {
            let more = self.client.user_info(address.as_str(), access.secret())?;
            // Whoever answers for somebody else must not add a group.
            if more.get("sub").and_then(|sub| sub.as_str()) == Some(&subject) {
                for (claim, value) in more {
                    found.entry(claim).or_insert(value);
                }
            }
        }
        let name = claims::text(&found, name_claim).unwrap_or_else(|| subject.clone());
        let groups = claims::texts(&found, groups_claim);
        let identity = Identity { issuer: self.config.issuer.clone(), subject };
        Ok(Person { identity, name, groups })
    }

    /// Where somebody ends the session at the provider; nothing when it has no such address.
    pub fn end_session(&self, back: &str) -> Option<String> {
        let metadata = self.metadata(FRESH).ok()?;
        let mut url = metadata.additional_metadata().end_session_endpoint.clone()?.url().clone();
        url.query_pairs_mut()
            .append_pair("client_id", &self.config.client_id)
            .append_pair("post_logout_redirect_uri", back);
        Some(url.to_string())
    }
}

/// Why an ID token could not be verified.
enum Verification {
    /// It was signed with a key that is not among those known.
    UnknownKey,
    /// Anything else.
    Other(OidcError),
}

/// How the collector proves who it is: in the header unless the provider takes it in the body alone.
fn auth_type(metadata: &ProviderMetadataWithLogout) -> AuthType {
    let methods = metadata.token_endpoint_auth_methods_supported();
    let only_body = methods.is_some_and(|methods| {
        !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
            && methods.contains(&CoreClientAuthMethod::ClientSecretPost)
    });
    if only_body { AuthType::RequestBody } else { AuthType::BasicAuth }
}

/// An error with what is behind it.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
