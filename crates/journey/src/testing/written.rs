//! Tests as written in `tests.yaml`, typed, with the place of everything that may be expected.

use std::sync::Arc;

use jiff::SignedDuration;

use super::stamp::Stamp;
use crate::{
    customer::ConsentState,
    expr::Operand,
    message::{Channel, Reason},
    parse::ast::Word,
    source::Span,
};

/// The tests of one journey: its `tests.yaml`.
#[derive(Clone, Debug)]
pub struct TestFile {
    /// The path of the file.
    pub path: Arc<str>,
    /// The journey that the tests are about.
    pub journey: Arc<str>,
    /// The tests, as written.
    pub tests: Vec<Test>,
}

/// One test.
#[derive(Clone, Debug)]
pub struct Test {
    pub(crate) name: Word,
    /// When it begins.
    pub(crate) at: Option<Placed<Stamp>>,
    pub(crate) customer: Person,
    /// Other journeys that run beside the one under test.
    pub(crate) with: Vec<Arc<str>>,
    /// Splits and the arms that are forced.
    pub(crate) arms: Vec<(Arc<str>, Arc<str>)>,
    /// Messages that the provider refuses for good.
    pub(crate) fails: Vec<Fails>,
    /// What endpoints answer, by step or endpoint.
    pub(crate) calls: Vec<(Arc<str>, Answers)>,
    /// What happens, as written.
    pub(crate) events: Vec<Happening>,
    /// How long the clock runs from the start; `None`: until nothing is pending.
    pub(crate) run_for: Option<SignedDuration>,
    pub(crate) expect: Expect,
}

impl Test {
    /// Its name, unique in its file.
    pub fn name(&self) -> &Arc<str> {
        &self.name.text
    }

    /// Where the name stands: bytes of the file.
    pub fn span(&self) -> Span {
        self.name.span.clone()
    }
}

/// Something with its place.
#[derive(Clone, Debug)]
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

/// A list with the place of the whole.
#[derive(Clone, Debug)]
pub(crate) struct List<T> {
    pub(crate) span: Span,
    pub(crate) items: Vec<T>,
}

/// The states of a purpose's consents.
pub(crate) type Consents = Vec<(Channel, ConsentState)>;

/// The customer of a test.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub(crate) id: Option<Arc<str>>,
    pub(crate) traits: Vec<(Arc<str>, Operand)>,
    pub(crate) consents: Vec<(Arc<str>, Consents)>,
    pub(crate) sent: Vec<Past>,
    /// The channels that reach them; `None`: all, but for those whose address is written empty.
    pub(crate) reachable: Option<Vec<Channel>>,
    /// Whether they are in the control group.
    pub(crate) control: bool,
}

/// A message of the time before the test.
#[derive(Clone, Debug)]
pub(crate) struct Past {
    pub(crate) channel: Channel,
    pub(crate) purpose: Arc<str>,
    pub(crate) ago: SignedDuration,
    pub(crate) journey: Option<Arc<str>>,
    /// Whether the customer opened or answered it.
    pub(crate) heeded: bool,
}

/// A message that does not arrive.
#[derive(Clone, Debug)]
pub(crate) struct Fails {
    pub(crate) step: Arc<str>,
    /// By this channel; `None`: by any.
    pub(crate) channel: Option<Channel>,
}

/// What an endpoint answers.
#[derive(Clone, Debug)]
pub(crate) enum Answers {
    With(Operand),
    /// It fails for good.
    Fails,
    /// It never answers.
    Never,
}

/// When something happens.
#[derive(Clone, Debug)]
pub(crate) enum When {
    /// So long after the start.
    After(SignedDuration),
    /// At that time.
    At(Stamp),
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    /// `None`: together with the one before it.
    pub(crate) when: Option<When>,
    pub(crate) what: What,
    /// Where it says what happens.
    pub(crate) span: Span,
}

/// What happens.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// An event; `identify` where only traits change.
    Event {
        name: Arc<str>,
        with: Vec<(Arc<str>, Operand)>,
        traits: Vec<(Arc<str>, Operand)>,
    },
    /// The customer does something with a message: `delivered`, `opened`, `clicked`, `replied`.
    Message {
        what: &'static str,
        step: Arc<str>,
        text: Option<Arc<str>>,
    },
    /// The customer writes back, without saying to which message.
    Writes { text: Arc<str> },
    /// A person hands a conversation back, perhaps with what came of it.
    HandsBack {
        step: Arc<str>,
        answer: Option<Operand>,
    },
    /// The shop starts the journey through the API.
    Starts { with: Vec<(Arc<str>, Operand)> },
    /// An address turns out to be no good: `bounced`, `complained`.
    Address { what: &'static str, by: By },
    /// A consent is given or taken back.
    Consent {
        granted: bool,
        purpose: Arc<str>,
        /// All where empty.
        channels: Vec<Channel>,
        confirmed: bool,
    },
}

/// Which address.
#[derive(Clone, Debug)]
pub(crate) enum By {
    /// Of that channel.
    Channel(Channel),
    /// To which that step's message went.
    Step(Arc<str>),
}

/// What is expected at the end. What is absent is not looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expect {
    pub(crate) sends: Option<List<Sent>>,
    pub(crate) suppressed: Option<List<Refused>>,
    /// The reason of the last end, or those of all ends.
    pub(crate) end: Option<End>,
    pub(crate) goal: Option<Placed<bool>>,
    pub(crate) entered: Option<Placed<bool>>,
    pub(crate) path: Option<List<Stop>>,
    pub(crate) at_step: Option<Word>,
    pub(crate) traits: Vec<(Word, Operand)>,
    pub(crate) vars: Vec<(Word, Operand)>,
    pub(crate) events: Option<List<Emitted>>,
}

/// How runs are expected to end.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// The last one so.
    Last(Word),
    /// All of them so, in this order.
    All(List<Word>),
}

/// A message that is expected to leave.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) step: Word,
    pub(crate) channel: Option<Placed<Channel>>,
    pub(crate) template: Option<Word>,
    pub(crate) when: Option<Placed<When>>,
    pub(crate) subject: Option<Word>,
    pub(crate) contains: Vec<Word>,
    pub(crate) lacks: Vec<Word>,
    pub(crate) with: Vec<(Word, Operand)>,
}

/// A message that is expected not to leave.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(crate) step: Word,
    pub(crate) reason: Option<Placed<Reason>>,
    pub(crate) rule: Option<Word>,
    pub(crate) channel: Option<Placed<Channel>>,
}

/// A step that is expected to be walked, and perhaps the branch that is taken there.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    pub(crate) step: Word,
    pub(crate) branch: Option<Word>,
}

/// An event of the journey's own that is expected.
#[derive(Clone, Debug)]
pub(crate) struct Emitted {
    pub(crate) name: Word,
    pub(crate) with: Vec<(Word, Operand)>,
}
