//! What the API asks a provider of identities, asked.

use std::path::Path;

use anyhow::{Result, anyhow};
use api::{
    BoxFuture,
    access::oidc::{Ask, Question},
};
use channels::Identity;
use serde_json::Value;

/// Asks over HTTP.
#[derive(Debug)]
pub struct Asks(Identity);

impl Asks {
    /// That trusts the authorities of that file as well.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn new(ca_file: Option<&Path>) -> Result<Self> {
        Identity::new(ca_file)
            .map(Self)
            .map_err(|why| anyhow!("access.oidc: {why}"))
    }
}

impl Ask for Asks {
    fn ask<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Result<Value, String>> {
        Box::pin(async move {
            match question {
                Question::Get { url, bearer } => self.0.get(url.as_str(), bearer).await,
                Question::Post { url, form, basic } => self.0.post(url.as_str(), form, basic).await,
            }
        })
    }
}
