//! The harness: a compiled world, one clock, and a timeline of what was decided, in few words.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use journey::{
    action::{Act, Action, Kept},
    advance::{self, Clock, Effects},
    call::{Answer, Call, Outcome},
    customer::{Consent, ConsentState, Customer, Run},
    diagnostic::SourceFile,
    explain::Status,
    expr::parse_duration,
    failure::Failure,
    ids::{InputId, RunId},
    input::{Event, Input, InputKind, Receipt, Sweep, SweepKind},
    machine::SUPPORT_ACTION,
    merge::{Forward, MERGE},
    message::{Channel, Message, Reason},
    trace::{Fact, Line},
    value::{Map, Value},
    workspace::{self, Options, TemplateCheck},
    world::{Pausing, World},
};
pub use serde_json::json;

/// Monday morning, nine o'clock in Paris.
pub const START: &str = "2026-01-05T09:00+01:00";
/// Whom journeys can call.
const ENDPOINTS: &str = "vouchers: { url: https://shop.example/vouchers }\nsupport: { url: https://shop.example/desk }\n";
/// No limits: everything that has an address and a consent goes.
pub const FREE: &str = "";

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn span(text: &str) -> SignedDuration {
    parse_duration(text).unwrap()
}

/// Compiles journeys (their text from `enter:` on, or whole with `journey:`), other files (behind a
/// line `# PATH`) and policies.
pub fn world(journeys: &[&str], policies: &str) -> World {
    let mut files: Vec<SourceFile> = journeys
        .iter()
        .enumerate()
        .map(|(i, text)| {
            let named = text.strip_prefix("# ").and_then(|t| t.split_once('\n'));
            let (path, text) = match named {
                Some((path, text)) => (path.to_owned(), text.to_owned()),
                None if text.contains("journey:") => {
                    (format!("drafts/j{i}.yaml"), (*text).to_owned())
                }
                None => (
                    format!("drafts/j{i}.yaml"),
                    format!("journey: demo\npurpose: marketing\n{text}"),
                ),
            };
            SourceFile {
                path: Arc::from(path),
                text: Arc::from(text),
            }
        })
        .collect();
    files.push(SourceFile {
        path: Arc::from("config/endpoints.yaml"),
        text: Arc::from(ENDPOINTS),
    });
    let file = |text: &str| SourceFile {
        path: Arc::from("config/policies.yaml"),
        text: Arc::from(text),
    };
    let policies = compiled(&[file(policies)]).policies;
    // Policies may have become stricter since a journey was published: what the checker would
    // refuse today is decided all the same.
    let purposes = policies.purposes.keys();
    let open: Vec<String> = purposes
        .map(|p| format!("{p}: {{ consent: none }}"))
        .collect();
    files.push(file(&format!("purposes: {{ {} }}", open.join(", "))));
    let mut world = compiled(&files);
    world.policies = policies;
    world
}

pub fn compiled(files: &[SourceFile]) -> World {
    let options = Options {
        templates: TemplateCheck::Ignored,
        ..Options::default()
    };
    let (workspace, found) = workspace::compile(files, &options);
    let workspace = workspace.unwrap_or_else(|| panic!("does not compile: {found:#?}"));
    let machines = workspace.machines.into_iter().map(|c| c.machine);
    World::new(machines, [], workspace.policies)
}

/// A customer with every address and every marketing consent.
pub fn customer(key: &str) -> Customer {
    let mut customer = Customer::new(key);
    let addresses = [
        ("email", "a@shop.example"),
        ("phone", "+33639980101"),
        ("push_token", "t1"),
        ("chat_id", "c1"),
    ];
    for (name, value) in addresses {
        customer.traits.insert(Arc::from(name), Value::text(value));
    }
    let granted = Consent {
        state: ConsentState::Granted,
        at: at("2020-01-01T00:00Z"),
        how: None,
    };
    let all = Channel::ALL.map(|c| (c, granted.clone()));
    let consents = &mut customer.ledger.consents;
    consents.insert(Arc::from("marketing"), all.into_iter().collect());
    customer
}

pub fn event(key: &str, name: &str, with: serde_json::Value, now: Timestamp, n: usize) -> Input {
    let id = format!("e{n}");
    Input {
        id: InputId::of_event("test", &id),
        now,
        kind: InputKind::Event(Event {
            customer: Arc::from(key),
            name: Arc::from(name),
            at: now,
            properties: Value::from(with),
            traits: Map::new(),
            message_id: Arc::from(id),
            source: Arc::from("test"),
        }),
    }
}

