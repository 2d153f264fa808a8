//! Settings: defaults, then `config/parcours.yaml`, then the environment.

use std::{ops::RangeInclusive, path::Path, time::Duration};

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
    /// Where customers find their pages
    pub links: LinksConfig,
    /// How customers' pages look
    pub pages: LookConfig,
    /// `PARCOURS_LEASE_SECONDS`: how long a message stays with a process that has died
    pub lease_seconds: Option<u32>,
    /// `PARCOURS_PRIVACY_SECRET`: what keys and addresses of erased customers are hashed under
    pub privacy_secret: Option<String>,
    /// How events are taken in
    pub intake: IntakeConfig,
    /// How each channel is sent
    pub channels: channels::Settings,
}

/// See [`broker::Settings`].
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IntakeConfig {
    /// `PARCOURS_INTAKE_SHARDS`: how many queues share the customers, on a RabbitMQ that has none yet
    pub shards: Option<u32>,
    /// For how many seconds events go to the old and the new shards when their number changes
    pub overlap_seconds: Option<u32>,
}

/// See [`engine::Links`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinksConfig {
    /// `PARCOURS_LINKS_BASE`: where customers reach our pages from outside
    pub base: Option<String>,
    /// `PARCOURS_LINKS_SECRET`: signs the links; several, separated by spaces, while one takes over from another
    pub secret: Option<String>,
    /// `PARCOURS_LINKS_UNSUBSCRIBE`: a page of the shop's own to unsubscribe
    pub unsubscribe: Option<String>,
    /// `PARCOURS_LINKS_PREFERENCES`: a page of the shop's own to choose what to receive
    pub preferences: Option<String>,
    /// `PARCOURS_LINKS_MAILTO`: an address that takes unsubscriptions
    pub mailto: Option<String>,
}

impl LinksConfig {
    /// What the engine is told; `http` is where the API listens.
    ///
    /// # Errors
    /// If an address or a secret cannot be one.
    pub fn links(&self, http: &str) -> Result<engine::Links> {
        let base = match &self.base {
            Some(base) => base.trim_end_matches('/').to_owned(),
            None => format!("http://{http}"),
        };
        let is_web = ["https://", "http://"].iter().any(|s| base.starts_with(s));
        if !is_web || !base.bytes().all(|b| b.is_ascii_graphic()) {
            bail!("links.base is `{base}`; it is an address such as https://my.shop.example");
        }
        let secrets = self.secret.iter().flat_map(|s| s.split_whitespace());
        let secrets: Vec<String> = secrets.map(str::to_owned).collect();
        let shortest = journey::links::SHORTEST_SECRET;
        if secrets.iter().any(|s| s.len() < shortest) {
            bail!("a secret in links.secret has less than {shortest} characters");
        }
        let mailto = self.mailto.clone();
        if mailto
            .iter()
            .any(|m| !m.contains('@') || !m.bytes().all(|b| b.is_ascii_graphic()))
        {
            bail!("links.mailto is no mail address");
        }
        Ok(engine::Links {
            base,
            secrets,
            unsubscribe: self.unsubscribe.clone(),
            preferences: self.preferences.clone(),
            mailto,
        })
    }
}

/// See [`api::Look`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LookConfig {
    /// `PARCOURS_PAGES_HTTP`: where the pages alone listen, if not beside the rest
    pub http: Option<String>,
    /// What the sender is called
    pub name: Option<String>,
    /// The colour of buttons, `#rrggbb`
    pub accent: Option<String>,
    /// The address of a picture, at most 48 pixels high
    pub logo: Option<String>,
}

/// WCAG 2.2, 1.4.3: text of the size of a button's.
const CONTRAST: f64 = 4.5;

impl LookConfig {
    fn look(&self) -> Result<api::Look> {
        let default = api::Look::default();
        let look = api::Look {
            name: self.name.clone().unwrap_or(default.name),
            accent: self.accent.clone().unwrap_or(default.accent),
            logo: self.logo.clone(),
        };
        match look.contrast() {
            None => bail!(
                "pages.accent is `{}`; it is a colour such as \"#0f6b3c\"",
                look.accent
            ),
            Some(contrast) if contrast < CONTRAST => bail!(
                "white on pages.accent ({}) has a contrast of {contrast:.1} and cannot be read well; \
                 take a darker colour, from {CONTRAST} on (WCAG 2.2)",
                look.accent
            ),
            Some(_) => {}
        }
        if look.logo.iter().any(|logo| !logo.starts_with("https://")) {
            bail!("pages.logo is no address that begins with https://");
        }
        Ok(look)
    }
}

const FILE: &str = "config/parcours.yaml";
/// Shorter than an attempt at a provider takes, and providers would see messages twice for nothing.
const LEASE_SECONDS: RangeInclusive<u32> = 5..=3_600;
/// Shorter than a publish may be on its way, and a customer's events could come out of their order.
const OVERLAP_SECONDS: RangeInclusive<u32> = 1..=600;
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
            ("PARCOURS_PAGES_HTTP", &mut config.pages.http),
            ("PARCOURS_LINKS_BASE", &mut config.links.base),
            ("PARCOURS_LINKS_SECRET", &mut config.links.secret),
            ("PARCOURS_LINKS_MAILTO", &mut config.links.mailto),
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
        if let Some(value) = variable("PARCOURS_INTAKE_SHARDS") {
            let shards = value.trim().parse();
            config.intake.shards = Some(shards.with_context(|| {
                format!("PARCOURS_INTAKE_SHARDS is `{value}`; it is a number of shards")
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

    /// What the broker is told.
    ///
    /// # Errors
    /// If no address is set, with how to set one, or a setting is out of its bounds.
    pub fn broker(&self) -> Result<broker::Settings> {
        let default = broker::Settings::default();
        let most = broker::MAX_SHARDS;
        if let Some(shards) = self.intake.shards.filter(|s| !(1..=most).contains(s)) {
            bail!("intake.shards is {shards}; it is from 1 to {most}");
        }
        let overlap = match self.intake.overlap_seconds {
            None => default.overlap,
            Some(seconds) if OVERLAP_SECONDS.contains(&seconds) => {
                Duration::from_secs(seconds.into())
            }
            Some(seconds) => bail!(
                "intake.overlap_seconds is {seconds}; it is from {} to {}",
                OVERLAP_SECONDS.start(),
                OVERLAP_SECONDS.end()
            ),
        };
        Ok(broker::Settings {
            url: self.amqp_url()?.into(),
            shards: self.intake.shards,
            overlap,
            ..default
        })
    }

    /// The broker's address.
    ///
    /// # Errors
    /// If none is set, with how to set one.
    fn amqp_url(&self) -> Result<&str> {
        self.amqp_url.as_deref().context(
            "no broker: set AMQP_URL, or amqp_url in config/parcours.yaml \
             (`parcours dev` needs none)",
        )
    }

    /// What the engine is told; `http` is where the API listens.
    ///
    /// # Errors
    /// If a setting is out of its bounds.
    pub fn engine(&self, http: &str) -> Result<engine::Settings> {
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
            links: self
                .links
                .links(self.pages.http.as_deref().unwrap_or(http))?,
            ..default
        })
    }

    /// How customers' pages look.
    ///
    /// # Errors
    /// If the colour is none, or cannot be read on.
    pub fn look(&self) -> Result<api::Look> {
        self.pages.look()
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
