//! A step in the author's words: what it says, field by field, without where it leads.

use std::fmt::Write as _;

use jiff::{SignedDuration, civil};

use crate::{
    expr::{Expr, Operand},
    machine::{Hours, Missed, Op, Send, Target, Wait, WaitFor, Zone},
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

/// The verb of a step, as it is written; rule 52 holds steps together by it.
pub fn verb(op: &Op) -> &'static str {
    match op {
        Op::Wait(_) => "wait",
        Op::WaitFor(_) => "wait_for",
        Op::Choose { .. } => "choose",
        Op::Split { .. } => "split",
        Op::Send(_) => "send",
        Op::Set(_) => "set",
        Op::Exit { .. } => "exit",
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
        Op::Send(send) => facets.send(send),
        Op::Set(targets) => {
            for (target, operand) in targets {
                facets.add(target_name(target), written(operand));
            }
        }
        Op::Exit { reason } => facets.add("reason", &**reason),
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
        self.maybe("wait_for", wait.event.as_deref());
        self.condition("if", wait.condition.as_ref());
        self.span("within", wait.within);
    }

    fn send(&mut self, send: &Send) {
        let channels: Vec<_> = send.channels.iter().map(|c| c.as_str()).collect();
        self.add("send", channels.join(", "));
        self.add("template", &*send.template);
        self.maybe("with", send.with.as_ref().map(written));
        self.add("purpose", &*send.purpose);
        self.maybe("capped", send.capped.map(word));
        self.maybe("quiet", send.quiet.map(word));
        self.span("expires", send.expires);
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
