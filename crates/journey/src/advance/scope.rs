//! What the names of an expression mean for one run of one customer.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    customer::{Customer, Run, StepState},
    expr::{Root, Scope},
    message::Channel,
    policies::Policies,
    policy,
    value::Value,
};

/// The names of one run, or of a customer about to enter.
pub(super) struct View<'a> {
    pub policies: &'a Policies,
    pub customer: &'a Customer,
    pub run: Option<&'a Run>,
    pub event: &'a Value,
    pub now: Timestamp,
}

impl Scope for View<'_> {
    fn look_up(&self, root: Root, path: &[Arc<str>]) -> Value {
        match root {
            Root::Event => self.event.at(path),
            Root::Run => self.run_name(path),
            Root::Customer => self.trait_name(path),
            Root::Consent => self.consent(path),
            Root::Steps => self.step(path),
            Root::Now => Value::Moment(self.now),
            // Replaced when the journey was compiled.
            Root::Param => Value::Null,
        }
    }
}

impl View<'_> {
    fn run_name(&self, path: &[Arc<str>]) -> Value {
        let (Some(run), Some((first, rest))) = (self.run, path.split_first()) else {
            return Value::Null;
        };
        match &**first {
            "key" => Value::Text(run.key.clone()),
            "event" => run.state.event.at(rest),
            name => run.state.vars.get(name).map_or(Value::Null, |v| v.at(rest)),
        }
    }

    fn trait_name(&self, path: &[Arc<str>]) -> Value {
        let Some((first, rest)) = path.split_first() else {
            return Value::Map(Arc::new(self.customer.traits.clone()));
        };
        match self.customer.traits.get(first) {
            Some(value) => value.at(rest),
            None if &**first == "id" => Value::Text(self.customer.key.clone()),
            None => Value::Null,
        }
    }

    fn consent(&self, path: &[Arc<str>]) -> Value {
        let [purpose, channel] = path else {
            return Value::Null;
        };
        match channel.parse::<Channel>() {
            Ok(channel) => Value::Bool(policy::consents(
                self.policies,
                self.customer,
                purpose,
                channel,
            )),
            Err(()) => Value::Null,
        }
    }

    fn step(&self, path: &[Arc<str>]) -> Value {
        let Some((step, field, rest)) = self.find_step(path) else {
            // Nothing has become of it yet.
            return match path.split_last() {
                Some((field, [_, ..])) => told(&StepState::default(), field),
                _ => Value::Null,
            };
        };
        told(step, field).at(rest)
    }

    /// The step that a path names, and what of it. Steps of a fragment are kept under the whole
    /// path of their names.
    fn find_step<'p>(&self, path: &'p [Arc<str>]) -> Option<Told<'_, 'p>> {
        let steps = &self.run?.state.steps;
        let (first, mut rest) = path.split_first()?;
        if let Some(step) = steps.get(first) {
            let (field, rest) = rest.split_first()?;
            return Some((step, field, rest));
        }
        let mut id = first.to_string();
        while let Some((next, further)) = rest.split_first() {
            if let Some(step) = steps.get(&*id) {
                return Some((step, next, further));
            }
            id = format!("{id}.{next}");
            rest = further;
        }
        None
    }
}

/// A step, what of it, and what lies below that.
type Told<'s, 'p> = (&'s StepState, &'p Arc<str>, &'p [Arc<str>]);

/// What a step tells under that name.
fn told(step: &StepState, field: &str) -> Value {
    let text = |t: &Option<Arc<str>>| t.clone().map_or(Value::Null, Value::Text);
    match field {
        "sent" => Value::Bool(step.sent),
        "delivered" => Value::Bool(step.delivered),
        "opened" => Value::Bool(step.opened),
        "clicked" => Value::Bool(step.clicked),
        "replied" => Value::Bool(step.replied),
        "failed" => Value::Bool(step.failed),
        "suppressed" => Value::Bool(step.suppressed),
        "matched" => Value::Bool(step.matched),
        "reason" => text(&step.reason),
        "arm" => text(&step.arm),
        "answer" => step.answer.clone(),
        "round" => Value::Int(i64::from(step.round)),
        _ => Value::Null,
    }
}
