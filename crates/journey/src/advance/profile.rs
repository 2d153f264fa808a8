//! The profile: traits, consents, suppressed addresses and receipts that events report.

use std::sync::Arc;

use super::{
    Stepper,
    consent::{channels_named, granted},
};
use crate::{
    customer::{ConsentState, MOST_DEVICES, PREFERENCES_CHANGED, StepState, Suppression},
    ids::{MessageId, RunId},
    input::Event,
    machine::{REGISTERED, REPLIED, UNREGISTERED},
    message::Channel,
    trace::Fact,
    value::Value,
};

/// The most traits that one customer may have; more are left out, and the trace says so.
pub const MAX_TRAITS: usize = 1_000;

/// What an input changed that waits and held sends depend on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Changes {
    /// Traits.
    pub traits: bool,
    /// A `run.event`.
    pub run_event: bool,
    /// Consents or suppressed addresses.
    pub consent: bool,
    /// Room in a cap.
    pub room: bool,
    /// Whether a question may be asked that could not before.
    pub asks: bool,
}

impl Changes {
    /// Whether a moment that a run waits for may be another one now (rule 26).
    pub(super) fn moves_moments(self) -> bool {
        self.traits || self.run_event
    }

    /// Whether a held send may be decided otherwise now.
    pub(super) fn moves_holds(self) -> bool {
        self.traits || self.consent || self.room
    }
}

