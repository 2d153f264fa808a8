//! Signing in and out.

use std::{net::SocketAddr, time::Duration};

use askama::Template;
use axum::{
    Extension, Form,
    extract::{ConnectInfo, Query, State as Shared},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use jiff::Timestamp;
use serde::Deserialize;
use store::access::{Credentials, LONGEST, NewAudit};

use super::{Access, access, oidc::Oidc, origin, page, secrets, see, user};
use crate::{State, console::PageError, i18n::say};

/// The same whatever was wrong, so that nobody learns which accounts there are.
fn wrong() -> &'static str {
    say(
        "The e-mail address, the password or the code is wrong. After five failures an account is locked for a quarter of an hour.",
    )
}

#[derive(Template)]
#[template(path = "access/sign_in.html")]
struct SignIn<'a> {
    to: &'a str,
    email: &'a str,
    wrong: Option<&'a str>,
    /// Whether people sign in by a password.
    passwords: bool,
    /// What else they sign in by.
    provider: Option<&'a str>,
    /// Whether they have just signed out here.
    out: bool,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    pub(super) to: String,
    out: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Given {
    email: String,
    password: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    to: String,
}

type Answer = Result<Response, PageError>;

/// So that browsers say where the form comes from.
fn own(mut response: Response) -> Response {
    let policy = HeaderValue::from_static("same-origin");
    response
        .headers_mut()
        .insert(header::REFERRER_POLICY, policy);
    response
}

pub(super) async fn show(Shared(state): Shared<State>, Query(asked): Query<Asked>) -> Answer {
    let form = SignIn {
        to: origin::inside(&asked.to),
        out: asked.out.is_some(),
        ..form(access(&state)?)
    };
    page(StatusCode::OK, &form).map(own)
}

fn form(access: &Access) -> SignIn<'_> {
    SignIn {
        to: "/",
        email: "",
        wrong: None,
        passwords: access.passwords,
        provider: access.oidc.as_ref().map(Oidc::name),
        out: false,
    }
}

/// The form once more, with what was wrong.
pub(super) fn again(
    access: &Access,
    status: StatusCode,
    to: &str,
    email: &str,
    wrong: &str,
) -> Answer {
    let form = SignIn {
        to,
        email,
        wrong: Some(wrong),
        ..form(access)
    };
    page(status, &form).map(own)
}

pub(super) async fn submit(
    Shared(state): Shared<State>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    Form(given): Form<Given>,
) -> Answer {
    let (access, now) = (access(&state)?, state.now());
    let to = origin::inside(&given.to);
    let again = |status, wrong| again(access, status, to, &given.email, wrong);
    if !access.passwords {
        return again(
            StatusCode::FORBIDDEN,
            say("Nobody signs in by a password here."),
        );
    }
    if !origin::is_own(&headers) {
        return again(
            StatusCode::FORBIDDEN,
            say("Another site has sent this. Sign in here."),
        );
    }
    let address = peer.map(|Extension(ConnectInfo(peer))| peer.ip());
    let looked_at = address.is_none_or(|a| access.inner.addresses.attempt(a, now));
    let user = match looked_at {
        true => signed_in(access, &given, now).await?,
        false => None,
    };
    let Some(user) = user else {
        if access.inner.refusals.one_more(now) {
            told(access, "nobody", false, "wrong", now).await;
        }
        return again(StatusCode::UNAUTHORIZED, wrong());
    };
    if let Some(address) = address {
        access.inner.addresses.succeeded(address);
    }
    told(access, &format!("user:{user}"), true, "", now).await;
    open(access, user, to, origin::is_https(&headers), now).await
}

/// Begins a session of somebody who has shown who they are.
pub(super) async fn open(
    access: &Access,
    user: uuid::Uuid,
    to: &str,
    https: bool,
    now: Timestamp,
) -> Answer {
    let token = secrets::token()?;
    let hash = secrets::hash_of(&token);
    access.store.open_session(&hash, user, now).await?;
    if let Err(error) = access.store.tidy(now).await {
        tracing::warn!(%error, "old sessions and entries of the audit log stay for now");
    }
    let mut response = see(to);
    let life = Duration::from_secs(LONGEST.as_secs().unsigned_abs());
    set_cookie(&mut response, origin::cookie(https, &token, life));
    Ok(response)
}

pub(super) fn set_cookie(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// Tells the audit log of a sign-in, and why it was none or what was done with it.
pub(super) async fn told(access: &Access, who: &str, ok: bool, reason: &str, now: Timestamp) {
    let entry = NewAudit {
        at: now,
        who,
        action: "sign_in",
        what: "",
        reason,
        ok,
    };
    access.audit(&entry).await;
}

/// Who it is, if all is right. A password is hashed in any case, so that it takes the same time.
async fn signed_in(
    access: &Access,
    given: &Given,
    now: Timestamp,
) -> Result<Option<uuid::Uuid>, PageError> {
    let found = access.store.attempt(given.email.trim(), now).await?;
    let password = found.as_ref().map(|f| f.password.clone());
    let Some(found) = checked(access, &given.password, password, found).await? else {
        return Ok(None);
    };
    let step = match &found.totp {
        None => None,
        Some(secret) => match secrets::step(secret, &given.code, now) {
            None => return Ok(None),
            step => step,
        },
    };
    let taken = access.store.succeeded(found.id, step).await?;
    Ok(taken.then_some(found.id))
}

async fn checked(
    access: &Access,
    given: &str,
    kept: Option<String>,
    found: Option<Credentials>,
) -> Result<Option<Credentials>, PageError> {
    let given = given.to_owned();
    let right = access
        .hashing(move || secrets::verified(&given, kept.as_deref()))
        .await?;
    Ok(found.filter(|_| right))
}

/// Whether that is the password of somebody who is signed in; counted like a sign-in.
pub(super) async fn is_password(
    access: &Access,
    email: &str,
    password: &str,
    now: Timestamp,
) -> Result<bool, PageError> {
    let found = access.store.attempt(email, now).await?;
    let kept = found.as_ref().map(|f| f.password.clone());
    match checked(access, password, kept, found).await? {
        Some(found) => Ok(access.store.succeeded(found.id, None).await?),
        None => Ok(false),
    }
}

pub(super) async fn out(Shared(state): Shared<State>, headers: HeaderMap) -> Answer {
    let (_, _, session) = user()?;
    let access = access(&state)?;
    access.store.close_session(&session).await?;
    let to = match access.oidc {
        Some(_) => "/sign-in?out=yes",
        None => "/sign-in",
    };
    let mut response = see(to);
    let cookie = origin::cookie(origin::is_https(&headers), "", Duration::ZERO);
    set_cookie(&mut response, cookie);
    Ok(response)
}
