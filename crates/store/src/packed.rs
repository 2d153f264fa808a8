//! The compact form of what is kept in `bytea` and never searched by SQL: states, decisions, inputs, traces.
//!
//! MessagePack with the names of fields: ids take 16 bytes and instants 9, where JSON takes 38 and 29. It knows its own
//! names, so that a field can be added as in JSON, and any tool for MessagePack reads it by hand. Documents in
//! JSON, as rows of earlier builds and of hands hold them, are read as well: no document of ours begins like one.

use rmp_serde::{Deserializer, Serializer, decode, encode};
use serde::{Serialize, de::DeserializeOwned};

/// How deep a document may be nested: what JSON is held to as well.
const DEPTH: usize = 128;

/// What is wrong with a document. It quotes nothing of it.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    /// It cannot be written.
    #[error("it cannot be written")]
    Unwritable(#[source] encode::Error),
    /// It is of another type.
    #[error("{}", class(.0))]
    Packed(decode::Error),
    /// It begins like JSON.
    #[error("{:?} at column {}", .0.classify(), .0.column())]
    Json(#[from] serde_json::Error),
    /// Of no kind of input that this version knows.
    #[error("unknown kind of input")]
    Kind,
}

/// What kind of error it is. Its own words may quote the data.
fn class(error: &decode::Error) -> &'static str {
    use decode::Error as E;
    match error {
        E::InvalidMarkerRead(_) | E::InvalidDataRead(_) => "it ends too early",
        E::DepthLimitExceeded => "it is nested too deep",
        _ => "it is of another type",
    }
}

/// The bytes of a column.
pub(crate) fn pack<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Malformed> {
    let mut bytes = Vec::with_capacity(128);
    value
        .serialize(&mut Serializer::new(&mut bytes).with_struct_map())
        .map_err(Malformed::Unwritable)?;
    Ok(bytes)
}

/// From the bytes of a column.
pub(crate) fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Malformed> {
    if is_json(bytes) {
        return Ok(serde_json::from_slice(bytes)?);
    }
    let mut packed = Deserializer::from_read_ref(bytes);
    packed.set_max_depth(DEPTH);
    let value = T::deserialize(&mut packed).map_err(Malformed::Packed)?;
    Ok(value)
}

/// A document of ours is a map or a list: in MessagePack it begins with a byte from 0x80 on, in JSON with none such.
fn is_json(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(b'{' | b'[' | b'"' | b'n'))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use journey::{
        customer::{Pending, RunState},
        ids::MessageId,
        value::Value,
    };
    use serde_json::json;

    use super::{Malformed, pack, unpack};

    fn state() -> RunState {
        let since = Timestamp::from_microsecond(1_790_000_000_123_456).unwrap();
        let mut state = RunState {
            event: Value::from(
                json!({ "total": 42.5, "n": -7, "big": 9_007_199_254_740_993_i64, "list": [null, true, "é"] }),
            ),
            pending: Some(Pending::until(since, Some(since))),
            ..RunState::default()
        };
        let step = journey::customer::StepState {
            message: Some(MessageId(uuid::Uuid::from_u128(7))),
            ..Default::default()
        };
        state.steps.insert("mail".into(), step);
        state
    }

    #[test]
    fn what_is_packed_comes_back_and_is_smaller_than_json() {
        let packed = pack(&state()).unwrap();
        assert_eq!(unpack::<RunState>(&packed).unwrap(), state());
        let json = serde_json::to_vec(&state()).unwrap();
        assert_eq!(unpack::<RunState>(&json).unwrap(), state());
        // An id and two instants: 38 and twice 29 bytes become 18 and twice 9.
        assert!(
            packed.len() + 60 <= json.len(),
            "{} {}",
            packed.len(),
            json.len()
        );
    }

    #[test]
    fn an_instant_finer_than_a_microsecond_is_kept_whole() {
        let since = Timestamp::from_nanosecond(1_790_000_000_000_000_001).unwrap();
        let pending = Pending::until(since, None);
        let packed = pack(&pending).unwrap();
        assert_eq!(unpack::<Pending>(&packed).unwrap(), pending);
    }

    #[test]
    fn what_is_broken_is_refused_without_quoting_it() {
        let packed = pack(&state()).unwrap();
        for end in 1..packed.len() {
            let error = unpack::<RunState>(&packed[..end]).unwrap_err();
            assert!(matches!(error, Malformed::Packed(_)), "{end}: {error}");
        }
        let other = pack(&json!({ "e": {}, "p": "lea@example.com" })).unwrap();
        let error = unpack::<RunState>(&other).unwrap_err().to_string();
        assert_eq!(error, "it is of another type");
        let mut deep = vec![0x91; 100_000];
        deep.push(0xc0);
        assert_eq!(
            unpack::<Value>(&deep).unwrap_err().to_string(),
            "it is nested too deep"
        );
    }
}
