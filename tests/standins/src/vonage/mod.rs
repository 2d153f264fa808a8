//! Vonage's Messages API, version 1: texts.
//!
//! - Requests and answers: <https://developer.vonage.com/en/api/messages> (the channel `sms`)
//! - Errors: <https://developer.vonage.com/en/api-errors>, <https://developer.vonage.com/en/api-errors/messages>
//! - Statuses: <https://developer.vonage.com/en/messages/concepts/messages-status-callbacks>
//! - Signatures: <https://developer.vonage.com/en/messages/concepts/signed-webhooks>
//!
//! Of the two ways to authenticate there is HTTP Basic alone. No key makes a request idempotent:
//! `client_ref` is but handed back. The number of an error (1050: the recipient is barred) is the
//! documented one; which status of HTTP comes with it is not documented.

mod hooks;
#[cfg(test)]
mod tests;

use serde_json::{Value as Json, json};

pub use self::hooks::{Inbound, Status};
use crate::{
    Invalid, Provider, Read, Refusal, Reply, Request,
    check::{Checked, Fault, Fields},
    wire::{hex, is_digits_of_e164, is_web_url, random, uuid},
};

/// An account at Vonage.
#[derive(Clone, Debug)]
pub struct Vonage {
    /// The user of HTTP Basic.
    pub api_key: String,
    /// The password.
    pub api_secret: String,
    /// The key of signatures.
    pub signature_secret: String,
}

impl Default for Vonage {
    fn default() -> Self {
        Self {
            api_key: "a1b2c3d4".to_owned(),
            api_secret: "Zw3qVb81LmNt05pX".to_owned(),
            signature_secret: "jX2mK8vTq4LwZr0bNc6yHs1dPf9gUe3a".to_owned(),
        }
    }
}

/// A text that was taken.
#[derive(Clone, Debug)]
pub struct Text {
    /// The name that Vonage gave it.
    pub message_uuid: String,
    /// For whom, without a plus sign.
    pub to: String,
    /// The sender's number or name.
    pub from: String,
    /// The text.
    pub text: String,
    /// What is handed back with its statuses.
    pub client_ref: Option<String>,
    /// Where its statuses are wanted.
    pub webhook_url: Option<String>,
    /// The body.
    pub json: Json,
    /// The request.
    pub request: Request,
}

impl Provider for Vonage {
    type Message = Text;

    fn read(&self, request: &Request) -> Result<Read<Text>, Invalid> {
        let credentials = (self.api_key.clone(), self.api_secret.clone());
        if request.basic() != Some(credentials) {
            let why = "HTTP Basic has not the account's key and secret".to_owned();
            let reply = unauthorized();
            return Err(Invalid { why, reply });
        }
        if request.path != "/v1/messages" || request.method != "POST" {
            let why = "only POST /v1/messages is there".to_owned();
            let title = "The requested resource does not exist, or you do not have access to it";
            let reply = problem(404, "#not-found", title, "Check the URI.");
            return Err(Invalid { why, reply });
        }
        let json = request.object().map_err(|why| {
            let title = "The request body did not contain valid JSON";
            let detail = "Unexpected character or type of content.";
            let reply = problem(422, "#invalid-json", title, detail);
            let why = format!("the body {why}");
            Invalid { why, reply }
        })?;
        let message = text(&json, request).map_err(|fault| Invalid {
            reply: invalid_params(&fault),
            why: fault.say(),
        })?;
        Ok(Read::Message {
            message,
            remarks: Vec::new(),
        })
    }

    fn to(message: &Text) -> &str {
        &message.to
    }

    fn accept(&self, message: &Text) -> Reply {
        Reply::json(202, &json!({"message_uuid": message.message_uuid}))
    }

