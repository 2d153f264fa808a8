//! Rendered content: what an adapter sends and what support sees.

use std::{collections::BTreeMap, fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::message::Channel;

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
        /// The pictures that `html` shows as `cid:ID`, and what is attached.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<File>,
    },
    /// A text message.
    Sms {
        /// Its text.
        text: String,
    },
    /// A push notification.
    Push(Push),
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

impl Content {
    /// As it is kept: files by their names alone, for their bytes stand in the workspace.
    #[must_use]
    pub fn without_files(mut self) -> Self {
        if let Self::Email { files, .. } = &mut self {
            for file in files {
                file.bytes = Arc::default();
            }
        }
        self
    }
}

/// A file that goes along with a mail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// What it is called: `terms.pdf`. On one line, without `/`.
    pub name: String,
    /// `image/png`; of a text with its `charset`.
    pub media_type: String,
    /// What the HTML calls it behind `cid:`, where it is shown there; `None`: it is attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cid: Option<String>,
    /// What it holds; base64 in JSON.
    #[serde(serialize_with = "to_base64", deserialize_with = "of_base64")]
    pub bytes: Arc<[u8]>,
}

impl File {
    /// Its bytes in base64, on one line.
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.bytes)
    }
}

/// Without the bytes.
impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("File");
        let shown = shown.field("name", &self.name);
        let shown = shown.field("media_type", &self.media_type);
        let shown = shown.field("cid", &self.cid);
        shown.field("bytes", &self.bytes.len()).finish()
    }
}

fn to_base64<S: Serializer>(bytes: &Arc<[u8]>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&STANDARD.encode(bytes))
}

fn of_base64<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<[u8]>, D::Error> {
    let text = String::deserialize(from)?;
    let bytes = STANDARD.decode(text).map_err(D::Error::custom)?;
    Ok(bytes.into())
}

/// The HTML of a mail as a page by itself shows it: its pictures stand in it as `data:` addresses.
pub fn standing_alone(html: &str, files: &[File]) -> String {
    let mut html = html.to_owned();
    for file in files {
        if let Some(cid) = &file.cid {
            let data = format!("data:{};base64,{}", file.media_type, file.base64());
            html = html.replace(&format!("cid:{cid}"), &data);
        }
    }
    html
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

/// A push notification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// One line.
    pub title: String,
    /// A few lines.
    pub body: String,
    /// Where a tap leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// How long the provider keeps it for a device that is not there, in seconds; at most
    /// [`LONGEST_TTL`](Self::LONGEST_TTL).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u32>,
    /// Takes the place of an earlier one with the same key: 1 to 32 letters, digits, `-` and `_`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collapse: Option<String>,
    /// Buttons, at most [`MOST_ACTIONS`](Self::MOST_ACTIONS).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// What the app is told besides, such as the screen that a tap opens.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, String>,
}

/// A button of a push notification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// What the app knows it by: 1 to 32 letters, digits, `-` and `_`.
    pub name: String,
    /// What the customer reads.
    pub label: String,
    /// Where it leads; without it, the app does as the name says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Push {
    /// The longest time that every provider keeps a notification for, in seconds: four weeks.
    pub const LONGEST_TTL: u32 = 28 * 24 * 60 * 60;
    /// The most that every provider carries, in bytes.
    pub const MOST: usize = 4_096;
    /// The most buttons that a phone shows.
    pub const MOST_ACTIONS: usize = 3;

    /// How large it is as JSON, in bytes.
    pub fn bytes(&self) -> usize {
        serde_json::to_vec(self).map_or(usize::MAX, |json| json.len())
    }
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
    /// What a person wrote, as it goes out by that channel.
    ///
    /// # Errors
    /// If nobody talks by that channel, in words.
    pub fn spoken(channel: Channel, words: &str) -> Result<Self, Arc<str>> {
        let text = words.to_owned();
        match channel {
            Channel::Chat => Ok(Self::Chat {
                text,
                options: Vec::new(),
                whatsapp: None,
            }),
            Channel::Sms => Ok(Self::Sms { text }),
            Channel::Email | Channel::Push => Err("people write by chat and sms".into()),
        }
    }

    /// The same as a question with these answers; only a chat can show them.
    #[must_use]
    pub fn offering(mut self, offers: Vec<Offer>) -> Self {
        if let Self::Chat { options, .. } = &mut self {
            *options = offers;
        }
        self
    }
}
