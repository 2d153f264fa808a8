//! Events that producers may not make up: whoever sends one of these names must have come another way.

use super::refused::Refused;
use crate::merge::MERGE;

/// Names that say what people here have done, with the way in which producers may say the same, if they may.
const RESERVED: [(&str, &str); 1] = [(MERGE, "send `alias`, with `previousId` and `userId`")];

/// Why an event of that name is not taken from a producer who writes it down themselves; `None`: it is.
///
/// For HTTP intake. What comes by RabbitMQ has been let in already, by us among others.
pub fn reserved(name: &str) -> Option<Refused> {
    let (name, instead) = RESERVED.iter().find(|(reserved, _)| *reserved == name)?;
    Some(Refused {
        code: "reserved",
        field: None,
        message: format!("the event name `{name}` is reserved: {instead}"),
    })
}
