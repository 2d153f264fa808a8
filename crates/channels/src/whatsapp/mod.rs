//! WhatsApp's Cloud API.
//!
//! - Messages: <https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages>
//! - Templates: <https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-message-templates>
//! - Errors: <https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes>
//! - Web hooks: <https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components>
//!
//! Whoever wrote to the business within 24 hours may be written to freely, anybody else by an approved template
//! alone. Meta knows the window, we do not: a message goes as it is, and where Meta says that it may not (131047),
//! its template goes in the same attempt. No key makes a request idempotent: a message whose answer was lost may
//! come twice.

mod answer;
mod content;
mod hear;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Duration;

use journey::{content::Content, failure::Failure};
use ring::hmac;
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use self::answer::{Verdict, closed, said};
pub use self::settings::WhatsAppSettings;
use crate::{
    Outcome, Outgoing, Problem,
    http::{self, Http},
    settings::Secret,
};

/// The longest word on the button that opens a list, in characters.
const LIST_BUTTON: usize = 20;

/// The adapter.
pub(crate) struct WhatsApp {
    name: String,
    /// Where messages are posted.
    url: String,
    phone_number_id: String,
    access_token: Secret,
    app_key: Option<hmac::Key>,
    verify_token: Option<Secret>,
    list_button: Option<String>,
    http: Http,
}

impl std::fmt::Debug for WhatsApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WhatsApp({}, {})", self.name, self.url)
    }
}

impl WhatsApp {
    pub(crate) fn new(settings: &WhatsAppSettings) -> Result<Self, Problem> {
        let url = http::url("url", &settings.url)?;
        let (version, number) = (&settings.version, &settings.phone_number_id);
        if !is_version(version) {
            return Err(("version", "must be a version such as v23.0".to_owned()));
        }
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            let problem = "must be the digits that the app's page calls the phone number ID";
            return Err(("phone_number_id", problem.to_owned()));
        }
        let secrets = [
            ("access_token", Some(&settings.access_token)),
            ("app_secret", settings.app_secret.as_ref()),
            ("verify_token", settings.verify_token.as_ref()),
        ];
        for (setting, secret) in secrets {
            if secret.is_some_and(|s| !is_word(s.expose())) {
                let problem = "must be letters, digits and signs without spaces";
                return Err((setting, problem.to_owned()));
            }
        }
        let button = settings.list_button.as_deref();
        if button.is_some_and(|b| b.trim().is_empty() || b.chars().count() > LIST_BUTTON) {
            let problem = format!("must have 1 to {LIST_BUTTON} characters");
            return Err(("list_button", problem));
        }
        let base = url.as_str().trim_end_matches('/');
        let app_secret = settings.app_secret.as_ref();
        Ok(Self {
            name: settings.name.clone(),
            url: format!("{base}/{version}/{number}/messages"),
            phone_number_id: number.clone(),
            access_token: settings.access_token.clone(),
            app_key: app_secret.map(|s| hmac::Key::new(hmac::HMAC_SHA256, s.expose().as_bytes())),
            verify_token: settings.verify_token.clone(),
            list_button: settings.list_button.clone(),
            http: Http::new(settings.timeout_seconds, settings.ca_file.as_deref())?,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) async fn send(&self, message: &Outgoing<'_>, within: Duration) -> Outcome {
        let Content::Chat {
            text,
            options,
            whatsapp,
        } = message.content
        else {
            return unfit("it is no chat message".into());
        };
        let Some(to) = number(message.to) else {
            let words = "it is no number in international form".into();
            return Outcome::for_good(Failure::AddressUnusable { words });
        };
        let template = || whatsapp.as_ref().map(content::template);
        let written = match whatsapp {
            Some(whatsapp) if whatsapp.always => content::template(whatsapp),
            _ => {
                let button = self.list_button.as_deref();
                let button = button.unwrap_or_else(|| choose(message.locale));
                content::freely(text, options, button)
            }
        };
        let written = match written {
            Ok(written) => written,
            Err(words) => return unfit(words),
        };
        let start = Instant::now();
        let is_template = written["type"] == "template";
        match self.attempt(message, &to, written, within).await {
            Verdict::Is(outcome) => outcome,
            Verdict::Closed(answer) if is_template => closed(&answer, &to),
            Verdict::Closed(answer) => match template() {
                None => closed(&answer, &to),
                Some(Err(words)) => unfit(words),
                Some(Ok(template)) => {
                    let left = within.saturating_sub(start.elapsed());
                    match self.attempt(message, &to, template, left).await {
                        Verdict::Is(outcome) => outcome,
                        Verdict::Closed(answer) => closed(&answer, &to),
                    }
                }
            },
        }
    }

    /// One request; `content` is what it says, by its kind.
    async fn attempt(
        &self,
        message: &Outgoing<'_>,
        to: &str,
        mut content: Json,
        within: Duration,
    ) -> Verdict {
        content["messaging_product"] = json!("whatsapp");
        content["recipient_type"] = json!("individual");
        content["to"] = json!(format!("+{to}"));
        if let Some(report) = message.report {
            content["biz_opaque_callback_data"] = json!(report.token);
        }
        let request = self.http.client().post(&self.url);
        let request = request
            .bearer_auth(self.access_token.expose())
            .json(&content);
        match self.http.ask(request, message.at, within).await {
            Ok(answer) => said(answer, to),
            Err(outcome) => Verdict::Is(outcome),
        }
    }
}

fn unfit(words: String) -> Outcome {
    let words = words.into();
    Outcome::for_good(Failure::Content { words })
}

/// The digits of a number with its country (E.164), with or without `+` or `00` and what people put between them.
fn number(to: &str) -> Option<String> {
    let to = to.trim();
    let to = to
        .strip_prefix('+')
        .or_else(|| to.strip_prefix("00"))
        .unwrap_or(to);
    let digits: String = to
        .chars()
        .filter(|c| !" -.()/\u{a0}\u{202f}".contains(*c))
        .collect();
    let is_number = (7..=15).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0');
    is_number.then_some(digits)
}

/// What opens a list of answers, in the message's language where it is one of these.
fn choose(locale: Option<&str>) -> &'static str {
    let locale = locale.unwrap_or_default();
    let tongue = locale.split(['-', '_']).next().unwrap_or_default();
    match &*tongue.to_ascii_lowercase() {
        "de" => "Auswählen",
        "es" => "Elegir",
        "fr" => "Choisir",
        "it" => "Scegli",
        "nl" => "Kiezen",
        "pt" => "Escolher",
        _ => "Choose",
    }
}

fn is_version(version: &str) -> bool {
    let number = version.strip_prefix('v').and_then(|v| v.split_once('.'));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    number.is_some_and(|(major, minor)| digits(major) && digits(minor))
}

/// What a header can hold.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}
