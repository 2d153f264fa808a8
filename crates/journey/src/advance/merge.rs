//! Two customers who are one person. The one who goes leaves every journey, hands over what is known of them, and passes
//! on whatever happens afterwards; the one who stays takes it over ([`take_over`](super::take_over)). Neither looks at the
//! other: what is handed over is an input of its own ([`Effects::forwards`](super::Effects::forwards)).

use std::sync::Arc;

use super::Stepper;
use crate::{
    customer::{Attention, ConsentState, PastSend},
    ids::{CustomerId, InputId, RunId},
    input::{Event, Input, InputKind},
    intake::MAX_ID,
    machine::REPLIED,
    merge::{
        Forward, Handed, INTO, MAX_CARRIED, MAX_WAY, MERGE, MERGED, MergedInto, Person, TakeOver,
        WAY,
    },
    trace::Fact,
    value::Value,
};

impl Stepper<'_> {
    /// The customer is another whom the shop knows already.
    pub(super) fn merge(&mut self, event: &Event) {
        match self.may_merge(event) {
            Ok(into) => self.merge_into(into),
            Err(why) => self.ignored(&why),
        }
    }

    /// Whom into, or why not.
    fn may_merge(&self, event: &Event) -> Result<Arc<str>, String> {
        let into = event.properties.field(INTO);
        let fits = |key: &&str| (1..=MAX_ID).contains(&key.len());
        let Some(into) = into.as_text().filter(fits) else {
            return Err(format!("`{INTO}` is no key of a customer"));
        };
        if CustomerId::of(into) == self.customer.id {
            return Err("a customer is not merged into themselves".into());
        }
        let way = event.properties.field(WAY);
        let Value::List(way) = &way else {
            return Ok(Arc::from(into));
        };
        let own = self.customer.id.to_string();
        if way.iter().any(|id| id.as_text() == Some(&own)) {
            return Err(format!(
                "{into} was merged into this customer before: it would close a circle"
            ));
        }
        if way.len() >= MAX_WAY {
            return Err(format!("{into} was merged on {} times already", way.len()));
        }
        Ok(Arc::from(into))
    }

    fn merge_into(&mut self, into: Arc<str>) {
        self.leave_all();
        self.customer.ledger.merged_into = Some(MergedInto {
            key: into.clone(),
            at: self.now,
        });
        self.effects.profile = true;
        self.note(None, None, Fact::Merged { into });
        let person = self.person();
        self.hand_over(Handed::Person(Box::new(person)));
        // Nothing is left here that room in a cap, or an open question, could help.
        self.chained.clear();
    }

    /// Every run leaves. None goes on watching for its goal, for the customer does nothing here any more.
    fn leave_all(&mut self) {
        let ids: Vec<RunId> = self.customer.runs.iter().map(|r| r.id).collect();
        for id in ids {
            if self.run(id).is_some_and(|run| run.left.is_none()) {
                self.leave(id, Arc::from(MERGED), true);
            }
            if self.touch(id).is_some() {
                self.end(id);
            }
        }
    }

    /// What is handed over. What only counts where things begin goes with it; what dispatch and support look at stays.
    fn person(&mut self) -> Person {
        let mut handed = self.customer.ledger.clone();
        (handed.merged_into, handed.attention) = (None, Attention::default());
        handed.carried = Vec::new();
        let sends = self.customer.sends.iter().rev().take(MAX_CARRIED).rev();
        let sends = sends.cloned().map(|send| PastSend {
            queued: false,
            ..send
        });
        let sends = sends.collect();
        let ledger = &mut self.customer.ledger;
        ledger.entries.clear();
        ledger.keys.clear();
        ledger.dates.clear();
        ledger.carried.clear();
        ledger.attention = Attention::default();
        Person {
            traits: self.customer.traits.clone(),
            ledger: handed,
            sends,
        }
    }

    /// Whatever happens to a customer who was merged. It is recorded here, begins nothing, and is passed on.
    pub(super) fn decide_for_merged(&mut self, input: &Input) {
        match &input.kind {
            InputKind::Event(event) if *event.name == *MERGE => {
                let into = self.customer.ledger.merged_into.as_ref();
                let into = into.map_or_else(String::new, |into| into.key.to_string());
                self.ignored(&format!("the customer was merged into {into} before"));
            }
            InputKind::Event(event) => self.hear_for_merged(event),
            InputKind::Receipt(receipt) => {
                let message = receipt.message.id;
                self.settle(receipt);
                self.hand_over(Handed::GivenBack { message });
            }
            InputKind::TakeOver(_) => {
                self.pass_on(input.kind.clone());
            }
            _ => self.ignored("the customer was merged into another"),
        }
        self.chained.clear();
    }

    /// What becomes of messages that are under way still goes by what is known here, so what forbids them is heeded. An
    /// address that is refused is this customer's: the other may have another one.
    fn hear_for_merged(&mut self, event: &Event) {
        match &*event.name {
            "message.bounced" | "message.complained" => {
                let before = self.customer.ledger.suppressed.clone();
                self.address_refused(event);
                let all = self.customer.ledger.suppressed.clone();
                let learnt = all.into_iter().find(|(c, s)| before.get(c) != Some(s));
                if let Some((channel, suppression)) = learnt {
                    self.hand_over(Handed::Address {
                        channel,
                        suppression,
                    });
                }
                return;
            }
            "consent.withdrawn" => {
                self.change_consent(event, ConsentState::Withdrawn);
            }
            "customer.restricted" => {
                self.restrict(true);
            }
            REPLIED => {
                self.keyword(event);
            }
            _ => {}
        }
        self.pass_on(InputKind::Event(event.clone()));
    }

    fn hand_over(&mut self, what: Handed) {
        let taken = TakeOver {
            from: self.customer.key.clone(),
            at: self.now,
            what,
        };
        self.pass_on(InputKind::TakeOver(Box::new(taken)));
    }

    /// One input causes one that is passed on, so that its id derives from the other's.
    fn pass_on(&mut self, mut kind: InputKind) {
        let Some(into) = &self.customer.ledger.merged_into else {
            return;
        };
        let to = into.key.clone();
        if let InputKind::Event(event) = &mut kind {
            event.customer = to.clone();
        }
        self.effects.forwards.push(Forward {
            id: InputId::of_forward(self.customer.id, self.input),
            to: to.clone(),
            at: self.now,
            kind,
        });
        self.note(None, None, Fact::PassedOn { to });
    }

    pub(super) fn ignored(&mut self, why: &str) {
        let why = Arc::from(why);
        self.note(None, None, Fact::Ignored { why });
    }
}
