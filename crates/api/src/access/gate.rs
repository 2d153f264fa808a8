//! What looks at every request before anything else does.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    RequestExt as _,
    extract::{MatchedPath, RawPathParams, Request, State as Shared},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use journey::ids::CustomerId;
use store::access::NewAudit;
use uuid::Uuid;

use super::{
    Access, Noted, VIEWER, Viewer, Who, origin,
    roles::{Role, Scope},
    secrets::{self, KEY_PREFIX},
    see,
    table::{self, Need},
};
use crate::{
    State,
    console::{self, PageError},
    i18n::{fill, say},
    intake,
    problem::Problem,
};

/// The most of an id that stands in the audit log, in characters.
const WORD: usize = 100;

/// A request, as far as it matters who may make it.
struct Asked {
    method: Method,
    pattern: String,
    /// For people, or for programs.
    browser: bool,
    path: String,
    now: Timestamp,
}

impl Asked {
    /// Whether it may change something.
    fn changes(&self) -> bool {
        !matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS)
    }

    fn action(&self) -> String {
        format!("{} {}", self.method, self.pattern)
    }
}

/// Why a request is refused.
enum Refusal {
    SignIn,
    NotAllowed(Option<Scope>),
    CrossSite,
    NoUsers,
    Busy,
}

impl Refusal {
    fn told(&self) -> (StatusCode, &'static str, String) {
        match self {
            Self::SignIn => (
                StatusCode::UNAUTHORIZED,
                "sign_in",
                "Sign in, or send a key as `Authorization: Bearer pk_…`.".into(),
            ),
            Self::NotAllowed(Some(scope)) => (
                StatusCode::FORBIDDEN,
                "not_allowed",
                format!("This needs the scope `{}`.", scope.word()),
            ),
            Self::NotAllowed(None) => (
                StatusCode::FORBIDDEN,
                "not_allowed",
                "This is for people who are signed in.".into(),
            ),
            Self::CrossSite => (
                StatusCode::FORBIDDEN,
                "cross_site",
                "Another site has sent this, or the browser does not say which. Nothing was changed.".into(),
            ),
            Self::NoUsers => (
                StatusCode::FORBIDDEN,
                "no_users",
                "Nobody signs in here yet. `parcours users add` makes the first user.".into(),
            ),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The database does not answer, so nobody can be told apart.".into(),
            ),
        }
    }

    /// The same for a person, in the language of the page.
    fn page(&self) -> PageError {
        let (status, ..) = self.told();
        let why = match self {
            Self::SignIn => say("Sign in first.").into(),
            Self::NotAllowed(Some(scope)) => fill(
                "This needs the scope {0}: an admin can give you a role that has it.",
                &[&scope.word()],
            ),
            Self::NotAllowed(None) => say("This is for people who are signed in.").into(),
            Self::CrossSite => say("Another site has sent this, or the browser does not say which. Nothing was changed.").into(),
            Self::NoUsers => {
                fill("Nobody signs in here yet. {0} makes the first user.", &[&"parcours users add"])
            }
            Self::Busy => say("The database does not answer. Try again in a moment.").into(),
        };
        PageError::Refused(status, why)
    }

    fn answer(&self, asked: &Asked) -> Response {
        let (status, code, detail) = self.told();
        if asked.browser && matches!(self, Self::SignIn) {
            let to = match asked.changes() {
                true => "/",
                false => &*asked.path,
            };
            let to: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
            return see(&format!("/sign-in?to={to}"));
        }
        if asked.browser {
            return self.page().into_response();
        }
        let mut response = Problem::new(status, code, detail).into_response();
        if matches!(self, Self::SignIn) {
            let how = HeaderValue::from_static("Bearer realm=\"parcours\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
        }
        response
    }
}

