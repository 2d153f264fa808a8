//! Fields: names with values, in the order of their names.
//!
//! A sorted list and no tree: most have a handful, and a turn makes and drops many of them.

use std::{
    borrow::Cow,
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut, Index},
    sync::Arc,
};

use litemap::LiteMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Values by name. In documents it is a map, also when it is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields<V>(LiteMap<Arc<str>, V>);

impl<V> Fields<V> {
    /// No fields.
    pub const fn new() -> Self {
        Self(LiteMap::new())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }
}

impl<V> Default for Fields<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> Deref for Fields<V> {
    type Target = LiteMap<Arc<str>, V>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<V> DerefMut for Fields<V> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<V> Index<&str> for Fields<V> {
    type Output = V;
    /// # Panics
    /// If there is none of that name.
    fn index(&self, name: &str) -> &V {
        self.0.get(name).expect("a field of that name")
    }
}

impl<V> FromIterator<(Arc<str>, V)> for Fields<V> {
    /// Sorts what is not; of two of the same name the later one stays.
    fn from_iter<I: IntoIterator<Item = (Arc<str>, V)>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}

impl<V, const N: usize> From<[(Arc<str>, V); N]> for Fields<V> {
    fn from(fields: [(Arc<str>, V); N]) -> Self {
        fields.into_iter().collect()
    }
}

impl<V> IntoIterator for Fields<V> {
    type Item = (Arc<str>, V);
    type IntoIter = <LiteMap<Arc<str>, V> as IntoIterator>::IntoIter;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, V> IntoIterator for &'a Fields<V> {
    type Item = (&'a Arc<str>, &'a V);
    type IntoIter = <&'a LiteMap<Arc<str>, V> as IntoIterator>::IntoIter;
    fn into_iter(self) -> Self::IntoIter {
        (&self.0).into_iter()
    }
}

impl<V: Serialize> Serialize for Fields<V> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(self)
    }
}

impl<V: JsonSchema> JsonSchema for Fields<V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Fields_of_{}", V::schema_name()).into()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        let value = schemas.subschema_for::<V>();
        json_schema!({ "type": "object", "additionalProperties": value })
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Fields<V> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Visitor<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> de::Visitor<'de> for Visitor<V> {
            type Value = Fields<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Fields<V>, A::Error> {
                // A document may claim any number of fields: room is made for those that come.
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(fields.into_iter().collect())
            }
        }
        d.deserialize_map(Visitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::Fields;

    #[test]
    fn they_are_a_map_in_documents_in_order_and_the_last_of_a_name() {
        let read = |json: &str| serde_json::from_str::<Fields<u8>>(json);
        let fields = read(r#"{"b": 1, "a": 2, "b": 3}"#).unwrap();
        assert_eq!(serde_json::to_string(&fields).unwrap(), r#"{"a":2,"b":3}"#);
        assert_eq!(fields, Fields::from([("a".into(), 2), ("b".into(), 3)]));
        assert_eq!(fields["a"], 2);
        assert_eq!(serde_json::to_string(&Fields::<u8>::new()).unwrap(), "{}");
        assert!(read("[]").is_err() && read("null").is_err());
    }
}
