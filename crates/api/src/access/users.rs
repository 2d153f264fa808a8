//! Users: who there is, what they may do, and the link by which they set their password.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    Form,
    extract::{Path, State as Shared},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use jiff::{SignedDuration, Timestamp};
use store::access::User;

use super::{
    Access, INVITED_HOURS, Role, access, noted, origin, page, secrets, see, sign_in, user,
};
use crate::{
    State,
    console::{Frame, PageError, words::When},
    i18n::say,
};

type Answer = Result<Response, PageError>;
type Fields = BTreeMap<String, String>;

struct Row {
    id: uuid::Uuid,
    email: String,
    name: String,
    roles: Vec<String>,
    made: When,
    disabled: bool,
    has_password: bool,
    has_totp: bool,
    is_linked: bool,
}

impl From<User> for Row {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            roles: user.roles,
            made: When(user.made_at),
            disabled: user.disabled_at.is_some(),
            has_password: user.has_password,
            has_totp: user.has_totp,
            is_linked: user.is_linked,
        }
    }
}

/// A role, to be ticked.
struct Tick {
    word: &'static str,
    name: &'static str,
    about: &'static str,
    ticked: bool,
}

fn ticks(roles: &[String]) -> Vec<Tick> {
    let tick = |role: Role| Tick {
        word: role.word(),
        name: role.name(),
        about: role.about(),
        ticked: roles.iter().any(|r| r == role.word()),
    };
    Role::ALL.into_iter().map(tick).collect()
}

#[derive(Template)]
#[template(path = "access/users.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
    ticks: Vec<Tick>,
    wrong: Option<String>,
    email: String,
    name: String,
}

#[derive(Template)]
#[template(path = "access/user.html")]
struct One {
    frame: Frame,
    row: Row,
    ticks: Vec<Tick>,
    own: bool,
    /// Whether links to set a password are given out.
    links: bool,
    link: Option<String>,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "access/welcome.html")]
struct Welcome {
    email: String,
    /// Whether a password is set, or the link signs in once.
    passwords: bool,
    wrong: Option<String>,
}

/// The roles that are ticked.
fn ticked(fields: &Fields) -> Vec<String> {
    let all = Role::ALL.into_iter().map(Role::word);
    let ticked = all.filter(|word| fields.contains_key(&format!("role_{word}")));
    ticked.map(str::to_owned).collect()
}

fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map_or("", |v| v.trim())
}

/// An e-mail address as it is kept, if it can be one.
pub fn email_of(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (name, domain) = text.split_once('@')?;
    let fits = !name.is_empty()
        && !domain.is_empty()
        && !domain.contains('@')
        && text.len() <= 320
        && !text.contains(|c: char| c.is_control() || c.is_whitespace());
    fits.then_some(text)
}

pub(super) async fn list(Shared(state): Shared<State>) -> Answer {
    listed(&state, StatusCode::OK, &Fields::new(), None).await
}

async fn listed(state: &State, status: StatusCode, fields: &Fields, wrong: Option<&str>) -> Answer {
    let rows = access(state)?.store.users().await?;
    let list = List {
        frame: Frame::new(state, "access"),
        rows: rows.into_iter().map(Row::from).collect(),
        ticks: ticks(&ticked(fields)),
        wrong: wrong.map(str::to_owned),
        email: field(fields, "email").to_owned(),
        name: field(fields, "name").to_owned(),
    };
    page(status, &list)
}

