//! What was said, as the widget is given it.

use axum::{
    Json,
    extract::{Query, State as Shared, rejection::QueryRejection},
    http::HeaderMap,
};
use jiff::Timestamp;
use journey::content::Offer;
use serde::{Deserialize, Serialize};
use store::chat::{From, Line, Who};
use uuid::Uuid;

use super::{chat, unread, visitor};
use crate::{State, problem::Problem};

/// Lines of one page.
pub(super) const PAGE: u32 = 50;

/// A line, as the widget is given it.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    seq: i64,
    id: Uuid,
    at: Timestamp,
    who: Who,
    text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<Offer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Uuid>,
}

impl Shown {
    pub(super) fn of(line: &Line) -> Self {
        let said = line.line.said.clone();
        Self {
            seq: line.seq,
            id: line.line.id,
            at: line.line.at,
            who: line.line.who,
            text: said.text,
            options: said.options,
            to: said.to,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    after: Option<i64>,
    before: Option<i64>,
}

#[derive(Debug, Serialize)]
pub(super) struct Page {
    lines: Vec<Shown>,
    more: bool,
}

/// A page: the lines after a number, for those who cannot be told, or those before one, for those who look back.
pub(super) async fn list(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Page>, Problem> {
    let who = visitor(&state, &headers)?;
    let Query(asked) = asked.map_err(|e| Problem::bad("lines", e.body_text()))?;
    let from = match (asked.after, asked.before) {
        (Some(seq), None) => From::After(seq),
        (None, Some(seq)) => From::Before(seq),
        _ => {
            return Err(Problem::bad(
                "lines",
                "Either `after` or `before` is asked.",
            ));
        }
    };
    // Who was merged reads the conversation of whom they turned out to be.
    let of = state.reader.stays(who.id()).await?;
    let lines = chat(&state)?.lines.lines(of, from, PAGE + 1).await;
    let mut lines = lines.map_err(|e| unread(&e))?;
    let more = lines.len() > PAGE as usize;
    if more {
        // The one that is farthest from where it was asked from.
        let over = match from {
            From::After(_) => lines.len() - 1,
            From::Before(_) => 0,
        };
        lines.remove(over);
    }
    Ok(Json(Page {
        lines: lines.iter().map(Shown::of).collect(),
        more,
    }))
}
