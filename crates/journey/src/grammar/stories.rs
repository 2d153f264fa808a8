//! `journeys/NAME/tests.yaml`: tests in simulated time.

use super::{
    Context, Form, PLAIN, Takes, Word,
    takes::{CHANNEL, Choice, Known, choice},
    word,
};

/// One test after the other.
pub(super) static STORIES: Takes = Takes::List(&Takes::Fields(&STORY));

static STORY: Context = Context {
    name: "test",
    what: "a test",
    about: "One story about one customer, and what should come of it",
    words: &[
        word(
            "name",
            Takes::Text,
            "What the journey promises",
            "name: a buyer never hears from us",
        )
        .needed(),
        word(
            "at",
            Takes::Moment,
            "When it begins",
            "at: 2026-01-05T10:00+01:00",
        )
        .or_else("Monday, 2026-01-05 at 09:00 in the default zone"),
        word(
            "customer",
            Takes::Fields(&CUSTOMER),
            "Who it is about",
            "customer: { id: ana, country: FR }",
        )
        .or_else("somebody without traits and consents"),
        word(
            "with",
            Takes::OneOrMore(&Takes::Ref(Known::Journey)),
            "Other journeys that run beside this one",
            "with: [welcome]",
        )
        .or_else("none"),
        word(
            "arms",
            Takes::Named {
                name: Known::Step,
                value: &Takes::Ref(Known::Arm),
            },
            "Which arm of each split they are dealt to",
            "arms: { offer: reminder }",
        )
        .or_else("as the hash deals"),
        word(
            "fails",
            Takes::OneOrMore(&Takes::Either(FAILURES)),
            "Steps whose messages do not arrive",
            "fails: [nudge]",
        )
        .or_else("providers accept at once"),
        word(
            "calls",
            Takes::Named {
                name: Known::Endpoint,
                value: &Takes::Anything,
            },
            "What endpoints answer, by endpoint or step: fields, `fail` or `never`",
            "calls: { vouchers: { code: X1 } }",
        ),
        word(
            "events",
            Takes::List(&Takes::Fields(&HAPPENS)),
            "What happens to them",
            "events: [ { after: 1h, event: order.placed } ]",
        )
        .or_else("nothing"),
        word(
            "run_for",
            Takes::Duration,
            "How long the clock runs",
            "run_for: 3d",
        )
        .or_else("until nothing is pending"),
        word(
            "expect",
            Takes::Fields(&OUTCOME),
            "What should come of it",
            "expect: { end: bought }",
        )
        .needed(),
    ],
    ..PLAIN
};

static FAILURES: &[Takes] = &[Takes::Ref(Known::Step), Takes::Fields(&FAILURE)];
static FAILURE: Context = Context {
    name: "failure",
    what: "a failure",
    about: "A message that the provider refuses for good",
    words: &[
        word(
            "step",
            Takes::Ref(Known::Step),
            "Whose message does not arrive",
            "step: nudge",
        )
        .needed(),
        word("channel", CHANNEL, "By this channel only", "channel: email").or_else("any"),
    ],
    ..PLAIN
};

static SOME_CHANNELS: &[Takes] = &[Takes::OneOrMore(&CHANNEL), Takes::OneOf(ALL)];
static ALL: &[Choice] = &[choice("all", "all channels")];
static REACHABLE: &[Takes] = &[Takes::OneOrMore(&CHANNEL), Takes::OneOf(ALL_OR_NONE)];
static ALL_OR_NONE: &[Choice] = &[choice("all", "all channels"), choice("none", "no channel")];
static CONSENT: &[Takes] = &[
    Takes::OneOrMore(&CHANNEL),
    Takes::OneOf(ALL),
    Takes::Named {
        name: Known::Channel,
        value: &Takes::OneOf(STATES),
    },
];
static STATES: &[Choice] = &[
    choice("granted", "given, and confirmed where that is asked for"),
    choice("unconfirmed", "given, but not confirmed"),
    choice("withdrawn", "withdrawn"),
];

static CUSTOMER: Context = Context {
    name: "customer",
    what: "a customer",
    about: "What they have agreed to and been sent; every other name is a trait",
    words: &[
        word("id", Takes::Text, "Who they are", "id: ana"),
        word(
            "consent",
            Takes::Named {
                name: Known::Purpose,
                value: &Takes::Either(CONSENT),
            },
            "The channels that they agreed to, by purpose",
            "consent: { marketing: [email] }",
        )
        .or_else("none"),
        word(
            "sent",
            Takes::OneOrMore(&Takes::Fields(&SENT_BEFORE)),
            "What they have been sent before, which caps count",
            "sent: [ { channel: email, purpose: marketing, ago: 1d } ]",
        )
        .or_else("nothing"),
        word(
            "reachable",
            Takes::Either(REACHABLE),
            "The channels that reach them",
            "reachable: [email]",
        )
        .or_else("all"),
        word(
            "traits",
            Takes::Anything,
            "Traits by name, where one is called like a word of this list",
            "traits: { country: FR }",
        )
        .or_else("none"),
    ],
    rest: Some(Takes::Anything),
    ..PLAIN
};

