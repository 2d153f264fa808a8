//! Events: from producers, and from providers of messages.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde_json::{Value, json};

use super::{
    operation::{Operation, get, post},
    words::{Bytes, Fields, Header, Id, Name, Part},
};
use crate::intake::Taken;

/// Why one event is refused.
pub(super) const OF_EVENTS: &[&str] = &[
    "bad_timestamp",
    "before_1970",
    "control_character",
    "empty",
    "from_the_future",
    "missing",
    "number_out_of_range",
    "schema",
    "too_deep",
    "too_large",
    "too_long",
    "too_many_fields",
    "wrong_type",
];
/// Why a call of Segment's is.
pub(super) const OF_CALLS: &[&str] = &["itself", "unknown_type", "unsupported_type"];
/// Why a CloudEvent is.
pub(super) const OF_CLOUD_EVENTS: &[&str] = &["unsupported_version", "unsupported_data"];

const TRACE: &str = "The trace (W3C) that the events belong to.";
const SAFE: &str =
    "The events are safe. One that was known already counts as accepted, and changes nothing.";

/// What every call of Segment's has. What is not named is allowed, and dropped; null is as if it were not there.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "calls are read by journey::intake; this is how they look"
)]
struct Call {
    /// Chosen by the producer: the same twice is one event.
    message_id: Id,
    /// The customer's key.
    user_id: Option<Id>,
    /// The customer's key, where there is no `userId`.
    anonymous_id: Option<Id>,
    /// When it happened; not before 1970, and not more than ten minutes from now. Else `originalTimestamp`, else now.
    timestamp: Option<Timestamp>,
    /// The producer's own clock: read only where there is no `timestamp`, and then like it.
    original_timestamp: Option<Value>,
}

/// One that says something of the customer beside.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "as above")]
struct CallWithContext {
    #[serde(flatten)]
    call: Call,
    /// What goes along: its `traits` become the customer's.
    context: Option<Fields>,
}

/// Something happened.
#[derive(JsonSchema)]
#[schemars(extend("anyOf" = [{ "required": ["userId"] }, { "required": ["anonymousId"] }]))]
#[expect(dead_code, reason = "as above")]
struct TrackCall {
    #[serde(flatten)]
    call: CallWithContext,
    /// What.
    event: Name,
    /// What journeys read as `event.NAME`.
    properties: Option<Fields>,
}

/// Who the customer is.
#[derive(JsonSchema)]
#[schemars(extend("anyOf" = [{ "required": ["userId"] }, { "required": ["anonymousId"] }]))]
#[expect(dead_code, reason = "as above")]
struct IdentifyCall {
    #[serde(flatten)]
    call: Call,
    /// New traits; those that are not named stay.
    traits: Option<Fields>,
    /// Not read.
    context: Option<Value>,
}

/// A page or a screen was looked at.
#[derive(JsonSchema)]
#[schemars(extend("anyOf" = [{ "required": ["userId"] }, { "required": ["anonymousId"] }]))]
#[expect(dead_code, reason = "as above")]
struct PageCall {
    #[serde(flatten)]
    call: CallWithContext,
    /// Which; becomes a property.
    name: Option<String>,
    /// Of what kind; becomes a property.
    category: Option<String>,
    /// What journeys read as `event.NAME`.
    properties: Option<Fields>,
}

/// A customer is to enter a journey.
#[derive(JsonSchema)]
#[schemars(extend("anyOf" = [{ "required": ["userId"] }, { "required": ["anonymousId"] }]))]
#[expect(dead_code, reason = "as above")]
struct EnterCall {
    #[serde(flatten)]
    call: CallWithContext,
    /// What the journey is given: `event.NAME`.
    properties: Option<Fields>,
}

/// Two keys are one customer.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "as above")]
struct AliasCall {
    /// Chosen by the producer: the same twice is one event.
    message_id: Id,
    /// The key of the customer who goes.
    previous_id: Id,
    /// The key of the customer who stays.
    user_id: Id,
    /// When it happened; not before 1970, and not more than ten minutes from now. Else `originalTimestamp`, else now.
    timestamp: Option<Timestamp>,
    /// The producer's own clock: read only where there is no `timestamp`, and then like it.
    original_timestamp: Option<Value>,
}

/// Several calls, each with its `type`.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "as above")]
struct Batch {
    /// At most 5,000.
    #[schemars(length(max = 5_000))]
    batch: Vec<AnyCall>,
}

/// One call of a batch.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "as above")]
struct AnyCall {
    /// Which call it is.
    r#type: CallType,
    #[serde(flatten)]
    call: Call,
    /// Of `alias`, the key of the customer who goes.
    #[serde(default)]
    previous_id: Id,
    /// Of `track`, what happened.
    event: Option<Name>,
    /// Of `track`, `page` and `screen`.
    properties: Option<Fields>,
    /// Of `identify`.
    traits: Option<Fields>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "as above")]
enum CallType {
    Track,
    Identify,
    Page,
    Screen,
    Alias,
}

/// A CloudEvent 1.0 in JSON. Extensions are allowed, and dropped, but for `traceparent`; null is as if it were not there.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "as above")]
struct CloudEvent {
    /// The version of the specification.
    #[schemars(extend("const" = "1.0"))]
    specversion: String,
    /// With `source`, which event it is: the same twice is one.
    id: Id,
    /// Who tells.
    source: Id,
    /// The event's name.
    r#type: Name,
    /// When it happened; not before 1970, and not more than ten minutes from now. Else now.
    time: Option<Timestamp>,
    /// The customer's key; else `data.userId`.
    subject: Option<Id>,
    /// What journeys read as `event.NAME`; of `identify`, its `traits` become the customer's.
    data: Option<Fields>,
}

