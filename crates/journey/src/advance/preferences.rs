//! What customers choose for themselves, by the event `preferences.changed`.

use std::sync::Arc;

use super::Stepper;
use crate::{
    customer::{AtMost, Attention, Preferences},
    input::Event,
    policies::Period,
    trace::Fact,
    value::Value,
};

/// The most messages that a customer's own limit lets through in its time.
const MOST: u32 = 100;

impl Stepper<'_> {
    /// Takes over what the event names; what it does not name stays. Whether anything changed.
    pub(super) fn change_preferences(&mut self, event: &Event) -> bool {
        if self.chained_now {
            return self.not_taken("a journey cannot choose for a customer");
        }
        let mut chosen = self.customer.ledger.preferences.clone();
        let wrong: Vec<&str> = [
            ("pause_until", pause(&mut chosen, event)),
            ("at_most", at_most(&mut chosen, event)),
            ("personalised", personalised(&mut chosen, event)),
        ]
        .into_iter()
        .filter(|(_, taken)| taken.is_none())
        .map(|(field, _)| field)
        .collect();
        if !wrong.is_empty() {
            self.not_taken(&format!(
                "these are not what they can be: {}",
                wrong.join(", ")
            ));
        }
        let changed = chosen != self.customer.ledger.preferences;
        if changed {
            if chosen.personalised == Some(false) {
                self.customer.ledger.attention = Attention::default();
            }
            self.customer.ledger.preferences = chosen;
            self.effects.profile = true;
            self.note(None, None, Fact::Preferences);
        }
        changed
    }

    fn not_taken(&mut self, why: &str) -> bool {
        let why = Arc::from(why);
        self.note(None, None, Fact::Ignored { why });
        false
    }
}

/// A field of the event; `None` where it does not name it. Null is a value: it takes the choice back.
fn named(event: &Event, field: &str) -> Option<Value> {
    event.properties.as_map()?.get(field).cloned()
}

fn pause(chosen: &mut Preferences, event: &Event) -> Option<()> {
    match named(event, "pause_until") {
        None => {}
        Some(Value::Null) => chosen.pause_until = None,
        Some(value) => chosen.pause_until = Some(value.as_text()?.parse().ok()?),
    }
    Some(())
}

fn at_most(chosen: &mut Preferences, event: &Event) -> Option<()> {
    match named(event, "at_most") {
        None => {}
        Some(Value::Null) => chosen.at_most = None,
        Some(value) => {
            let Value::Int(max) = value.field("max") else {
                return None;
            };
            let max = u32::try_from(max)
                .ok()
                .filter(|max| (1..=MOST).contains(max))?;
            let per = match value.field("per").as_text()? {
                "day" => Period::Day,
                "week" => Period::Week,
                "month" => Period::Month,
                _ => return None,
            };
            chosen.at_most = Some(AtMost { max, per });
        }
    }
    Some(())
}

fn personalised(chosen: &mut Preferences, event: &Event) -> Option<()> {
    match named(event, "personalised") {
        None => {}
        Some(Value::Null) => chosen.personalised = None,
        Some(Value::Bool(personalised)) => chosen.personalised = Some(personalised),
        Some(_) => return None,
    }
    Some(())
}
