//! A step in the author's words: what it says, field by field, without where it leads.

use std::fmt::Write as _;

use jiff::{SignedDuration, civil};

use crate::{
    expr::{Expr, Operand},
    machine::{Ask, Choice, Expect, Hours, Missed, Op, Send, Target, Wait, WaitFor, Zone},
};

/// One field of a step or of a journey's head, as an author would write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facet {
    /// The field: `within`, `arm discount`.
    pub what: String,
    /// Its value.
    pub value: String,
}

/// Facets in the order of the text.
#[derive(Default)]
pub(super) struct Facets(pub(super) Vec<Facet>);

impl Facets {
    pub(super) fn add(&mut self, what: impl Into<String>, value: impl Into<String>) {
        self.0.push(Facet {
            what: what.into(),
            value: value.into(),
        });
    }

    /// A field that may be absent.
    pub(super) fn maybe(&mut self, what: impl Into<String>, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.add(what, value);
        }
    }

    pub(super) fn condition(&mut self, what: impl Into<String>, expr: Option<&Expr>) {
        self.maybe(what, expr.map(Expr::source));
    }

    pub(super) fn span(&mut self, what: impl Into<String>, span: Option<SignedDuration>) {
        self.maybe(what, span.map(duration));
    }
}

/// What a step says.
pub(super) fn step(op: &Op) -> Vec<Facet> {
    let mut facets = Facets::default();
    match op {
        Op::Wait(wait) => facets.wait(wait),
        Op::WaitFor(wait) => facets.wait_for(wait),
        Op::Choose { arms, .. } => {
            for (number, (when, _)) in arms.iter().enumerate() {
                facets.add(when_of(number), when.source());
            }
        }
        Op::Split { salt, arms } => {
            for arm in arms {
                facets.add(format!("arm {}", arm.name), arm.weight.to_string());
            }
            facets.maybe("salt", (!salt.is_empty()).then_some(&**salt));
        }
        Op::Send(send) => facets.send("send", send),
        Op::Set(targets) => {
            for (target, operand) in targets {
                facets.add(target_name(target), written(operand));
            }
        }
        Op::Exit { reason } => facets.add("reason", &**reason),
        Op::Ask(ask) => facets.ask(ask),
        Op::Call(call) => {
            facets.add("call", &*call.endpoint);
            facets.maybe("with", call.with.as_ref().map(written));
            facets.maybe("save", call.save.as_ref().map(target_name));
            facets.span("within", call.within);
            facets.span("due", call.due);
        }
        Op::HandOver(call) => {
            facets.add("hand_over", &*call.endpoint);
            facets.maybe("with", call.with.as_ref().map(written));
            facets.maybe("save", call.save.as_ref().map(target_name));
            facets.span("within", call.within);
            facets.span("due", call.due);
            facets.maybe("purpose", call.purpose.as_deref());
        }
        Op::Repeat(repeat) => {
            facets.span("every", Some(repeat.every));
            facets.add("times", repeat.times.to_string());
            facets.condition("until", repeat.until.as_ref());
        }
        Op::Emit { event, with } => {
            facets.add("emit", &**event);
            facets.maybe("with", with.as_ref().map(written));
        }
        Op::Start { journey, with } => {
            facets.add("start", &**journey);
            facets.maybe("with", with.as_ref().map(written));
        }
        Op::Stop { journey } => facets.add("stop", &**journey),
        Op::Use { fragment } => facets.add("use", &**fragment),
    }
    facets.0
}

/// The first condition of a choice needs no number: it is that of an `if`.
fn when_of(number: usize) -> String {
    match number {
        0 => "if".into(),
        n => format!("when {}", n + 1),
    }
}

fn target_name(target: &Target) -> String {
    match target {
        Target::Run(name) => format!("run.{name}"),
        Target::Customer(name) => format!("customer.{name}"),
    }
}

impl Facets {
    fn wait(&mut self, wait: &Wait) {
        let plain = wait.moment.is_none();
        let spans = wait.span != SignedDuration::ZERO;
        self.span("wait", (plain && spans).then_some(wait.span));
        self.condition("until", wait.moment.as_ref());
        let offset = (wait.offset != SignedDuration::ZERO).then_some(wait.offset);
        self.span("offset", offset);
        self.maybe("at", wait.at.map(hours));
        let days: Vec<_> = wait.days.iter().map(|d| word(*d)).collect();
        self.maybe("days", (!days.is_empty()).then(|| days.join(" ")));
        let zoned = wait.at.is_some() || !wait.days.is_empty();
        self.maybe("zone", zoned.then(|| zone(&wait.zone)));
        let missed = match wait.missed {
            Missed::GoOn => None,
            Missed::Exit => Some("exit"),
            Missed::Steps(_) => Some("steps"),
        };
        self.maybe("missed", missed);
    }

