//! Settings: defaults, then `config/parcours.yaml`, then the environment.

use std::path::Path;

use anyhow::{Context, Result};
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
    /// `PARCOURS_LINKS_UNSUBSCRIBE`, `PARCOURS_LINKS_PREFERENCES`: the shop's own pages
    pub links: LinksConfig,
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

/// Where the API listens unless told otherwise.
pub const DEFAULT_HTTP: &str = "127.0.0.1:8080";

impl Config {
    /// The settings of the workspace at `root`.
    ///
    /// # Errors
    /// If `config/parcours.yaml` cannot be read or names what does not exist, with its line.
    pub fn load(root: &Path) -> Result<Self> {
        let path = root.join("config/parcours.yaml");
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
            ("PARCOURS_LINKS_UNSUBSCRIBE", &mut config.links.unsubscribe),
            ("PARCOURS_LINKS_PREFERENCES", &mut config.links.preferences),
        ] {
            if let Some(value) = variable(name) {
                *setting = Some(value);
            }
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
        serde_yaml::from_str(&text).with_context(|| format!("{}", path.display()))
    }

    /// The database's address.
    ///
    /// # Errors
    /// If none is set, with how to set one.
    pub fn database_url(&self) -> Result<&str> {
        self.database_url.as_deref().context(
            "no database: set DATABASE_URL, or database_url in config/parcours.yaml \
             (`parcours dev` starts a private one)",
        )
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

    /// Where the API listens.
    pub fn http(&self) -> &str {
        self.http.as_deref().unwrap_or(DEFAULT_HTTP)
    }
}
