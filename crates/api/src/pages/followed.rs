//! Links that lead past us, and the picture by which a mail is known to be shown. Each tells once; nothing
//! else about whoever asks is kept.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use axum::{
    extract::{Path, State as Shared},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use journey::{
    ids::{CustomerId, MessageId},
    intake::SegmentCall,
    links::{Link, LinkKind},
    message::Channel,
    short, time,
};
use serde_json::{Value, json};

use super::{Gone, answered};
use crate::{State, intake};

/// One transparent pixel.
const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00\x21\xf9\x04\x01\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b";

/// On to where the link leads. Only what we have signed is followed, so that nobody is sent elsewhere in our name.
pub(super) async fn link(
    Shared(state): Shared<State>,
    Path(word): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let Some((link, url)) = read(&state, &word).and_then(|link| match &link.kind {
        LinkKind::Click { url, .. } => Some((link.clone(), url.to_string())),
        _ => None,
    }) else {
        return answered(&state, &headers, Err(Gone::Link));
    };
    // Programs that look at a link do not follow it.
    if method == Method::GET {
        let of = (link.customer, link.message);
        tell(
            &state,
            of,
            "message.clicked",
            &which(link.message, &url),
            json!({ "url": url }),
        )
        .await;
    }
    on(url)
}

/// On to what a short form of a text message stands for.
pub(super) async fn short(
    Shared(state): Shared<State>,
    Path(code): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let found = match short::is_code(&code) {
        true => {
            let since = time::plus(state.now(), -lifetime());
            state.reader.short_link(&code, since).await
        }
        false => Ok(None),
    };
    let found = match found {
        Ok(Some(found)) => found,
        Ok(None) => return answered(&state, &headers, Err(Gone::Link)),
        Err(error) => return answered(&state, &headers, Err(error.into())),
    };
    let url = found.link.url;
    if method == Method::GET && found.link.told {
        let of = (found.customer, found.message);
        tell(
            &state,
            of,
            "message.clicked",
            &which(found.message, &url),
            json!({ "url": url }),
        )
        .await;
    }
    on(url)
}

/// How long a short form leads on, where nothing removes it before: as long as any other link that is followed.
fn lifetime() -> SignedDuration {
    let (channel, url) = (Channel::Sms, Arc::from(""));
    LinkKind::Click { channel, url }.lifetime()
}

/// What makes a click the same again.
fn which(message: MessageId, url: &str) -> String {
    let mut hasher = DefaultHasher::new();
    url.hash(&mut hasher);
    format!("click:{message}:{:x}", hasher.finish())
}

fn on(url: String) -> Response {
    let to = [
        (header::LOCATION, url),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        // The page that is led to need not know which message it was.
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    (StatusCode::FOUND, to).into_response()
}

/// The picture, whatever is asked for: a mail shows no broken one.
pub(super) async fn picture(Shared(state): Shared<State>, Path(word): Path<String>) -> Response {
    let link = read(&state, &word).filter(|link| matches!(link.kind, LinkKind::Open { .. }));
    if let Some(link) = link {
        let which = format!("open:{}", link.message);
        let of = (link.customer, link.message);
        tell(&state, of, "message.opened", &which, json!({})).await;
    }
    let head = [
        (header::CONTENT_TYPE, "image/gif"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (head, PIXEL).into_response()
}

fn read(state: &State, word: &str) -> Option<Link> {
    let key = &state.pages.as_ref()?.key;
    key.read(word, state.now()).ok()
}

/// Tells what was done, once for each `which`. Whoever follows a link gets there, whether or not it can be told.
async fn tell(
    state: &State,
    (customer, message): (CustomerId, MessageId),
    event: &str,
    which: &str,
    mut fields: Value,
) {
    let told = async {
        let keys = state.reader.keys(&[customer]).await;
        let keys = keys.map_err(|e| e.to_string())?;
        let Some(key) = keys.get(&customer) else {
            // They were erased.
            return Ok(());
        };
        fields["message_id"] = json!(message);
        let now = state.now();
        let call = json!({
            "messageId": which,
            "userId": key,
            "event": event,
            "timestamp": now,
            "properties": fields,
        });
        let event = intake::accepted(state, call, Some(SegmentCall::Track), now);
        let event = event.map_err(|refused| refused.message)?;
        let taken = state.accept.accept(vec![event]).await;
        taken.map_err(|error| error.to_string())
    };
    let told: Result<(), String> = told.await;
    if let Err(reason) = told {
        tracing::warn!(event, reason, "what was done with a mail could not be told");
    }
}
