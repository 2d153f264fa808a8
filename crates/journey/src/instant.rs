//! Instants in documents: text in JSON, for people; a whole number of microseconds since 1970 in binary forms, which is
//! what a database keeps. One that is finer than that stays text, so that nothing is lost.
//!
//! For `#[serde(with = "…")]`.

use jiff::Timestamp;
use serde::{Deserializer, Serialize, Serializer, de};

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = Timestamp;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an instant")
    }

    fn visit_i64<E: de::Error>(self, micros: i64) -> Result<Timestamp, E> {
        Timestamp::from_microsecond(micros).map_err(|_| E::custom("an instant out of range"))
    }

    fn visit_u64<E: de::Error>(self, micros: u64) -> Result<Timestamp, E> {
        let micros = i64::try_from(micros);
        self.visit_i64(micros.map_err(|_| E::custom("an instant out of range"))?)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse().map_err(|_| E::custom("no instant"))
    }
}

/// See the module.
///
/// # Errors
/// The serializer's.
pub fn serialize<S: Serializer>(t: &Timestamp, s: S) -> Result<S::Ok, S::Error> {
    let micros = t.as_microsecond();
    let exact = Timestamp::from_microsecond(micros).is_ok_and(|same| same == *t);
    match exact && !s.is_human_readable() {
        true => s.serialize_i64(micros),
        false => t.serialize(s),
    }
}

/// See the module.
///
/// # Errors
/// If it is no instant.
pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Timestamp, D::Error> {
    match d.is_human_readable() {
        true => d.deserialize_str(Visitor),
        false => d.deserialize_any(Visitor),
    }
}

/// The same for one that may be missing.
pub mod optional {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Instant(#[serde(with = "super")] Timestamp);

    /// See the module.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(t: &Option<Timestamp>, s: S) -> Result<S::Ok, S::Error> {
        t.map(Instant).serialize(s)
    }

    /// See the module.
    ///
    /// # Errors
    /// If it is no instant.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<Instant>::deserialize(d)?.map(|i| i.0))
    }
}