impl Stepper<'_> {
    /// Applies what the event says of the customer themselves.
    pub(super) fn update_profile(&mut self, event: &Event) -> Changes {
        let traits = self.change_traits(event);
        let consent = match &*event.name {
            "consent.granted" => {
                let confirmed = event.properties.field("confirmed").holds();
                self.change_consent(event, granted(confirmed))
            }
            "consent.withdrawn" => self.change_consent(event, ConsentState::Withdrawn),
            "customer.restricted" => self.restrict(true),
            "customer.unrestricted" => self.restrict(false),
            "message.bounced" | "message.complained" => self.address_refused(event),
            REGISTERED => self.add_device(event),
            UNREGISTERED => self.drop_devices(event),
            PREFERENCES_CHANGED => self.change_preferences(event),
            REPLIED => {
                let used = self.use_again(event);
                self.keyword(event) || used
            }
            _ => false,
        };
        self.note_receipt(event);
        let room = self.note_heed(event);
        Changes {
            traits,
            consent,
            room,
            ..Changes::default()
        }
    }

    fn change_traits(&mut self, event: &Event) -> bool {
        if !event.traits.is_empty() {
            self.remember_members();
        }
        let (mut changed, mut too_many) = (Vec::new(), false);
        for (name, value) in &event.traits {
            let traits = &mut self.customer.traits;
            if value.is_null() {
                if traits.remove(name).is_some() {
                    changed.push(name.clone());
                }
            } else if traits.len() >= MAX_TRAITS && !traits.contains_key(name) {
                too_many = true;
            } else if traits.get(name) != Some(value) {
                traits.insert(name.clone(), value.clone());
                changed.push(name.clone());
            }
        }
        if too_many {
            let why = Arc::from(format!(
                "a customer has at most {MAX_TRAITS} traits: some were left out"
            ));
            self.note(None, None, Fact::Ignored { why });
        }
        if changed.is_empty() {
            return false;
        }
        self.effects.profile = true;
        self.note(None, None, Fact::Profile { traits: changed });
        true
    }

    /// A device that gets notifications: `token` is one of the customer's addresses from here on, at the end of `push_tokens`.
    fn add_device(&mut self, event: &Event) -> bool {
        let token = event.properties.field("token");
        if token.as_text().is_none_or(str::is_empty) {
            let why = Arc::from("`token` of device.registered is no address");
            self.note(None, None, Fact::Ignored { why });
            return false;
        }
        let traits = &self.customer.traits;
        let mut devices = match traits.get("push_tokens") {
            Some(Value::List(list)) => list.to_vec(),
            Some(one) if !one.is_null() => vec![one.clone()],
            _ => Vec::new(),
        };
        let known = traits.get("push_token") == Some(&token) || devices.contains(&token);
        if known {
            return false;
        }
        if !traits.contains_key("push_tokens") && traits.len() >= MAX_TRAITS {
            let why = Arc::from(format!("a customer has at most {MAX_TRAITS} traits"));
            self.note(None, None, Fact::Ignored { why });
            return false;
        }
        self.remember_members();
        devices.push(token);
        // All of them are written to; a further one takes the place of the oldest.
        let first = usize::from(self.customer.traits.contains_key("push_token"));
        let surplus = (first + devices.len()).saturating_sub(MOST_DEVICES);
        devices.drain(..surplus);
        let name: Arc<str> = Arc::from("push_tokens");
        let devices = Value::List(devices.into());
        self.customer.traits.insert(name.clone(), devices);
        self.effects.profile = true;
        self.note(None, None, Fact::Profile { traits: vec![name] });
        true
    }

    /// Devices that have the app no more: `tokens` are nobody's address from here on.
    fn drop_devices(&mut self, event: &Event) -> bool {
        self.remember_members();
        let gone = event.properties.field("tokens");
        let gone = match &gone {
            Value::List(list) => &list[..],
            one => std::slice::from_ref(one),
        };
        let traits = &mut self.customer.traits;
        let mut changed: Vec<Arc<str>> = Vec::new();
        for name in ["push_token", "push_tokens"] {
            let left = match traits.get(name) {
                Some(Value::List(list)) => {
                    let left: Vec<Value> =
                        list.iter().filter(|t| !gone.contains(t)).cloned().collect();
                    if left.len() == list.len() {
                        continue;
                    }
                    Some(left)
                        .filter(|left| !left.is_empty())
                        .map(|left| Value::List(left.into()))
                }
                Some(one) if gone.contains(one) => None,
                _ => continue,
            };
            match left {
                Some(left) => drop(traits.insert(Arc::from(name), left)),
                None => drop(traits.remove(name)),
            }
            changed.push(Arc::from(name));
        }
        if changed.is_empty() {
            return false;
        }
        self.effects.profile = true;
        self.note(None, None, Fact::Profile { traits: changed });
        true
    }

    /// The first of several holds: since when it is restricted is what counts. Held sends are decided anew.
    pub(super) fn restrict(&mut self, is: bool) -> bool {
        let restricted = &mut self.customer.ledger.restricted;
        if restricted.is_some() == is {
            return false;
        }
        *restricted = is.then_some(self.now);
        self.effects.profile = true;
        self.note(None, None, Fact::Restricted { is });
        true
    }

    /// Whoever writes from an address is there: what bounced, or was blocked for a while, is used again. What was
    /// complained of stays as it is.
    fn use_again(&mut self, event: &Event) -> bool {
        let channel = event.properties.field("channel");
        let channel = channel.as_text().and_then(|c| c.parse::<Channel>().ok());
        let suppressed = &mut self.customer.ledger.suppressed;
        let bounced = |channel: &Channel| {
            suppressed
                .get(channel)
                .is_some_and(|s| &*s.reason == "bounced")
        };
        let Some(channel) = channel.filter(bounced) else {
            return false;
        };
        suppressed.remove(&channel);
        self.effects.profile = true;
        self.note(None, None, Fact::AddressUsed { channel });
        true
    }

    /// An address that bounced for good, or from which somebody complained, is not used any more.
    pub(super) fn address_refused(&mut self, event: &Event) -> bool {
        let passes = event.properties.field("permanent") == Value::Bool(false);
        match &*event.name {
            "message.complained" => self.suppress(event, "complained"),
            _ if passes => false,
            _ => self.suppress(event, "bounced"),
        }
    }

    fn suppress(&mut self, event: &Event, reason: &str) -> bool {
        let mut changed = false;
        for channel in channels_named(event).unwrap_or_else(|| vec![Channel::Email]) {
            let Some(address) = self.customer.address(channel) else {
                continue;
            };
            let Some(address) = address.as_text() else {
                continue;
            };
            let suppression = Suppression {
                reason: Arc::from(reason),
                at: self.now,
                address: Arc::from(address),
            };
            let reason = suppression.reason.clone();
            self.customer.ledger.suppressed.insert(channel, suppression);
            self.effects.profile = true;
            self.note(None, None, Fact::AddressSuppressed { channel, reason });
            changed = true;
        }
        changed
    }

    /// `message.delivered`, `opened`, `clicked`, `replied`: noted at the step that decided the
    /// message, named by `message_id`, or by `journey` and `step` of the latest such run.
    fn note_receipt(&mut self, event: &Event) {
        let Some(what) = event.name.strip_prefix("message.") else {
            return;
        };
        let set: fn(&mut StepState) = match what {
            "delivered" => |s| s.delivered = true,
            "opened" => |s| s.opened = true,
            // Who clicks has opened, whether or not the pixel came.
            "clicked" => |s| (s.opened, s.clicked) = (true, true),
            "replied" => |s| s.replied = true,
            _ => return,
        };
        // A reply need not name the message: it is for whoever has asked.
        let names = ["message_id", "journey"].map(|n| event.properties.field(n));
        if what == "replied" && names.iter().all(Value::is_null) {
            return;
        }
        match self.find_message(event) {
            Some((run, step, message)) => {
                self.touch(run);
                self.step_state(run, &step, set);
                self.note(
                    Some(run),
                    Some(step),
                    Fact::Noted {
                        message,
                        what: Arc::from(what),
                    },
                );
            }
            None => {
                let why = Arc::from("no open run decided that message");
                self.note(None, None, Fact::Ignored { why });
            }
        }
    }

    pub(super) fn find_message(&self, event: &Event) -> Option<(RunId, Arc<str>, MessageId)> {
        let id = event.properties.field("message_id");
        let by_id = id.as_text().and_then(|t| t.parse().ok()).map(MessageId);
        let journey = event.properties.field("journey");
        let step = event.properties.field("step");
        let mut found: Vec<_> = self
            .customer
            .runs
            .iter()
            .flat_map(|run| {
                run.state
                    .steps
                    .iter()
                    .map(move |(name, state)| (run, name, state))
            })
            .filter_map(|(run, name, state)| Some((run, name, state.message?)))
            .filter(|(run, name, message)| match by_id {
                Some(id) => *message == id,
                None => journey.as_text() == Some(&run.journey) && step.as_text() == Some(name),
            })
            .collect();
        found.sort_by_key(|(run, ..)| (run.entered_at, run.id));
        found
            .pop()
            .map(|(run, name, message)| (run.id, name.clone(), message))
    }
}
