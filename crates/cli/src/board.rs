//! The chat widget: its lines in the database, and its settings for the HTTP side.

use std::{future::Future, pin::Pin, sync::Arc};

use api::{Chat, Look};
use channels::{Board, BoardLine, NotPut, Put, WebSettings};
use engine::Engine;
use store::chat::{NewLine, Said, Who};
use tokio_util::sync::CancellationToken;

use crate::intake::IntoTurn;

/// Puts what journeys say where the widget finds it.
pub struct InDatabase(pub store::chat::Chat);

impl Board for InDatabase {
    fn put<'a>(
        &'a self,
        line: BoardLine<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<Put, NotPut>> + Send + 'a>> {
        Box::pin(async move {
            let new = NewLine {
                id: line.id,
                at: line.at,
                who: Who::Shop,
                said: Said {
                    text: line.text.to_owned(),
                    options: line.options.to_vec(),
                    to: None,
                },
            };
            match self.0.put(line.customer, &new).await {
                Ok(true) => Ok(Put::There),
                Ok(false) => Ok(Put::Nobody),
                Err(error) => {
                    let words = error.cause().unwrap_or_else(|| error.to_string());
                    Err(NotPut(words))
                }
            }
        })
    }
}

/// The board of that database.
pub fn board(store: &store::Store) -> Arc<dyn Board> {
    Arc::new(InDatabase(store.chat()))
}

/// The HTTP side of the widget, with news of its conversations until `stop`.
pub fn chat(
    engine: &Arc<Engine>,
    settings: &WebSettings,
    look: &Look,
    stop: &CancellationToken,
) -> Chat {
    let turn = Arc::new(IntoTurn(engine.clone()));
    let lines = engine.store().chat();
    let key = engine.linker().key().clone();
    let title = settings.title.as_deref().unwrap_or(&look.name);
    let mut chat = Chat::new(lines, key, turn, settings.lines_per_minute);
    chat.name = Arc::from(&*settings.name);
    chat.base = Arc::from(&*engine.settings().links.base);
    chat.origins = settings.origins.clone().into();
    chat.secret = settings.secret.as_ref().map(|s| Arc::from(s.expose()));
    chat.title = Arc::from(title);
    chat.accent = Arc::from(&*look.accent);
    chat.greeting = settings.greeting.clone();
    chat.locale = engine.loaded().world.policies.defaults.locale.clone();
    let (hub, lines, stop) = (chat.hub.clone(), chat.lines.clone(), stop.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = hub.hear(&lines) => {}
            () = stop.cancelled() => {}
        }
        // Connections that last would hold the process up.
        hub.close();
    });
    chat
}
