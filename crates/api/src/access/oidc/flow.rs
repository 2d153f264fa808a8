//! The way to the provider and back.
//!
//! What must come back the same (`state`, `nonce`) and what only we know (PKCE's verifier) is kept by the browser, in a cookie of its
//! own for ten minutes: so that a way that was begun elsewhere does not end here.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Extension,
    extract::{ConnectInfo, Query, State as Shared, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{
    Oidc, Question,
    issuer::About,
    people::{Admitted, NotAdmitted, Person, claim},
    token::{self, Claims, Wanted, Wrong},
};
use crate::{
    State,
    access::{
        Access, access, origin, secrets, see,
        sign_in::{self, Asked},
    },
    console::PageError,
    i18n::{fill, say},
};

type Answer = Result<Response, PageError>;

/// For how long somebody may be on their way.
const UNDER_WAY: Duration = Duration::from_secs(600);
/// The longest of what comes back, in bytes.
const LONGEST: usize = 8 << 10;

/// What somebody set out with.
struct Way {
    state: String,
    nonce: String,
    verifier: String,
    begun: i64,
    to: String,
}

impl Way {
    fn begun(to: &str, now: Timestamp) -> Result<Self, PageError> {
        Ok(Self {
            state: secrets::token()?,
            nonce: secrets::token()?,
            verifier: secrets::token()?,
            begun: now.as_second(),
            to: to.to_owned(),
        })
    }

    /// As the cookie holds it.
    fn kept(&self) -> String {
        let to = BASE64_URL_SAFE_NO_PAD.encode(&self.to);
        let Self {
            state,
            nonce,
            verifier,
            begun,
            ..
        } = self;
        format!("{state}.{nonce}.{verifier}.{begun}.{to}")
    }

    fn read(cookie: &str) -> Option<Self> {
        let mut parts = cookie.split('.').map(str::to_owned);
        let (state, nonce, verifier) = (parts.next()?, parts.next()?, parts.next()?);
        let begun = parts.next()?.parse().ok()?;
        let to = BASE64_URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        Some(Self {
            state,
            nonce,
            verifier,
            begun,
            to: String::from_utf8(to).ok()?,
        })
    }

    fn is_under_way(&self, now: Timestamp) -> bool {
        let since = now.as_second().saturating_sub(self.begun);
        u64::try_from(since).is_ok_and(|s| s <= UNDER_WAY.as_secs())
    }
}

/// Why nobody is let in.
enum No {
    /// The way was not begun in this browser, or too long ago, or is over.
    NotBegun,
    /// Another provider has answered than was asked.
    OtherIssuer,
    /// The provider says no, in a word.
    Refused(String),
    /// The provider does not answer, or not as it should.
    Away,
    /// Its token is not right.
    Token(Wrong),
    /// The token let somebody in before.
    Replayed,
    /// Too many have tried from there.
    TooMany,
    /// They are not let in here.
    Person(NotAdmitted),
}

impl No {
    /// What the audit log is told.
    fn word(&self) -> String {
        match self {
            Self::NotBegun => "oidc: state".into(),
            Self::OtherIssuer => "oidc: iss".into(),
            Self::Refused(word) => format!("oidc: {word}"),
            Self::Away => "oidc: away".into(),
            Self::Token(wrong) => format!("oidc: {wrong}"),
            Self::Replayed => "oidc: replayed".into(),
            Self::TooMany => "oidc: too many".into(),
            Self::Person(why) => format!("oidc: {}", why.word()),
        }
    }

    fn said(&self, name: &str) -> String {
        match self {
            Self::NotBegun => say("This sign-in was not begun in this browser, or more than ten minutes ago. Begin again.").into(),
            Self::Away => fill("{0} does not answer as it should. Try again in a moment.", &[&name]),
            Self::Refused(_) => fill("{0} has let nobody in.", &[&name]),
            Self::OtherIssuer | Self::Token(_) | Self::Replayed => {
                fill("What came back from {0} does not belong to this sign-in. Begin again.", &[&name])
            }
            Self::TooMany => say("Too many have failed from your address. Try again in a quarter of an hour.").into(),
            Self::Person(why) => why.said().into(),
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Away => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::FORBIDDEN,
        }
    }
}

fn oidc(access: &Access) -> Result<&Oidc, PageError> {
    access.oidc.as_ref().ok_or(PageError::NotFound("page"))
}

/// Sends somebody to the provider.
pub(in crate::access) async fn start(
    Shared(state): Shared<State>,
    Query(asked): Query<Asked>,
) -> Answer {
    let access = access(&state)?;
    let oidc = oidc(access)?;
    let Some(about) = oidc.about(state.now()).await else {
        return refused(access, &No::Away);
    };
    let way = Way::begun(origin::inside(&asked.to), state.now())?;
    let mut response = see(oidc.question(&about, &way).as_str());
    let cookie = origin::on_the_way(oidc.is_https(), &way.kept(), UNDER_WAY);
    sign_in::set_cookie(&mut response, cookie);
    Ok(response)
}

impl Oidc {
    /// Where the browser is sent (OpenID Connect Core, section 3.1.2.1; RFC 7636).
    fn question(&self, about: &About, way: &Way) -> Url {
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(way.verifier.as_bytes()));
        let settings = self.settings();
        let scopes = ["openid"].into_iter();
        let scopes: Vec<&str> = scopes
            .chain(settings.scopes.iter().map(String::as_str))
            .collect();
        let mut url = about.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", &self.back())
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", &way.state)
            .append_pair("nonce", &way.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        url
    }
}

/// What the provider sends the browser back with.
#[derive(Deserialize)]
pub(in crate::access) struct Given {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Hears what somebody comes back with, and lets them in.
pub(in crate::access) async fn back(
    Shared(state): Shared<State>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    given: Result<Query<Given>, QueryRejection>,
) -> Answer {
    let Query(given) = given.map_err(|_| PageError::unreadable())?;
    let (access, now) = (access(&state)?, state.now());
    let oidc = oidc(access)?;
    let way = origin::way(oidc.is_https(), &headers).and_then(Way::read);
    let address = peer.map(|Extension(ConnectInfo(peer))| peer.ip());
    let looked_at = address.is_none_or(|a| access.inner.addresses.attempt(a, now));
    let found = match (looked_at, way) {
        (false, _) => Err(No::TooMany),
        (true, Some(way)) if way.is_under_way(now) && way.state == given.state => {
            let found = oidc.admit(access, &way, given, now).await?;
            found.map(|admitted| (admitted, way.to))
        }
        _ => Err(No::NotBegun),
    };
    let mut response = match found {
        Ok((admitted, to)) => {
            if let Some(address) = address {
                access.inner.addresses.succeeded(address);
            }
            let Admitted { user, done } = admitted;
            let done = ["oidc", &done].into_iter().filter(|d| !d.is_empty());
            let done = done.collect::<Vec<_>>().join(": ");
            sign_in::told(access, &format!("user:{user}"), true, &done, now).await;
            // Looked at again: it was with the browser.
            let to = origin::inside(&to);
            sign_in::open(access, user, to, oidc.is_https(), now).await?
        }
        Err(no) => {
            if access.inner.refusals.one_more(now) {
                sign_in::told(access, "nobody", false, &no.word(), now).await;
            }
            refused(access, &no)?
        }
    };
    let none = origin::on_the_way(oidc.is_https(), "", Duration::ZERO);
    sign_in::set_cookie(&mut response, none);
    Ok(response)
}

fn refused(access: &Access, no: &No) -> Answer {
    let name = access.oidc.as_ref().map_or("", Oidc::name);
    sign_in::again(access, no.status(), "/", "", &no.said(name))
}

impl Oidc {
    /// Who comes back, if they are let in.
    async fn admit(
        &self,
        access: &Access,
        way: &Way,
        given: Given,
        now: Timestamp,
    ) -> Result<Result<Admitted, No>, PageError> {
        let claims = match self.shown(way, given, now).await {
            Ok(claims) => claims,
            Err(no) => return Ok(Err(no)),
        };
        // Kept for as long as the same could come once more.
        let nonce = secrets::hash_of(&way.nonce);
        if !access
            .store
            .take_nonce(&nonce, now + 2 * UNDER_WAY, now)
            .await?
        {
            return Ok(Err(No::Replayed));
        }
        let person = Person::of(&claims, self.settings());
        let admitted = self.admitted(&access.store, &person, now).await?;
        Ok(admitted.map_err(No::Person))
    }

    /// What the provider says of whoever comes back.
    async fn shown(&self, way: &Way, given: Given, now: Timestamp) -> Result<Claims, No> {
        let about = self.about(now).await.ok_or(No::Away)?;
        let issuer = &self.settings().issuer;
        // RFC 9207: before anything else is believed.
        let named = about.authorization_response_iss_parameter_supported;
        if given.iss.as_ref().map_or(named, |iss| iss != issuer) {
            return Err(No::OtherIssuer);
        }
        if let Some(error) = given.error {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let word = error.chars().filter(|c| plain(*c)).take(40).collect();
            return Err(No::Refused(word));
        }
        let code = given
            .code
            .filter(|code| !code.is_empty() && code.len() <= LONGEST);
        let code = code.ok_or(No::NotBegun)?;
        let answer = self.exchanged(&about, &code, &way.verifier).await?;
        let access_token = answer["access_token"].as_str();
        let wanted = Wanted {
            issuer,
            client_id: &self.settings().client_id,
            nonce: &way.nonce,
            access_token,
            now,
        };
        let id_token = answer["id_token"].as_str().unwrap_or_default();
        let mut claims = self.held(&about, id_token, &wanted).await?;
        self.completed(&about, &mut claims, access_token).await;
        Ok(claims)
    }

    /// The code for tokens (OpenID Connect Core, section 3.1.3).
    async fn exchanged(&self, about: &About, code: &str, verifier: &str) -> Result<Value, No> {
        let (settings, back) = (self.settings(), self.back());
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &*back),
            ("code_verifier", verifier),
        ];
        // RFC 6749, section 2.3.1: both stand in HTTP Basic as they would in a form.
        let encoded = |text: &str| -> String {
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
        };
        let (id, secret) = (&*settings.client_id, settings.client_secret.as_deref());
        let basic = secret.filter(|_| !about.secret_in_form());
        let basic = basic.map(|secret| (encoded(id), encoded(secret)));
        if basic.is_none() {
            form.push(("client_id", id));
            form.extend(secret.map(|secret| ("client_secret", secret)));
        }
        let question = Question::Post {
            url: &about.token_endpoint,
            form: &form,
            basic: basic.as_ref().map(|(id, secret)| (&**id, &**secret)),
        };
        self.inner.ask.ask(question).await.map_err(|why| {
            tracing::warn!(%why, "a code was not taken by the provider of identities");
            // Codes that are none are refused in the same way.
            No::Refused("code".into())
        })
    }

    /// The token's claims; where no key is meant, the provider may have newer ones.
    async fn held(&self, about: &About, token: &str, wanted: &Wanted<'_>) -> Result<Claims, No> {
        for anew in [false, true] {
            let keys = self.keys(about, anew, wanted.now).await.ok_or(No::Away)?;
            match token::checked(token, &keys, wanted) {
                Err(Wrong::Key) if !anew => {}
                checked => {
                    return checked.map_err(|wrong| {
                        tracing::warn!(%wrong, "an ID token is not right");
                        No::Token(wrong)
                    });
                }
            }
        }
        Err(No::Token(Wrong::Key))
    }

    /// What the token does not say of them, the provider may say at its `userinfo_endpoint`.
    async fn completed(&self, about: &About, claims: &mut Claims, bearer: Option<&str>) {
        let settings = self.settings();
        let roles = settings.roles.as_ref().map(|roles| &*roles.claim);
        let wanted = ["email"].into_iter().chain(roles);
        let lacks = wanted.filter(|name| claim(claims, name).is_none()).count() > 0;
        let (true, Some(url), Some(_)) = (lacks, &about.userinfo_endpoint, bearer) else {
            return;
        };
        match self.inner.ask.ask(Question::Get { url, bearer }).await {
            // Of nobody else (section 5.3.2).
            Ok(Value::Object(mut more)) if more.get("sub") == claims.get("sub") => {
                if claims.contains_key("email") {
                    // That an address is theirs is said of the address beside it.
                    more.remove(&settings.verified);
                }
                for (name, value) in more {
                    claims.entry(name).or_insert(value);
                }
            }
            Ok(_) => tracing::warn!("what the provider says of somebody is of somebody else"),
            Err(why) => tracing::warn!(%why, "the provider says nothing of somebody"),
        }
    }
}

/// Sends somebody who has signed out here to sign out at the provider as well (RP-Initiated Logout).
pub(in crate::access) async fn out(Shared(state): Shared<State>) -> Answer {
    let oidc = oidc(access(&state)?)?;
    let about = oidc.about(state.now()).await;
    let end = about.and_then(|about| about.end_session_endpoint.clone());
    let Some(mut url) = end else {
        return Ok(see("/sign-in"));
    };
    let address = oidc.settings().address.trim_end_matches('/');
    url.query_pairs_mut()
        .append_pair("client_id", &oidc.settings().client_id)
        .append_pair("post_logout_redirect_uri", &format!("{address}/sign-in"));
    Ok(see(url.as_str()))
}
