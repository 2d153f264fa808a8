//! E-mail over SMTP.

mod mail;
mod pool;
#[cfg(test)]
mod tests;
mod tls;

use std::{error::Error as _, sync::Arc, time::Duration};

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

use self::{
    mail::Sender,
    pool::{ConnectError, Pool},
};
use crate::{Outcome, Outgoing, Problem, detail, settings::SmtpSettings};

/// The adapter: builds the mail and hands it over on a pooled connection.
#[derive(Debug)]
pub(crate) struct Smtp {
    name: String,
    sender: Sender,
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
    /// While the message was handed over.
    Sending(Error),
}

impl Smtp {
    pub(crate) fn new(settings: &SmtpSettings) -> Result<Self, Problem> {
        let sender = Sender::new(settings)?;
        let pool = Pool::new(settings, sender.domain())?;
        Ok(Self {
            name: settings.name.clone(),
            sender,
            pool,
            timeout: Duration::from_secs(settings.timeout_seconds.max(1)),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) async fn send(&self, message: &Outgoing<'_>) -> Outcome {
        let mail = match self.sender.compose(message) {
            Ok(mail) => mail,
            Err(problem) => return Outcome::for_good(problem),
        };
        let bytes = mail.formatted();
        let attempt = Box::pin(self.attempt(mail.envelope(), &bytes));
        match timeout(self.timeout, attempt).await {
            Ok(Ok(response)) => accepted(&response),
            Ok(Err(failed)) => refused(&failed, message.to),
            Err(_) => Outcome::for_now(Failure::Slow {
                whom: Whom::MailServer,
                seconds: self.timeout.as_secs(),
            }),
        }
    }

    /// One attempt; a second one, on a fresh connection, if the pooled one had died.
    async fn attempt(&self, envelope: &Envelope, mail: &[u8]) -> Result<Response, Failed> {
        let _permit = self.pool.permit().await;
        if let Some(pooled) = self.pool.idle() {
            match self.hand_over(pooled, envelope, mail, Failed::Stale).await {
                Err(Failed::Stale(_)) => tracing::debug!("a pooled connection was dead"),
                done => return done,
            }
        }
        let fresh = Box::pin(self.pool.connect()).await;
        let fresh = fresh.map_err(Failed::Connecting)?;
        self.hand_over(fresh, envelope, mail, Failed::Sending).await
    }

    /// Hands over one mail, and gives the connection back if it is still good.
    async fn hand_over(
        &self,
        mut connection: AsyncSmtpConnection,
        envelope: &Envelope,
        mail: &[u8],
        if_dead: fn(Error) -> Failed,
    ) -> Result<Response, Failed> {
        let options = options(&connection, envelope, mail);
        let from = Mail::new(envelope.from().cloned(), options);
        let done = match connection.command(from).await {
            Err(error) if error.status().is_none() || closing(&error) => {
                return Err(if_dead(error));
            }
            Err(error) => Err(error),
            Ok(_) => transfer(&mut connection, envelope, mail).await,
        };
        let usable = match &done {
            Ok(_) => true,
            // A refusal leaves the connection in the middle of a transaction.
            Err(error) if error.status().is_some() && !closing(error) => {
                connection.command(Rset).await.is_ok()
            }
            Err(_) => false,
        };
        if usable {
            self.pool.give_back(connection);
        }
        done.map_err(Failed::Sending)
    }
}

async fn transfer(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    mail: &[u8],
) -> Result<Response, Error> {
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), vec![])).await?;
    }
    connection.command(Data).await?;
    connection.message(mail).await
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
        Failed::Stale(error) | Failed::Sending(error) => match error.status() {
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
        Failed::Sending(error) if error.is_permanent() && !ours(error) => Outcome::for_good(detail),
        _ => Outcome::for_now(detail),
    }
}

/// 530, 534, 535, 538: the server wants another account or encryption. That is a matter of the
/// settings, and no reason to give up the customer's message.
fn ours(error: &Error) -> bool {
    let code = error.status().map(u16::from);
    matches!(code, Some(530 | 534 | 535 | 538))
}
