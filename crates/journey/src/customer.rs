//! All that is known of one customer while an input is decided.

mod attention;
mod preferences;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp, civil};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    fields::Fields,
    ids::{CallId, CustomerId, MachineId, MessageId, RunId},
    machine::NodeId,
    merge::MergedInto,
    message::{Channel, Refusal},
    policy,
    value::{Map, Value},
};

pub use attention::{Attention, TIME_TO_HEED};
pub use preferences::{AtMost, PREFERENCES_CHANGED, Preferences};

/// One customer, as loaded for a turn and as left by it.
#[derive(Clone, Debug, PartialEq)]
pub struct Customer {
    /// The hash of `key`.
    pub id: CustomerId,
    /// What producers call the customer; 1 to 256 bytes.
    pub key: Arc<str>,
    /// What is known of them: `customer.NAME` in expressions and templates.
    pub traits: Map,
    /// Consents, suppressed addresses and the entries that `again` counts from.
    pub ledger: Ledger,
    /// Runs inside their journey, or out of it with a goal still open; in order of id.
    pub runs: Vec<Run>,
    /// Decided messages that a cap may count, oldest first: at least those of the longest cap
    /// window ([`crate::world::World::horizon`]), without those given back.
    pub sends: Vec<PastSend>,
}

impl Customer {
    /// A customer of whom nothing is known yet.
    pub fn new(key: &str) -> Self {
        Self {
            id: CustomerId::of(key),
            key: Arc::from(key),
            traits: Map::new(),
            ledger: Ledger::default(),
            runs: Vec::new(),
            sends: Vec::new(),
        }
    }

    /// The address at which `channel` reaches the customer, from the trait that holds it:
    /// `email`, `phone`, `push_token` (or the first of `push_tokens`), `chat_id`.
    pub fn address(&self, channel: Channel) -> Option<Value> {
        let found = match channel {
            Channel::Email => self.traits.get("email"),
            Channel::Sms => self.traits.get("phone"),
            Channel::Push => self
                .traits
                .get("push_token")
                .or_else(|| self.traits.get("push_tokens")),
            Channel::Chat => self.traits.get("chat_id"),
        }?;
        let first = match found {
            Value::List(list) => list.first()?,
            other => other,
        };
        match first {
            Value::Text(t) if !t.trim().is_empty() => Some(first.clone()),
            _ => None,
        }
    }
}

impl Customer {
    /// Puts messages to others who were merged into this customer among those that caps count.
    pub fn count_carried(&mut self) {
        if self.ledger.carried.is_empty() {
            return;
        }
        let known: BTreeSet<MessageId> = self.sends.iter().map(|s| s.message).collect();
        let carried = self.ledger.carried.iter();
        let new = carried.filter(|s| !known.contains(&s.message)).cloned();
        self.sends.extend(new);
        self.sends.sort_unstable_by_key(|s| (s.at, s.message));
    }

    /// Every address at which `channel` reaches the customer, [`Customer::address`] first: of push
    /// notifications all devices, but no more than [`MOST_DEVICES`]; of all others one.
    pub fn addresses(&self, channel: Channel) -> Vec<&str> {
        let traits = crate::processing::address(channel);
        let held = traits.iter().filter_map(|name| self.traits.get(*name));
        let texts = held.flat_map(|value| match value {
            Value::List(list) => &list[..],
            one => std::slice::from_ref(one),
        });
        let most = match channel {
            Channel::Push => MOST_DEVICES,
            _ => 1,
        };
        let mut found: Vec<&str> = Vec::new();
        for text in texts.filter_map(Value::as_text) {
            if found.len() < most && !text.trim().is_empty() && !found.contains(&text) {
                found.push(text);
            }
        }
        found
    }
}

/// The most devices that one customer's push notification goes to.
pub const MOST_DEVICES: usize = 20;

