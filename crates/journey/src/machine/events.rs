//! Events that have a meaning of their own.

use crate::{customer::PREFERENCES_CHANGED, merge::MERGE};

/// What a provider's word that a device has the app no more becomes: `tokens`, the addresses of push that are nobody's now.
pub const UNREGISTERED: &str = "device.unregistered";
/// The event by which a device gets push notifications from here on: `token`, its address.
pub const REGISTERED: &str = "device.registered";
/// The event of a customer's answer to a message.
pub const REPLIED: &str = "message.replied";
/// The event of a customer who opens the chat widget.
pub const CHAT_OPENED: &str = "chat.opened";
/// The event by which a person hands a conversation back.
pub const HANDED_BACK: &str = "hand_over.ended";
/// The event by which a person says something to the customer who was handed over.
pub const PERSON_SAID: &str = "hand_over.said";
/// The event by which a person acts on a customer's runs, messages and consents ([`Action`](crate::action::Action)). HTTP takes it
/// from no producer.
pub const SUPPORT_ACTION: &str = "support.action";
/// The event by which the API starts a journey.
pub const STARTED: &str = "journey.start";

/// Whether an event means something without any journey: it changes the profile, ends what a journey waits for, or is a message's
/// fate.
pub fn is_of_the_engine(event: &str) -> bool {
    let own = [
        "identify",
        "page",
        "screen",
        CHAT_OPENED,
        HANDED_BACK,
        MERGE,
        PERSON_SAID,
        PREFERENCES_CHANGED,
        REGISTERED,
        STARTED,
        SUPPORT_ACTION,
        UNREGISTERED,
    ];
    let families = [
        "message.",
        "consent.",
        "customer.restricted",
        "customer.unrestricted",
    ];
    own.contains(&event) || families.iter().any(|f| event.starts_with(f))
}