/// Lets a request through, or says why not, and writes both down where they matter.
pub(crate) async fn gate(
    Shared(state): Shared<State>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(access) = state.access.clone() else {
        return next.run(request).await;
    };
    let Some(pattern) = request.extensions().get::<MatchedPath>() else {
        // There is no such address.
        return next.run(request).await;
    };
    let asked = asked(&request, pattern.as_str().to_owned(), state.now());
    let need = table::need(asked.method.as_str(), &asked.pattern);
    if need == Some(Need::Public) {
        return next.run(request).await;
    }
    if need.is_none() {
        // Nothing that has no line is reached; that the method is wrong may be said.
        let allowed = HeaderValue::from_str(&table::allowed(&asked.pattern));
        if let Some(allowed) = allowed.ok().filter(|methods| !methods.is_empty()) {
            let mut response = console::wrong_method().await.into_response();
            response.headers_mut().insert(header::ALLOW, allowed);
            return response;
        }
    }
    match admitted(&state, &access, &asked, need, request.headers()).await {
        Ok(Admitted::Anyone) => next.run(request).await,
        Ok(Admitted::Viewer(viewer, behind)) => {
            if let Some(key) = behind {
                request.headers_mut().insert(header::AUTHORIZATION, key);
            }
            let what = what(&mut request).await;
            let viewer = Arc::new(viewer);
            let mut response = VIEWER.scope(viewer.clone(), next.run(request)).await;
            // So that browsers say where our own forms come from.
            let policy = HeaderValue::from_static("same-origin");
            let headers = response.headers_mut();
            headers.entry(header::REFERRER_POLICY).or_insert(policy);
            if is_told(&asked, need) {
                let noted = outcome(&response);
                written(&access, &asked, &viewer.name(), &what, noted).await;
            }
            response
        }
        Err((refusal, who)) => {
            refused(&access, &asked, who.as_deref(), &refusal, &mut request).await;
            refusal.answer(&asked)
        }
    }
}

fn asked(request: &Request, pattern: String, now: Timestamp) -> Asked {
    let accept = request.headers().get(header::ACCEPT);
    let accept = accept.and_then(|v| v.to_str().ok()).unwrap_or_default();
    let path = request.uri().path_and_query().map_or("/", |p| p.as_str());
    Asked {
        method: request.method().clone(),
        browser: accept.contains("text/html") && !pattern.starts_with("/v1/"),
        path: path.to_owned(),
        pattern,
        now,
    }
}

enum Admitted {
    /// Everything is open, or the write key was shown.
    Anyone,
    /// Somebody, and what is asked for behind the gate, which they need not have.
    Viewer(Viewer, Option<HeaderValue>),
}

async fn admitted(
    state: &State,
    access: &Access,
    asked: &Asked,
    need: Option<Need>,
    headers: &HeaderMap,
) -> Result<Admitted, (Refusal, Option<String>)> {
    let intake = need == Some(Need::Scope(Scope::EventsWrite));
    // Before anything is asked of the database, which may be away while events come in.
    if intake && state.write_key.is_some() && intake::authorised(state, headers).is_ok() {
        return Ok(Admitted::Anyone);
    }
    let busy = |_| (Refusal::Busy, None);
    // Metrics are read while the database is away, as events are taken in.
    let lenient = intake || asked.pattern == "/metrics";
    if !access.closed(lenient).await.map_err(busy)? {
        let of_users = matches!(
            need,
            Some(Need::User | Need::Scope(Scope::UsersManage | Scope::AuditRead))
        );
        return match of_users {
            true => Err((Refusal::NoUsers, None)),
            false => Ok(Admitted::Anyone),
        };
    }
    let found = identified(access, headers, asked.now).await.map_err(busy)?;
    let viewer = found.ok_or((Refusal::SignIn, None))?;
    let no = |refusal| Err((refusal, Some(viewer.name())));
    let by_cookie = matches!(viewer.who, Who::User { .. });
    if by_cookie && asked.changes() && !origin::is_own(headers) {
        return no(Refusal::CrossSite);
    }
    match need {
        Some(Need::Scope(scope)) if !viewer.may(scope) => {
            return no(Refusal::NotAllowed(Some(scope)));
        }
        Some(Need::User) if !by_cookie => return no(Refusal::NotAllowed(None)),
        None => return no(Refusal::NotAllowed(None)),
        _ => {}
    }
    let behind = state.write_key.as_deref().and_then(|key| {
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{key}:")));
        HeaderValue::from_str(&basic).ok()
    });
    Ok(Admitted::Viewer(viewer, behind))
}