/// What is kept of a customer beside traits and runs. Small, and bounded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Ledger {
    /// Consent by purpose and channel.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub consents: BTreeMap<Arc<str>, BTreeMap<Channel, Consent>>,
    /// Channels whose address must not be used, with why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub suppressed: BTreeMap<Channel, Suppression>,
    /// The last entry into each journey that limits `again`: by journey, then by run key
    /// (the empty key where `again` counts per customer).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub entries: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Timestamp>>,
    /// When date entries let the customer in next: by journey, then by the entry's place in it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub dates: BTreeMap<Arc<str>, BTreeMap<u16, Expected>>,
    /// The keys of sends that went, with the message that they went with (rule 49).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<Arc<str>, MessageId>,
    /// What the customer chose for themselves.
    #[serde(skip_serializing_if = "Preferences::is_empty")]
    pub preferences: Preferences,
    /// Whether they heed what they are sent, where fatigue is declared.
    #[serde(skip_serializing_if = "Attention::is_empty")]
    pub attention: Attention,
    /// Whether the customer is taken to be in the control group: simulations only.
    #[serde(skip)]
    pub assumed_control: Option<bool>,
    /// Since when the customer's processing is restricted (GDPR, article 18), if it is: what is known is kept,
    /// and nothing is sent.
    #[serde(
        skip_serializing_if = "Option::is_none",
        with = "crate::instant::optional"
    )]
    #[schemars(with = "Option<Timestamp>")]
    pub restricted: Option<Timestamp>,
    /// Whom the customer was merged into, if they were: nothing begins for them any more, and what happens is passed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<MergedInto>,
    /// Messages to others who were merged into this customer, oldest first, as long as a cap may count them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub carried: Vec<PastSend>,
    /// Channels taken to be reachable though no trait holds an address: simulations only.
    #[serde(skip)]
    pub assumed_reachable: Vec<Channel>,
}

impl Ledger {
    /// How far back the customer's own limit counts messages.
    pub fn horizon(&self) -> SignedDuration {
        let limit = self.preferences.at_most;
        limit.map_or(SignedDuration::ZERO, |limit| policy::rolling(limit.per))
    }

    /// When the next date entry lets the customer in.
    pub fn due_at(&self) -> Option<Timestamp> {
        let entries = self.dates.values().flat_map(BTreeMap::values);
        entries.filter_map(|e| e.at).min()
    }
}

/// What a date entry waits for, and what it has let in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Expected {
    /// Its next moment.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::instant::optional"
    )]
    #[schemars(with = "Option<Timestamp>")]
    pub at: Option<Timestamp>,
    /// The day it has fired for, and when: one day fires once, whatever happens to the zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fired: Option<(civil::Date, Timestamp)>,
}

/// The state of one consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Consent {
    /// Granted, asked for, or withdrawn.
    pub state: ConsentState,
    /// Since when.
    #[serde(with = "crate::instant")]
    #[schemars(with = "Timestamp")]
    pub at: Timestamp,
    /// In what way it was given or taken back: `form`, `sms_keyword`; the record says more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<Arc<str>>,
}

/// See [`Consent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    /// Given, but not confirmed: not enough where the policy asks for `double_opt_in`.
    Unconfirmed,
    /// Given, and confirmed where it was asked for.
    Granted,
    /// Taken back.
    Withdrawn,
}

impl Consent {
    /// What holds of two statements of one person: the later; of two at once the one that withdraws. As ever, an
    /// unconfirmed grant takes nothing away from a confirmed one, and what was taken back is taken back since then.
    pub fn of_both(one: &Self, other: &Self) -> Self {
        let order = |c: &Self| (c.at, c.state == ConsentState::Withdrawn);
        let (earlier, later) = if order(one) <= order(other) {
            (one, other)
        } else {
            (other, one)
        };
        let says_less =
            later.state == ConsentState::Unconfirmed && earlier.state == ConsentState::Granted;
        let again =
            later.state == ConsentState::Withdrawn && earlier.state == ConsentState::Withdrawn;
        if says_less || again { earlier } else { later }.clone()
    }
}

