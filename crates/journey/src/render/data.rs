//! Our values as Jinja sees them. Maps and lists are looked into, not copied; null is undefined,
//! so that an unfilled variable is an error and never prints as `none`.

use std::sync::Arc;

use minijinja::{
    Value as Jinja,
    value::{Enumerator, Object, ObjectRepr},
};

use super::Context;
use crate::{
    content::Offer,
    value::{Map, Value},
};

#[derive(Debug)]
struct Fields(Arc<Map>);

impl Object for Fields {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        self.0.get(key.as_str()?).and_then(known)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.keys().map(Jinja::from).collect())
    }
}

#[derive(Debug)]
struct Items(Arc<[Value]>);

impl Object for Items {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        self.0.get(key.as_usize()?).map(jinja)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.len())
    }
}

/// The top-level names: `customer`, `links` and a question's `options` before what was fetched and drawn, and that before fields of `with`.
#[derive(Debug)]
struct Names {
    with: Value,
    customer: Jinja,
    links: Jinja,
    options: Option<Jinja>,
    more: Arc<Map>,
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        match key.as_str()? {
            "customer" => Some(self.customer.clone()),
            "links" => Some(self.links.clone()),
            // Rule 48, even if an author passes a field of that name.
            "event" => None,
            "options" if self.options.is_some() => self.options.clone(),
            name if self.more.contains_key(name) => self.more.get(name).and_then(known),
            name => self.with.as_map()?.get(name).and_then(known),
        }
    }
}

/// The value, unless it is null.
fn known(value: &Value) -> Option<Jinja> {
    (!value.is_null()).then(|| jinja(value))
}

fn jinja(value: &Value) -> Jinja {
    match value {
        Value::Null => Jinja::UNDEFINED,
        Value::Bool(b) => Jinja::from(*b),
        Value::Int(i) => Jinja::from(*i),
        Value::Float(f) => Jinja::from(*f),
        Value::Text(t) => Jinja::from(t),
        Value::Moment(_) | Value::Span(_) => jinja(&value.storable()),
        Value::List(items) => Jinja::from_object(Items(items.clone())),
        Value::Map(fields) => Jinja::from_object(Fields(fields.clone())),
    }
}

/// The names that a template sees.
pub(super) fn context(context: &Context<'_>) -> Jinja {
    let map = |fields: &Map| Jinja::from_object(Fields(Arc::new(fields.clone())));
    Jinja::from_object(Names {
        with: context.with.clone(),
        customer: map(context.customer),
        links: map(context.links),
        options: options(context.options),
        more: Arc::new(context.more.clone()),
    })
}

/// A list of `{name, label}`.
fn options(offers: &[Offer]) -> Option<Jinja> {
    let option = |offer: &Offer| {
        let fields = Map::from([
            (Arc::from("name"), Value::text(&offer.name)),
            (Arc::from("label"), Value::text(&offer.label)),
        ]);
        Value::Map(Arc::new(fields))
    };
    let all: Arc<[Value]> = offers.iter().map(option).collect();
    (!all.is_empty()).then(|| Jinja::from_object(Items(all)))
}
