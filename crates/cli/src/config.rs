//! Settings: defaults, then `config/parcours.yaml`, then the environment.

mod access;
mod sources;
mod words;

use std::{path::Path, time::Duration};

use anyhow::{Context, Result, bail};
use channels::{Channels, Providers};
use jiff::SignedDuration;
use journey::{message::Channel, settings::FILE};
use serde::Deserialize;

pub use self::{
    access::AccessConfig,
    sources::{Sources, Wrong},
    words::LogFormat,
};

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
    /// `PARCOURS_METRICS_HTTP`: an address of its own for metrics and health
    pub metrics_http: Option<String>,
    /// `PARCOURS_METRICS_JOURNEYS`: how many journeys have a label of their own in metrics
    pub metrics_journeys: Option<u32>,
    /// `PARCOURS_LOG_FORMAT`: how the log is written
    pub log_format: Option<LogFormat>,
    /// `PARCOURS_STOP_SECONDS`: how long work at hand may go on after a signal to stop
    pub stop_seconds: Option<u32>,
    /// `PARCOURS_WRITE_KEY`: what the HTTP intake asks for as the user name of HTTP Basic
    pub write_key: Option<String>,
    /// Who reaches the console and the API, and how they sign in
    pub access: AccessConfig,
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
    /// Where addresses of the workspace may lead
    pub endpoints: channels::ReachSettings,
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
    /// `PARCOURS_LINKS_SHORT`: whether addresses in text messages get a short form
    pub short: bool,
    /// `PARCOURS_LINKS_SHORT_BASE`: where our pages are reached by a shorter name
    pub short_base: Option<String>,
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
        let short_base = self.short_base.as_deref().unwrap_or(&base);
        let short_base = short_base.trim_end_matches('/').to_owned();
        for (name, base) in [("base", &base), ("short_base", &short_base)] {
            let is_web = ["https://", "http://"].iter().any(|s| base.starts_with(s));
            if !is_web || !base.bytes().all(|b| b.is_ascii_graphic()) {
                bail!("links.{name} is `{base}`; it is an address such as https://my.shop.example");
            }
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
            short: self.short,
            short_base,
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

/// With what closing takes, under the ten seconds that supervisors wait before they kill.
const STOP_SECONDS: u32 = 7;
/// Where the API listens unless told otherwise.
pub const DEFAULT_HTTP: &str = "127.0.0.1:8080";

impl Config {
    /// The settings of the workspace at `root`, if each by itself is what it must be. Warnings are printed.
    ///
    /// # Errors
    /// If `config/parcours.yaml` cannot be read, or a setting of it or of the environment is wrong; all that is wrong
    /// has been printed then, with its place and what there is instead.
    pub fn load(root: &Path) -> Result<Self> {
        let sources = Sources::read(root)?;
        sources.refuse()?;
        sources.config()
    }

    /// How the log is to be written, if that is set; what is wrong is said when the settings are loaded.
    pub fn log_format(root: &Path) -> Option<LogFormat> {
        let sources = Sources::read(root).ok().filter(|s| !s.failed())?;
        sources.config().ok()?.log_format
    }

    /// The same for a process that is to run: what must be there is there, and what can be tried was tried.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn for_run(root: &Path) -> Result<Self> {
        let mut sources = Sources::read(root)?;
        if sources.failed() {
            sources.refuse()?;
        }
        let config = sources.config()?;
        config.wrong().iter().for_each(|wrong| sources.add(wrong));
        if config.database_url.is_none() {
            sources.missing(
                "no database",
                "set DATABASE_URL, or database_url in config/parcours.yaml (`parcours dev` starts a private one)",
            );
        }
        if config.amqp_url.is_none() {
            sources.missing(
                "no broker",
                "set AMQP_URL, or amqp_url in config/parcours.yaml (`parcours dev` needs none)",
            );
        }
        sources.refuse()?;
        Ok(config)
    }

    /// The adapter of one channel alone.
    fn only(&self, channel: Channel) -> channels::Settings {
        let mut one = self.channels.clone();
        for (of, adapter) in [
            (Channel::Email, &mut one.email),
            (Channel::Sms, &mut one.sms),
            (Channel::Push, &mut one.push),
            (Channel::Chat, &mut one.chat),
        ] {
            if of != channel {
                *adapter = Providers::default();
            }
        }
        one
    }

    /// What is wrong with settings of which each by itself is what it must be.
    pub fn wrong(&self) -> Vec<Wrong> {
        let mut found = Vec::new();
        let mut wrong = |path: &[&str], message: String, label: &str| {
            found.push(Wrong {
                path: path.iter().map(|&name| name.to_owned()).collect(),
                message,
                label: label.to_owned(),
            });
        };
        for channel in Channel::ALL {
            // One at a time, so that each says what is wrong with it.
            let Err(error) = Channels::new(&self.only(channel)) else {
                continue;
            };
            let channels::Error::Setting {
                place,
                setting,
                problem,
            } = error;
            let mut path = vec!["channels", channel.as_str()];
            let message = match self.channels.of(channel) {
                [one] => {
                    path.push(one.kind());
                    path.extend(setting.split('.'));
                    format!("`{setting}` {problem}")
                }
                _ => format!("`{place}.{setting}` {problem}"),
            };
            wrong(&path, message, "");
        }
        if let Err((path, message)) = self.access.checked() {
            wrong(path, message, "");
        }
        if let Err((setting, problem)) = channels::Reach::new(&self.endpoints) {
            let message = format!("`{setting}` {problem}");
            wrong(&["endpoints", setting], message, "");
        }
        if let Err(error) = self.pages.look() {
            let path = match self.pages.logo.is_some() && error.to_string().contains("logo") {
                true => ["pages", "logo"],
                false => ["pages", "accent"],
            };
            wrong(&path, error.to_string(), "");
        }
        found
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
    /// If no address is set, with how to set one.
    pub fn broker(&self) -> Result<broker::Settings> {
        let default = broker::Settings::default();
        let overlap = self.intake.overlap_seconds;
        let overlap = overlap.map(|seconds| Duration::from_secs(seconds.into()));
        Ok(broker::Settings {
            url: self.amqp_url()?.into(),
            shards: self.intake.shards,
            overlap: overlap.unwrap_or(default.overlap),
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
        let lease = self.lease_seconds.map(i64::from);
        let names = self.metrics_journeys.map(|names| names as usize);
        Ok(engine::Settings {
            lease: lease.map_or(default.lease, SignedDuration::from_secs),
            metric_names: names.unwrap_or(default.metric_names),
            host: host(),
            serves: true,
            links: self
                .links
                .links(self.pages.http.as_deref().unwrap_or(http))?,
            ..default
        })
    }

    /// Where calls of endpoints and fetches of content may lead.
    ///
    /// # Errors
    /// If a host or a network is none.
    pub fn reach(&self) -> Result<channels::Reach> {
        channels::Reach::new(&self.endpoints)
            .map_err(|(setting, problem)| anyhow::anyhow!("`endpoints.{setting}` {problem}"))
    }

    /// How customers' pages look.
    ///
    /// # Errors
    /// If the colour is none, or cannot be read on.
    pub fn look(&self) -> Result<api::Look> {
        self.pages.look()
    }

    /// How long work at hand may go on after a signal to stop.
    pub fn stops_within(&self) -> Duration {
        Duration::from_secs(self.stop_seconds.unwrap_or(STOP_SECONDS).into())
    }

    /// Where the API listens.
    pub fn http(&self) -> &str {
        self.http.as_deref().unwrap_or(DEFAULT_HTTP)
    }
}

/// What the machine, the container or the pod calls itself; empty where it does not say.
fn host() -> std::sync::Arc<str> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname");
    let name = name.unwrap_or_else(|_| std::env::var("HOSTNAME").unwrap_or_default());
    name.trim().into()
}

#[cfg(test)]
mod tests;
