//! Who reaches the console and the API, and how they sign in.

use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc};

use anyhow::Result;
use api::access::{
    Access, Role,
    oidc::{Roles, Settings},
};
use serde::{Deserialize, Deserializer};

use crate::identity::Asks;

/// See [`api::access::Access`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessConfig {
    /// `PARCOURS_ACCESS_REQUIRED`: whether a sign-in or a key is asked for even while there is no user
    pub required: bool,
    /// Whether people sign in by a password
    pub passwords: bool,
    /// A provider of identities that people sign in by
    pub oidc: Option<OidcConfig>,
}

impl Default for AccessConfig {
    fn default() -> Self {
        Self {
            required: false,
            passwords: true,
            oidc: None,
        }
    }
}

/// See [`api::access::oidc::Settings`].
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// The provider, as it calls itself
    pub issuer: String,
    /// What it calls this installation
    pub client_id: String,
    /// `PARCOURS_OIDC_CLIENT_SECRET`: what it knows this installation by
    pub client_secret: Option<String>,
    /// How browsers reach the console
    pub address: String,
    /// What the button says
    pub name: Option<String>,
    /// What is asked for beside `openid`
    #[serde(default = "scopes", deserialize_with = "one_or_more")]
    pub scopes: Vec<String>,
    /// The only domains of mail addresses that are let in
    #[serde(default, deserialize_with = "one_or_more")]
    pub domains: Vec<String>,
    /// The claim that says that a mail address is theirs
    #[serde(default = "verified")]
    pub verified: String,
    /// Whether somebody unknown is made a user
    #[serde(default)]
    pub create: bool,
    /// The claim that names groups
    #[serde(default = "groups")]
    pub groups: String,
    /// The roles of each group
    pub roles: Option<BTreeMap<String, Words>>,
    /// Further authorities that are trusted
    pub ca_file: Option<PathBuf>,
}

impl fmt::Debug for OidcConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the secret.
        write!(f, "OidcConfig({} at {})", self.client_id, self.issuer)
    }
}

/// One word, or a list of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Words(#[serde(deserialize_with = "one_or_more")] Vec<String>);

fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let given = serde_json::Value::deserialize(deserializer)?;
    let given = match given {
        one @ serde_json::Value::String(_) => vec![one].into(),
        other => other,
    };
    serde_json::from_value(given).map_err(serde::de::Error::custom)
}

fn scopes() -> Vec<String> {
    ["email", "profile"].map(str::to_owned).into()
}

fn verified() -> String {
    "email_verified".into()
}

fn groups() -> String {
    "groups".into()
}

/// The path of a setting, and what is wrong with it.
type Bad = (&'static [&'static str], String);

impl AccessConfig {
    /// Whether settings of which each by itself is what it must be go together.
    ///
    /// # Errors
    /// Which does not.
    pub fn checked(&self) -> Result<(), Bad> {
        let Some(oidc) = &self.oidc else {
            return match self.passwords {
                true => Ok(()),
                false => Err((
                    &["access", "passwords"],
                    "without passwords and without `oidc` nobody could sign in".into(),
                )),
            };
        };
        for (path, address) in [
            (["access", "oidc", "issuer"].as_slice(), &oidc.issuer),
            (&["access", "oidc", "address"], &oidc.address),
        ] {
            if !is_kept_secret(address) {
                let why = format!(
                    "`{address}` is not https: what is said there would be read on the way; http is for this machine alone"
                );
                return Err((path, why));
            }
        }
        let host = oidc.address.split_once("://").map_or("", |(_, host)| host);
        if host.trim_end_matches('/').contains(['/', '?', '#']) {
            return Err((
                &["access", "oidc", "address"],
                "has a path; the console is at the top of its address".into(),
            ));
        }
        let secrets = oidc.client_secret.as_deref().is_some_and(str::is_empty);
        if secrets {
            return Err((&["access", "oidc", "client_secret"], "is empty".into()));
        }
        if oidc.create && oidc.roles.is_none() {
            return Err((
                &["access", "oidc", "create"],
                "somebody who is made needs a role: say in `roles` which group gives which".into(),
            ));
        }
        Ok(())
    }

    /// The access with what these settings add.
    ///
    /// # Errors
    /// If `ca_file` cannot be read.
    pub fn of(&self, access: Access) -> Result<Access> {
        let access = match self.passwords {
            true => access,
            false => access.without_passwords(),
        };
        let Some(oidc) = &self.oidc else {
            return Ok(access);
        };
        let asks = Asks::new(oidc.ca_file.as_deref())?;
        Ok(access.with_oidc(oidc.settings(), Arc::new(asks)))
    }
}

/// `https://`, or this machine.
fn is_kept_secret(address: &str) -> bool {
    let here = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    let ends = |rest: &str| rest.is_empty() || rest.starts_with([':', '/']);
    address.starts_with("https://")
        || here
            .iter()
            .any(|h| address.strip_prefix(h).is_some_and(ends))
}

impl OidcConfig {
    fn settings(&self) -> Settings {
        let host = self.issuer.split_once("://").map_or("", |(_, host)| host);
        let host = host.split(['/', ':']).next().unwrap_or_default();
        let roles = self.roles.as_ref().map(|groups| Roles {
            claim: self.groups.clone(),
            map: groups
                .iter()
                .map(|(group, words)| (group.clone(), roles(words)))
                .collect(),
        });
        Settings {
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            address: self.address.trim_end_matches('/').to_owned(),
            name: self.name.clone().unwrap_or_else(|| host.to_owned()),
            scopes: self.scopes.clone(),
            verified: self.verified.clone(),
            domains: self.domains.clone(),
            create: self.create,
            roles,
        }
    }
}

fn roles(Words(words): &Words) -> Vec<Role> {
    words.iter().filter_map(|word| Role::of(word)).collect()
}
