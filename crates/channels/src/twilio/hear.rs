//! What Twilio posts to us: statuses of messages, and messages of customers.
//!
//! A signature covers the address and the sorted fields of the form, but no time: it does not grow old.
//! The same news twice has the same id, and is harmless.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use journey::{failure::Failure, message::Channel};
use reqwest::Url;
use ring::hmac;

use crate::{Fate, Heard, Hook, Report, Said, Unheard, What};

/// The answer that sends nothing back (TwiML).
const NOTHING: (&str, &str) = ("text/xml", "<Response/>");

pub(super) fn key(auth_token: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, auth_token.as_bytes())
}

pub(super) fn hear(key: &hmac::Key, hook: &Hook<'_>) -> Result<Heard, Unheard> {
    let form = Form::of(hook.body);
    if !is_signed(key, hook, &form) {
        return Err(Unheard::NotSigned);
    }
    let sid = form.get("MessageSid").or_else(|| form.get("SmsSid"));
    let sid = sid.ok_or_else(|| Unheard::Unreadable("`MessageSid` is missing".to_owned()))?;
    match form.get("MessageStatus") {
        Some(status) => Ok(became(hook, &form, sid, status)),
        None => said(&form, sid),
    }
}

/// A message's new status; those on its way are no news.
fn became(hook: &Hook<'_>, form: &Form, sid: &str, status: &str) -> Heard {
    let fate = match status {
        "delivered" => Fate::Delivered,
        "read" => Fate::Opened,
        "undelivered" | "failed" => failed(form.get("ErrorCode")),
        "canceled" => Fate::Failed {
            detail: Failure::from("canceled at Twilio"),
        },
        _ => return Heard::default(),
    };
    // Somebody else's message, who has the same account.
    let Some(token) = hook.query("m") else {
        return Heard::default();
    };
    let token = token.to_owned();
    let report = Report {
        id: format!("{sid}:{status}"),
        at: None,
        what: What::Became { token, fate },
    };
    vec![report].into()
}

/// <https://www.twilio.com/docs/api/errors>
fn failed(code: Option<&str>) -> Fate {
    let words = match code {
        Some(code) if code.bytes().all(|b| b.is_ascii_digit()) && code.len() <= 9 => {
            format!("Twilio's error {code}: https://www.twilio.com/docs/api/errors/{code}")
        }
        _ => "Twilio gives no reason".to_owned(),
    };
    let detail = Failure::from(&*words);
    match code {
        // No number, no mobile number, a landline, unknown or out of service.
        Some("21211" | "21614" | "21635" | "30005" | "30006") => Fate::Bounced {
            permanent: true,
            detail,
        },
        // Switched off or without a signal; blocked by the carrier or for a time by the customer.
        Some("30003" | "30004") => Fate::Bounced {
            permanent: false,
            detail,
        },
        _ => Fate::Failed { detail },
    }
}

/// A customer's message.
fn said(form: &Form, sid: &str) -> Result<Heard, Unheard> {
    let from = form.get("From");
    let from = from.ok_or_else(|| Unheard::Unreadable("`From` is missing".to_owned()))?;
    let mut heard = Heard {
        reports: Vec::new(),
        answer: Some((NOTHING.0, NOTHING.1.to_owned())),
    };
    // Other channels have their name before the address: `whatsapp:+33612345678`.
    if from.contains(':') {
        return Ok(heard);
    }
    // Twilio takes care of opt-outs itself, by words that may be the account's own: then they are said as everybody
    // says them. What STOP takes away, START gives back.
    let text = match form.get("OptOutType") {
        Some(word @ ("STOP" | "START")) => Some(word),
        _ => form.get("Body"),
    };
    // A picture without words says nothing to us.
    if let Some(text) = text {
        let what = What::Said(Said {
            channel: Channel::Sms,
            from: from.to_owned(),
            text: text.to_owned(),
            choice: None,
            name: None,
            token: None,
        });
        let (id, at) = (sid.to_owned(), None);
        heard.reports.push(Report { id, at, what });
    }
    Ok(heard)
}

/// The fields of a form, sorted, each once.
struct Form(Vec<(String, String)>);

impl Form {
    fn of(body: &[u8]) -> Self {
        let mut fields: Vec<_> = form_urlencoded::parse(body).into_owned().collect();
        fields.sort();
        fields.dedup();
        Self(fields)
    }

    /// A field's value, unless it is empty.
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| &**value).filter(|v| !v.is_empty())
    }
}

fn is_signed(key: &hmac::Key, hook: &Hook<'_>, form: &Form) -> bool {
    let signature = hook.header("x-twilio-signature");
    let Some(signature) = signature.and_then(|s| STANDARD.decode(s).ok()) else {
        return false;
    };
    let signs = |url: &str| {
        let mut signed = url.to_owned();
        for (name, value) in &form.0 {
            signed.push_str(name);
            signed.push_str(value);
        }
        hmac::verify(key, signed.as_bytes(), &signature).is_ok()
    };
    // Whether the usual port is part of the address depends on the connection, says Twilio.
    signs(hook.url) || with_port(hook.url).is_some_and(|url| signs(&url))
}

/// The same address with the usual port, if it has none.
fn with_port(url: &str) -> Option<String> {
    let parsed = Url::parse(url).ok()?;
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let has_port = host
        .rsplit_once(':')
        .is_some_and(|(_, p)| !p.ends_with(']'));
    (!has_port).then(|| {
        let port = parsed.port_or_known_default().unwrap_or(443);
        format!("{scheme}://{host}:{port}{path}")
    })
}