static SENT_BEFORE: Context = Context {
    name: "sent_before",
    what: "a message of before",
    about: "A message of the time before the test",
    words: &[
        word("channel", CHANNEL, "By which channel", "channel: email").needed(),
        word(
            "purpose",
            Takes::Ref(Known::Purpose),
            "For which purpose",
            "purpose: marketing",
        )
        .needed(),
        word(
            "ago",
            Takes::Duration,
            "How long before the test it went",
            "ago: 1d",
        )
        .needed(),
        word(
            "journey",
            Takes::Ref(Known::Journey),
            "Which journey sent it",
            "journey: welcome",
        ),
    ],
    ..PLAIN
};

const AFTER: Word = word(
    "after",
    Takes::Duration,
    "How long after the test begins",
    "after: 90m",
)
.or_else("together with the one before");
const AT: Word = word(
    "at",
    Takes::Moment,
    "At what time, instead of `after`",
    "at: \"10:00\"",
);
const STEP: Takes = Takes::Ref(Known::Step);
static REPLY_TAKES: &[Takes] = &[Takes::Text, Takes::Fields(&REPLY)];
static CONSENT_TAKES: &[Takes] = &[Takes::Ref(Known::Purpose), Takes::Fields(&CONSENT_GIVEN)];
static HANDED_BACK_TAKES: &[Takes] = &[Takes::Ref(Known::Step), Takes::Fields(&HANDED_BACK)];

/// A form without more words than its first.
macro_rules! happens {
    ($name:literal, $takes:expr, $about:literal, $example:literal $(, $more:expr)*) => {
        Form {
            what: "an entry of `events`",
            head: word($name, $takes, $about, $example),
            words: &[$($more),*],
        }
    };
}

static HAPPENS: Context = Context {
    name: "happening",
    what: "an entry of `events`",
    about: "One thing that happens",
    words: &[AFTER, AT],
    forms: &[
        happens!(
            "event",
            Takes::Ref(Known::Event),
            "An event comes in",
            "event: order.placed",
            word(
                "with",
                Takes::Anything,
                "Its fields",
                "with: { cart_id: c1, total: 50 }"
            )
            .or_else("none"),
            word(
                "traits",
                Takes::Anything,
                "Traits that it brings along",
                "traits: { country: FR }"
            )
            .or_else("none")
        ),
        happens!(
            "opens",
            STEP,
            "The customer opens that step's message",
            "opens: nudge"
        ),
        happens!(
            "clicks",
            STEP,
            "The customer clicks in that step's message",
            "clicks: nudge"
        ),
        happens!(
            "delivered",
            STEP,
            "That step's message arrives",
            "delivered: nudge"
        ),
        happens!(
            "replies",
            Takes::Either(REPLY_TAKES),
            "The customer writes",
            "replies: \"Yes, please\""
        ),
        happens!(
            "bounces",
            Takes::Text,
            "An address turns out to be no good: of a channel, or of that step's message",
            "bounces: email"
        ),
        happens!(
            "complains",
            Takes::Text,
            "The customer reports a message as spam: by a channel, or of that step",
            "complains: email"
        ),
        happens!(
            "grants",
            Takes::Either(CONSENT_TAKES),
            "The customer gives a consent",
            "grants: marketing"
        ),
        happens!(
            "withdraws",
            Takes::Either(CONSENT_TAKES),
            "The customer takes a consent back",
            "withdraws: marketing"
        ),
        happens!(
            "hands_back",
            Takes::Either(HANDED_BACK_TAKES),
            "A person hands the customer back",
            "hands_back: person"
        ),
        happens!(
            "starts",
            Takes::Anything,
            "The API starts the journey, with these fields",
            "starts: { cart_id: c1 }"
        ),
        happens!(
            "traits",
            Takes::Anything,
            "Traits of the customer change",
            "traits: { vip: true }"
        ),
    ],
    ..PLAIN
};

static REPLY: Context = Context {
    name: "reply",
    what: "a reply",
    about: "An answer to a message",
    words: &[
        word("to", STEP, "Which step's message is answered", "to: nudge").needed(),
        word(
            "text",
            Takes::Text,
            "What the customer writes",
            "text: \"Yes, please\"",
        )
        .or_else("nothing that can be read"),
    ],
    ..PLAIN
};

static HANDED_BACK: Context = Context {
    name: "hand_back",
    what: "a hand-back",
    about: "A person is done with a customer",
    words: &[
        word("step", STEP, "Which step had handed over", "step: person").needed(),
        word(
            "answer",
            Takes::Anything,
            "What came of it",
            "answer: { solved: true }",
        )
        .or_else("nothing"),
    ],
    ..PLAIN
};

static CONSENT_GIVEN: Context = Context {
    name: "consent",
    what: "a consent",
    about: "A consent that changes",
    words: &[
        word(
            "purpose",
            Takes::Ref(Known::Purpose),
            "What it is for",
            "purpose: marketing",
        )
        .needed(),
        word(
            "channels",
            Takes::Either(SOME_CHANNELS),
            "On which channels",
            "channels: [email]",
        )
        .or_else("all"),
        word(
            "confirmed",
            Takes::Truth,
            "Whether a given consent is confirmed",
            "confirmed: false",
        )
        .or("true"),
    ],
    ..PLAIN
};

static SENT_TAKES: &[Takes] = &[Takes::Ref(Known::Step), Takes::Fields(&SENT)];
static REFUSED_TAKES: &[Takes] = &[Takes::Ref(Known::Step), Takes::Fields(&REFUSED)];
static EMITTED_TAKES: &[Takes] = &[Takes::Ref(Known::Event), Takes::Fields(&EMITTED)];

static OUTCOME: Context = Context {
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