/// One play: one or several customers on one clock.
pub struct Play {
    pub world: World,
    pub now: Timestamp,
    pub clock: Clock,
    pub customers: BTreeMap<String, Customer>,
    /// Every message decided, whatever became of it.
    pub messages: Vec<Message>,
    pub recalled: usize,
    /// Every call that was decided.
    pub calls: Vec<Call>,
    pub cancelled: usize,
    /// What merged customers have for others, not yet delivered.
    pub forwards: Vec<Forward>,
    lines: Vec<(Timestamp, Line)>,
    several: bool,
    inputs: usize,
}

impl Play {
    pub fn new(journey: &str, policies: &str) -> Self {
        Self::of(&[journey], policies)
    }

    pub fn of(journeys: &[&str], policies: &str) -> Self {
        Self {
            world: world(journeys, policies),
            now: at(START),
            clock: Clock::Recorded,
            customers: BTreeMap::new(),
            messages: Vec::new(),
            recalled: 0,
            calls: Vec::new(),
            cancelled: 0,
            forwards: Vec::new(),
            lines: Vec::new(),
            several: journeys.len() > 1,
            inputs: 0,
        }
    }

    /// As in production: what is decided is queued.
    pub fn on_the_wall_clock(mut self) -> Self {
        self.clock = Clock::Wall;
        self
    }

    pub fn starting(mut self, now: &str) -> Self {
        self.now = at(now);
        self
    }

    pub fn ana(&mut self) -> &mut Customer {
        self.who("ana")
    }

    pub fn who(&mut self, key: &str) -> &mut Customer {
        self.customers
            .entry(key.to_owned())
            .or_insert_with(|| customer(key))
    }

    pub fn run(&mut self) -> Run {
        self.ana().runs.first().expect("an open run").clone()
    }

    /// Ana does something now.
    pub fn does(&mut self, name: &str, with: serde_json::Value) -> &mut Self {
        self.someone_does("ana", name, with)
    }

    pub fn someone_does(&mut self, key: &str, name: &str, with: serde_json::Value) -> &mut Self {
        let input = self.input(key, name, with);
        self.take(key, vec![input])
    }

    /// The input of an event of now, not yet taken.
    pub fn input(&mut self, key: &str, name: &str, with: serde_json::Value) -> Input {
        self.inputs += 1;
        event(key, name, with, self.now, self.inputs)
    }

    /// Traits of Ana change.
    pub fn is(&mut self, traits: serde_json::Value) -> &mut Self {
        let mut input = self.input("ana", "identify", json!({}));
        if let InputKind::Event(event) = &mut input.kind {
            event.traits = Value::from(traits).as_map().unwrap().clone();
        }
        self.take("ana", vec![input])
    }

    /// Message number `n` (from 0) fails for good.
    pub fn fails(&mut self, n: usize, reason: Reason) -> &mut Self {
        let message = self.messages[n].clone();
        let input = Input {
            id: InputId::of_receipt(message.id, 1),
            now: self.now,
            kind: InputKind::Receipt(Box::new(Receipt {
                message,
                attempt: 1,
                reason,
                detail: Failure::from("550"),
            })),
        };
        self.take("ana", vec![input])
    }

    /// A person does something for Ana, and says why.
    pub fn acts(&mut self, act: Act) -> &mut Self {
        let action = Action {
            act,
            by: Arc::from("user:1"),
            reason: Arc::from("she called"),
        };
        self.does(SUPPORT_ACTION, action.properties().unwrap())
    }

    /// The same to her run.
    pub fn acts_on_run(&mut self, act: fn(RunId) -> Act) -> &mut Self {
        let run = self.run().id;
        self.acts(act(run))
    }

    /// A person has message number `n` (from 0) sent again; the store says how far that has come.
    pub fn sends_again(&mut self, n: usize, status: Status) -> &mut Self {
        let message = self.messages[n].clone();
        self.acts(Act::Resend {
            message: message.id,
            kept: Some(Box::new(Kept {
                run: message.run,
                journey: message.journey,
                step: message.step,
                channel: message.channel,
                purpose: message.purpose,
                status,
                decision: message.decision,
            })),
        })
    }

    /// Ana answers by that channel.
    pub fn replies(&mut self, channel: &str, text: &str) -> &mut Self {
        self.does(
            "message.replied",
            json!({ "channel": channel, "text": text }),
        )
    }

    /// The endpoint answers call number `n` (from 0).
    pub fn answers(&mut self, n: usize, value: serde_json::Value) -> &mut Self {
        self.ends(n, Outcome::Answered(Value::from(value)))
    }

    /// Call number `n` fails for good.
    pub fn call_fails(&mut self, n: usize) -> &mut Self {
        self.ends(n, Outcome::Failed(Failure::from("it answers 500")))
    }