    fn wait_for(&mut self, wait: &WaitFor) {
        for (number, arm) in wait.arms.iter().enumerate() {
            let of = match number {
                0 => String::new(),
                n => format!("any {}, ", n + 1),
            };
            self.maybe(format!("{of}wait_for"), arm.event.as_deref());
            self.condition(format!("{of}if"), arm.condition.as_ref());
        }
        self.span("within", wait.within);
    }

    fn ask(&mut self, ask: &Ask) {
        self.send("ask", &ask.send);
        match &ask.expect {
            Expect::Options(choices) => {
                for choice in choices {
                    self.add(format!("option {}", choice.name), choice_words(choice));
                }
            }
            Expect::Text => self.add("expect", "text"),
            Expect::Number { min, max } => self.add("expect", number_words(*min, *max)),
            Expect::Date => self.add("expect", "date"),
            Expect::Email => self.add("expect", "email"),
        }
        self.maybe("save", ask.save.as_ref().map(target_name));
        self.span("within", ask.within);
        self.add("retry", ask.retry.to_string());
    }

    fn send(&mut self, verb: &str, send: &Send) {
        let channels: Vec<_> = send.channels.iter().map(|c| c.as_str()).collect();
        self.add(verb, channels.join(", "));
        self.add("template", &*send.template);
        self.maybe("with", send.with.as_ref().map(written));
        self.add("purpose", &*send.purpose);
        self.maybe("capped", send.capped.map(word));
        self.maybe("quiet", send.quiet.map(word));
        self.span("expires", send.expires);
        self.maybe("key", send.key.as_ref().map(written));
    }
}

fn choice_words(choice: &Choice) -> String {
    let labels = choice
        .label
        .iter()
        .map(|(locale, label)| match locale.is_empty() {
            true => label.to_string(),
            false => format!("{locale}: {label}"),
        });
    let mut words: Vec<String> = labels.collect();
    words.extend(choice.synonyms.iter().map(ToString::to_string));
    words.join(", ")
}

fn number_words(min: Option<f64>, max: Option<f64>) -> String {
    match (min, max) {
        (None, None) => "number".into(),
        (Some(min), None) => format!("number from {min}"),
        (None, Some(max)) => format!("number up to {max}"),
        (Some(min), Some(max)) => format!("number from {min} to {max}"),
    }
}

/// A word of the language, as it is serialised.
pub(super) fn word(word: impl serde::Serialize) -> String {
    match serde_json::to_value(word) {
        Ok(serde_json::Value::String(text)) => text,
        other => other.map(|v| v.to_string()).unwrap_or_default(),
    }
}

/// A length of time as authors write it: `1d12h`, `90s`.
pub fn duration(span: SignedDuration) -> String {
    let (sign, mut rest) = (span.is_negative(), span.as_secs().unsigned_abs());
    if rest == 0 {
        return "0m".into();
    }
    let mut text = String::from(if sign { "-" } else { "" });
    for (unit, seconds) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        let count = rest / seconds;
        rest %= seconds;
        if count > 0 {
            // Writing into a string does not fail.
            let _ = write!(text, "{count}{unit}");
        }
    }
    text
}

/// A time of day as authors write it.
pub(super) fn time(time: civil::Time) -> String {
    time.strftime("%H:%M").to_string()
}

fn hours(hours: Hours) -> String {
    match hours {
        Hours::At(at) => time(at),
        Hours::Between { from, to } => format!("{}-{}", time(from), time(to)),
    }
}

pub(super) fn zone(zone: &Zone) -> String {
    match zone {
        Zone::Customer => "customer".into(),
        Zone::Named(name) => name.to_string(),
    }
}

/// An operand as authors write it.
pub(super) fn written(operand: &Operand) -> String {
    match operand {
        Operand::Literal(value) => value
            .as_text()
            .map_or_else(|| value.to_string(), ToOwned::to_owned),
        Operand::Computed(expr) => expr.source().to_owned(),
        Operand::List(items) => {
            let items: Vec<_> = items.iter().map(written).collect();
            format!("[{}]", items.join(", "))
        }
        Operand::Map(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(k, v)| format!("{k}: {}", written(v)))
                .collect();
            format!("{{ {} }}", fields.join(", "))
        }
    }
}
