//! What a test says that happens, as the events that production would see.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Player, Trouble};
use crate::{
    expr::Operand,
    input::{Event, Input, InputKind},
    machine::{HANDED_BACK, REPLIED, STARTED},
    message::{Channel, Message},
    testing::{
        label,
        stage::{self, Here},
        written::{By, Happening, What},
    },
    value::{Map, Value},
};

impl Player<'_> {
    /// Something happens. What cannot happen is kept as trouble, and the play goes on.
    pub(in crate::testing) fn act(&mut self, happening: &Happening, at: Timestamp) {
        // What the customer does with a message depends on what was sent until then.
        self.fire(super::Until::Before(at));
        self.played.until = self.played.until.max(at);
        match self.event(&happening.what, at) {
            Ok((event, label)) => self.submit(event, at, label, happening),
            Err((says, note)) => self.trouble(happening, says, note),
        }
    }

    fn submit(&mut self, event: Event, at: Timestamp, label: String, happening: &Happening) {
        if let Some(why) = self.stage.schemas.refuse(&event) {
            let says = format!("intake would refuse this event: {why}");
            let note = format!(
                "config/events/{}.yaml and config/traits.yaml say what is accepted",
                event.name
            );
            return self.trouble(happening, says, note);
        }
        let input = Input {
            id: stage::event_id(&event),
            now: at,
            kind: InputKind::Event(event),
        };
        self.take(input, Some(label));
    }

    fn trouble(&mut self, happening: &Happening, says: String, note: String) {
        let span = happening.span.clone();
        self.played.trouble.push(Trouble { span, says, note });
    }

    fn event(&mut self, what: &What, at: Timestamp) -> Result<(Event, String), (String, String)> {
        let (name, fields, traits) = match what {
            What::Event { name, with, traits } => {
                (name.clone(), self.values(with, at), self.values(traits, at))
            }
            What::Message { what, step, text } => {
                let name = Arc::from(format!("message.{what}"));
                (name, self.message_fields(step, text.as_ref())?, Map::new())
            }
            What::Writes { text } => (Arc::from(REPLIED), self.writes(text)?, Map::new()),
            What::HandsBack { step, answer } => (
                Arc::from(HANDED_BACK),
                self.handed_back(step, answer.as_ref(), at)?,
                Map::new(),
            ),
            What::Starts { with } => {
                let journey = Value::Text(self.journey.clone());
                let with = Value::Map(Arc::new(self.values(with, at)));
                let fields =
                    Map::from([(Arc::from("journey"), journey), (Arc::from("with"), with)]);
                (Arc::from(STARTED), fields, Map::new())
            }
            What::Address { what, by } => {
                let name = Arc::from(format!("message.{what}"));
                (name, self.address_fields(by)?, Map::new())
            }
            What::Consent {
                granted,
                purpose,
                channels,
                confirmed,
            } => {
                let name = if *granted {
                    "consent.granted"
                } else {
                    "consent.withdrawn"
                };
                let fields = consent_fields(purpose, channels, granted & confirmed);
                (Arc::from(name), fields, Map::new())
            }
        };
        let label = label::label(what, &fields, &traits);
        let number = self.number();
        let mut event = stage::event(&self.key(), name, fields, at, number);
        event.traits = traits;
        Ok((event, label))
    }

    fn values(&self, written: &[(Arc<str>, Operand)], now: Timestamp) -> Map {
        let here = Here {
            now,
            traits: &self.customer.traits,
        };
        written
            .iter()
            .map(|(name, value)| (name.clone(), value.eval(&here)))
            .collect()
    }

    /// The latest message of that step that the customer has.
    fn latest(&self, step: &str) -> Result<&Message, (String, String)> {
        let mut sent = self.played.sends.iter().rev().map(|d| &d.message);
        sent.find(|m| &*m.step == step).ok_or_else(|| {
            let says = format!("no message of `{step}` had been sent by then");
            let note = "the customer can only do something with a message that they have: look at the times".to_owned();
            (says, note)
        })
    }

    fn message_fields(&self, step: &str, text: Option<&Arc<str>>) -> Result<Map, (String, String)> {
        let message = self.latest(step)?;
        let mut fields = Map::from([
            (Arc::from("message_id"), Value::text(message.id.to_string())),
            (Arc::from("journey"), Value::Text(message.journey.clone())),
            (Arc::from("step"), Value::Text(message.step.clone())),
            (Arc::from("channel"), Value::text(message.channel.as_str())),
        ]);
        fields.extend(text.map(|t| (Arc::from("text"), Value::Text(t.clone()))));
        Ok(fields)
    }

    /// To the latest message, whichever it is.
    fn writes(&self, text: &Arc<str>) -> Result<Map, (String, String)> {
        let Some(last) = self.played.sends.last() else {
            let says = "the customer had no message by then that could be answered".to_owned();
            let note = "look at the times: a reply must come after a message".to_owned();
            return Err((says, note));
        };
        Ok(Map::from([
            (Arc::from("text"), Value::Text(text.clone())),
            (
                Arc::from("channel"),
                Value::text(last.message.channel.as_str()),
            ),
        ]))
    }

    fn handed_back(
        &self,
        step: &str,
        answer: Option<&Operand>,
        now: Timestamp,
    ) -> Result<Map, (String, String)> {
        let waits = |run: &&crate::customer::Run| {
            let machine = self.stage.world.machine(run.machine);
            machine
                .and_then(|m| m.node(run.node))
                .is_some_and(|n| &*n.id == step)
        };
        let run = self
            .customer
            .runs
            .iter()
            .filter(|r| r.left.is_none())
            .find(waits);
        let call = run.and_then(|r| r.state.pending.as_ref()?.call);
        let Some(call) = call else {
            let says = format!("nobody was waiting at `{step}` by then");
            let note =
                "a person can only hand back what they were handed: look at the times".to_owned();
            return Err((says, note));
        };
        let mut fields = Map::from([(Arc::from("call"), Value::text(call.to_string()))]);
        if let Some(answer) = answer {
            let traits = &self.customer.traits;
            fields.insert(Arc::from("answer"), answer.eval(&Here { now, traits }));
        }
        Ok(fields)
    }

    fn address_fields(&self, by: &By) -> Result<Map, (String, String)> {
        let channel = match by {
            By::Channel(channel) => *channel,
            By::Step(step) => self.latest(step)?.channel,
        };
        if self.customer.address(channel).is_none() {
            let says = format!("the customer has no address for {channel}");
            let note = format!(
                "give the test's customer one: `{}: …`",
                stage::addresses(channel)[0]
            );
            return Err((says, note));
        }
        Ok(Map::from([(
            Arc::from("channel"),
            Value::text(channel.as_str()),
        )]))
    }
}

fn consent_fields(purpose: &Arc<str>, channels: &[Channel], confirmed: bool) -> Map {
    let mut fields = Map::from([(Arc::from("purpose"), Value::Text(purpose.clone()))]);
    if !channels.is_empty() {
        let names = channels.iter().map(|c| Value::text(c.as_str())).collect();
        fields.insert(Arc::from("channels"), Value::List(names));
    }
    if confirmed {
        fields.insert(Arc::from("confirmed"), Value::Bool(true));
    }
    fields
}
