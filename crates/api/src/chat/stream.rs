//! Lines as they are said, by server-sent events.
//!
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>. The widget reads them with `fetch`, which can send its
//! token in a header; an address that held it would be logged on the way.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    extract::{Query, State as Shared, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::{Stream, stream};
use journey::ids::CustomerId;
use serde::Deserialize;
use store::chat::{Chat, From, MOST_LINES};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::{
    chat,
    hub::{Place, Told},
    lines::Shown,
    visitor,
};
use crate::{State, problem::Problem};

/// How long a connection is kept; the widget makes another.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// How often a sign of life is sent: proxies give up on what is silent for a minute.
const ALIVE: Duration = Duration::from_secs(20);
/// How many numbers back it is looked again: of two lines that are written at the same time, the lower number may be seen later.
const BACK: i64 = 32;
/// How many lines are remembered as told.
const TOLD: usize = 256;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    after: i64,
}

pub(super) async fn stream(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Problem> {
    let who = visitor(&state, &headers)?;
    let Query(asked) = asked.map_err(|e| Problem::bad("stream", e.body_text()))?;
    let chat = chat(&state)?;
    let of = state.reader.stays(who.id()).await?;
    let place = chat.hub.place(of).ok_or_else(|| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too_many",
            "Too many chats are open at once: ask for /chat/lines now and then.",
        )
    })?;
    let telling = Telling {
        customer: of,
        chat: chat.lines.clone(),
        place,
        after: asked.after,
        told: VecDeque::new(),
        ready: VecDeque::new(),
        looks: true,
        until: Instant::now() + LONGEST,
    };
    let alive = KeepAlive::new().interval(ALIVE);
    let response = Sse::new(events(telling)).keep_alive(alive).into_response();
    // Some proxies collect what is answered, unless they are told not to.
    Ok(([("x-accel-buffering", "no")], response).into_response())
}

/// One open widget.
struct Telling {
    customer: CustomerId,
    chat: Chat,
    place: Place,
    /// The highest number that was told.
    after: i64,
    told: VecDeque<Uuid>,
    ready: VecDeque<Event>,
    /// Whether there may be lines that were not told.
    looks: bool,
    until: Instant,
}

fn events(telling: Telling) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(telling, |mut telling| async move {
        let event = telling.next().await?;
        Some((Ok(event), telling))
    })
}

impl Telling {
    /// The next thing to tell; `None`: the widget is to connect again.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.looks {
                self.look().await?;
                continue;
            }
            match timeout_at(self.until, self.place.told()).await {
                Ok(Told::Lines) => self.looks = true,
                Ok(Told::Typing) => return Some(Event::default().event("typing").data("{}")),
                Ok(Told::Over) | Err(_) => return None,
            }
        }
    }

    /// Looks for lines that were not told; `None`: it could not.
    async fn look(&mut self) -> Option<()> {
        let from = From::After(self.after.saturating_sub(BACK));
        let found = self.chat.lines(self.customer, from, MOST_LINES).await;
        let lines = found
            .inspect_err(|error| tracing::warn!(%error, "a chat could not be looked at"))
            .ok()?;
        self.looks = lines.len() == MOST_LINES as usize;
        for line in lines {
            if self.told.contains(&line.line.id) {
                continue;
            }
            self.after = self.after.max(line.seq);
            self.told.push_back(line.line.id);
            if self.told.len() > TOLD {
                self.told.pop_front();
            }
            let shown = Event::default().event("line").id(line.seq.to_string());
            // Texts and numbers are always JSON.
            self.ready.extend(shown.json_data(Shown::of(&line)).ok());
        }
        Some(())
    }
}
