//! The capture mailbox, as the console reads it.

use api::{BoxFuture, CaptureError, CaptureStore, Captured, KeepError};
use channels::capture::{self, CapturedMessage, Mailbox, Parts};
use jiff::Timestamp;
use journey::{content::Content, ids::MessageId, message::Channel};

/// The mailbox of `dev` and `demo`.
#[derive(Clone)]
pub struct Captures(pub Mailbox);

impl CaptureStore for Captures {
    fn list(&self, limit: usize) -> BoxFuture<'_, Result<Vec<Captured>, CaptureError>> {
        let mailbox = self.0.clone();
        blocking(move || {
            let names = mailbox.list(None, limit).into_iter().map(|s| s.name);
            names
                .filter_map(|name| mailbox.get(&name))
                .map(captured)
                .collect()
        })
    }

    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Captured>, CaptureError>> {
        let (mailbox, name) = (self.0.clone(), name.to_owned());
        blocking(move || mailbox.get(&name).map(captured))
    }

    fn keep<'a>(
        &'a self,
        channel: Channel,
        body: &'a [u8],
    ) -> BoxFuture<'a, Result<String, KeepError>> {
        Box::pin(async move {
            let message = CapturedMessage::from_webhook(body)
                .map_err(|e| KeepError::Refused(e.to_string()))?;
            if message.channel != channel {
                return Err(KeepError::Refused(format!(
                    "a message for {} was posted to {channel}",
                    message.channel
                )));
            }
            let kept = self.0.keep(&message, Timestamp::now());
            Ok(kept.map_err(|e| CaptureError(e.to_string()))?.name)
        })
    }

    fn of_message(&self, id: MessageId) -> BoxFuture<'_, Result<Option<Captured>, CaptureError>> {
        let mailbox = self.0.clone();
        blocking(move || mailbox.find(id.0).map(captured))
    }
}

/// Reads files beside the request threads.
fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> T + Send + 'static,
) -> BoxFuture<'static, Result<T, CaptureError>> {
    Box::pin(async move {
        tokio::task::spawn_blocking(read)
            .await
            .map_err(|e| CaptureError(e.to_string()))
    })
}

fn captured(captured: capture::Captured) -> Captured {
    let capture::Captured { summary, parts } = captured;
    let content = match parts {
        Parts::Message(message) => message.content,
        Parts::Mail {
            html, text, files, ..
        } => Content::Email {
            subject: summary.line,
            preheader: String::new(),
            html: html.unwrap_or_default(),
            text: text.unwrap_or_default(),
            files,
        },
    };
    Captured {
        name: summary.name,
        at: summary.at,
        to: summary.to,
        from: String::new(),
        message: summary.message.map(MessageId),
        content,
    }
}
