//! Rendered content: what an adapter sends and what support sees.

use serde::{Deserialize, Serialize};

/// The content of one message, ready to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "lowercase")]
pub enum Content {
    /// A mail with both parts.
    Email {
        /// One line.
        subject: String,
        /// What in-boxes show beside the subject; may be empty. Already part of `html`.
        preheader: String,
        /// A whole HTML document.
        html: String,
        /// The plain-text part.
        text: String,
    },
    /// A text message.
    Sms {
        /// Its text.
        text: String,
    },
    /// A push notification.
    Push {
        /// One line.
        title: String,
        /// A few lines.
        body: String,
        /// Where a tap leads.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    },
    /// A chatbot's line.
    Chat {
        /// Its text.
        text: String,
    },
}
