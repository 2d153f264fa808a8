//! Settings: defaults, then `config/parcours.yaml`, then the environment.

use std::{ops::RangeInclusive, path::Path};

use anyhow::{Context, Result, anyhow, bail};
use jiff::SignedDuration;
use serde::Deserialize;

/// Settings of `parcours run`, `event`, `customer` and the rest.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `DATABASE_URL`
    pub database_url: Option<String>,
    /// `AMQP_URL`
    pub amqp_url: Option<String>,
    /// `PARCOURS_HTTP`: where the API and the console listen
    pub http: Option<String>,
    /// `PARCOURS_WRITE_KEY`: what the HTTP intake asks for as the user name of HTTP Basic
    pub write_key: Option<String>,
    /// `PARCOURS_LINKS_UNSUBSCRIBE`, `PARCOURS_LINKS_PREFERENCES`: the shop's own pages
    pub links: LinksConfig,
    /// `PARCOURS_LEASE_SECONDS`: how long a message stays with a process that has died
    pub lease_seconds: Option<u32>,
    /// `PARCOURS_PRIVACY_SECRET`: what keys and addresses of erased customers are hashed under
    pub privacy_secret: Option<String>,
    /// How each channel is sent
    pub channels: channels::Settings,
}

/// See [`engine::Links`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinksConfig {
    /// Where a customer takes a consent back
    pub unsubscribe: Option<String>,
    /// Where a customer chooses what to receive
    pub preferences: Option<String>,
}

impl From<LinksConfig> for engine::Links {
    fn from(config: LinksConfig) -> Self {
        let default = Self::default();
        Self {
            unsubscribe: config.unsubscribe.unwrap_or(default.unsubscribe),
            preferences: config.preferences.unwrap_or(default.preferences),
        }
    }
}

const FILE: &str = "config/parcours.yaml";
/// Shorter than an attempt at a provider takes, and providers would see messages twice for nothing.
const LEASE_SECONDS: RangeInclusive<u32> = 5..=3_600;
/// Where the API listens unless told otherwise.
pub const DEFAULT_HTTP: &str = "127.0.0.1:8080";

impl Config {
    /// The settings of the workspace at `root`.
    ///
    /// # Errors
    /// If `config/parcours.yaml` cannot be read or names what does not exist, with its line.
    pub fn load(root: &Path) -> Result<Self> {
        let path = root.join(FILE);
        let mut config = if path.is_file() {
            Self::read(&path)?
        } else {
            Self::default()
        };
        let variable = |name: &str| std::env::var(name).ok().filter(|v| !v.trim().is_empty());
        for (name, setting) in [
            ("DATABASE_URL", &mut config.database_url),
            ("AMQP_URL", &mut config.amqp_url),
            ("PARCOURS_HTTP", &mut config.http),
            ("PARCOURS_WRITE_KEY", &mut config.write_key),
            ("PARCOURS_PRIVACY_SECRET", &mut config.privacy_secret),
            ("PARCOURS_LINKS_UNSUBSCRIBE", &mut config.links.unsubscribe),
            ("PARCOURS_LINKS_PREFERENCES", &mut config.links.preferences),
        ] {
            if let Some(value) = variable(name) {
                *setting = Some(value);
            }
        }
        if let Some(value) = variable("PARCOURS_LEASE_SECONDS") {
            let seconds = value.trim().parse();
            config.lease_seconds = Some(seconds.with_context(|| {
                format!("PARCOURS_LEASE_SECONDS is `{value}`; it is a number of seconds")
            })?);
        }
        Ok(config)
    }

    fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        if text
            .lines()
            .all(|l| l.trim().is_empty() || l.trim_start().starts_with('#'))
        {
            return Ok(Self::default());
        }
        serde_yaml::from_str(&text).map_err(|error| anyhow!(wrong(&error)))
    }

    /// The database's address.
    ///
    /// # Errors
    /// If none is set, with how to set one.
    pub fn database_url(&self) -> Result<&str> {
        let url = self.database_url.as_deref().context(
            "no database: set DATABASE_URL, or database_url in config/parcours.yaml \
             (`parcours dev` starts a private one)",
        )?;
        // Not quoted: it holds a password.
        if !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
        {
            bail!(
                "the address of the database (DATABASE_URL, or database_url in {FILE}) is none of \
                 PostgreSQL: write it as postgres://USER:PASSWORD@HOST:5432/NAME"
            );
        }
        Ok(url)
    }

    /// What erased keys and addresses are hashed under, if it is set.
    ///
    /// # Errors
    /// If it is too short.
    pub fn privacy_secret(&self) -> Result<Option<store::Secret>> {
        let secret = self.privacy_secret.as_deref().map(store::Secret::new);
        secret.transpose().with_context(|| {
            format!("the secret of erasures (PARCOURS_PRIVACY_SECRET, or privacy_secret in {FILE}) is none")
        })
    }

    /// The broker's address.
    ///
    /// # Errors
    /// If none is set, with how to set one.
    pub fn amqp_url(&self) -> Result<&str> {
        self.amqp_url.as_deref().context(
            "no broker: set AMQP_URL, or amqp_url in config/parcours.yaml \
             (`parcours dev` needs none)",
        )
    }

    /// What the engine is told.
    ///
    /// # Errors
    /// If a setting is out of its bounds.
    pub fn engine(&self) -> Result<engine::Settings> {
        let default = engine::Settings::default();
        let lease = match self.lease_seconds {
            None => default.lease,
            Some(seconds) if LEASE_SECONDS.contains(&seconds) => {
                SignedDuration::from_secs(seconds.into())
            }
            Some(seconds) => bail!(
                "lease_seconds is {seconds}; it is from {} to {}",
                LEASE_SECONDS.start(),
                LEASE_SECONDS.end()
            ),
        };
        Ok(engine::Settings {
            lease,
            links: self.links.clone().into(),
            ..default
        })
    }

    /// Where the API listens.
    pub fn http(&self) -> &str {
        self.http.as_deref().unwrap_or(DEFAULT_HTTP)
    }
}

/// What is wrong with the file, where, and what there is instead.
fn wrong(error: &serde_yaml::Error) -> String {
    let error = error.without_snippet();
    let place = error.location().map_or_else(
        || FILE.to_owned(),
        |at| format!("{FILE}:{}:{}", at.line(), at.column()),
    );
    let text = error.to_string();
    // The place is said once, and the library's advice to programmers not at all.
    let what = text.lines().next().unwrap_or_default();
    let what = what.strip_prefix("error: ").unwrap_or(what);
    let what = match what.split_once(": ") {
        Some((at, what)) if at.starts_with("line ") => what,
        _ => what,
    };
    let what = what
        .split(", set DuplicateKeyPolicy")
        .next()
        .unwrap_or(what);
    let what = what.split(" at line ").next().unwrap_or(what);
    format!("{place}: {what}")
}
