//! Steps: one verb each.

use super::{
    Context, Form, PLAIN, Takes, Word,
    sends::{
        CAPPED_WORD, CHANNELS, EXPECT, EXPECTED, EXPIRES, KEY, OPTION, PURPOSE, QUIET_WORD,
        TEMPLATE, WITH,
    },
    takes::Known,
    waits::{REPEAT, WAIT, WAIT_FOR},
    word,
};

const ID: Word = word(
    "id",
    Takes::Name,
    "The step's name, unique in the journey: `steps.ID` tells what came of it",
    "id: nudge",
)
.or_else("its verb and number, such as `send#2`");
const ELSE: Word = word(
    "else",
    Takes::Steps,
    "What happens otherwise",
    "else: [ { exit: quiet_leaver } ]",
)
.or_else("the journey goes on");

pub(super) static STEP: Context = Context {
    name: "step",
    what: "a step",
    about: "One thing that happens: each step has one verb",
    forms: &[
        Form {
            what: "a `send`",
            head: word(
                "send",
                CHANNELS,
                "Sends a message by one channel, or by the first of a list that consent, reachability and caps allow",
                "send: email",
            ),
            words: &[
                ID,
                TEMPLATE,
                WITH,
                PURPOSE,
                CAPPED_WORD,
                QUIET_WORD,
                EXPIRES,
                KEY,
            ],
        },
        Form {
            what: "an `ask`",
            head: word(
                "ask",
                CHANNELS,
                "Sends a question and waits for the answer",
                "ask: chat",
            ),
            words: &[
                ID,
                TEMPLATE,
                WITH,
                word(
                    "options",
                    Takes::Named {
                        name: Known::Answer,
                        value: &Takes::Fields(&OPTION),
                    },
                    "The answers to choose from",
                    "options: { yes: { label: Gladly } }",
                ),
                word(
                    "expect",
                    Takes::Either(&[Takes::OneOf(EXPECTED), Takes::Fields(&EXPECT)]),
                    "What kind of answer is expected, instead of `options`",
                    "expect: text",
                ),
                word(
                    "save",
                    Takes::Ref(Known::Target),
                    "Where the answer is kept",
                    "save: run.score",
                ),
                word(
                    "within",
                    Takes::Duration,
                    "How long it waits for the answer",
                    "within: 2d",
                )
                .or_else("for ever"),
                word(
                    "retry",
                    Takes::Whole { min: 0, max: 10 },
                    "How often it asks again after an answer that it does not understand",
                    "retry: 2",
                )
                .or("0"),
                word(
                    "not_understood",
                    Takes::Steps,
                    "What happens if no answer is understood",
                    "not_understood: [ { exit: confused } ]",
                )
                .or_else("the journey goes on"),
                word(
                    "else",
                    Takes::Steps,
                    "What happens if no answer comes",
                    "else: [ { exit: silent } ]",
                )
                .or_else("the journey goes on"),
                PURPOSE,
                CAPPED_WORD,
                QUIET_WORD,
                EXPIRES,
                KEY,
            ],
        },
        Form {
            what: "a `hand_over`",
            head: word(
                "hand_over",
                Takes::Ref(Known::Endpoint),
                "Hands the customer over to a person, and waits for them to come back",
                "hand_over: support",
            ),
            words: &[
                ID,
                word(
                    "with",
                    Takes::GivenMap,
                    "What the person needs to know",
                    "with: { score: run.score }",
                )
                .or_else("nothing"),
                word(
                    "save",
                    Takes::Ref(Known::Target),
                    "Where it is kept what they hand back with",
                    "save: run.outcome",
                ),
                word(
                    "due",
                    Takes::Duration,
                    "Within what time a person should have done it: told to them, and nothing else",
                    "due: 4h",
                )
                .or_else("nothing is said of it"),
                word(
                    "within",
                    Takes::Duration,
                    "How long it waits for the customer to come back",
                    "within: 2d",
                )
                .or_else("for ever"),
                word(
                    "else",
                    Takes::Steps,
                    "What happens if they do not come back in time",
                    "else: [ { exit: lost } ]",
                )
                .or_else("the journey goes on"),
                word(
                    "purpose",
                    Takes::Ref(Known::Purpose),
                    "The consent purpose of what they write to the customer",
                    "purpose: service",
                )
                .or_else("the first that needs no consent"),
            ],
        },
        Form {
            what: "a `wait`",
            head: word(
                "wait",
                Takes::Either(&[Takes::Duration, Takes::Fields(&WAIT)]),
                "Waits for a length of time, or until a moment, a time or a window",
                "wait: 1d",
            ),
            words: &[ID],
        },
        Form {
            what: "a `wait_for` step",
            head: word(
                "wait_for",
                Takes::Fields(&WAIT_FOR),
                "Waits for an event or a condition",
                "wait_for: { event: order.placed, within: 2h }",
            ),
            words: &[
                ID,
                word(
                    "then",
                    Takes::Steps,
                    "What happens if it came",
                    "then: [ { exit: bought } ]",
                )
                .or_else("the journey goes on"),
                word(
                    "else",
                    Takes::Steps,
                    "What happens if it did not come in time",
                    "else: [ { exit: quiet_leaver } ]",
                )
                .or_else("the journey goes on"),
            ],
        },
        Form {
            what: "an `if`",
            head: word(
                "if",
                Takes::Expression,
                "Two ways on",
                "if: steps.nudge.opened",
            ),
            words: &[
                ID,
                word(
                    "then",
                    Takes::Steps,
                    "What happens if it holds",
                    "then: [ { wait: 1h } ]",
                )
                .needed(),
                ELSE,
            ],
        },
        Form {
            what: "a `choose`",
            head: word(
                "choose",
                Takes::List(&Takes::Fields(&CHOICE)),
                "Several ways on, of which the first that holds is taken",
                "choose: [ { when: run.score >= 9, then: [] } ]",
            ),
            words: &[ID, ELSE],
        },
        Form {
            what: "a `split`",
            head: word(
                "split",
                Takes::Name,
                "Deals customers to arms by chance, the same customer always to the same; its name is the step's id",
                "split: offer",
            ),
            words: &[
                word(
                    "arms",
                    Takes::Named {
                        name: Known::Arm,
                        value: &Takes::Fields(&ARM),
                    },
                    "The arms by name",
                    "arms: { a: { weight: 50 }, b: { weight: 50 } }",
                )
                .needed(),
                word(
                    "salt",
                    Takes::Text,
                    "Deals anew where it is changed",
                    "salt: spring",
                )
                .or_else("none"),
            ],
        },
        Form {
            what: "a `repeat`",
            head: word(
                "repeat",
                Takes::Fields(&REPEAT),
                "Repeats steps, so many times at most",
                "repeat: { every: 7d, times: 3, steps: [] }",
            ),
            words: &[ID],
        },
        Form {
            what: "a `set`",
            head: word(
                "set",
                Takes::Named {
                    name: Known::Target,
                    value: &Takes::Given,
                },
                "Sets variables of the run and traits of the customer",
                "set: { run.code: BACK10 }",
            ),
            words: &[ID],
        },
        Form {
            what: "an `emit`",
            head: word(
                "emit",
                Takes::Ref(Known::Event),
                "Sends an event of our own, on which other journeys can enter",
                "emit: nps.answered",
            ),
            words: &[
                ID,
                word(
                    "with",
                    Takes::GivenMap,
                    "The fields of the event",
                    "with: { score: run.score }",
                )
                .or_else("none"),
            ],
        },
        Form {
            what: "a `call`",
            head: word(
                "call",
                Takes::Ref(Known::Endpoint),
                "Calls a service of `config/endpoints.yaml` and waits for its answer",
                "call: vouchers",
            ),
            words: &[
                ID,
                word(
                    "with",
                    Takes::GivenMap,
                    "What it is told",
                    "with: { percent: 15 }",
                )
                .or_else("nothing"),
                word(
                    "save",
                    Takes::Ref(Known::Target),
                    "Where the answer is kept",
                    "save: run.gift",
                ),
                word(
                    "due",
                    Takes::Duration,
                    "Within what time a person should have done it: told to them, and nothing else",
                    "due: 4h",
                )
                .or_else("nothing is said of it"),
                word(
                    "within",
                    Takes::Duration,
                    "How long it waits for the answer",
                    "within: 1h",
                )
                .or_else("for ever"),
                word(
                    "else",
                    Takes::Steps,
                    "What happens if it fails for good or does not answer in time",
                    "else: [ { exit: no_voucher } ]",
                )
                .or_else("the journey goes on"),
            ],
        },
        Form {
            what: "a `start`",
            head: word(
                "start",
                Takes::Ref(Known::Journey),
                "Starts another journey for this customer",
                "start: win-back",
            ),
            words: &[
                ID,
                word(
                    "with",
                    Takes::GivenMap,
                    "The fields of its `run.event`",
                    "with: { score: run.score }",
                )
                .or_else("none"),
            ],
        },
        Form {
            what: "a `stop`",
            head: word(
                "stop",
                Takes::Ref(Known::Journey),
                "Ends another journey for this customer",
                "stop: win-back",
            ),
            words: &[ID],
        },
        Form {
            what: "a `use`",
            head: word(
                "use",
                Takes::Ref(Known::Fragment),
                "Puts the steps of a fragment here: `journeys/_fragments/NAME.yaml`",
                "use: polite-reminder",
            ),
            words: &[
                ID,
                word(
                    "with",
                    Takes::GivenMap,
                    "Its parameters",
                    "with: { template: cart/nudge }",
                )
                .or_else("none"),
            ],
        },
        Form {
            what: "an `exit`",
            head: word(
                "exit",
                Takes::Name,
                "Leaves, with a reason",
                "exit: quiet_leaver",
            ),
            words: &[ID],
        },
    ],
    ..PLAIN
};

static CHOICE: Context = Context {
    name: "choice",
    what: "a choice",
    about: "One of several ways on",
    words: &[
        word(
            "when",
            Takes::Expression,
            "Taken if this holds and nothing above does",
            "when: run.score >= 9",
        )
        .needed(),
        word(
            "then",
            Takes::Steps,
            "What happens in this case; nothing is written `[]`",
            "then: [ { wait: 1h } ]",
        )
        .needed(),
    ],
    ..PLAIN
};

static ARM: Context = Context {
    name: "arm",
    what: "an arm",
    about: "One arm of a split",
    words: &[
        word(
            "weight",
            Takes::Whole {
                min: 0,
                max: 1_000_000,
            },
            "Its share is its weight by the sum of all weights",
            "weight: 50",
        )
        .needed(),
        word(
            "steps",
            Takes::Steps,
            "What happens in this arm",
            "steps: [ { exit: held_out } ]",
        )
        .or_else("the journey goes on"),
    ],
    ..PLAIN
};
