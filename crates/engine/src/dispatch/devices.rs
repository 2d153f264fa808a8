//! One message and the addresses of its customer: a push notification goes to each of their devices, and an
//! address that turns out to be nobody's is news of the customer.

use std::sync::Arc;

use channels::{Outcome, Outgoing};
use jiff::Timestamp;
use journey::{
    content::Content,
    ids::{InputId, MessageId},
    input::{Event, Input, InputKind},
    machine::UNREGISTERED,
    message::Channel,
    value::{Map, Value},
};
use store::{Arrival, Leased};

use super::{
    Round,
    send::{Said, Unasked},
};
use crate::{Engine, traces::Step};

impl Engine {
    /// Hands the message over at each address. It went if it went to one; what was refused for now is tried
    /// again only where none has taken it, since all of them would get it again. Says also which
    /// addresses are nobody's.
    pub(super) async fn reach(
        &self,
        leased: &Leased,
        addresses: &[String],
        [content, for_browsers]: [&Content; 2],
        outgoing: &Outgoing<'_>,
        step: Option<&Step>,
        round: &Round,
    ) -> Result<(Said, Vec<String>), Unasked> {
        let (mut best, mut gone): (Option<Said>, _) = (None, Vec::new());
        for (number, to) in addresses.iter().enumerate() {
            let outgoing = Outgoing {
                id: device_id(leased.message.id, number, to).0,
                to,
                content: if is_browser(to) {
                    for_browsers
                } else {
                    content
                },
                ..*outgoing
            };
            let said = match self.ask(leased, &outgoing, step, round).await {
                Ok(said) => said,
                Err(unasked) => return best.map(|best| (best, gone)).ok_or(unasked),
            };
            if let Outcome::RefusedForGood { gone: true, .. } = said.outcome {
                gone.push(to.clone());
            }
            let better = best
                .as_ref()
                .is_none_or(|best| rank(&best.outcome) < rank(&said.outcome));
            if better {
                best = Some(said);
            }
        }
        best.map(|best| (best, gone)).ok_or(Unasked::Nobody)
    }
}

/// A browser's subscription is JSON; no token of an app is.
fn is_browser(to: &str) -> bool {
    to.starts_with('{')
}

/// What counts of several answers: the highest.
fn rank(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::RefusedForGood { .. } => 0,
        Outcome::RefusedForNow { .. } => 1,
        Outcome::Accepted { .. } => 2,
    }
}

/// The key by which a provider knows the message on that device: the message's own on the first, so that others are not taken
/// for the same again.
fn device_id(message: MessageId, number: usize, to: &str) -> MessageId {
    match number {
        0 => message,
        _ => MessageId(InputId::of_event(&message.to_string(), to).0),
    }
}

/// The news that nobody is at these addresses any more.
pub(super) fn gone_news(leased: &Leased, gone: &[String], now: Timestamp) -> Option<Arrival> {
    if gone.is_empty() {
        return None;
    }
    let Leased {
        customer, message, ..
    } = leased;
    let id = InputId::of_gone(message.id, leased.attempt);
    let text = |name: &str, text: &str| (Arc::from(name), Value::text(text));
    let (name, properties) = match message.channel {
        Channel::Push => {
            let tokens: Vec<Value> = gone.iter().map(|t| Value::text(&**t)).collect();
            let tokens = (Arc::from("tokens"), Value::List(tokens.into()));
            (UNREGISTERED, Map::from([tokens]))
        }
        channel => (
            "message.bounced",
            Map::from([
                text("channel", channel.as_str()),
                text("message_id", &message.id.to_string()),
                (Arc::from("permanent"), Value::Bool(true)),
            ]),
        ),
    };
    let event = Event {
        customer: customer.key.clone(),
        name: Arc::from(name),
        at: now,
        properties: Value::Map(properties.into()),
        traits: Map::new(),
        message_id: Arc::from(id.to_string()),
        source: Arc::from("parcours"),
    };
    Some(Arrival {
        customer: customer.id,
        key: customer.key.clone(),
        input: Input {
            id,
            now,
            kind: InputKind::Event(event),
        },
    })
}
