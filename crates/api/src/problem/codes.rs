//! Every code that a refusal may have. A code keeps its meaning for ever.

#[cfg(test)]
mod tests;

/// What one code means.
#[derive(Debug)]
pub(crate) struct Code {
    /// The word.
    pub(crate) code: &'static str,
    /// The statuses that it comes with; of the API's addresses (`/v1`) always the first.
    pub(crate) statuses: &'static [u16],
    /// When, in a sentence.
    pub(crate) says: &'static str,
}

const fn code(code: &'static str, statuses: &'static [u16], says: &'static str) -> Code {
    Code {
        code,
        statuses,
        says,
    }
}

/// All of them, in order of the word.
pub(crate) const CODES: &[Code] = &[
    code(
        "all_refused",
        &[400],
        "No event of the batch could be taken; `refused` says why not.",
    ),
    code(
        "bad_body",
        &[400],
        "The body is JSON, and not of the form that is asked for.",
    ),
    code(
        "bad_cursor",
        &[400],
        "`cursor` is not what a page of this list gave as `next`.",
    ),
    code(
        "bad_path",
        &[400],
        "A part of the address cannot be read: no UUID, no UTF-8, or with a NUL character.",
    ),
    code(
        "bad_query",
        &[400],
        "A parameter is not known, or holds what it cannot hold.",
    ),
    code(
        "bad_timestamp",
        &[400],
        "A time is no date and time with an offset (RFC 3339).",
    ),
    code("before_1970", &[400], "A time is before 1970."),
    code(
        "changed",
        &[412],
        "It is not any more as `If-Match` says. Nothing was changed: read it again.",
    ),
    code("channel", &[400], "People write by `chat` and `sms` alone."),
    code(
        "circle",
        &[409],
        "The other was merged into this customer before: it would close a circle.",
    ),
    code("content_encoding", &[415], "The body is compressed."),
    code(
        "content_type",
        &[415],
        "The body is of a kind, or in a charset, that is not taken.",
    ),
    code(
        "control_character",
        &[400],
        "A text on one line holds a control character.",
    ),
    code(
        "cross_site",
        &[403],
        "A session's cookie came with a change that another site has sent. Nothing was changed.",
    ),
    code("empty", &[400], "The body, or the field, is empty."),
    code("fault", &[500], "A fault of ours, which was logged."),
    code(
        "from_the_future",
        &[400],
        "A time is too far ahead of the clock.",
    ),
    code(
        "held",
        &[409],
        "A rule holds the run's message back; skipping the wait would not let it go.",
    ),
    code(
        "idempotency_key",
        &[400],
        "`Idempotency-Key` is missing where it is needed, or is not 1 to 255 printable characters.",
    ),
    code(
        "idempotency_key_in_use",
        &[409],
        "The first request with that `Idempotency-Key` has not been answered yet. Try again shortly.",
    ),
    code(
        "idempotency_key_reused",
        &[422],
        "That `Idempotency-Key` came with another request before. Nothing was done.",
    ),
    code(
        "incomplete",
        &[400],
        "The body ended before it was complete.",
    ),
    code("into", &[400], "`into` is missing, or no key."),
    code(
        "itself",
        &[400],
        "A customer is not merged into themselves.",
    ),
    code(
        "journey_paused",
        &[409],
        "The journey is paused: nobody enters it until it goes on.",
    ),
    code("line", &[400], "A line of the chat widget cannot be read."),
    code(
        "lines",
        &[400],
        "What was asked for the lines of a chat cannot be read.",
    ),
    code(
        "merged",
        &[409],
        "The customer was merged into another before.",
    ),
    code(
        "method_not_allowed",
        &[405],
        "The address does not take this method; `Allow` names those that it does.",
    ),
    code("missing", &[400], "A field that must be there is not."),
    code("name", &[400], "`name` names no values, or too many."),
    code(
        "needs_no_consent",
        &[422],
        "The purpose needs no consent, so that nobody can be opted out of it.",
    ),
    code(
        "no_api_entry",
        &[422],
        "Nobody enters the journey by the API: its `enter` has no `api: true`.",
    ),
    code("no_batch", &[400], "The body is no batch."),
    code("no_chat", &[404], "No chat widget is set up."),
    code(
        "no_link",
        &[422],
        "The mail holds no link that can be unsubscribed by. Nothing was changed.",
    ),
    code(
        "no_other",
        &[404],
        "There is no such customer to merge this one into.",
    ),
    code(
        "no_privacy_secret",
        &[409],
        "No secret is set to hash what is erased with. Nothing was erased.",
    ),
    code("no_reason", &[400], "No reason is given."),
    code("no_such_channel", &[404], "There is no such channel."),
    code(
        "no_such_journey",
        &[404],
        "No journey is published by that name.",
    ),
    code(
        "no_such_provider",
        &[404],
        "No provider of that name is set up to call.",
    ),
    code(
        "no_such_purpose",
        &[422],
        "No purpose of that name is declared.",
    ),
    code(
        "no_such_version",
        &[422],
        "The journey has no version of that number.",
    ),
    code("no_such_word", &[400], "A filter names what there is not."),
    code(
        "no_users",
        &[403],
        "Users and keys are looked at before there is a user.",
    ),
    code(
        "not_allowed",
        &[403],
        "Whoever asks lacks the scope, which `detail` names.",
    ),
    code("not_an_object", &[400], "The body is JSON, and no object."),
    code(
        "not_failed",
        &[409],
        "Only a message that failed is sent again.",
    ),
    code(
        "not_found",
        &[404],
        "There is no such thing, or no such address.",
    ),
    code("not_json", &[400], "The body is not JSON."),
    code(
        "not_open",
        &[409],
        "The dead letter is not open, or somebody else is submitting it.",
    ),
    code("not_paused", &[409], "The run is not paused."),
    code(
        "not_running",
        &[409],
        "There is no such replay, or it is over.",
    ),
    code("not_utf8", &[400], "The body, or a header, is not UTF-8."),
    code("not_waiting", &[409], "The run waits for nothing."),
    code(
        "nul_character",
        &[400],
        "A text holds a NUL character, which cannot be kept.",
    ),
    code(
        "number_out_of_range",
        &[400],
        "A number is too large to be kept.",
    ),
    code(
        "opened",
        &[400],
        "What a page says when the chat widget is opened cannot be read.",
    ),
    code(
        "origin",
        &[403],
        "The page may not show the chat widget: its origin is none of `origins`.",
    ),
    code(
        "over",
        &[409],
        "It has been answered already, or nobody waits for it any more.",
    ),
    code(
        "paused",
        &[409],
        "The run is paused, and takes no step or is paused already.",
    ),
    code(
        "proof",
        &[403],
        "Who is named to the chat widget is not proven.",
    ),
    code("properties", &[400], "`properties` is no object."),
    code("reason", &[400], "`reason` is missing, or too long."),
    code("refused", &[400], "The mailbox cannot show the message."),
    code("replay_running", &[409], "Another replay is under way."),
    code(
        "reserved_event",
        &[400],
        "The event has a name that is ours: what it asks for has an address of its own.",
    ),
    code("run_over", &[409], "The run has left its journey."),
    code("same_customer", &[409], "Both are the same customer."),
    code("same_version", &[409], "The run is on that version."),
    code(
        "schema",
        &[400],
        "The event does not fit the schema that the workspace declares for it.",
    ),
    code(
        "session",
        &[401, 400],
        "The visitor of the chat widget is not known, or not any more.",
    ),
    code(
        "sign_in",
        &[401],
        "Neither a session nor a key that holds came along.",
    ),
    code(
        "signature",
        &[401],
        "The call is not signed as the provider signs.",
    ),
    code(
        "span",
        &[400],
        "The time between `from` and `to` is none, or too long.",
    ),
    code(
        "stream",
        &[400],
        "What was asked for the stream of a chat cannot be read.",
    ),
    code(
        "task",
        &[400],
        "A task is no conversation: only who is handed over is written to.",
    ),
    code("text", &[400], "A line is empty, or too long."),
    code(
        "too_deep",
        &[400],
        "The event nests too many lists and maps into one another.",
    ),
    code(
        "too_large",
        &[413],
        "The body, or one event of it, is over the limit.",
    ),
    code("too_long", &[400], "A field is longer than it may be."),
    code(
        "too_many",
        &[429, 503],
        "Too many at once; try again in a minute.",
    ),
    code(
        "too_many_events",
        &[413],
        "The batch has too many events; split it.",
    ),
    code(
        "too_many_fields",
        &[400],
        "The event has too many fields and list items.",
    ),
    code(
        "unavailable",
        &[503],
        "The database or the broker is away or too slow. Try again later; `detail` says what was not done.",
    ),
    code(
        "unknown_type",
        &[400],
        "`type` is none of the calls, or not that of the address.",
    ),
    code("unreadable", &[400], "What a provider told cannot be read."),
    code(
        "unreadable_workspace",
        &[409],
        "This version of Parcours cannot read the workspace that is published.",
    ),
    code(
        "unsupported_data",
        &[400],
        "The data of a CloudEvent is no JSON object.",
    ),
    code(
        "unsupported_type",
        &[400],
        "The call is known, and not supported yet.",
    ),
    code(
        "unsupported_version",
        &[400],
        "It is no CloudEvent of version 1.0.",
    ),
    code("write_key", &[401], "The write key is missing or wrong."),
    code(
        "written_by_a_person",
        &[409],
        "A person wrote the message: it is not sent again.",
    ),
    code(
        "wrong_simulation",
        &[400],
        "What is to be played cannot be; `refused` says why not.",
    ),
    code(
        "wrong_type",
        &[400],
        "A field, or the event, is of another type than it must be.",
    ),
];

/// What that code means.
pub(crate) fn code_of(word: &str) -> Option<&'static Code> {
    CODES.iter().find(|known| known.code == word)
}
