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
        let [id, field] = path else {
            return Value::Null;
        };
        let default = StepState::default();
        let step = self
            .run
            .and_then(|r| r.state.steps.get(id))
            .unwrap_or(&default);
        let text = |t: &Option<Arc<str>>| t.clone().map_or(Value::Null, Value::Text);
        match &**field {
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
            _ => Value::Null,
        }
    }
}
