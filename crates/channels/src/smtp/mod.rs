//! E-mail over SMTP.

mod dkim;
mod mail;
mod pool;
mod returned;
mod settings;
#[cfg(test)]
mod tests;
mod tls;

use std::{
    error::Error as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use journey::failure::{Failure, Whom};
use lettre::{
    address::Envelope,
    transport::smtp::{
        Error,
        client::AsyncSmtpConnection,
        commands::{Data, Mail, Rcpt, Rset},
        extension::{Extension, MailBodyParameter, MailParameter},
        response::Response,
    },
};
use tokio::time::timeout;

pub use self::settings::{DkimSettings, SmtpSettings, TlsMode};
use self::{
    dkim::Dkim,
    pool::{ConnectError, Pool},
};
use crate::{About, Heard, Hook, Outcome, Outgoing, Problem, Unheard, detail, mail::Sender};

/// The adapter: builds the mail and hands it over on a pooled connection.
#[derive(Debug)]
pub(crate) struct Smtp {
    name: String,
    sender: Sender,
    dkim: Vec<Dkim>,
    pool: Pool,
    timeout: Duration,
}

/// Why an attempt failed, and when: only the phase says whose fault a refusal is.
#[derive(Debug)]
enum Failed {
    /// Before the server heard of this message: connecting, TLS, AUTH. Never the message's fault.
    Connecting(ConnectError),
    /// The first command on a connection from the pool found it dead; nothing was handed over.
    Stale(Error),
    /// While the message was handed over: nothing of it is the server's before its end was said.
    Sending(Error, Phase),
}

/// How far it had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// MAIL: the server has not heard for whom it is.
    Sender,
    /// RCPT or DATA.
    Recipient,
    /// The mail itself: without an answer, the server may have it.
    Mail,
}

