//! Asking a provider of identities: one question at a time, within the bounds of all providers.

use std::{path::Path, time::Duration};

use jiff::Timestamp;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value as Json;

use crate::{Outcome, http::Http};

/// How long an answer is waited for, in seconds: somebody looks at a page meanwhile.
const PATIENCE: u64 = 10;

/// A client for a provider of identities. It follows no redirect, and reads 64 KiB at most.
#[derive(Debug)]
pub struct Identity {
    http: Http,
}

impl Identity {
    /// A client that trusts the authorities of that file as well.
    ///
    /// # Errors
    /// If the file cannot be read, in words.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, String> {
        let http = Http::new(PATIENCE, ca_file);
        let http = http.map_err(|(setting, problem)| format!("`{setting}` {problem}"))?;
        Ok(Self { http })
    }

    /// The JSON at an address.
    ///
    /// # Errors
    /// Why there is none: no connection, no answer in time, another status than 200, no JSON. Names no secret.
    pub async fn get(&self, url: &str, bearer: Option<&str>) -> Result<Json, String> {
        let mut request = self.http.client().get(url);
        if let Some(token) = bearer {
            request = request.bearer_auth(token);
        }
        self.asked(url, request).await
    }

    /// The JSON that answers a form; `basic` is the name and the password of HTTP Basic.
    ///
    /// # Errors
    /// As [`Identity::get`].
    pub async fn post(
        &self,
        url: &str,
        form: &[(&str, &str)],
        basic: Option<(&str, &str)>,
    ) -> Result<Json, String> {
        let mut request = self.http.client().post(url).form(form);
        if let Some((name, password)) = basic {
            request = request.basic_auth(name, Some(password));
        }
        self.asked(url, request).await
    }

    async fn asked(&self, url: &str, request: RequestBuilder) -> Result<Json, String> {
        let request = request.header("accept", "application/json");
        let within = Duration::from_secs(PATIENCE);
        let answer = self.http.ask(request, Timestamp::now(), within).await;
        let answer = answer.map_err(|outcome| format!("{url}: {}", why(&outcome)))?;
        if answer.status != StatusCode::OK {
            // RFC 6749, section 5.2: a word such as `invalid_grant`.
            let word = answer.body["error"].as_str().unwrap_or_default();
            let word: String = word
                .chars()
                .filter(char::is_ascii_graphic)
                .take(60)
                .collect();
            return Err(format!("{url}: status {} {word}", answer.status.as_u16()));
        }
        match answer.body {
            Json::Null => Err(format!("{url}: no JSON, or more than 64 KiB of it")),
            body => Ok(body),
        }
    }
}

fn why(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted { .. } => String::new(),
        Outcome::RefusedForGood { detail, .. } | Outcome::RefusedForNow { detail, .. } => {
            detail.to_string()
        }
    }
}