pub(super) fn all() -> Vec<Operation> {
    let call = |path, id, summary| {
        post(path, id, summary)
            .header::<Header>("traceparent", TRACE)
            .answers::<Taken>(SAFE)
            .refuses(OF_EVENTS)
            .refuses(OF_CALLS)
            .refuses(&["reserved_event"])
    };
    vec![
        call("/v1/track", "track", "Something happened to a customer")
            .about("A `track` call of the Segment spec. `type` may be left out; browsers' beacons may send it as `text/plain`.")
            .takes::<TrackCall>(json!({
                "messageId": "order-4711", "userId": "lea", "event": "order.placed", "properties": { "total": 49.9 },
            })),
        call("/v1/identify", "identify", "What is known of a customer")
            .about("An `identify` call of the Segment spec.")
            .takes::<IdentifyCall>(json!({
                "messageId": "profile-8", "userId": "lea", "traits": { "first_name": "Léa", "email": "lea@shop.example" },
            })),
        call("/v1/page", "page", "A customer looked at a page")
            .about("A `page` call of the Segment spec: the event `page`.")
            .takes::<PageCall>(looked()),
        call("/v1/screen", "screen", "A customer looked at a screen of an app")
            .about("A `screen` call of the Segment spec: the event `screen`.")
            .takes::<PageCall>(looked()),
        call("/v1/alias", "alias", "Two keys are one customer")
            .about("An `alias` call of the Segment spec: the customer `previousId` is merged into `userId`, who stays and may be yet to come.")
            .takes::<AliasCall>(json!({ "messageId": "signed-in-3", "previousId": "anon-7", "userId": "lea" })),
        enter(),
        call("/v1/batch", "batch", "Several calls at once")
            .about(
                "The good are taken and the bad are named: `success` is false then, and `refused` says which, and why. If none is good, \
                 the answer is 400 `all_refused` with the same list. At most 5 MiB.",
            )
            .takes::<Batch>(json!({ "batch": [
                { "type": "track", "messageId": "seen-1", "userId": "lea", "event": "product.viewed" },
            ] }))
            .refuses(&["no_batch", "all_refused", "too_many_events"]),
        cloud_events(),
        mail(),
        hear("GET", "askProvider", "What a provider asks before it tells"),
        hear("POST", "hearProvider", "What a provider tells"),
    ]
}

fn looked() -> Value {
    json!({ "messageId": "look-1", "userId": "lea", "name": "Kettles", "properties": { "path": "/kettles" } })
}

fn enter() -> Operation {
    post("/v1/journeys/{name}/enter", "enterJourney", "Let a customer enter a journey")
        .about("By the journey's `api` entry. It becomes the event `journey.start`, which may be sent as any other event as well.")
        .path::<Part>("name", "The journey's name.")
        .header::<Header>("traceparent", TRACE)
        .takes::<EnterCall>(json!({
            "messageId": "claim-7", "userId": "lea", "properties": { "product": "kettle" },
        }))
        .answers::<Taken>("The event is safe; the journey decides whether the customer enters.")
        .refuses(OF_EVENTS)
        .refuses(OF_CALLS)
        .refuses(&["not_an_object", "properties", "no_such_journey", "journey_paused", "no_api_entry"])
}

fn cloud_events() -> Operation {
    let event = json!({
        "specversion": "1.0", "id": "4711", "source": "/shop", "type": "order.placed", "subject": "lea",
        "data": { "total": 49.9 },
    });
    post("/v1/events", "sendEvents", "Events as CloudEvents 1.0")
        .about(
            "One event, a list of them (at most 5,000 and 5 MiB; as with `/v1/batch` the good are taken), or one in the binary mode, \
             with its attributes in `ce-*` headers and its data as the body.",
        )
        .header::<Header>("traceparent", TRACE)
        .takes_as::<CloudEvent>("application/cloudevents+json", Some(event.clone()))
        .takes_as::<Vec<CloudEvent>>("application/cloudevents-batch+json", Some(json!([event])))
        .answers::<Taken>(SAFE)
        .refuses(OF_EVENTS)
        .refuses(OF_CALLS)
        .refuses(OF_CLOUD_EVENTS)
        .refuses(&["no_batch", "all_refused", "reserved_event", "too_many_events"])
}

fn mail() -> Operation {
    post("/v1/unsubscribe/mail", "unsubscribeByMail", "Unsubscribe by a mail as it arrived")
        .about("What arrives at the `mailto:` address of a mail's headers (RFC 2369), whole, at most 256 kB. It is there only where customers have pages.")
        .takes_as::<Bytes>(
            "message/rfc822",
            Some(json!("From: lea@shop.example\r\nSubject: unsubscribe AbC…\r\n\r\n")),
        )
        .answers_nothing(204, "The customer has unsubscribed.")
        .refuses(&["no_link"])
}

fn hear(method: &'static str, id: &'static str, summary: &'static str) -> Operation {
    let path = "/v1/providers/{name}";
    let operation = match method {
        "GET" => get(path, id, summary),
        _ => post(path, id, summary).takes_as::<Bytes>("*/*", Some(json!("{}"))),
    };
    operation
        .about(
            "Web hooks: receipts, bounces, complaints, and what customers say, in the provider's own form and signed as it signs. They \
             become events.",
        )
        .path::<Part>("name", "The provider's name in the settings.")
        .answers_as::<Bytes>(200, "text/plain", "The events are safe. Some providers are answered with a text.")
        .answers_as::<Bytes>(200, "text/xml", "")
        .refuses(&["no_such_provider", "signature", "unreadable", "unavailable"])
}
