//! One's own account: password, codes, other sessions.

use std::collections::BTreeMap;

use askama::Template;
use axum::{Form, extract::State as Shared, http::StatusCode, response::Response};
use uuid::Uuid;

use super::{access, noted, page, secrets, see, sign_in::is_password, user};
use crate::{
    State,
    console::{Frame, PageError},
    i18n::say,
};

type Answer = Result<Response, PageError>;

/// A secret that is to be put into an app.
struct Offer {
    /// SVG of our own.
    picture: String,
    url: String,
}

#[derive(Template)]
#[template(path = "access/account.html")]
struct Account {
    frame: Frame,
    email: String,
    roles: Vec<String>,
    has_totp: bool,
    /// Whether there are passwords, and codes beside them.
    passwords: bool,
    others: u64,
    offer: Option<Offer>,
    wrong: Option<String>,
    done: Option<&'static str>,
}

pub(super) async fn show(Shared(state): Shared<State>) -> Answer {
    shown(&state, None, None).await
}

async fn shown(state: &State, wrong: Option<String>, done: Option<&'static str>) -> Answer {
    let access = access(state)?;
    let (id, email, _) = user()?;
    let found = access.store.user(&id.to_string()).await?;
    let found = found.ok_or(PageError::NotFound("page"))?;
    let offered = access.store.offered_totp(id).await?;
    let offer = offered.and_then(|secret| {
        let url = secrets::otpauth(&secret, &email)?;
        let picture = secrets::qr(&url)?;
        Some(Offer { picture, url })
    });
    let status = match wrong {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    let account = Account {
        frame: Frame::new(state, "account"),
        others: access
            .store
            .sessions(id, state.now())
            .await?
            .saturating_sub(1),
        email,
        roles: found.roles,
        has_totp: found.has_totp,
        passwords: access.passwords,
        offer,
        wrong,
        done,
    };
    page(status, &account)
}

pub(super) async fn submit(
    Shared(state): Shared<State>,
    Form(fields): Form<BTreeMap<String, String>>,
) -> Answer {
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let asked = field("do").to_owned();
    let passwords = access(&state)?.passwords;
    let done = match &*asked {
        "others" => others(&state).await,
        "confirm" if passwords => confirm(&state, field("code")).await,
        "password" | "offer" | "remove" if passwords => {
            let (id, email, _) = user()?;
            let access = access(&state)?;
            match is_password(access, &email, field("current"), state.now()).await? {
                false => Ok(Err(say("That is not your password. After five failures the account is locked for a quarter of an hour.").into())),
                true => with_password(&state, id, &email, &asked, field("password")).await,
            }
        }
        _ => Err(PageError::wrong(say(
            "There is nothing like that to be done.",
        ))),
    }?;
    let response = match done {
        Ok(None) => see("/account"),
        Ok(Some(done)) => shown(&state, None, Some(done)).await?,
        Err(why) => shown(&state, Some(why), None).await?,
    };
    Ok(noted(response, "", asked))
}

/// What was done, if it needs to be said; or why it was not.
type Done = Result<Result<Option<&'static str>, String>, PageError>;

async fn others(state: &State) -> Done {
    let (id, _, session) = user()?;
    access(state)?.store.close_others(id, &session).await?;
    Ok(Ok(Some(say("All other sessions are ended."))))
}

async fn confirm(state: &State, code: &str) -> Done {
    let (id, ..) = user()?;
    let access = access(state)?;
    let offered = access.store.offered_totp(id).await?;
    let step = offered
        .as_deref()
        .and_then(|secret| secrets::step(secret, code, state.now()));
    let confirmed = match (offered, step) {
        (Some(secret), Some(step)) => access.store.confirm_totp(id, &secret, step).await?,
        _ => false,
    };
    Ok(match confirmed {
        true => Ok(Some(say(
            "From now on a code is asked for when you sign in.",
        ))),
        false => Err(say("That code is not the one of this moment. Try the next one.").into()),
    })
}

async fn with_password(state: &State, id: Uuid, email: &str, asked: &str, new: &str) -> Done {
    let access = access(state)?;
    match asked {
        "offer" => {
            // As long as SHA-1's output, which RFC 4226 recommends.
            let secret = secrets::random::<20>()?;
            access.store.offer_totp(id, &secret).await?;
            Ok(Ok(None))
        }
        "remove" => {
            access.store.remove_totp(id).await?;
            Ok(Ok(Some(say("No code is asked for any more."))))
        }
        _ => {
            let (new, of) = (new.to_owned(), email.to_owned());
            let kept = access.hashing(move || secrets::accepted(&new, &of)).await?;
            let kept: String = match kept {
                Ok(kept) => kept,
                Err(why) => return Ok(Err(why.said())),
            };
            let (_, _, session) = user()?;
            access.store.set_password(id, &kept).await?;
            access.store.close_others(id, &session).await?;
            Ok(Ok(Some(say(
                "The password is changed, and all other sessions are ended.",
            ))))
        }
    }
}
