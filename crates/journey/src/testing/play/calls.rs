//! Calls of endpoints: answered at once, as the test says, or with nothing.

use std::sync::Arc;

use super::Player;
use crate::{
    call::{Answer, Call, Outcome},
    failure::Failure,
    ids::InputId,
    input::{Input, InputKind},
    testing::{stage::Here, written::Answers},
    value::Value,
};

impl Player<'_> {
    pub(super) fn answer(&mut self, calls: Vec<Call>) {
        for call in calls {
            let Some(outcome) = self.outcome(&call) else {
                continue;
            };
            let answer = Answer {
                call: call.id,
                run: call.run,
                outcome,
            };
            let input = Input {
                id: InputId::of_answer(call.id),
                now: call.at,
                kind: InputKind::Answer(Box::new(answer)),
            };
            self.answers.push_back(input);
        }
    }

    /// What the endpoint says; `None`: it never answers.
    fn outcome(&self, call: &Call) -> Option<Outcome> {
        let here = Here {
            now: call.at,
            traits: &self.customer.traits,
        };
        let by = |name: &Arc<str>| self.calls.iter().find(|(of, _)| of == name).map(|c| &c.1);
        match by(&call.step).or_else(|| by(&call.endpoint)) {
            None => Some(Outcome::Answered(Value::Null)),
            Some(Answers::With(value)) => Some(Outcome::Answered(value.eval(&here))),
            Some(Answers::Fails) => Some(Outcome::Failed(Failure::Staged)),
            Some(Answers::Never) => None,
        }
    }
}
