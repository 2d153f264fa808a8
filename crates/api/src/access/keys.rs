//! Keys of programs: made, shown once, revoked.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    Form,
    extract::{Path, State as Shared},
    http::StatusCode,
    response::Response,
};
use jiff::SignedDuration;
use store::access::{Key, NewKey};
use uuid::Uuid;

use super::{Scope, access, noted, page, secrets, see, viewer};
use crate::{
    State,
    console::{Frame, PageError, words::When},
    i18n::say,
};

type Answer = Result<Response, PageError>;
type Fields = BTreeMap<String, String>;

/// The longest that a key may hold where it does not hold for ever, in days.
const MOST_DAYS: i64 = 3_650;

struct Row {
    id: Uuid,
    name: String,
    scopes: Vec<String>,
    made: When,
    used: Option<When>,
    expires: Option<When>,
    /// Why it holds no more.
    over: Option<&'static str>,
}

impl Row {
    fn of(key: Key, now: jiff::Timestamp) -> Self {
        let expired = key.expires_at.is_some_and(|at| at <= now);
        Self {
            over: match key.revoked_at {
                Some(_) => Some(say("Revoked")),
                None => expired.then_some(say("Expired")),
            },
            id: key.id,
            name: key.name,
            scopes: key.scopes,
            made: When(key.made_at),
            used: key.last_used_at.map(When),
            expires: key.expires_at.map(When),
        }
    }
}

#[derive(Template)]
#[template(path = "access/keys.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
    scopes: Vec<&'static str>,
    /// The key that was just made.
    made: Option<String>,
    wrong: Option<&'static str>,
}

async fn listed(state: &State, made: Option<String>, wrong: Option<&'static str>) -> Answer {
    let keys = access(state)?.store.keys().await?;
    let list = List {
        frame: Frame::new(state, "access"),
        rows: keys.into_iter().map(|k| Row::of(k, state.now())).collect(),
        scopes: Scope::ALL.into_iter().map(Scope::word).collect(),
        made,
        wrong,
    };
    let status = match wrong {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    page(status, &list)
}

pub(super) async fn list(Shared(state): Shared<State>) -> Answer {
    listed(&state, None, None).await
}

pub(super) async fn add(Shared(state): Shared<State>, Form(fields): Form<Fields>) -> Answer {
    let field = |name: &str| fields.get(name).map_or("", |v| v.trim());
    let name: String = field("name").chars().take(200).collect();
    let words = Scope::ALL.into_iter().map(Scope::word);
    let ticked = words.filter(|w| fields.contains_key(&format!("scope_{w}")));
    let scopes: Vec<String> = ticked.map(str::to_owned).collect();
    if name.is_empty() || scopes.is_empty() {
        return listed(
            &state,
            None,
            Some(say("A key has a name and a scope at least.")),
        )
        .await;
    }
    let days = match field("days") {
        "" => None,
        text => match text.parse() {
            Ok(days @ 1..=MOST_DAYS) => Some(days),
            _ => {
                return listed(
                    &state,
                    None,
                    Some(say("A key holds between 1 and 3650 days, or for ever.")),
                )
                .await;
            }
        },
    };
    let (key, now) = (secrets::new_key()?, state.now());
    let new = NewKey {
        hash: &secrets::hash_of(&key),
        name: &name,
        scopes: &scopes,
        made_by: &viewer().map(|v| v.name()).unwrap_or_default(),
        expires_at: days.map(|d: i64| now + SignedDuration::from_hours(24 * d)),
    };
    let id = access(&state)?.store.add_key(&new, now).await?;
    let response = listed(&state, Some(key), None).await?;
    Ok(noted(response, format!("key={id}"), scopes.join(", ")))
}

pub(super) async fn revoke(Shared(state): Shared<State>, Path(id): Path<Uuid>) -> Answer {
    match access(&state)?.store.revoke_key(id, state.now()).await? {
        true => Ok(see("/access/keys")),
        false => Err(PageError::NotFound("key that holds")),
    }
}