pub(super) async fn add(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Answer {
    let (access, now) = (access(&state)?, state.now());
    let wrong = async |why| listed(&state, StatusCode::BAD_REQUEST, &fields, Some(why)).await;
    let Some(email) = email_of(field(&fields, "email")) else {
        return wrong(say("That is no e-mail address.")).await;
    };
    let roles = ticked(&fields);
    if roles.is_empty() {
        return wrong(say("Without a role they could do nothing: tick one.")).await;
    }
    let name: String = field(&fields, "name").chars().take(200).collect();
    let Some(id) = access.store.add_user(&email, &name, &roles, now).await? else {
        return wrong(say("Somebody has that e-mail address already.")).await;
    };
    let link = match access.passwords {
        true => Some(invited(access, id, &headers, now).await?),
        false => None,
    };
    let response = shown(&state, &id.to_string(), link, None).await?;
    Ok(noted(
        response,
        format!("user={id}"),
        format!("roles {}", roles.join(", ")),
    ))
}

/// A link that is shown once.
async fn invited(
    access: &Access,
    id: uuid::Uuid,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<String, PageError> {
    let token = secrets::token()?;
    let until = now + SignedDuration::from_hours(INVITED_HOURS);
    if !access
        .store
        .invite(id, &secrets::hash_of(&token), until)
        .await?
    {
        return Err(PageError::wrong(say("Whoever is disabled gets no link.")));
    }
    let scheme = if origin::is_https(headers) {
        "https"
    } else {
        "http"
    };
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
    Ok(format!(
        "{scheme}://{}/welcome/{token}",
        host.unwrap_or("localhost")
    ))
}

pub(super) async fn one(Shared(state): Shared<State>, Path(id): Path<String>) -> Answer {
    shown(&state, &id, None, None).await
}

async fn shown(state: &State, id: &str, link: Option<String>, wrong: Option<&str>) -> Answer {
    let found = access(state)?.store.user(id).await?;
    let found = found.ok_or(PageError::NotFound("user"))?;
    let own = user().is_ok_and(|(own, ..)| own == found.id);
    let one = One {
        frame: Frame::new(state, "access"),
        ticks: ticks(&found.roles),
        row: found.into(),
        own,
        links: access(state)?.passwords,
        link,
        wrong: wrong.map(str::to_owned),
    };
    let status = match wrong {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    page(status, &one)
}

pub(super) async fn change(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Answer {
    let (access, now) = (access(&state)?, state.now());
    let found = access.store.user(&id).await?;
    let found = found.ok_or(PageError::NotFound("user"))?;
    let asked = field(&fields, "do");
    let own = user().is_ok_and(|(own, ..)| own == found.id);
    if own && asked != "link" {
        let why =
            say("Somebody else changes your roles and your account: so there is always an admin.");
        return Ok(noted(shown(&state, &id, None, Some(why)).await?, "", asked));
    }
    let mut said = asked.to_owned();
    match asked {
        "roles" => {
            let roles = ticked(&fields);
            access.store.set_roles(found.id, &roles).await?;
            said = format!("roles {}", roles.join(", "));
        }
        "disable" => drop(access.store.set_disabled(found.id, Some(now)).await?),
        "enable" => drop(access.store.set_disabled(found.id, None).await?),
        "totp" => access.store.remove_totp(found.id).await?,
        // One who gives out links would sign in by them.
        "link" if access.passwords => {
            let link = invited(access, found.id, &headers, now).await?;
            return Ok(noted(shown(&state, &id, Some(link), None).await?, "", said));
        }
        _ => {
            return Err(PageError::wrong(say(
                "There is nothing like that to be done.",
            )));
        }
    }
    Ok(noted(see(&format!("/access/users/{}", found.id)), "", said))
}

/// So that browsers say where the form comes from, and tell nobody else the link.
fn own_page(status: StatusCode, welcome: &Welcome) -> Answer {
    let mut response = page(status, welcome)?;
    let policy = HeaderValue::from_static("same-origin");
    response
        .headers_mut()
        .insert(header::REFERRER_POLICY, policy);
    Ok(response)
}

/// A link that holds no more.
fn over() -> PageError {
    let why = say(
        "This link holds no more: it was used, or it is older than three days. An admin gives you another.",
    );
    PageError::Refused(StatusCode::NOT_FOUND, why.into())
}

pub(super) async fn welcome(Shared(state): Shared<State>, Path(word): Path<String>) -> Answer {
    let (access, hash) = (access(&state)?, secrets::hash_of(&word));
    match access.store.invited(&hash, state.now()).await? {
        Some(found) => {
            let welcome = Welcome {
                email: found.email,
                passwords: access.passwords,
                wrong: None,
            };
            own_page(StatusCode::OK, &welcome)
        }
        None => Err(over()),
    }
}

pub(super) async fn set_password(
    Shared(state): Shared<State>,
    Path(word): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Answer {
    let (access, now) = (access(&state)?, state.now());
    if !origin::is_own(&headers) {
        return Err(PageError::Refused(
            StatusCode::FORBIDDEN,
            say("Another site has sent this.").into(),
        ));
    }
    let hash = secrets::hash_of(&word);
    if !access.passwords {
        return once(access, &hash, origin::is_https(&headers), now).await;
    }
    let found = access.store.invited(&hash, now).await?.ok_or_else(over)?;
    let password = fields.get("password").cloned().unwrap_or_default();
    let email = found.email;
    let (checked, of) = (password.clone(), email.clone());
    let kept = access
        .hashing(move || secrets::accepted(&checked, &of))
        .await?;
    match kept {
        Ok(kept) => {
            let id = access.store.take_invite(&hash, &kept, now).await?;
            let id = id.ok_or_else(over)?;
            let who = format!("user:{id}");
            let entry = store::access::NewAudit {
                at: now,
                who: &who,
                action: "set_password",
                what: "",
                reason: "link",
                ok: true,
            };
            access.audit(&entry).await;
            Ok(see("/sign-in"))
        }
        Err(why) => {
            let welcome = Welcome {
                email,
                passwords: true,
                wrong: Some(why.said()),
            };
            own_page(StatusCode::BAD_REQUEST, &welcome)
        }
    }
}

/// Where nobody has a password, the link lets in once: so that there is a way in while the provider of identities is away.
async fn once(access: &Access, hash: &[u8; 32], https: bool, now: Timestamp) -> Answer {
    let user = access.store.spend_invite(hash, now).await?;
    let user = user.ok_or_else(over)?;
    sign_in::told(access, &format!("user:{user}"), true, "link", now).await;
    sign_in::open(access, user, "/", https, now).await
}
