//! What became of messages, written down under the fence of their attempt.

use jiff::Timestamp;
use journey::{
    ids::InputId,
    input::{Input, InputKind, Receipt},
};
use store::{Accepted, Arrival, Leased};

use super::{Dispatched, Done, Stopped};
use crate::{Engine, Error, turn};

impl Engine {
    pub(super) async fn record_dispatch(
        &self,
        chunk: Vec<Done>,
        counts: &mut Dispatched,
    ) -> Result<(), Error> {
        let (mut sent, mut later, mut news) = (vec![], vec![], vec![]);
        let (mut released, before) = (vec![], counts.put_off);
        for done in chunk {
            match done {
                Done::Sent(accepted, gone) => {
                    sent.push(accepted);
                    news.extend(gone);
                }
                Done::Later(retry, _) => later.push(retry),
                Done::Ended(arrival, _, gone) => {
                    counts.ended += 1;
                    news.push(arrival);
                    news.extend(gone);
                }
                Done::Released(release) => released.push(release),
                Done::PutOff(release) => {
                    counts.put_off += 1;
                    released.push(release);
                }
            }
        }
        counts.sent += sent.len();
        counts.retried += later.len();
        counts.released += released.len() - (counts.put_off - before);
        self.record_sent(&sent).await?;
        self.store.retry_later(&later).await?;
        self.store.release(&released).await?;
        self.record_news(news).await
    }

    /// What a provider has must not go again: the record is tried more than once.
    async fn record_sent(&self, sent: &[Accepted]) -> Result<(), Error> {
        let mut attempt = 0;
        let recorded = loop {
            match self.store.record_sent(sent, self.wall()).await {
                Err(error) if error.is_retryable() && attempt < self.settings.turn_retries => {
                    tracing::debug!(%error, attempt, "the record of sends is tried again");
                    turn::pause(attempt).await;
                    attempt += 1;
                }
                other => break other?,
            }
        };
        if recorded < sent.len() as u64 {
            let sent = sent.len();
            tracing::warn!(
                sent,
                recorded,
                "some leases had run out before the provider answered"
            );
        }
        Ok(())
    }

    async fn record_news(&self, news: Vec<Arrival>) -> Result<(), Error> {
        if news.is_empty() {
            return Ok(());
        }
        let customers: Vec<_> = news.iter().map(|e| e.customer).collect();
        for rejected in self.turn(news).await?.rejected {
            let (customer, error) = (customers[rejected.index], rejected.reason);
            tracing::error!(customer.id = %customer, %error, "what became of a message cannot be kept");
        }
        Ok(())
    }
}

/// The news that a message will not arrive, as an input of its customer.
pub(super) fn receipt(leased: Leased, stopped: Stopped, now: Timestamp) -> Arrival {
    let Leased {
        customer,
        message,
        attempt,
        ..
    } = leased;
    let id = InputId::of_receipt(message.id, attempt);
    let receipt = Receipt {
        message,
        attempt,
        reason: stopped.reason,
        detail: stopped.detail,
    };
    let input = Input {
        id,
        now,
        kind: InputKind::Receipt(Box::new(receipt)),
    };
    Arrival {
        customer: customer.id,
        key: customer.key,
        input,
    }
}
