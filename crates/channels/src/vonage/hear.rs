//! What Vonage posts to us: statuses of messages, and messages of customers.
//!
//! A JSON Web Token says who calls, when it was signed, and which body belongs to it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use journey::{failure::Failure, message::Channel};
use ring::{digest, hmac};
use serde_json::Value as Json;

use super::answer;
use crate::{Fate, Heard, Hook, Report, Said, Unheard, What, detail};

/// How old a signature may be: Vonage calls again for a day, and nobody says that it signs anew.
const OLDEST: SignedDuration = SignedDuration::from_hours(25);
/// How far clocks may be apart.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

pub(super) fn key(secret: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())
}

pub(super) fn hear(key: &hmac::Key, hook: &Hook<'_>) -> Result<Heard, Unheard> {
    if is_signed(key, hook).is_none() {
        return Err(Unheard::NotSigned);
    }
    let body: Json = serde_json::from_slice(hook.body)
        .map_err(|error| Unheard::Unreadable(format!("the body is no JSON: {error}")))?;
    let text = |name: &str| body.get(name).and_then(Json::as_str);
    if text("channel").is_some_and(|channel| channel != "sms") {
        return Ok(Heard::default());
    }
    let needed = |name: &str| {
        let missing = || Unheard::Unreadable(format!("`{name}` is missing, or no text"));
        text(name).ok_or_else(missing)
    };
    let uuid = needed("message_uuid")?;
    let at = text("timestamp").and_then(|at| at.parse().ok());
    if let Some(status) = text("status") {
        // Without one it is somebody else's message, who has the same account.
        let token = text("client_ref").or_else(|| hook.query("m"));
        let (Some(fate), Some(token)) = (fate(status, &body), token) else {
            return Ok(Heard::default());
        };
        let token = token.to_owned();
        let report = Report {
            id: format!("{uuid}:{status}"),
            at,
            what: What::Became { token, fate },
        };
        return Ok(vec![report].into());
    }
    let from = needed("from")?;
    if text("message_type") != Some("text") {
        return Ok(Heard::default());
    }
    let said = Said {
        channel: Channel::Sms,
        from: e164(from),
        text: needed("text")?.to_owned(),
        choice: None,
        name: None,
        token: None,
    };
    let report = Report {
        id: uuid.to_owned(),
        at,
        what: What::Said(said),
    };
    Ok(vec![report].into())
}

/// A message's new status; those on its way are no news.
fn fate(status: &str, body: &Json) -> Option<Fate> {
    match status {
        "delivered" => Some(Fate::Delivered),
        "read" => Some(Fate::Opened),
        "rejected" | "undeliverable" | "failed" => Some(failed(body)),
        _ => None,
    }
}

/// <https://developer.vonage.com/en/api-errors/messages>
fn failed(body: &Json) -> Fate {
    let error = body.get("error").unwrap_or(&Json::Null);
    let text = |name: &str| error.get(name).and_then(Json::as_str);
    // The title of a status is the number, too.
    let number = answer::name(error).or_else(|| text("title"));
    let number = number.unwrap_or("no reason");
    let to = body.get("to").and_then(Json::as_str).unwrap_or_default();
    let words = format!("{number}: {}", text("detail").unwrap_or_default());
    let detail = Failure::from(&*detail::clean(words.trim_end_matches(": "), to));
    match number {
        // Barred, no number, no longer active.
        "1050" | "1170" | "1190" => Fate::Bounced {
            permanent: true,
            detail,
        },
        // Away, changes carrier, busy, not reachable, blocked by the carrier, without credit, unknown to
        // some carriers.
        "1180" | "1200" | "1220" | "1260" | "1280" | "1290" | "1330" => Fate::Bounced {
            permanent: false,
            detail,
        },
        _ => Fate::Failed { detail },
    }
}

/// Vonage leaves the plus sign out; senders may have a name or a short code instead of a number.
fn e164(from: &str) -> String {
    let is_number = from.len() >= 7 && from.bytes().all(|b| b.is_ascii_digit());
    match is_number {
        true => format!("+{from}"),
        false => from.to_owned(),
    }
}

/// The token is signed, not too old, and belongs to the body.
fn is_signed(key: &hmac::Key, hook: &Hook<'_>) -> Option<()> {
    let (scheme, token) = hook.header("authorization")?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let (signed, signature) = token.trim().rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    hmac::verify(key, signed.as_bytes(), &bytes(signature)?).ok()?;
    let json = |part: &str| serde_json::from_slice::<Json>(&bytes(part)?).ok();
    let (header, claims) = (json(header)?, json(claims)?);
    if header.get("alg")?.as_str()? != "HS256" {
        return None;
    }
    let signed_at = Timestamp::from_second(claims.get("iat")?.as_i64()?).ok()?;
    let age = hook.at.duration_since(signed_at);
    if age > OLDEST || age < -AHEAD {
        return None;
    }
    // Without it, a token that was seen once would do for any body.
    let hash = claims.get("payload_hash")?.as_str()?;
    let found = digest::digest(&digest::SHA256, hook.body);
    let found: String = found.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    hash.eq_ignore_ascii_case(&found).then_some(())
}
