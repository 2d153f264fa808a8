//! Values: what events, traits, variables and expressions are made of.

use std::{borrow::Cow, fmt, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::fields::Fields;

/// The fields of a map value, in the order of their names.
pub type Map = Fields<Value>;

/// One value. Cloning is cheap: text, lists and maps are shared.
///
/// [`Value::Moment`] and [`Value::Span`] live only while an expression is evaluated; whatever is
/// kept goes through [`Value::storable`] first, so that saving and loading change nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Absent, unknown, or the result of an operation that has none.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number; never NaN or infinite.
    Float(f64),
    /// Text.
    Text(Arc<str>),
    /// An instant.
    Moment(Timestamp),
    /// A length of time.
    Span(SignedDuration),
    /// A list.
    List(Arc<[Value]>),
    /// Named fields.
    Map(Arc<Map>),
}

impl Value {
    /// A text value.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(Arc::from(text.as_ref()))
    }

    /// A map value from its fields.
    pub fn map<K: AsRef<str>>(fields: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Map(Arc::new(
            fields
                .into_iter()
                .map(|(k, v)| (Arc::from(k.as_ref()), v))
                .collect(),
        ))
    }

    /// A finite number, or null: division by zero and overflow have no value (rule 7).
    pub fn number(n: f64) -> Self {
        if n.is_finite() {
            Self::Float(n)
        } else {
            Self::Null
        }
    }

    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// As a condition: only `true` holds; null and everything else do not (rule 5).
    pub fn holds(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// The text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(t) => Some(t),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            #[expect(
                clippy::cast_precision_loss,
                reason = "numbers compare as doubles, as in JSON"
            )]
            Self::Int(i) => Some(*i as f64),
            Self::Float(f) => Some(*f),
            _ => None,
        }
    }

    /// The fields, if it is a map.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(m) => Some(m),
            _ => None,
        }
    }

    /// The instant, if it is one or a text that spells one (RFC 3339).
    pub fn as_moment(&self) -> Option<Timestamp> {
        match self {
            Self::Moment(t) => Some(*t),
            Self::Text(t) => t.parse().ok(),
            _ => None,
        }
    }

    /// The field of that name; null where there is none or this is no map.
    pub fn field(&self, name: &str) -> Value {
        self.as_map()
            .and_then(|m| m.get(name))
            .cloned()
            .unwrap_or_default()
    }

    /// The value at a path of field names; null where it leads nowhere.
    pub fn at<S: AsRef<str>>(&self, path: &[S]) -> Value {
        let mut here = self;
        for name in path {
            match here.as_map().and_then(|m| m.get(name.as_ref())) {
                Some(next) => here = next,
                None => return Value::Null,
            }
        }
        here.clone()
    }

    /// As it is kept in a state or an event: instants and spans as their text (RFC 3339, ISO 8601).
    pub fn storable(&self) -> Value {
        match self {
            Self::Moment(t) => Self::text(t.to_string()),
            Self::Span(d) => Self::text(d.to_string()),
            Self::List(l) => Self::List(l.iter().map(Value::storable).collect()),
            Self::Map(m) => Self::Map(Arc::new(
                m.iter().map(|(k, v)| (k.clone(), v.storable())).collect(),
            )),
            other => other.clone(),
        }
    }

    /// A value as a key or a piece of text: no quotes around text, JSON for the rest.
    /// `None` for null: a null key does not enter (rule 15).
    pub fn to_key(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Text(t) => Some(t.to_string()),
            other => Some(other.to_string()),
        }
    }
}

/// As JSON, on one line.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(i: i64) -> Self {
        Self::Int(i)
    }
}

impl From<&str> for Value {
    fn from(t: &str) -> Self {
        Self::text(t)
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        use serde_json::Value as J;
        match json {
            J::Null => Self::Null,
            J::Bool(b) => Self::Bool(b),
            J::Number(n) => match n.as_i64() {
                Some(i) => Self::Int(i),
                None => n.as_f64().map_or(Self::Null, Self::number),
            },
            J::String(s) => Self::text(s),
            J::Array(a) => Self::List(a.into_iter().map(Self::from).collect()),
            J::Object(o) => Self::map(o.into_iter().map(|(k, v)| (k, Self::from(v)))),
        }
    }
}

impl From<&Value> for serde_json::Value {
    fn from(value: &Value) -> Self {
        serde_json::to_value(value).unwrap_or_default()
    }
}

/// Whatever JSON holds.
impl JsonSchema for Value {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        true.into()
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => s.serialize_unit(),
            Self::Bool(b) => s.serialize_bool(*b),
            Self::Int(i) => s.serialize_i64(*i),
            Self::Float(f) => s.serialize_f64(*f),
            Self::Text(t) => s.serialize_str(t),
            Self::Moment(t) => s.collect_str(t),
            Self::Span(d) => s.collect_str(d),
            Self::List(l) => s.collect_seq(l.iter()),
            Self::Map(m) => s.collect_map(m.iter()),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_none<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_bool<E>(self, b: bool) -> Result<Value, E> {
                Ok(Value::Bool(b))
            }
            fn visit_i64<E>(self, i: i64) -> Result<Value, E> {
                Ok(Value::Int(i))
            }
            fn visit_u64<E>(self, u: u64) -> Result<Value, E> {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "beyond 2^63 a number is a double, as in JSON"
                )]
                Ok(i64::try_from(u).map_or(Value::Float(u as f64), Value::Int))
            }
            fn visit_f64<E>(self, f: f64) -> Result<Value, E> {
                Ok(Value::number(f))
            }
            fn visit_str<E>(self, s: &str) -> Result<Value, E> {
                Ok(Value::text(s))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = seq.next_element()? {
                    list.push(item);
                }
                Ok(Value::List(list.into()))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
                let fields = Map::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Value::Map(Arc::new(fields)))
            }
        }
        d.deserialize_any(Visitor)
    }
}
