//! What Twilio posts to us.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use form_urlencoded::Serializer;
use ring::hmac;

use super::Twilio;
use crate::{Webhook, wire::uuid};

/// A message's new status.
#[derive(Clone, Debug, Default)]
pub struct Status<'a> {
    /// The message's SID.
    pub sid: &'a str,
    /// `queued`, `sent`, `delivered`, `undelivered`, `failed`, …
    pub status: &'a str,
    /// For whom it was.
    pub to: &'a str,
    /// From whom.
    pub from: &'a str,
    /// Why it was not delivered: 30003, 30005, …
    pub error_code: Option<u32>,
}

/// A message that somebody sent to one of our numbers.
#[derive(Clone, Debug, Default)]
pub struct Inbound<'a> {
    /// The message's SID.
    pub sid: &'a str,
    /// Who sent it.
    pub from: &'a str,
    /// Our number.
    pub to: &'a str,
    /// The text.
    pub body: &'a str,
    /// `STOP`, `START` or `HELP`, where the account handles opt-outs.
    pub opt_out_type: Option<&'a str>,
}

impl Twilio {
    /// The status callback to `url`, which is the address as Twilio knows it.
    pub fn status(&self, url: &str, status: &Status<'_>) -> Webhook {
        let mut fields = vec![
            ("AccountSid", self.account_sid.clone()),
            ("ApiVersion", "2010-04-01".to_owned()),
            ("From", status.from.to_owned()),
            ("MessageSid", status.sid.to_owned()),
            ("MessageStatus", status.status.to_owned()),
            ("SmsSid", status.sid.to_owned()),
            ("SmsStatus", status.status.to_owned()),
            ("To", status.to.to_owned()),
        ];
        if let Some(code) = status.error_code {
            fields.push(("ErrorCode", code.to_string()));
        }
        self.hook(url, &fields)
    }

    /// The inbound message to `url`, which is the address as Twilio knows it.
    pub fn inbound(&self, url: &str, inbound: &Inbound<'_>) -> Webhook {
        let mut fields = vec![
            ("AccountSid", self.account_sid.clone()),
            ("ApiVersion", "2010-04-01".to_owned()),
            ("Body", inbound.body.to_owned()),
            ("From", inbound.from.to_owned()),
            ("FromCity", String::new()),
            ("FromCountry", "FR".to_owned()),
            ("FromState", String::new()),
            ("FromZip", String::new()),
            ("MessageSid", inbound.sid.to_owned()),
            ("NumMedia", "0".to_owned()),
            ("NumSegments", "1".to_owned()),
            ("SmsMessageSid", inbound.sid.to_owned()),
            ("SmsSid", inbound.sid.to_owned()),
            ("SmsStatus", "received".to_owned()),
            ("To", inbound.to.to_owned()),
            ("ToCity", String::new()),
            ("ToCountry", "FR".to_owned()),
            ("ToState", String::new()),
            ("ToZip", String::new()),
        ];
        if let Some(kind) = inbound.opt_out_type {
            fields.push(("OptOutType", kind.to_owned()));
        }
        self.hook(url, &fields)
    }

    fn hook(&self, url: &str, fields: &[(&str, String)]) -> Webhook {
        let signature = sign(url, fields, &self.auth_token);
        let form = "application/x-www-form-urlencoded; charset=UTF-8".to_owned();
        Webhook {
            headers: vec![
                ("content-type", form),
                ("x-twilio-signature", signature),
                // The same on each retry of one hook.
                ("i-twilio-idempotency-token", uuid()),
                ("user-agent", "TwilioProxy/1.1".to_owned()),
            ],
            body: Serializer::new(String::new())
                .extend_pairs(fields)
                .finish()
                .into_bytes(),
        }
    }
}

/// The value of `X-Twilio-Signature`: HMAC-SHA1 by the account's token over the address and the
/// sorted fields, name after name with its value.
pub fn sign(url: &str, fields: &[(&str, String)], auth_token: &str) -> String {
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, auth_token.as_bytes());
    let mut signed = hmac::Context::with_key(&key);
    signed.update(url.as_bytes());
    for (name, value) in sorted {
        signed.update(name.as_bytes());
        signed.update(value.as_bytes());
    }
    STANDARD.encode(signed.sign())
}
