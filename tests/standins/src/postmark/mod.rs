//! Postmark: mails.
//!
//! - Requests and answers: <https://postmarkapp.com/developer/api/email-api>
//! - Errors: <https://postmarkapp.com/developer/api/overview#error-codes>
//! - Addresses: <https://postmarkapp.com/support/article/1180-what-does-errorcode-300-mean>
//! - Web hooks: <https://postmarkapp.com/developer/webhooks/webhooks-overview>; they are not signed.
//!   Whoever wants to know them puts HTTP Basic or a header of their own into the hook's settings.
//!
//! No key makes a request idempotent.

mod address;
mod hooks;
mod mail;
#[cfg(test)]
mod tests;

use serde_json::json;

pub use self::{
    hooks::{BounceType, Event},
    mail::{Attachment, Mail},
};
use crate::{Invalid, Provider, Read, Refusal, Reply, Request, check::nobody_knows};

/// What goes wrong, as a number and words.
type Trouble = (u32, String);

/// A server at Postmark, which is what they call a sender's settings.
#[derive(Clone, Debug)]
pub struct Postmark {
    /// The server's token.
    pub server_token: String,
    /// The streams that there are.
    pub streams: Vec<String>,
    /// The domains of the senders that are confirmed; with none, all are.
    pub sender_domains: Vec<String>,
}

impl Default for Postmark {
    fn default() -> Self {
        Self {
            server_token: "0f1e2d3c-4b5a-4678-9abc-def012345678".to_owned(),
            streams: vec!["outbound".to_owned(), "broadcast".to_owned()],
            sender_domains: Vec::new(),
        }
    }
}

impl Provider for Postmark {
    type Message = Mail;

    fn read(&self, request: &Request) -> Result<Read<Mail>, Invalid> {
        let token = request.header("x-postmark-server-token");
        if !token.is_some_and(|token| token.eq_ignore_ascii_case(&self.server_token)) {
            let why = "X-Postmark-Server-Token is not the server's".to_owned();
            return Err(Invalid {
                why,
                reply: denied(),
            });
        }
        if request.path != "/email" || request.method != "POST" {
            let why = "only POST /email is there".to_owned();
            let reply = Reply::empty(404);
            return Err(Invalid { why, reply });
        }
        let takes = request.header("accept").unwrap_or_default();
        if !takes.contains("application/json") || request.content_type() != "application/json" {
            let words = "Your HTTP request does not have the Accept and Content-Type headers set \
                         to application/json.";
            return Err(invalid((409, words.to_owned())));
        }
        let json = request
            .object()
            .map_err(|why| invalid((402, format!("Received invalid JSON input: it {why}"))))?;
        let (message, unknown) = mail::read(self, &json, request).map_err(invalid)?;
        let remarks = nobody_knows(unknown);
        Ok(Read::Message { message, remarks })
    }

    fn to(message: &Mail) -> &str {
        message.to.first().map_or("", String::as_str)
    }

    fn accept(&self, message: &Mail) -> Reply {
        let body = json!({
            "To": message.json["To"],
            "SubmittedAt": jiff::Timestamp::now().to_string(),
            "MessageID": message.message_id,
            "ErrorCode": 0,
            "Message": "OK",
        });
        Reply::json(200, &body)
    }

    fn refuse(&self, refusal: Refusal, message: &Mail) -> Reply {
        match refusal {
            Refusal::ForGood => {
                let words = format!("Invalid 'To' address: '{}'.", Self::to(message));
                error(422, 300, &words)
            }
            Refusal::ForNow => {
                let words = "Postmark API is temporarily unavailable. Please try again later.";
                error(503, 100, words)
            }
            Refusal::Throttle(seconds) => {
                let words = "Rate limit exceeded. Please wait and try again.";
                error(429, 429, words).retry_after(seconds)
            }
            Refusal::Deny => denied(),
            Refusal::NoCredit => error(
                422,
                405,
                "Not allowed to send: you have run out of credits.",
            ),
            Refusal::GoneAddress => {
                let words = format!(
                    "You tried to send to recipient(s) that have been marked as inactive. Found \
                     inactive addresses: {}. Inactive recipients are ones that have generated a \
                     hard bounce, a spam complaint, or a manual suppression.",
                    Self::to(message)
                );
                error(422, 406, &words)
            }
        }
    }
}

fn denied() -> Reply {
    error(401, 10, "Request does not contain a valid Server token.")
}

fn invalid((code, words): Trouble) -> Invalid {
    let reply = error(422, code, &words);
    Invalid { why: words, reply }
}

fn error(status: u16, code: u32, message: &str) -> Reply {
    Reply::json(status, &json!({"ErrorCode": code, "Message": message}))
}
