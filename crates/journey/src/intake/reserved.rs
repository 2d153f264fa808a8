//! Events that producers may not make up: whoever sends one of these names must have come another way.

use super::refused::Refused;
use crate::{machine::SUPPORT_ACTION, merge::MERGE};

/// Names that say what people here have done, with the way in which the same is said by who may.
const RESERVED: [(&str, &str); 2] = [
    (MERGE, "send `alias`, with `previousId` and `userId`"),
    (SUPPORT_ACTION, "ask for what it does, below /v1/customers"),
];

/// Why an event of that name is not taken from a producer who writes it down themselves; `None`: it is.
///
/// For HTTP intake. What comes by RabbitMQ has been let in already, by us among others.
pub fn reserved(name: &str) -> Option<Refused> {
    let (name, instead) = RESERVED.iter().find(|(reserved, _)| *reserved == name)?;
    Some(Refused {
        code: "reserved_event",
        field: Some("event".to_owned()),
        message: format!(
            "`{name}` is what people do by hand, and is not taken as an event: {instead}"
        ),
    })
}
