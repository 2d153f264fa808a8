//! What `dev` and `demo` have in common: a private database, a capture mailbox in place of every
//! provider, and the console.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use channels::{
    AdapterSettings, Caller, Channels, Reach, SmtpSettings, TlsMode, WebSettings, WebhookSettings,
    capture::{Mailbox, SmtpSink},
};
use store::Store;
use tokio::net::TcpListener;

use crate::{
    board,
    capture::Captures,
    config::{Config, DEFAULT_HTTP},
    output,
    servers::Postgres,
    service,
};

/// Where everything private lies, below the workspace.
pub fn directory(root: &Path, of: &str) -> PathBuf {
    root.join(".parcours").join(of)
}

/// Forgets all private data in `directory`, also where PostgreSQL's lies elsewhere.
///
/// # Errors
/// If another parcours uses it, or it cannot be removed.
pub fn forget(directory: &Path) -> Result<()> {
    Postgres::forget(&directory.join("postgres"))?;
    std::fs::remove_dir_all(directory).context("cannot forget the data")
}

/// Says so if PostgreSQL's data does not lie where it was asked for.
pub fn say_where(postgres: &Postgres) {
    if let Some(place) = postgres.moved_to() {
        output::aside(&format!(
            "PostgreSQL's data lies in {}, since its user cannot reach this folder",
            place.display()
        ));
    }
}

/// What the erased are hashed under where nothing is set: on this machine nobody is to be protected.
const SECRET: &str = "a secret of this machine alone";

/// The private database, migrated.
///
/// # Errors
/// If it does not answer, a setting is wrong, or another version made it.
pub async fn store(postgres: &Postgres, root: &Path) -> Result<Store> {
    let store = connected(postgres, root).await?;
    match store.migrate().await {
        Ok(()) => Ok(store),
        // Nothing in it is anybody's but of whoever tries things out.
        Err(error @ (store::Error::Edited(_) | store::Error::Newer { .. })) => {
            bail!("{error}; --reset begins with an empty one")
        }
        Err(error) => Err(error.into()),
    }
}

async fn connected(postgres: &Postgres, root: &Path) -> Result<Store> {
    let secret = Config::load(root)?.privacy_secret()?;
    let settings = store::Settings {
        secret: Some(secret.map_or_else(|| store::Secret::new(SECRET), Ok)?),
        ..store::Settings::new(postgres.url())
    };
    Ok(Store::connect(&settings).await?)
}

/// The stand-ins for providers: a mailbox that really is spoken to by SMTP and HTTP.
pub struct Providers {
    /// What they keep.
    pub captures: Captures,
    /// The adapters that talk to them.
    pub channels: Arc<Channels>,
    /// The chat widget, as it is set up.
    pub web: WebSettings,
    /// Where the console will listen; the stand-in for web hooks is part of it.
    pub listener: TcpListener,
    /// Held: it stops with this.
    _sink: SmtpSink,
}

impl Providers {
    /// Starts them, with the mailbox in `directory/mailbox`.
    ///
    /// # Errors
    /// If there is no free port or the directory cannot be written.
    pub async fn start(
        directory: &Path,
        http: Option<&str>,
        store: &Store,
        config: &Config,
    ) -> Result<Self> {
        let listener = service::listen(http.unwrap_or(DEFAULT_HTTP), http.is_none()).await?;
        let mailbox = Mailbox::open(directory.join("mailbox"))?;
        let sink = SmtpSink::start(mailbox.clone()).await?;
        let address = listener.local_addr()?;
        let webhook = |channel: &str| {
            let url = format!("http://{address}/capture/{channel}");
            AdapterSettings::Webhook(WebhookSettings::new("capture", url))
        };
        // The widget reaches nobody outside: who talks in it is at this machine.
        let web = config.channels.web().cloned().unwrap_or_default();
        let smtp = SmtpSettings {
            name: "capture".into(),
            port: Some(sink.addr().port()),
            tls: TlsMode::None,
            ..SmtpSettings::new(sink.addr().ip().to_string(), "Shop <shop@shop.example>")
        };
        let settings = channels::Settings {
            email: AdapterSettings::Smtp(smtp).into(),
            sms: webhook("sms").into(),
            push: webhook("push").into(),
            chat: channels::Providers(vec![webhook("chat"), AdapterSettings::Web(web.clone())]),
            ..channels::Settings::default()
        };
        Ok(Self {
            captures: Captures(mailbox),
            channels: Arc::new(
                Channels::new(&settings)?
                    .with_board(&board::board(store))
                    .with_caller(Caller::new(|name| std::env::var(name).ok(), Reach::local())),
            ),
            web,
            listener,
            _sink: sink,
        })
    }
}

/// Runs something that blocks, such as starting a server.
///
/// # Errors
/// What it returns.
pub async fn blocking<T, E>(run: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T>
where
    T: Send + 'static,
    E: Into<anyhow::Error> + Send + 'static,
{
    tokio::task::spawn_blocking(run)
        .await
        .context("the thread has died")?
        .map_err(Into::into)
}