impl ConsentState {
    /// `unconfirmed`, `granted` or `withdrawn`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unconfirmed => "unconfirmed",
            Self::Granted => "granted",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Why a channel's address must not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Suppression {
    /// `bounced` or `complained`.
    pub reason: Arc<str>,
    /// Since when.
    #[serde(with = "crate::instant")]
    #[schemars(with = "Timestamp")]
    pub at: Timestamp,
    /// The address it is about: a new address lifts it.
    pub address: Arc<str>,
}

/// A decided message that caps may count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PastSend {
    /// Which.
    #[serde(rename = "m")]
    pub message: MessageId,
    /// When it was decided.
    #[serde(rename = "t", with = "crate::instant")]
    #[schemars(with = "Timestamp")]
    pub at: Timestamp,
    /// By which channel.
    #[serde(rename = "c")]
    pub channel: Channel,
    /// For which purpose.
    #[serde(rename = "p")]
    pub purpose: Arc<str>,
    /// By which journey.
    #[serde(rename = "j")]
    pub journey: Arc<str>,
    /// The journey's tags at that time.
    #[serde(rename = "g", default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Arc<str>>,
    /// Which run decided it.
    #[serde(rename = "r")]
    pub run: RunId,
    /// Not yet handed to a provider: leaving the run recalls it (rule 35).
    #[serde(skip)]
    pub queued: bool,
    /// The message that it repeats, if a person had that sent again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<MessageId>,
}

/// One run of a journey.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Which.
    pub id: RunId,
    /// The journey's name.
    pub journey: Arc<str>,
    /// The machine it entered with, and stays on unless a newer one says otherwise (rule 51).
    pub machine: MachineId,
    /// What tells it from other runs of this customer in this journey; empty without `key`.
    pub key: Arc<str>,
    /// When it entered.
    pub entered_at: Timestamp,
    /// Counts the inputs that changed it; effects derive their ids from it.
    pub revision: u32,
    /// Where it is. Meaningless once it has left.
    pub node: NodeId,
    /// When the next timer of this run is due: the earliest of its wait, its longest stay and
    /// the end of its goal's window. `None`: only an event moves it.
    pub due_at: Option<Timestamp>,
    /// When and why it left, if it has: such a run only watches for its goal.
    pub left: Option<Left>,
    /// When it reached its goal, if it has.
    pub goal_at: Option<Timestamp>,
    /// The rest, kept as one piece.
    pub state: RunState,
}

/// When and why a run left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// When.
    #[serde(with = "crate::instant")]
    pub at: Timestamp,
    /// The exit's reason; `completed` after the last step, `restarted` for a new run of its key.
    pub reason: Arc<str>,
}

/// What a run remembers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunState {
    /// The entering event's fields, or those of the one that refreshed it: `run.event`.
    #[serde(rename = "e", skip_serializing_if = "Value::is_null")]
    pub event: Value,
    /// Variables: `run.NAME`.
    #[serde(rename = "v", skip_serializing_if = "Map::is_empty")]
    pub vars: Map,
    /// What became of each named step: `steps.ID`.
    #[serde(rename = "s", skip_serializing_if = "Fields::is_empty")]
    pub steps: Fields<StepState>,
    /// What the current step waits for, if it waits.
    #[serde(rename = "p", skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
    /// The version to which it was to move and could not, for its step is gone: it finishes where
    /// it is, and is not asked again (rule 52).
    #[serde(rename = "k", skip_serializing_if = "Option::is_none")]
    pub kept_from: Option<MachineId>,
    /// Rounds under way, by the `repeat`'s id.
    #[serde(rename = "l", skip_serializing_if = "BTreeMap::is_empty")]
    pub rounds: BTreeMap<Arc<str>, Round>,
    /// Since when it is paused, by its journey or by a person, if it is (rule 53): its time stands still.
    #[serde(
        rename = "b",
        skip_serializing_if = "Option::is_none",
        with = "crate::instant::optional"
    )]
    pub paused: Option<Timestamp>,
    /// That a person has paused it, beside its journey's pause or alone.
    #[serde(rename = "q", skip_serializing_if = "Option::is_none")]
    pub by_person: Option<ByPerson>,
    /// The moment of the last word on its journey's pausing that it has heeded: an engine that has not heard
    /// of a later one does not undo it.
    #[serde(
        rename = "h",
        skip_serializing_if = "Option::is_none",
        with = "crate::instant::optional"
    )]
    pub heeded: Option<Timestamp>,
    /// The event that ended its wait in the pause: its next steps see that (rule 19).
    #[serde(rename = "o", skip_serializing_if = "Value::is_null")]
    pub heard: Value,
    /// How long it was paused before, in all: its longest stay is that much longer.
    #[serde(rename = "d", skip_serializing_if = "SignedDuration::is_zero")]
    pub paused_for: SignedDuration,
}

