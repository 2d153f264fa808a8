//! Who may do what: sign-in, sessions, keys, roles and scopes, and the audit log.
//!
//! Without any user everything is open, unless access is `required`. What each address asks for stands in `table`;
//! `gate` looks at every request before anything else sees it.

mod account;
mod gate;
mod keys;
mod limits;
mod log;
pub(crate) mod mask;
mod origin;
mod roles;
mod secrets;
mod sign_in;
mod table;
mod users;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
    routing::{get, post},
};
use store::{Error, access::NewAudit};
use tokio::sync::Semaphore;
use uuid::Uuid;

pub(crate) use gate::gate;
pub use roles::{Role, Scope};
pub use secrets::{KEY_PREFIX, NoSecret, acceptable, hash_of, hashed, new_key, token};
pub use table::{Need, TABLE};
pub use users::email_of;

use crate::{State, console::PageError};
use limits::{Addresses, Refusals};

/// For how long a link to set a password holds, in hours.
pub const INVITED_HOURS: i64 = 72;
/// How often intake has it looked at whether there are users.
const KNOWN: Duration = Duration::from_secs(1);
/// How many passwords are hashed at a time, each in 64 MiB.
const HASHING: usize = 2;
/// For how long somebody waits for their password to be hashed.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest form, in bytes.
const FORM: usize = 16 << 10;

/// Users, sessions and keys, and what is counted of them. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Access {
    store: store::access::Access,
    required: bool,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Whether there are users, and when that was looked at. Once there are, there always are.
    known: Mutex<Option<(bool, Instant)>>,
    hashing: Semaphore,
    addresses: Addresses,
    refusals: Refusals,
}

impl Access {
    /// With `required`, everything is closed even while there is no user.
    pub fn new(store: store::access::Access, required: bool) -> Self {
        let inner = Inner {
            known: Mutex::default(),
            hashing: Semaphore::new(HASHING),
            addresses: Addresses::default(),
            refusals: Refusals::default(),
        };
        Self {
            store,
            required,
            inner: Arc::new(inner),
        }
    }

    /// Looks whether there are users, so that intake knows when the database is away later.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn look(&self) -> Result<bool, Error> {
        let any = self.store.any_user().await?;
        *self.known() = Some((any, Instant::now()));
        Ok(any)
    }

    /// Whether somebody must show who they are. `lenient`: what was last known will do, and is looked at again meanwhile, so that
    /// events are taken in while the database is away.
    async fn closed(&self, lenient: bool) -> Result<bool, Error> {
        if self.required {
            return Ok(true);
        }
        let known = *self.known();
        match known {
            Some((true, _)) => Ok(true),
            Some((false, at)) if lenient => {
                if at.elapsed() >= KNOWN {
                    self.look_meanwhile();
                }
                Ok(false)
            }
            _ => self.look().await,
        }
    }

    /// One look at a time begins in [`KNOWN`].
    fn look_meanwhile(&self) {
        if let Some((false, at)) = &mut *self.known() {
            *at = Instant::now();
        }
        let access = self.clone();
        tokio::spawn(async move {
            if let Err(error) = access.look().await {
                tracing::warn!(%error, "whether there are users is not known anew");
            }
        });
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Option<(bool, Instant)>> {
        self.inner
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what takes a while and much memory, a few at a time.
    async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PageError> {
        let busy = || PageError::Busy("Too many sign in at the moment. Try again shortly.".into());
        let place = tokio::time::timeout(PATIENCE, self.inner.hashing.acquire()).await;
        let _place = place.map_err(|_| busy())?.map_err(|_| busy())?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| PageError::Fault)
    }

    /// Writes an entry; that it cannot be written is logged, for what it tells of is done.
    async fn audit(&self, entry: &NewAudit<'_>) {
        if let Err(error) = self.store.write_audit(entry).await {
            tracing::error!(%error, who = entry.who, action = entry.action, "the audit log could not be written");
        }
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    User {
        id: Uuid,
        email: String,
        session: [u8; 32],
    },
    Key {
        id: Uuid,
    },
}

/// Who asks, and what they may do.
#[derive(Clone, Debug)]
pub(crate) struct Viewer {
    pub(crate) who: Who,
    pub(crate) scopes: BTreeSet<Scope>,
    /// Customers whose addresses are shown for a reason, and until when.
    pub(crate) revealed: BTreeMap<Uuid, jiff::Timestamp>,
}

impl Viewer {
    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// As it stands in the audit log.
    fn name(&self) -> String {
        match &self.who {
            Who::User { id, .. } => format!("user:{id}"),
            Who::Key { id } => format!("key:{id}"),
        }
    }
}

tokio::task_local! {
    /// Who asks, while the request is answered: so that no page needs to hand it on.
    static VIEWER: Arc<Viewer>;
}

/// Who asks; `None`: everything is open.
pub(crate) fn viewer() -> Option<Arc<Viewer>> {
    VIEWER.try_with(Clone::clone).ok()
}

/// The user who asks; a key has no account.
fn user() -> Result<(Uuid, String, [u8; 32]), PageError> {
    match viewer().map(|v| v.who.clone()) {
        Some(Who::User { id, email, session }) => Ok((id, email, session)),
        _ => Err(PageError::NotFound("page")),
    }
}

/// What the audit log is told beside the address: put into the response.
#[derive(Clone, Debug, Default)]
struct Noted {
    /// Ids.
    what: String,
    /// What was done, or why not.
    reason: String,
    /// Whether it was done.
    failed: bool,
}

/// A page, and what the audit log is told of it.
pub(crate) fn noted(
    mut response: Response,
    what: impl Into<String>,
    reason: impl Into<String>,
) -> Response {
    let failed = response.status().is_client_error();
    response.extensions_mut().insert(Noted {
        what: what.into(),
        reason: reason.into(),
        failed,
    });
    response
}

fn page(status: StatusCode, page: &impl askama::Template) -> Result<Response, PageError> {
    Ok((status, Html(page.render()?)).into_response())
}

/// To an address of ours.
fn see(address: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let address = HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, address);
    response
}

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        tracing::error!(%error, "users, sessions or keys could not be read or written");
        Self::Busy("The database does not answer. Try again in a moment.".into())
    }
}

impl From<NoSecret> for PageError {
    fn from(error: NoSecret) -> Self {
        tracing::error!(%error, "a secret could not be made");
        Self::Fault
    }
}

/// The part of the state that all of this needs.
fn access(state: &State) -> Result<&Access, PageError> {
    state.access.as_ref().ok_or(PageError::NotFound("page"))
}

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-out", post(sign_in::out))
        .route(
            "/welcome/{word}",
            get(users::welcome).post(users::set_password),
        )
        .route("/account", get(account::show).post(account::submit))
        .route("/access/users", get(users::list).post(users::add))
        .route("/access/users/{id}", get(users::one).post(users::change))
        .route("/access/keys", get(keys::list).post(keys::add))
        .route("/access/keys/{id}/revoke", post(keys::revoke))
        .route("/access/audit", get(log::show))
        .route("/customers/{key}/reveal", post(mask::reveal))
        .layer(DefaultBodyLimit::max(FORM))
}
