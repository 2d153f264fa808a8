//! E-mail by Postmark's HTTP API.
//!
//! - Requests and answers: <https://postmarkapp.com/developer/api/email-api>
//! - Errors: <https://postmarkapp.com/developer/api/overview#error-codes>
//! - Bounces: <https://postmarkapp.com/developer/api/bounce-api#bounce-types>
//! - Web hooks: <https://postmarkapp.com/developer/webhooks/webhooks-overview>
//!
//! Postmark has no key that makes a request idempotent: one that is made again after it came to no certain
//! end may be a second mail.

mod answer;
mod hear;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Duration;

use journey::{
    content::{Content, File},
    failure::Failure,
};
use reqwest::{RequestBuilder, Url, header::ACCEPT};
use serde::Serialize;

use self::hear::{Caller, Metadata};
pub use self::settings::PostmarkSettings;
use crate::{
    Heard, Hook, Outcome, Outgoing, Problem, Unheard,
    http::{self, Http},
    mail::{Sender, address, one_line},
    settings::Secret,
};

/// The adapter.
#[derive(Debug)]
pub(crate) struct Postmark {
    name: String,
    url: Url,
    server_token: Secret,
    message_stream: Option<String>,
    sender: Sender,
    /// Who may tell us something.
    caller: Option<Caller>,
    http: Http,
}

/// The request's body.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    from: String,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
    subject: String,
    html_body: &'a str,
    text_body: &'a str,
    headers: Vec<Header>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
    tag: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_stream: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Header {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attachment<'a> {
    name: &'a str,
    content: String,
    content_type: &'a str,
    /// `cid:…`, of a picture that the HTML shows.
    #[serde(rename = "ContentID", skip_serializing_if = "Option::is_none")]
    content_id: Option<String>,
}

impl<'a> Attachment<'a> {
    fn of(file: &'a File) -> Self {
        Self {
            name: &file.name,
            content: file.base64(),
            content_type: &file.media_type,
            content_id: file.cid.as_ref().map(|cid| format!("cid:{cid}")),
        }
    }
}

impl Postmark {
    pub(crate) fn new(settings: &PostmarkSettings) -> Result<Self, Problem> {
        let token = settings.server_token.expose();
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            let problem = "must be one word of ASCII".to_owned();
            return Err(("server_token", problem));
        }
        let base = settings.url.trim_end_matches('/');
        Ok(Self {
            name: settings.name.clone(),
            url: http::url("url", &format!("{base}/email"))?,
            server_token: settings.server_token.clone(),
            message_stream: settings.message_stream.clone(),
            sender: Sender::new(
                &settings.from,
                settings.reply_to.as_deref(),
                settings.list_domain.as_deref(),
            )?,
            caller: Caller::new(settings)?,
            http: Http::new(settings.timeout_seconds, settings.ca_file.as_deref())?,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) async fn send(&self, message: &Outgoing<'_>, within: Duration) -> Outcome {
        let request = match self.request(message) {
            Ok(request) => request,
            Err(failure) => return Outcome::for_good(failure),
        };
        match self.http.ask(request, message.at, within).await {
            Ok(answer) => answer::said(&answer, message.to),
            Err(outcome) => outcome,
        }
    }

    pub(crate) fn hear(&self, hook: &Hook<'_>) -> Result<Heard, Unheard> {
        let caller = self.caller.as_ref().ok_or(Unheard::Nobody)?;
        hear::hear(caller, hook)
    }

    fn request(&self, message: &Outgoing<'_>) -> Result<RequestBuilder, Failure> {
        let Content::Email {
            subject,
            html,
            text,
            files,
            ..
        } = message.content
        else {
            let words = "it is no mail".into();
            return Err(Failure::Content { words });
        };
        let headers = self.sender.headers(message)?.into_iter();
        let body = Body {
            from: self.sender.from.to_string(),
            to: address(message.to)?.to_string(),
            reply_to: self.sender.reply_to.as_ref().map(ToString::to_string),
            subject: one_line(subject),
            html_body: html,
            text_body: text,
            headers: headers
                .map(|(name, value)| Header { name, value })
                .collect(),
            attachments: files.iter().map(Attachment::of).collect(),
            tag: message.journey,
            metadata: message.report.map(|report| Metadata::of(report.token)),
            message_stream: self.message_stream.as_deref(),
        };
        let client = self.http.client();
        Ok(client
            .post(self.url.clone())
            .header(ACCEPT, "application/json")
            .header("X-Postmark-Server-Token", self.server_token.expose())
            .json(&body))
    }
}