impl Smtp {
    pub(crate) fn new(settings: &SmtpSettings) -> Result<Self, Problem> {
        let sender = Sender::new(
            &settings.from,
            settings.reply_to.as_deref(),
            settings.list_domain.as_deref(),
        )?;
        let pool = Pool::new(settings, sender.domain())?;
        Ok(Self {
            name: settings.name.clone(),
            sender,
            dkim: settings
                .dkim
                .iter()
                .map(Dkim::new)
                .collect::<Result<_, _>>()?,
            pool,
            timeout: Duration::from_secs(settings.timeout_seconds.max(1)),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What a mail that came back tells.
    pub(crate) fn hear(hook: &Hook<'_>) -> Result<Heard, Unheard> {
        returned::hear(hook)
    }

    pub(crate) async fn send(&self, message: &Outgoing<'_>, within: Duration) -> Outcome {
        let mail = match mail::compose(&self.sender, message) {
            Ok(mail) => mail,
            Err(problem) => return Outcome::for_good(problem),
        };
        let bytes = self.signed(mail.formatted(), message.at);
        let limit = self.timeout.min(within);
        let handed_over = AtomicBool::new(false);
        let attempt = Box::pin(self.attempt(mail.envelope(), &bytes, &handed_over));
        match timeout(limit, attempt).await {
            Ok(Ok(response)) => accepted(&response),
            Ok(Err(failed)) => refused(&failed, message.to),
            Err(_) => {
                let (whom, seconds) = (Whom::MailServer, limit.as_secs());
                let slow = Failure::Slow { whom, seconds };
                match handed_over.load(Ordering::Relaxed) {
                    true => Outcome::unclear(slow),
                    false => Outcome::for_now(About::Trouble, slow),
                }
            }
        }
    }

    /// The mail behind its signatures. One that cannot be made is left out: the mail may still be believed for others.
    fn signed(&self, mail: Vec<u8>, at: Timestamp) -> Vec<u8> {
        if self.dkim.is_empty() {
            return mail;
        }
        let headers = self.dkim.iter().filter_map(|dkim| dkim.header(&mail, at));
        let mut signed: Vec<u8> = headers.flatten().collect();
        signed.extend(mail);
        signed
    }

    /// One attempt; a second one, on a fresh connection, if the pooled one had died.
    async fn attempt(
        &self,
        envelope: &Envelope,
        mail: &[u8],
        handed_over: &AtomicBool,
    ) -> Result<Response, Failed> {
        let mail = (envelope, mail, handed_over);
        if let Some(pooled) = self.pool.idle() {
            match self.hand_over(pooled, mail, Failed::Stale).await {
                Err(Failed::Stale(_)) => tracing::debug!("a pooled connection was dead"),
                done => return done,
            }
        }
        let fresh = Box::pin(self.pool.connect()).await;
        let fresh = fresh.map_err(Failed::Connecting)?;
        let failed = |error| Failed::Sending(error, Phase::Sender);
        self.hand_over(fresh, mail, failed).await
    }

    /// Hands over one mail, and gives the connection back if it is still good.
    async fn hand_over(
        &self,
        mut connection: AsyncSmtpConnection,
        (envelope, mail, handed_over): (&Envelope, &[u8], &AtomicBool),
        if_dead: fn(Error) -> Failed,
    ) -> Result<Response, Failed> {
        let options = options(&connection, envelope, mail);
        let from = Mail::new(envelope.from().cloned(), options);
        let done = match connection.command(from).await {
            Err(error) if error.status().is_none() || closing(&error) => {
                return Err(if_dead(error));
            }
            Err(error) => Err((error, Phase::Sender)),
            Ok(_) => transfer(&mut connection, envelope, mail, handed_over).await,
        };
        let usable = match &done {
            Ok(_) => true,
            // A refusal leaves the connection in the middle of a transaction.
            Err((error, _)) if error.status().is_some() && !closing(error) => {
                connection.command(Rset).await.is_ok()
            }
            Err(_) => false,
        };
        if usable {
            self.pool.give_back(connection);
        }
        done.map_err(|(error, phase)| Failed::Sending(error, phase))
    }
}

async fn transfer(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    mail: &[u8],
    handed_over: &AtomicBool,
) -> Result<Response, (Error, Phase)> {
    let refused = |error| (error, Phase::Recipient);
    for to in envelope.to() {
        let rcpt = Rcpt::new(to.clone(), vec![]);
        connection.command(rcpt).await.map_err(refused)?;
    }
    connection.command(Data).await.map_err(refused)?;
    handed_over.store(true, Ordering::Relaxed);
    let sent = connection.message(mail).await;
    sent.map_err(|error| (error, Phase::Mail))
}

/// What MAIL must announce. A server that lacks the extension refuses by itself.
fn options(connection: &AsyncSmtpConnection, to: &Envelope, mail: &[u8]) -> Vec<MailParameter> {
    let mut options = Vec::new();
    let addresses = to.from().into_iter().chain(to.to());
    if !addresses.map(AsRef::<str>::as_ref).all(str::is_ascii) {
        options.push(MailParameter::SmtpUtfEight);
    }
    let eight_bits = connection
        .server_info()
        .supports_feature(Extension::EightBitMime);
    if eight_bits && !mail.is_ascii() {
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    options
}

/// 421: the server is about to close the connection.
fn closing(error: &Error) -> bool {
    error.status().is_some_and(|code| u16::from(code) == 421)
}

fn accepted(response: &Response) -> Outcome {
    let words = response.first_line().map(|line| detail::clean(line, ""));
    Outcome::Accepted {
        provider_id: words.filter(|w| !w.is_empty()),
    }
}

fn refused(failed: &Failed, to: &str) -> Outcome {
    let words = |error: &dyn std::error::Error| detail::clean(&error.to_string(), to).into();
    let detail = match failed {
        Failed::Connecting(ConnectError::Io(error)) => Failure::Unreachable {
            whom: Whom::MailServer,
            words: Some(words(error)),
        },
        Failed::Connecting(ConnectError::Smtp(error)) => Failure::LetsNobodyIn {
            words: words(error),
        },
        Failed::Stale(error) | Failed::Sending(error, _) => match error.status() {
            // The code says by itself that it is permanent, or not.
            Some(code) => Failure::Smtp {
                code: u16::from(code),
                words: error.source().map_or_else(|| Arc::from(""), words),
            },
            None => Failure::Unreachable {
                whom: Whom::MailServer,
                words: Some(words(error)),
            },
        },
    };
    match failed {
        Failed::Sending(error, _) if error.is_permanent() && !ours(error) => {
            Outcome::for_good(detail)
        }
        // Whatever it answers, it has not taken it (RFC 5321, 4.2.1); without an answer it may.
        Failed::Sending(error, Phase::Mail) if error.status().is_none() => Outcome::unclear(detail),
        Failed::Sending(error, phase) => Outcome::for_now(about(error, *phase), detail),
        Failed::Connecting(ConnectError::Smtp(error)) if error.is_transient() => {
            Outcome::for_now(About::Haste, detail)
        }
        Failed::Connecting(_) | Failed::Stale(_) => Outcome::for_now(About::Trouble, detail),
    }
}

/// What a refusal for now is about: the server, or this mail.
fn about(error: &Error, phase: Phase) -> About {
    let Some(code) = error.status().map(u16::from) else {
        return About::Trouble;
    };
    if ours(error) {
        return About::Trouble;
    }
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    let enhanced = words.split([' ', '-']).find(|word| word.starts_with("4."));
    let enhanced = enhanced.unwrap_or_default();
    // RFC 3463: x.3 is the mail system, x.4.5 its congestion; x.1 and x.2 are the recipient. 4.7.28
    // and 4.7.500 are how Gmail and Exchange Online say "not so fast".
    let of_the_system = enhanced.starts_with("4.3.");
    let of_the_system = of_the_system || matches!(enhanced, "4.4.5" | "4.7.28" | "4.7.500");
    let of_the_recipient = ["4.1.", "4.2."].iter().any(|p| enhanced.starts_with(p));
    match code {
        421 => About::Haste,
        450..=452 if of_the_system => About::Haste,
        450..=452 if phase == Phase::Sender && !of_the_recipient => About::Haste,
        _ => About::Message,
    }
}

/// 530, 534, 535, 538: the server wants another account or encryption. That is a matter of the
/// settings, and no reason to give up the customer's message.
fn ours(error: &Error) -> bool {
    let code = error.status().map(u16::from);
    matches!(code, Some(530 | 534 | 535 | 538))
}
