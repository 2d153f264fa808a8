//! What a test expects.

use super::super::{
    Context, PLAIN, Takes,
    takes::{CHANNEL, Known},
    word,
};

const STEP: Takes = Takes::Ref(Known::Step);
static SENT_TAKES: &[Takes] = &[Takes::Ref(Known::Step), Takes::Fields(&SENT)];
static REFUSED_TAKES: &[Takes] = &[Takes::Ref(Known::Step), Takes::Fields(&REFUSED)];
static EMITTED_TAKES: &[Takes] = &[Takes::Ref(Known::Event), Takes::Fields(&EMITTED)];

pub(super) static OUTCOME: Context = Context {
    name: "outcome",
    what: "`expect`",
    about: "What should come of it; lists are exact, what is not named is not looked at",
    words: &[
        word(
            "sends",
            Takes::OneOrMore(&Takes::Either(SENT_TAKES)),
            "The messages that leave, all of them in order; none: `[]`",
            "sends: [nudge]",
        ),
        word(
            "suppressed",
            Takes::OneOrMore(&Takes::Either(REFUSED_TAKES)),
            "The messages that are held back, all of them",
            "suppressed: [ { step: nudge, reason: capped } ]",
        ),
        word(
            "end",
            Takes::OneOrMore(&Takes::Ref(Known::Reason)),
            "The reason with which the customer leaves; a list for several runs",
            "end: bought",
        ),
        word(
            "goal",
            Takes::Truth,
            "Whether the goal is counted",
            "goal: true",
        ),
        word(
            "entered",
            Takes::Truth,
            "Whether the customer enters at all",
            "entered: false",
        ),
        word(
            "path",
            Takes::OneOrMore(&Takes::Anything),
            "The steps that are walked, in order",
            "path: [resumed, nudge]",
        ),
        word(
            "at_step",
            Takes::Ref(Known::Step),
            "Where the customer stands at the end",
            "at_step: nudge",
        ),
        word(
            "set",
            Takes::Named {
                name: Known::Target,
                value: &Takes::Anything,
            },
            "Variables and traits at the end",
            "set: { run.code: BACK10 }",
        ),
        word(
            "traits",
            Takes::Anything,
            "Traits at the end",
            "traits: { lapsed: true }",
        ),
        word(
            "vars",
            Takes::Anything,
            "Variables of the run at the end",
            "vars: { code: BACK10 }",
        ),
        word(
            "events",
            Takes::OneOrMore(&Takes::Either(EMITTED_TAKES)),
            "The events that the journey emits",
            "events: [nps.answered]",
        ),
    ],
    ..PLAIN
};

static SENT: Context = Context {
    name: "sent",
    what: "an expected message",
    about: "A message that leaves",
    words: &[
        word("step", STEP, "Which step sends it", "step: nudge").needed(),
        word("channel", CHANNEL, "By which channel", "channel: email"),
        word(
            "template",
            Takes::Ref(Known::Template),
            "With which template",
            "template: cart/nudge",
        ),
        word(
            "after",
            Takes::Duration,
            "How long after the test begins",
            "after: 1d",
        ),
        word(
            "at",
            Takes::Moment,
            "At what time, instead of `after`",
            "at: \"tue 09:00\"",
        ),
        word(
            "subject",
            Takes::Text,
            "Its subject",
            "subject: Your cart is waiting",
        ),
        word(
            "contains",
            Takes::OneOrMore(&Takes::Text),
            "Texts that it contains",
            "contains: [BACK10]",
        ),
        word(
            "lacks",
            Takes::OneOrMore(&Takes::Text),
            "Texts that it does not contain",
            "lacks: [BACK10]",
        ),
        word(
            "with",
            Takes::Anything,
            "Values of its `with`",
            "with: { code: BACK10 }",
        ),
    ],
    ..PLAIN
};

static REFUSED: Context = Context {
    name: "refused",
    what: "a message that does not leave",
    about: "A message that is held back",
    words: &[
        word("step", STEP, "Whose message it is", "step: nudge").needed(),
        word("reason", Takes::Ref(Known::Other), "Why", "reason: capped"),
        word(
            "rule",
            Takes::Ref(Known::Other),
            "The cap or quiet hours that hold it back",
            "rule: marketing_week",
        ),
        word("channel", CHANNEL, "By which channel", "channel: email"),
    ],
    ..PLAIN
};

static EMITTED: Context = Context {
    name: "emitted",
    what: "an event of the journey's own",
    about: "An event that the journey emits",
    words: &[
        word(
            "event",
            Takes::Ref(Known::Event),
            "Which event",
            "event: nps.answered",
        )
        .needed(),
        word("with", Takes::Anything, "Its fields", "with: { score: 9 }"),
    ],
    ..PLAIN
};
