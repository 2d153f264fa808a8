//! The audit log, a page at a time.

use askama::Template;
use axum::{
    extract::{Query, State as Shared},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;
use store::access::{AUDIT_PAGE, AuditEntry, AuditFilter};

use super::{access, page};
use crate::{
    State,
    console::{Frame, PageError, words::When},
};

struct Row {
    at: When,
    who: String,
    action: String,
    what: String,
    reason: String,
    ok: bool,
}

impl From<AuditEntry> for Row {
    fn from(entry: AuditEntry) -> Self {
        Self {
            at: When(entry.at),
            who: entry.name.unwrap_or(entry.who),
            action: entry.action,
            what: entry.what,
            reason: entry.reason,
            ok: entry.ok,
        }
    }
}

#[derive(Template)]
#[template(path = "access/audit.html")]
struct Log {
    frame: Frame,
    rows: Vec<Row>,
    who: String,
    action: String,
    /// The query of the next page.
    next: Option<String>,
    first: bool,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    who: String,
    #[serde(default)]
    action: String,
    before: Option<i64>,
}

pub(super) async fn show(
    Shared(state): Shared<State>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let some = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
    let filter = AuditFilter {
        who: some(&asked.who),
        action: some(&asked.action),
        before: asked.before,
    };
    let entries = access(&state)?.store.audit(&filter).await?;
    let full = u32::try_from(entries.len()).is_ok_and(|n| n >= AUDIT_PAGE);
    let next = entries.last().filter(|_| full).map(|last| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("who", &asked.who);
        query.append_pair("action", &asked.action);
        query.append_pair("before", &last.id.to_string());
        query.finish()
    });
    let log = Log {
        frame: Frame::new(&state, "access"),
        rows: entries.into_iter().map(Row::from).collect(),
        first: asked.before.is_none(),
        who: asked.who,
        action: asked.action,
        next,
    };
    page(StatusCode::OK, &log)
}
