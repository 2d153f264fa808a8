//! What may stand behind a word.

use super::{Context, schemas::RULE};

/// What may stand behind a word, or be an item of a list.
#[derive(Clone, Copy, Debug)]
pub enum Takes {
    /// Any text.
    Text,
    /// Something that has a name elsewhere.
    Ref(Known),
    /// An id, arm, variable or reason: `[a-z][a-z0-9_]*`.
    Name,
    /// The name of a journey or a tag: `[a-z][a-z0-9_-]*`.
    Slug,
    /// A condition or another expression.
    Expression,
    /// A value by rule 3: a path is its value, `=` computes, all else is as written.
    Given,
    /// Named values by rule 3.
    GivenMap,
    /// A length of time from zero up.
    Duration,
    /// A length of time that may be negative.
    Offset,
    /// A whole number within bounds.
    Whole {
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
    /// What must not be shown.
    Secret {
        /// The least number of bytes that it has.
        least: u32,
        /// Whether several may stand there, separated by spaces.
        several: bool,
    },
    /// Any number.
    Number,
    /// `true` or `false`.
    Truth,
    /// A time of day.
    Time,
    /// A time of day or a window.
    Hours,
    /// A moment, a time of day or a window.
    Until,
    /// A moment that is written out, such as `2026-01-05T10:00+01:00`.
    Moment,
    /// `customer` or an IANA name.
    Zone,
    /// An IANA name.
    ZoneName,
    /// A day of the week or a range of them.
    Day,
    /// One of a few words.
    OneOf(&'static [Choice]),
    /// Exactly this word.
    Just(&'static str),
    /// A list of steps.
    Steps,
    /// A schema, or `true`: anything.
    Schema,
    /// The words of that context.
    Fields(&'static Context),
    /// Fields whose names the author chooses.
    Named {
        /// What the names are.
        name: Known,
        /// What stands behind each.
        value: &'static Takes,
    },
    /// A list.
    List(&'static Takes),
    /// One, or a list of them.
    OneOrMore(&'static Takes),
    /// Any of these.
    Either(&'static [Takes]),
    /// Anything that YAML can hold.
    Anything,
}

/// One of a few words.
#[derive(Debug)]
pub struct Choice {
    /// As authors write it.
    pub name: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
}

pub(super) const fn choice(name: &'static str, about: &'static str) -> Choice {
    Choice { name, about }
}

/// Kinds of things that have names elsewhere, or get them here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// An event: a file under `config/events/`, or any text.
    Event,
    /// A purpose of `config/policies.yaml`.
    Purpose,
    /// A label of `config/policies.yaml`.
    Label,
    /// A folder under `templates/`.
    Template,
    /// A journey.
    Journey,
    /// A tag of journeys.
    Tag,
    /// A file under `config/segments/`.
    Segment,
    /// An endpoint of `config/endpoints.yaml`.
    Endpoint,
    /// A source of `config/content.yaml`.
    Source,
    /// A pool of `config/vouchers.yaml`.
    Pool,
    /// A fragment of steps.
    Fragment,
    /// A parameter of a fragment.
    Parameter,
    /// A path to a trait of the customer: `customer.birthday`.
    TraitPath,
    /// A trait's name.
    Trait,
    /// A variable of the run or a trait of the customer: what `set` may set.
    Target,
    /// A step's id, in this journey.
    Step,
    /// The name of an arm.
    Arm,
    /// A reason to leave.
    Reason,
    /// The name of an answer.
    Answer,
    /// A channel, as a field's name.
    Channel,
    /// A locale, such as `fr` or `fr-BE`.
    Locale,
    /// A country, ISO 3166-1: `FR`.
    Country,
    /// A year, such as `2026`.
    Year,
    /// A cron expression.
    Cron,
    /// A field of an event or a schema.
    Field,
    /// A definition of a schema.
    Definition,
    /// The name of an environment variable.
    Environment,
    /// A web address.
    Url,
    /// Where something listens: `127.0.0.1:8080`.
    Listen,
    /// The address of a PostgreSQL; it may hold a password.
    Database,
    /// The address of a RabbitMQ; it may hold a password.
    Broker,
    /// A mail address.
    Mail,
    /// A mail address, with or without a name before it.
    Sender,
    /// A colour: `#0f6b3c`.
    Colour,
    /// A domain of mail addresses, or `*`.
    Domain,
    /// Something else with a name.
    Other,
}

pub(super) static CHANNELS: &[Choice] = &[
    choice("email", "e-mail"),
    choice("sms", "a text message to the telephone"),
    choice("push", "a notification of the app or the browser"),
    choice("chat", "a message in the chat"),
];
pub(super) const CHANNEL: Takes = Takes::OneOf(CHANNELS);

impl Takes {
    /// Whether it may hold what must not be shown.
    pub fn is_secret(&self) -> bool {
        matches!(
            self,
            Self::Secret { .. } | Self::Ref(Known::Database | Known::Broker)
        )
    }

    /// The context of the named fields that may stand here, if they may.
    pub fn fields(&self) -> Option<&'static Context> {
        match self {
            Self::Fields(context) => Some(context),
            Self::Schema => Some(&RULE),
            Self::Either(all) => all.iter().find_map(Self::fields),
            Self::OneOrMore(one) => one.fields(),
            _ => None,
        }
    }

    /// The words that may stand here, if it is one of a few: `fields` of a value completion.
    pub fn choices(&self) -> Vec<&'static Choice> {
        match self {
            Self::OneOf(choices) => choices.iter().collect(),
            Self::Either(all) => all.iter().flat_map(Self::choices).collect(),
            Self::OneOrMore(one) => one.choices(),
            _ => Vec::new(),
        }
    }

    /// What is expected, in a few words.
    pub fn say(&self) -> String {
        match self {
            Self::Text => "text".into(),
            Self::Ref(known) => known.say().into(),
            Self::Name => "a name of a-z, digits and _".into(),
            Self::Slug => "a name of a-z, digits, _ and -".into(),
            Self::Expression => "an expression".into(),
            Self::Given => "a value".into(),
            Self::GivenMap => "named values".into(),
            Self::Duration => "a duration".into(),
            Self::Offset => "a duration, also negative".into(),
            Self::Whole { min, max: u32::MAX } => format!("a whole number from {min} up"),
            Self::Whole { min, max } => format!("a whole number from {min} to {max}"),
            Self::Secret { least: 1, .. } => "a secret".into(),
            Self::Secret { least, .. } => format!("a secret of {least} characters or more"),
            Self::Number => "a number".into(),
            Self::Truth => "`true` or `false`".into(),
            Self::Time => "a time".into(),
            Self::Hours => "a time or a window".into(),
            Self::Until => "a moment, a time or a window".into(),
            Self::Moment => "a moment".into(),
            Self::Zone => "a zone".into(),
            Self::ZoneName => "the name of a zone".into(),
            Self::Day => "a day".into(),
            Self::OneOf(choices) => {
                let words: Vec<String> = choices.iter().map(|c| format!("`{}`", c.name)).collect();
                words.join(", ")
            }
            Self::Just(word) => format!("`{word}`"),
            Self::Steps => "steps".into(),
            Self::Schema => "a schema".into(),
            Self::Fields(context) => context.what.into(),
            Self::Named { name, value } => format!("for each {}: {}", name.noun(), value.say()),
            Self::List(item) => format!("a list: {}", item.say()),
            Self::OneOrMore(item) => format!("{}; or a list", item.say()),
            Self::Either(all) => {
                let words: Vec<String> = all.iter().map(Self::say).collect();
                words.join(", or ")
            }
            Self::Anything => "anything".into(),
        }
    }
}

impl Known {
    /// With its article: `an event`.
    fn say(self) -> &'static str {
        match self {
            Self::Event => "an event",
            Self::Purpose => "a purpose",
            Self::Label => "a label",
            Self::Template => "a template",
            Self::Journey => "a journey",
            Self::Tag => "a tag",
            Self::Segment => "a segment",
            Self::Endpoint => "an endpoint",
            Self::Source => "a source",
            Self::Pool => "a pool",
            Self::Fragment => "a fragment",
            Self::Parameter => "a parameter",
            Self::TraitPath => "a trait, as a path",
            Self::Trait => "a trait",
            Self::Target => "`run.NAME` or `customer.NAME`",
            Self::Step => "a step's id",
            Self::Arm => "an arm",
            Self::Reason => "a reason",
            Self::Answer => "an answer",
            Self::Channel => "a channel",
            Self::Locale => "a locale",
            Self::Country => "a country",
            Self::Year => "a year",
            Self::Cron => "a cron expression",
            Self::Field => "a field",
            Self::Definition => "a definition",
            Self::Environment => "an environment variable",
            Self::Url => "a web address",
            Self::Listen => "an address to listen at, as `127.0.0.1:8080`",
            Self::Database => "the address of a PostgreSQL, `postgres://…`",
            Self::Broker => "the address of a RabbitMQ, `amqp://…` or `amqps://…`",
            Self::Mail => "a mail address",
            Self::Sender => "a mail address, as `Shop <news@shop.example>`",
            Self::Colour => "a colour, as `#0f6b3c`",
            Self::Domain => "a domain",
            Self::Other => "a name",
        }
    }

    /// Without its article.
    fn noun(self) -> &'static str {
        let said = self.say();
        said.split_once(' ')
            .filter(|(article, _)| matches!(*article, "a" | "an"))
            .map_or(said, |(_, noun)| noun)
    }
}