/// A key that is shown counts, and no cookie beside it.
async fn identified(
    access: &Access,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Option<Viewer>, store::Error> {
    let shown = headers.get(header::AUTHORIZATION);
    let shown = shown.and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "));
    if let Some(key) = shown.map(str::trim) {
        if !key.starts_with(KEY_PREFIX) {
            return Ok(None);
        }
        let key = access.store.key(&secrets::hash_of(key), now).await?;
        return Ok(key.map(|key| Viewer {
            scopes: key.scopes.iter().filter_map(|s| Scope::of(s)).collect(),
            who: Who::Key { id: key.id },
            revealed: BTreeMap::new(),
        }));
    }
    let Some(token) = origin::token(headers) else {
        return Ok(None);
    };
    let hash = secrets::hash_of(token);
    let session = access.store.session(&hash, now).await?;
    Ok(session.map(|session| {
        let roles = session.roles.iter().filter_map(|r| Role::of(r));
        Viewer {
            scopes: roles.flat_map(|r| r.scopes().iter().copied()).collect(),
            revealed: session.revealed,
            who: Who::User {
                id: session.user,
                email: session.email,
                session: hash,
            },
        }
    }))
}

/// The ids in the address: of a customer the id, whatever they are called by.
async fn what(request: &mut Request) -> String {
    let Ok(all) = request.extract_parts::<RawPathParams>().await else {
        return String::new();
    };
    let said = |(name, value): (&str, &str)| {
        if let Some(id) = named(name, value) {
            return format!("customer={id}");
        }
        let value: String = value.chars().take(WORD).collect();
        format!("{name}={value}")
    };
    all.iter().map(said).collect::<Vec<_>>().join(" ")
}

/// The customer whom a part of an address names.
fn named(name: &str, value: &str) -> Option<CustomerId> {
    let is_customer = matches!(name, "key" | "customer");
    is_customer.then(|| Uuid::try_parse(value).map_or_else(|_| CustomerId::of(value), CustomerId))
}

/// The customer whom the address names, if it names one.
pub(crate) async fn customer_of(request: &mut Request) -> Option<CustomerId> {
    let all = request.extract_parts::<RawPathParams>().await.ok()?;
    all.iter().find_map(|(name, value)| named(name, value))
}

/// Whether the audit log is told: of changes, but for events, which stand in their customer's timeline; and of what takes
/// all that is held on somebody along, or lets act for them.
fn is_told(asked: &Asked, need: Option<Need>) -> bool {
    match need {
        Some(Need::Scope(Scope::EventsWrite)) => false,
        Some(Need::Scope(Scope::CustomersExport | Scope::CustomersAct)) => true,
        _ => asked.changes(),
    }
}

/// What was done, and whether it was, as its response says.
fn outcome(response: &Response) -> Noted {
    let noted = response.extensions().get::<Noted>().cloned();
    let mut noted = noted.unwrap_or_default();
    let status = response.status();
    noted.failed |= status.is_client_error() || status.is_server_error();
    noted
}

async fn written(access: &Access, asked: &Asked, who: &str, what: &str, noted: Noted) {
    let what = [what, &noted.what].join(" ");
    let entry = NewAudit {
        at: asked.now,
        who,
        action: &asked.action(),
        what: what.trim(),
        reason: &noted.reason,
        ok: !noted.failed,
    };
    access.audit(&entry).await;
}

/// Refusals of people unknown are written down as far as their number has a bound.
async fn refused(
    access: &Access,
    asked: &Asked,
    who: Option<&str>,
    refusal: &Refusal,
    request: &mut Request,
) {
    if matches!(refusal, Refusal::Busy)
        || (who.is_none() && !access.inner.refusals.one_more(asked.now))
    {
        return;
    }
    let what = what(request).await;
    let (_, code, _) = refusal.told();
    let entry = NewAudit {
        at: asked.now,
        who: who.unwrap_or("nobody"),
        action: &asked.action(),
        what: &what,
        reason: code,
        ok: false,
    };
    access.audit(&entry).await;
}
