//! What Postmark posts to us.

use serde_json::{Value as Json, json};

use super::Postmark;
use crate::Webhook;

/// The mail that something happened to.
#[derive(Clone, Debug, Default)]
pub struct Event<'a> {
    /// The name that Postmark gave it.
    pub message_id: &'a str,
    /// Whose mail it was.
    pub recipient: &'a str,
    /// Its stream.
    pub stream: &'a str,
    /// Its tag.
    pub tag: &'a str,
    /// Its metadata.
    pub metadata: &'a [(&'a str, &'a str)],
}

/// How a mail came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BounceType {
    /// There is no such mailbox.
    HardBounce,
    /// It may be delivered later.
    Transient,
    /// An answer by a machine.
    AutoResponder,
    /// The mailbox is full, or the like.
    SoftBounce,
    /// It was taken for spam.
    SpamNotification,
    /// The address is malformed.
    BadEmailAddress,
    /// The server refuses mails from there.
    Blocked,
}

impl BounceType {
    fn words(self) -> (&'static str, u32, &'static str, bool) {
        match self {
            Self::HardBounce => ("HardBounce", 1, "Hard bounce", true),
            Self::Transient => ("Transient", 2, "Message delayed", false),
            Self::AutoResponder => ("AutoResponder", 64, "Auto responder", false),
            Self::SpamNotification => ("SpamNotification", 512, "Spam notification", false),
            Self::SoftBounce => ("SoftBounce", 4096, "Soft bounce", false),
            Self::BadEmailAddress => ("BadEmailAddress", 100_000, "Invalid email address", true),
            Self::Blocked => ("Blocked", 100_006, "ISP block", false),
        }
    }
}

impl Postmark {
    /// The mail came back.
    pub fn bounce(&self, kind: BounceType, event: &Event<'_>) -> Webhook {
        let (name, code, words, inactive) = kind.words();
        let mut body = returned(event, name, code, words, inactive);
        body["RecordType"] = json!("Bounce");
        Webhook::json(&body)
    }

    /// The recipient called it spam.
    pub fn spam_complaint(&self, event: &Event<'_>) -> Webhook {
        let mut body = returned(event, "SpamComplaint", 100_001, "Spam complaint", true);
        body["RecordType"] = json!("SpamComplaint");
        Webhook::json(&body)
    }

    /// The recipient's server took it.
    pub fn delivery(&self, event: &Event<'_>) -> Webhook {
        Webhook::json(&json!({
            "RecordType": "Delivery",
            "ServerID": 23,
            "MessageStream": event.stream,
            "MessageID": event.message_id,
            "Recipient": event.recipient,
            "Tag": event.tag,
            "DeliveredAt": timestamp(),
            "Details": "smtp;250 2.0.0 OK",
            "Metadata": metadata(event),
        }))
    }

    /// The recipient ended the stream's mails, by themselves.
    pub fn unsubscribe(&self, event: &Event<'_>) -> Webhook {
        self.suppressed(event, "ManualSuppression")
    }

    /// The recipient gets no more mails of the stream: `HardBounce`, `SpamComplaint` or
    /// `ManualSuppression`.
    pub fn suppressed(&self, event: &Event<'_>, reason: &str) -> Webhook {
        Webhook::json(&json!({
            "RecordType": "SubscriptionChange",
            "MessageID": event.message_id,
            "ServerID": 23,
            "MessageStream": event.stream,
            "ChangedAt": timestamp(),
            "Recipient": event.recipient,
            "Origin": "Recipient",
            "SuppressSending": true,
            "SuppressionReason": reason,
            "Tag": event.tag,
            "Metadata": metadata(event),
        }))
    }

    /// The recipient gets the stream's mails again.
    pub fn resubscribe(&self, event: &Event<'_>) -> Webhook {
        Webhook::json(&json!({
            "RecordType": "SubscriptionChange",
            "MessageID": null,
            "ServerID": 23,
            "MessageStream": event.stream,
            "ChangedAt": timestamp(),
            "Recipient": event.recipient,
            "Origin": "Customer",
            "SuppressSending": false,
            "SuppressionReason": null,
            "Tag": null,
            "Metadata": {},
        }))
    }
}

fn returned(event: &Event<'_>, kind: &str, code: u32, name: &str, inactive: bool) -> Json {
    json!({
        "ID": 42,
        "Type": kind,
        "TypeCode": code,
        "Name": name,
        "Tag": event.tag,
        "MessageID": event.message_id,
        "Metadata": metadata(event),
        "ServerID": 23,
        "MessageStream": event.stream,
        "Description": name,
        "Details": "smtp;550 5.1.1",
        "Email": event.recipient,
        "From": "sender@example.com",
        "BouncedAt": timestamp(),
        "DumpAvailable": false,
        "Inactive": inactive,
        "CanActivate": code != 100_001,
        "Subject": "Subject",
        "Content": "",
    })
}

fn metadata(event: &Event<'_>) -> Json {
    let fields = event.metadata.iter();
    fields.map(|(n, v)| ((*n).to_owned(), json!(v))).collect()
}

fn timestamp() -> String {
    jiff::Timestamp::now().to_string()
}
