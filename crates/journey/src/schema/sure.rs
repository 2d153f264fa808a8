//! What a schema makes sure of: every event that intake lets in has such values.

use std::sync::Arc;

use super::{Kind, Rule, Schema, Schemas};
use crate::{
    expr::facts::{Numbers, Texts, Values},
    value::Value,
};

impl Schemas {
    /// What the field at that path of an event of that name can be; anything where that is not
    /// declared.
    pub(crate) fn sure(&self, event: &str, path: &[Arc<str>]) -> Values {
        self.events
            .get(event)
            .map_or_else(Values::any, |schema| schema.sure(path))
    }
}

impl Schema {
    fn sure(&self, path: &[Arc<str>]) -> Values {
        let (mut rule, mut always) = (&self.root, true);
        for name in path {
            let Some(found) = self.resolve(rule, 0) else {
                return Values::any();
            };
            // A name leads from anything but a map to null.
            let Some(next) = found.fields.get(name) else {
                return Values::any();
            };
            always &= found.kinds == [Kind::Object] && found.required.contains(name);
            rule = next;
        }
        let values = self.resolve(rule, 0).map_or_else(Values::any, of_rule);
        match always {
            true => values.but(&Value::Null),
            false => values.or_null(),
        }
    }
}

fn of_rule(rule: &Rule) -> Values {
    let kinds = rule.kinds.iter().map(|kind| of_kind(*kind, rule));
    let values = match rule.kinds.as_slice() {
        [] => Values::any(),
        _ => kinds.fold(Values::none(), |all, one| all.union(&one)),
    };
    if rule.among.is_empty() {
        return values;
    }
    let among = rule
        .among
        .iter()
        .map(Values::of)
        .collect::<Option<Vec<_>>>();
    match among {
        Some(among) => values.both(&among.iter().fold(Values::none(), |all, one| all.union(one))),
        None => values,
    }
}

fn of_kind(kind: Kind, rule: &Rule) -> Values {
    let none = Values::none();
    match kind {
        Kind::Object | Kind::Array => Values {
            others: true,
            ..none
        },
        Kind::Text => Values {
            texts: Texts::all(),
            ..none
        },
        Kind::Whole | Kind::Number => Values {
            numbers: Numbers::between(
                rule.least.unwrap_or((f64::NEG_INFINITY, true)),
                rule.most.unwrap_or((f64::INFINITY, true)),
            ),
            ..none
        },
        Kind::Truth => Values::truth(),
        Kind::Null => Values::null(),
    }
}