    fn refuse(&self, refusal: Refusal, _: &Text) -> Reply {
        match refusal {
            Refusal::ForGood => invalid_params(&Fault {
                field: "to".to_owned(),
                problem: "is no number that texts can be sent to".to_owned(),
            }),
            Refusal::GoneAddress => {
                let detail = "The number you are trying to submit to is blacklisted and may not \
                              receive messages.";
                problem(422, "/messages#1050", "Number barred", detail)
            }
            Refusal::ForNow => {
                let detail = "There was an error processing your request in the Platform.";
                problem(500, "/messages#1030", "Internal error", detail)
            }
            Refusal::Throttle(seconds) => {
                let detail = "You have exceeded the submission capacity allowed on this account. \
                              Please wait and retry";
                problem(429, "/messages#1000", "Throttled", detail).retry_after(seconds)
            }
            Refusal::Deny => unauthorized(),
            Refusal::NoCredit => {
                let title = "This request could not be performed due to your account balance \
                             being low.";
                let detail = "Top up your account in the Vonage Dashboard";
                problem(402, "#low-balance", title, detail)
            }
        }
    }
}

fn text(json: &Json, request: &Request) -> Checked<Text> {
    let fields = Fields::of(json)?;
    fields.only(&[
        "message_type",
        "text",
        "to",
        "from",
        "channel",
        "ttl",
        "sms",
        "client_ref",
        "webhook_url",
        "webhook_version",
        "trusted_recipient",
    ])?;
    fields.need_text("channel")?;
    fields.one_of("channel", &["sms"])?;
    fields.need_text("message_type")?;
    fields.one_of("message_type", &["text"])?;
    let to = fields.need_text("to")?;
    if !is_digits_of_e164(to) {
        return Err(fields.fault("to", "must be E.164 without a plus sign"));
    }
    let from = fields.need_text("from")?;
    let is_number = (3..=15).contains(&from.len()) && from.bytes().all(|b| b.is_ascii_digit());
    let in_name = |b: u8| b.is_ascii_alphanumeric() || b == b' ';
    let is_name = (1..=11).contains(&from.len()) && from.bytes().all(in_name);
    if !is_number && !is_name {
        let problem = "must be a number without a plus sign, or up to 11 letters and digits";
        return Err(fields.fault("from", problem));
    }
    let text = fields.need_short("text", 1000)?;
    let seconds = fields.int("ttl")?;
    if seconds.is_some_and(|seconds| !(20..=604_800).contains(&seconds)) {
        return Err(fields.fault("ttl", "must be from 20 to 604800"));
    }
    if let Some(sms) = fields.object("sms")? {
        sms.only(&["encoding_type", "content_id", "entity_id", "pool_id"])?;
        sms.one_of("encoding_type", &["text", "unicode", "auto"])?;
        for name in ["content_id", "entity_id", "pool_id"] {
            sms.text(name)?;
        }
    }
    let client_ref = fields.short("client_ref", 100)?;
    let webhook_url = fields.text("webhook_url")?;
    if webhook_url.is_some_and(|url| !is_web_url(url)) {
        return Err(fields.fault("webhook_url", "must be a URL"));
    }
    fields.one_of("webhook_version", &["v0.1", "v1"])?;
    fields.flag("trusted_recipient")?;
    Ok(Text {
        message_uuid: uuid(),
        to: to.to_owned(),
        from: from.to_owned(),
        text: text.to_owned(),
        client_ref: client_ref.map(str::to_owned),
        webhook_url: webhook_url.map(str::to_owned),
        json: json.clone(),
        request: request.clone(),
    })
}

fn unauthorized() -> Reply {
    let title = "You did not provide correct credentials.";
    let detail = "Check that you're using the correct credentials, and that your account has this \
                  feature enabled";
    problem(401, "#unauthorized", title, detail)
}

fn invalid_params(fault: &Fault) -> Reply {
    let mut body = details(
        "#invalid-params",
        "Invalid params",
        "The value of one or more parameters is invalid.",
    );
    body["invalid_parameters"] = json!([{"name": fault.field, "reason": fault.problem}]);
    Reply::json(422, &body).header("content-type", "application/problem+json")
}

/// An answer as RFC 7807 has it.
fn problem(status: u16, kind: &str, title: &str, detail: &str) -> Reply {
    let body = details(kind, title, detail);
    Reply::json(status, &body).header("content-type", "application/problem+json")
}

fn details(kind: &str, title: &str, detail: &str) -> Json {
    json!({
        "type": format!("https://developer.vonage.com/api-errors{kind}"),
        "title": title,
        "detail": detail,
        "instance": hex(&random::<16>()),
    })
}
