//! Endpoints: who can be called by `call` and `hand_over`.

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// Endpoints by name: `config/endpoints.yaml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints(pub BTreeMap<Arc<str>, Endpoint>);

/// One endpoint: a URL that takes a signed POST with a JSON body and answers with JSON, or the console's inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Where: `https`, or `http` for tests on one's own machine; empty for the inbox.
    pub url: Arc<str>,
    /// Whether it is the inbox of the console, where people answer, and nobody is called.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inbox: bool,
    /// How long one attempt may take.
    pub timeout: SignedDuration,
    /// How often a failed attempt is repeated, further and further apart.
    pub retries: u32,
    /// The environment variable that holds the key of the signature, if calls are signed.
    pub secret: Option<Arc<str>>,
    /// The labels of its answers; `None`: those of what it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<Arc<str>>>,
}

impl Endpoint {
    /// One attempt's time without a word about it.
    pub const TIMEOUT: SignedDuration = SignedDuration::from_secs(10);
    /// The longest time one attempt may be given.
    pub const MAX_TIMEOUT: SignedDuration = SignedDuration::from_secs(60);
    /// Retries without a word about them.
    pub const RETRIES: u32 = 5;
    /// The most retries.
    pub const MAX_RETRIES: u32 = 20;
}