    fn ends(&mut self, n: usize, outcome: Outcome) -> &mut Self {
        let call = &self.calls[n];
        let input = Input {
            id: InputId::of_answer(call.id),
            now: self.now,
            kind: InputKind::Answer(Box::new(Answer {
                call: call.id,
                run: call.run,
                outcome,
            })),
        };
        self.take("ana", vec![input])
    }

    /// Somebody turns out to be somebody else. Nothing is delivered yet.
    pub fn merges(&mut self, who: &str, into: &str) -> &mut Self {
        self.someone_does(who, MERGE, json!({ "into": into }))
    }

    /// Whatever merged customers have for others reaches them, and what these have in turn.
    pub fn delivers(&mut self) -> &mut Self {
        while !self.forwards.is_empty() {
            let forward = self.forwards.remove(0);
            self.deliver(&forward);
        }
        self
    }

    /// One forward reaches whom it is for; whoever is new begins without anything.
    pub fn deliver(&mut self, forward: &Forward) -> &mut Self {
        let key = forward.to.to_string();
        self.customers
            .entry(key.clone())
            .or_insert_with(|| Customer::new(&key));
        let input = Input {
            id: forward.id,
            now: self.now,
            kind: forward.kind.clone(),
        };
        self.take(&key, vec![input])
    }

    /// Ana's part in a sweep of the first entry of `demo`.
    pub fn is_swept(&mut self, kind: SweepKind) -> &mut Self {
        let journey: Arc<str> = Arc::from("demo");
        let id = InputId::of_sweep(self.ana().id, &journey, 0, self.now);
        let sweep = Sweep {
            journey,
            entry: 0,
            kind,
        };
        let input = Input {
            id,
            now: self.now,
            kind: InputKind::Sweep(sweep),
        };
        self.take("ana", vec![input])
    }

    /// `demo` is paused now, and its runs hear of it.
    pub fn pauses(&mut self) -> &mut Self {
        self.hears(Pausing::Paused(self.now))
    }

    /// `demo` goes on now, and its runs hear of it.
    pub fn resumes(&mut self) -> &mut Self {
        self.hears(Pausing::Resumed(self.now))
    }

    fn hears(&mut self, pausing: Pausing) -> &mut Self {
        self.world.pause(Arc::from("demo"), pausing);
        for (key, customer) in std::mem::take(&mut self.customers) {
            let turn = advance::take_passages(&self.world, customer, self.now, self.clock);
            self.customers.insert(key, turn.customer);
            self.keep(turn.effects);
        }
        self
    }

    /// The provider has everything that is queued.
    pub fn is_handed_over(&mut self) -> &mut Self {
        for send in self.customers.values_mut().flat_map(|c| &mut c.sends) {
            send.queued = false;
        }
        self
    }

    pub fn take(&mut self, key: &str, inputs: Vec<Input>) -> &mut Self {
        self.who(key);
        let customer = self.customers.remove(key).unwrap();
        let turn = advance::take(&self.world, customer, inputs, self.clock);
        self.customers.insert(key.to_owned(), turn.customer);
        self.keep(turn.effects)
    }

    /// The clock moves on, and what is due fires when it is due.
    pub fn waits(&mut self, time: &str) -> &mut Self {
        let until = self.now + span(time);
        self.waits_until(until)
    }

    pub fn waits_until(&mut self, until: Timestamp) -> &mut Self {
        while let Some((key, due)) = self.next_due().filter(|(_, due)| *due <= until) {
            self.now = due.max(self.now);
            let customer = self.customers.remove(&key).unwrap();
            let turn = advance::take_due(&self.world, customer, self.now, self.clock);
            self.customers.insert(key, turn.customer);
            self.keep(turn.effects);
        }
        self.now = until;
        self
    }

    /// The clock moves on, and nothing fires: the engine was away.
    pub fn sleeps(&mut self, time: &str) -> &mut Self {
        self.now += span(time);
        self
    }

    fn next_due(&self) -> Option<(String, Timestamp)> {
        self.customers
            .iter()
            .filter_map(|(key, c)| Some((key.clone(), advance::next_due(&self.world, c)?.1)))
            .min_by_key(|(key, due)| (*due, key.clone()))
    }

    fn keep(&mut self, effects: Effects) -> &mut Self {
        for (input, trace) in effects.inputs {
            let lines = trace.into_iter().map(|line| (input.now, line));
            self.lines.extend(lines);
        }
        self.messages.extend(effects.messages);
        self.recalled += effects.recalled.len();
        self.cancelled += effects.cancelled.len();
        self.calls.extend(effects.calls);
        self.forwards.extend(effects.forwards);
        self
    }

    /// What was decided since the last look, in few words.
    pub fn log(&mut self) -> Vec<String> {
        let lines = std::mem::take(&mut self.lines);
        lines.iter().map(|(_, l)| self.short(l)).collect()
    }

