//! Text messages by Twilio's Programmable Messaging.
//!
//! - Requests and answers: <https://www.twilio.com/docs/messaging/api/message-resource>
//! - Errors: <https://www.twilio.com/docs/api/errors>, <https://www.twilio.com/docs/usage/twilios-response>
//! - Statuses: <https://www.twilio.com/docs/messaging/guides/track-outbound-message-status>
//! - Inbound messages: <https://www.twilio.com/docs/messaging/guides/webhook-request>
//! - Signatures: <https://www.twilio.com/docs/usage/webhooks/webhooks-security>
//!
//! Twilio has no key that makes a request idempotent: one that is made again after it came to no certain
//! end may be a second message.

mod answer;
mod hear;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Duration;

use reqwest::{RequestBuilder, Url};
use ring::hmac;

pub use self::settings::TwilioSettings;
use crate::{
    Heard, Hook, Outcome, Outgoing, Problem, Unheard,
    http::{self, Http},
    settings::Secret,
    sms::{self, Number, Senders},
};

/// The adapter.
#[derive(Debug)]
pub(crate) struct Twilio {
    name: String,
    url: Url,
    account_sid: String,
    auth_token: Secret,
    /// Of the signatures.
    key: hmac::Key,
    service: Option<String>,
    senders: Senders,
    http: Http,
}

impl Twilio {
    pub(crate) fn new(settings: &TwilioSettings) -> Result<Self, Problem> {
        let sid = |setting, text: &str, prefix: &str| match is_sid(text, prefix) {
            true => Ok(text.to_owned()),
            false => {
                let problem = format!("must be `{prefix}` and 32 hexadecimal digits");
                Err((setting, problem))
            }
        };
        let account_sid = sid("account_sid", &settings.account_sid, "AC")?;
        let token = settings.auth_token.expose();
        if token.trim().is_empty() {
            return Err(("auth_token", "is empty".to_owned()));
        }
        let service = settings.messaging_service_sid.as_deref();
        let service = service.map(|text| sid("messaging_service_sid", text, "MG"));
        let service = service.transpose()?;
        match (&settings.from, &service) {
            (None, None) => {
                let problem = "is missing; or set `messaging_service_sid`".to_owned();
                return Err(("from", problem));
            }
            (Some(_), Some(_)) => {
                let problem = "cannot stand beside `messaging_service_sid`".to_owned();
                return Err(("from", problem));
            }
            _ => {}
        }
        let base = settings.url.trim_end_matches('/');
        let url = format!("{base}/2010-04-01/Accounts/{account_sid}/Messages.json");
        Ok(Self {
            name: settings.name.clone(),
            url: http::url("url", &url)?,
            account_sid,
            auth_token: settings.auth_token.clone(),
            key: hear::key(token),
            service,
            senders: Senders::new(&settings.senders, settings.from.as_deref())?,
            http: Http::new(settings.timeout_seconds, settings.ca_file.as_deref())?,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) async fn send(&self, message: &Outgoing<'_>, within: Duration) -> Outcome {
        let (text, number) = match sms::text_and_number(message).await {
            Ok(found) => found,
            Err(failure) => return Outcome::for_good(failure),
        };
        let request = self.request(message, text, &number);
        match self.http.ask(request, message.at, within).await {
            Ok(answer) => answer::said(&answer, &number.e164),
            Err(outcome) => outcome,
        }
    }

    pub(crate) fn hear(&self, hook: &Hook<'_>) -> Result<Heard, Unheard> {
        hear::hear(&self.key, hook)
    }

    fn request(&self, message: &Outgoing<'_>, text: &str, to: &Number) -> RequestBuilder {
        let mut form = vec![("To", &*to.e164), ("Body", text)];
        match (self.senders.of(to), &self.service) {
            (Some(sender), _) => form.push(("From", sender)),
            (None, Some(service)) => form.push(("MessagingServiceSid", service)),
            // There is one of both.
            (None, None) => {}
        }
        let callback = message.report.map(|report| report.url(&self.name));
        if let Some(url) = &callback {
            form.push(("StatusCallback", url));
        }
        let client = self.http.client();
        client
            .post(self.url.clone())
            .basic_auth(&self.account_sid, Some(self.auth_token.expose()))
            .form(&form)
    }
}

/// Two letters and 32 hexadecimal digits.
fn is_sid(text: &str, prefix: &str) -> bool {
    let digits = text.strip_prefix(prefix);
    digits.is_some_and(|d| d.len() == 32 && d.bytes().all(|b| b.is_ascii_hexdigit()))
}