impl RunState {
    /// Whether its journey's pause holds it.
    pub fn is_paused_by_journey(&self) -> bool {
        self.paused.is_some() && self.by_person.is_none_or(|person| person.journey)
    }
}

/// A pause by a person: it ends by a person alone, whatever becomes of the journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByPerson {
    /// Since when.
    #[serde(rename = "s", with = "crate::instant")]
    pub since: Timestamp,
    /// Whether its journey is paused as well.
    #[serde(rename = "j")]
    pub journey: bool,
}

/// A round of a `repeat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// Which, from 1.
    #[serde(rename = "n")]
    pub number: u32,
    /// When it began.
    #[serde(rename = "s", with = "crate::instant")]
    pub since: Timestamp,
}

/// What a run waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// Since when the run is at this step.
    #[serde(rename = "s", with = "crate::instant")]
    pub since: Timestamp,
    /// When it goes on by itself; `None`: never.
    #[serde(
        rename = "u",
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::instant::optional"
    )]
    pub until: Option<Timestamp>,
    /// A held send: the refusal that it waits for, for support.
    #[serde(rename = "h", skip_serializing_if = "Option::is_none")]
    pub held: Option<Refusal>,
    /// A question that was asked and not answered yet.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// A call that was not answered yet, or a hand-over that is not over.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
}

impl Pending {
    /// A wait and nothing else.
    pub fn until(since: Timestamp, until: Option<Timestamp>) -> Self {
        Self {
            since,
            until,
            held: None,
            asked: None,
            call: None,
        }
    }
}

/// An open question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// On which channel.
    #[serde(rename = "c")]
    pub channel: Channel,
    /// By which message, the last one if it was repeated.
    #[serde(rename = "m")]
    pub message: MessageId,
    /// How often it was repeated.
    #[serde(rename = "t")]
    pub repeats: u32,
}

/// What became of one step: the names behind `steps.ID`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StepState {
    /// The message it decided last.
    #[serde(rename = "m", skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// Decided to go, and not failed since (rule 41).
    #[serde(skip_serializing_if = "is_false")]
    pub sent: bool,
    /// Reported as delivered.
    #[serde(skip_serializing_if = "is_false")]
    pub delivered: bool,
    /// Reported as opened.
    #[serde(skip_serializing_if = "is_false")]
    pub opened: bool,
    /// Reported as clicked.
    #[serde(skip_serializing_if = "is_false")]
    pub clicked: bool,
    /// Reported as answered.
    #[serde(skip_serializing_if = "is_false")]
    pub replied: bool,
    /// Failed for good on every channel.
    #[serde(skip_serializing_if = "is_false")]
    pub failed: bool,
    /// Not sent, by consent, cap, quiet hours or expiry.
    #[serde(skip_serializing_if = "is_false")]
    pub suppressed: bool,
    /// Why it was suppressed or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
    /// The arm of a split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arm: Option<Arc<str>>,
    /// A `wait_for`'s outcome: true if the event or condition came.
    #[serde(skip_serializing_if = "is_false")]
    pub matched: bool,
    /// The answer to a question, a call or a hand-over.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub answer: Value,
    /// The round of a `repeat`, from 1; 0 before the first.
    #[serde(skip_serializing_if = "is_zero")]
    pub round: u32,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_false(b: &bool) -> bool {
    !*b
}