    /// The same, of one kind of fact only.
    pub fn log_of(&mut self, word: &str) -> Vec<String> {
        let mut lines = self.log();
        lines.retain(|l| l.contains(word));
        lines
    }

    /// When the facts of that word happened.
    pub fn times_of(&mut self, word: &str) -> Vec<Timestamp> {
        let lines = std::mem::take(&mut self.lines);
        let found = lines.iter().filter(|(_, l)| self.short(l).contains(word));
        found.map(|(now, _)| *now).collect()
    }

    /// Steps of messages that were decided to go, in their order.
    pub fn sent(&self) -> Vec<String> {
        let sent = self.messages.iter().filter(|m| m.refused.is_none());
        sent.map(|m| format!("{} {}", m.step, m.channel)).collect()
    }

    fn short(&self, line: &Line) -> String {
        let text = short(line);
        match &line.journey {
            Some(journey) if self.several => format!("{journey}: {text}"),
            _ => text,
        }
    }
}

fn short(line: &Line) -> String {
    let step = line.step.as_deref().unwrap_or_default();
    match &line.fact {
        Fact::Entered { key } if key.is_empty() => "entered".into(),
        Fact::Entered { key } => format!("entered {key}"),
        Fact::NotEntered { why, .. } => format!("not entered: {why:?}"),
        Fact::Refreshed => "refreshed".into(),
        Fact::Waits { until: None, .. } => "waits".into(),
        Fact::Waits {
            until: Some(until), ..
        } => format!("waits until {until}"),
        Fact::Woke { matched: true } => "matched".into(),
        Fact::Woke { matched: false } => "time is over".into(),
        Fact::Chose { arm: Some(n) } => format!("condition {n}"),
        Fact::Chose { arm: None } => "else".into(),
        Fact::Split { arm } => format!("arm {arm}"),
        Fact::Set { name, value } => format!("{name}={value}"),
        Fact::Sends { channel, .. } => format!("sends {step} {channel}"),
        Fact::Suppressed { reason, .. } => format!("suppressed {step} {reason}"),
        Fact::Held { until, .. } => format!("held until {until}"),
        Fact::Recalled { .. } => "recalled".into(),
        Fact::Failed { reason, .. } => format!("failed {step} {reason}"),
        Fact::Noted { what, .. } => format!("noted {step} {what}"),
        Fact::Queued => "queued".into(),
        Fact::Answered { answer } => format!("answered {answer}"),
        Fact::Heeds { max, .. } => format!("heeds, gets {max}"),
        Fact::NotUnderstood { repeated } => format!("not understood, repeated: {repeated}"),
        Fact::Stopped { channel } => format!("stopped {channel}"),
        Fact::Calls { endpoint, .. } => format!("calls {endpoint}"),
        Fact::CallAnswered { .. } => "call answered".into(),
        Fact::CallFailed { why, .. } => format!("call failed: {why}"),
        Fact::HandedOver { .. } => "handed over".into(),
        Fact::HandedBack { .. } => "handed back".into(),
        Fact::Round { number } => format!("round {number}"),
        Fact::RoundsOver { until } => format!("rounds over, until: {until}"),
        Fact::Emits { event } => format!("emits {event}"),
        Fact::Starts { journey } => format!("starts {journey}"),
        Fact::Stops { journey } => format!("stops {journey}"),
        Fact::Expects { at: Some(at) } => format!("expects {at}"),
        Fact::Expects { at: None } => "expects no more".into(),
        Fact::Goal => "goal".into(),
        Fact::Moved { version, .. } => format!("moved to {version}"),
        Fact::Kept { version } => format!("kept from {version}"),
        Fact::Paused { since } => format!("paused since {since}"),
        Fact::Resumed { paused } => format!("resumed, paused since {paused}"),
        Fact::Left { reason } => format!("left {reason}"),
        Fact::Profile { traits } => format!("traits {}", traits.join(" ")),
        Fact::Consent { state, .. } => format!("consent {state}"),
        Fact::Preferences => "preferences".into(),
        Fact::Restricted { is } => format!("restricted {is}"),
        Fact::AddressSuppressed { channel, reason } => format!("address {channel} {reason}"),
        Fact::AddressUsed { channel } => format!("address {channel} used again"),
        Fact::Merged { into } => format!("merged into {into}"),
        Fact::PassedOn { to } => format!("passed on to {to}"),
        Fact::TookOver {
            from,
            traits,
            messages,
        } => format!(
            "took over {from}: [{}], messages: {messages}",
            traits.join(" ")
        ),
        Fact::GivenBack { .. } => "given back".into(),
        Fact::Acted { asked, reason, .. } => format!("by hand {asked:?}: {reason}"),
        Fact::Ignored { why } => format!("ignored: {why}"),
    }
}
