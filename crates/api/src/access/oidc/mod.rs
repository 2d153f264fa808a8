//! Signing in by a provider of identities: OpenID Connect's authorization code flow with PKCE.
//!
//! `start` sends the browser there and `back` hears what it comes back with (`flow`); `issuer` knows the provider's addresses and
//! keys; `token` holds an ID token against what was asked for; `people` finds out who that is here, and what they may do.
//!
//! <https://openid.net/specs/openid-connect-core-1_0.html>

mod flow;
mod issuer;
mod people;
mod token;

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde_json::Value;
use url::Url;

use self::issuer::Issuer;
use super::Role;
use crate::BoxFuture;

pub(super) use self::flow::{back, out, start};

/// Where the provider sends the browser back to, below [`Settings::address`].
pub(super) const BACK: &str = "/sign-in/oidc/back";

/// How people sign in by a provider of identities.
#[derive(Clone)]
pub struct Settings {
    /// The provider, as it calls itself: `https://login.shop.example/realms/shop`.
    pub issuer: String,
    /// What it calls this installation.
    pub client_id: String,
    /// What it knows this installation by; `None`: nothing but PKCE.
    pub client_secret: Option<String>,
    /// How browsers reach the console: `https://crm.shop.example`.
    pub address: String,
    /// What the button says: `Sign in with …`.
    pub name: String,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that says that the e-mail address is theirs.
    pub verified: String,
    /// The only domains of e-mail addresses that are let in; empty: all.
    pub domains: Vec<String>,
    /// Whether somebody unknown is made a user.
    pub create: bool,
    /// Where roles come from; `None`: from users' own.
    pub roles: Option<Roles>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the secret.
        write!(f, "Settings({} at {})", self.client_id, self.issuer)
    }
}

/// How groups of the provider become roles.
#[derive(Clone, Debug)]
pub struct Roles {
    /// The claim that names the groups: a name or a path to it, `groups`, `realm_access.roles`.
    pub claim: String,
    /// The roles of each group.
    pub map: BTreeMap<String, Vec<Role>>,
}

/// One question to the provider.
#[derive(Clone, Debug)]
pub enum Question<'a> {
    /// GET, with an access token if there is one.
    Get {
        /// Where.
        url: &'a Url,
        /// The access token.
        bearer: Option<&'a str>,
    },
    /// POST of a form, with HTTP Basic if there are a name and a password.
    Post {
        /// Where.
        url: &'a Url,
        /// The fields.
        form: &'a [(&'a str, &'a str)],
        /// Name and password.
        basic: Option<(&'a str, &'a str)>,
    },
}

/// Asks the provider. The binary does, for nothing here speaks to the outside.
pub trait Ask: Send + Sync {
    /// The JSON of an answer with status 200, within bounds of size and time; or why there is none, for the log: no secret.
    fn ask<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Result<Value, String>>;
}

/// A provider that people sign in by. Cloning shares it.
#[derive(Clone)]
pub(super) struct Oidc {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    ask: Arc<dyn Ask>,
    issuer: Issuer,
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.settings.fmt(f)
    }
}

impl Oidc {
    pub(super) fn new(settings: Settings, ask: Arc<dyn Ask>) -> Self {
        let inner = Inner {
            settings,
            ask,
            issuer: Issuer::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// What the button says it signs in with.
    pub(super) fn name(&self) -> &str {
        &self.inner.settings.name
    }

    fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Where the provider sends the browser back to.
    fn back(&self) -> String {
        let address = self.inner.settings.address.trim_end_matches('/');
        format!("{address}{BACK}")
    }

    /// Whether browsers reach the console by https, and hold cookies to it.
    fn is_https(&self) -> bool {
        self.inner.settings.address.starts_with("https://")
    }
}
