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
        /// The answers that a question offers, in order; none where it is no question.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        options: Vec<Offer>,
        /// What WhatsApp sends in its place where it may not be written freely.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        whatsapp: Option<WhatsAppTemplate>,
    },
}

/// A template that WhatsApp has approved: what a business may say to somebody who has not written to it for
/// 24 hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhatsAppTemplate {
    /// Its name there.
    pub template: String,
    /// Which of its translations: `fr`, `en_US`.
    pub language: String,
    /// The texts of its body, in order; each on one line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<String>,
    /// Whether it is sent even to those who may be written to freely.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub always: bool,
}

/// One answer that a question offers: a button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// What a reply may say for it.
    pub name: String,
    /// What the customer reads.
    pub label: String,
}

impl Content {
    /// The same as a question with these answers; only a chat can show them.
    #[must_use]
    pub fn offering(mut self, offers: Vec<Offer>) -> Self {
        if let Self::Chat { options, .. } = &mut self {
            *options = offers;
        }
        self
    }
}
