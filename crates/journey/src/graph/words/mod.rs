//! How steps and rules are said, close to how authors write them.

mod time;

use jiff::SignedDuration;

pub(super) use self::time::{span, wait, zone};
use self::time::{time, whose};
use super::About;
use crate::{
    expr::{Expr, Operand},
    machine::{
        Again, Ask, By, Capped, Change, Entry, Exit, Expect, Goal, Inside, Quiet, Repeat, Send,
        Target, WaitFor,
    },
    message::Channel,
    value::Value,
};

/// A text of at most `most` characters on one line, `…` in place of what is too long.
pub(super) fn clip(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut count = 0;
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
            count += 1;
        }
        for c in word.chars().filter(|c| !c.is_control()) {
            if count + 1 >= most {
                out.push('…');
                return out;
            }
            out.push(c);
            count += 1;
        }
    }
    out
}

/// `Wait for order.placed`, and its condition.
pub(super) fn wait_for(wait: &WaitFor) -> (String, Option<String>) {
    let [arm] = wait.arms.as_slice() else {
        return ("Wait for the first of these".into(), None);
    };
    let condition = arm.condition.as_ref().map(Expr::source);
    match (&arm.event, condition) {
        (Some(event), condition) => (
            format!("Wait for {event}"),
            condition.map(|c| format!("if {c}")),
        ),
        (None, condition) => (
            format!("Wait until {}", condition.unwrap_or_default()),
            None,
        ),
    }
}

/// What counts as an answer, how often it is asked again, and where the answer goes.
pub(super) fn question(ask: &Ask) -> Vec<String> {
    let mut lines = vec![match &ask.expect {
        Expect::Options(choices) => {
            let labels: Vec<&str> = choices.iter().map(|c| &*c.name).collect();
            format!("answers: {}", labels.join(", "))
        }
        Expect::Text => "answer: text".into(),
        Expect::Number { min, max } => format!("answer: a number{}", bounds(*min, *max)),
        Expect::Date => "answer: a date".into(),
        Expect::Email => "answer: a mail address".into(),
    }];
    match ask.retry {
        0 => {}
        1 => lines.push("asks once more".into()),
        n => lines.push(format!("asks up to {n} times more")),
    }
    lines.extend(ask.save.as_ref().map(saved));
    lines.push(terms(&ask.send));
    lines
}

fn bounds(min: Option<f64>, max: Option<f64>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!(" from {min} to {max}"),
        (Some(min), None) => format!(" from {min}"),
        (None, Some(max)) => format!(" up to {max}"),
        (None, None) => String::new(),
    }
}

/// Where an answer is kept.
pub(super) fn saved(target: &Target) -> String {
    format!("saved as {}", name(target))
}

/// `no answer in 2 d`; without a limit it is a failure that leads there.
pub(super) fn no_answer(what: &str, within: Option<SignedDuration>) -> String {
    within.map_or_else(|| "failed".into(), |w| format!("{what} in {}", span(w)))
}

/// `Repeat 3 times, every 7 d`.
pub(super) fn repeat(repeat: &Repeat) -> String {
    let times = match repeat.times {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    };
    format!("Repeat {times}, every {}", span(repeat.every))
}

fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "e-mail",
        Channel::Sms => "SMS",
        Channel::Push => "push",
        Channel::Chat => "chat",
    }
}

/// `push, SMS or chat`.
pub(super) fn channels(channels: &[Channel]) -> String {
    let names: Vec<&str> = channels.iter().map(|c| channel(*c)).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// The same at the head of a line.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

/// The rest of a send: its purpose and its words.
pub(super) fn terms(send: &Send) -> String {
    let mut terms = vec![send.purpose.to_string()];
    terms.extend(send.expires.map(|e| format!("expires after {}", span(e))));
    terms.extend(send.capped.map(|c| format!("capped: {}", capped(c))));
    terms.extend(send.quiet.map(|q| format!("quiet: {}", quiet(q))));
    terms.extend(
        send.key
            .as_ref()
            .map(|k| format!("once per {}", operand(k))),
    );
    terms.retain(|term| !term.is_empty());
    terms.join(" · ")
}

fn capped(word: Capped) -> &'static str {
    match word {
        Capped::Skip => "skip",
        Capped::Hold => "hold",
        Capped::Fallback => "fallback",
        Capped::Send => "send",
    }
}

fn quiet(word: Quiet) -> &'static str {
    match word {
        Quiet::Skip => "skip",
        Quiet::Hold => "hold",
        Quiet::Fallback => "fallback",
        Quiet::Send => "send",
    }
}

fn name(target: &Target) -> String {
    match target {
        Target::Run(name) => format!("run.{name}"),
        Target::Customer(name) => format!("customer.{name}"),
    }
}

/// `Set run.code = BACK10`; several stand below each other.
pub(super) fn set(set: &[(Target, Operand)]) -> (String, Vec<String>) {
    let said =
        |(target, value): &(Target, Operand)| format!("{} = {}", name(target), operand(value));
    match set {
        [one] => (format!("Set {}", said(one)), Vec::new()),
        several => ("Set".into(), several.iter().map(said).collect()),
    }
}

/// A value as written: text without quotes.
fn operand(operand: &Operand) -> String {
    let written = |value: &Operand| self::operand(value);
    match operand {
        Operand::Literal(Value::Text(text)) => text.to_string(),
        Operand::Literal(value) => value.to_string(),
        Operand::Computed(expr) => expr.source().to_owned(),
        Operand::List(items) => {
            let items: Vec<String> = items.iter().map(written).collect();
            format!("[{}]", items.join(", "))
        }
        Operand::Map(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{name}: {}", written(value)))
                .collect();
            format!("{{ {} }}", fields.join(", "))
        }
    }
}

/// `order.placed if event.cart_id == run.key`.
pub(super) fn occasion(event: Option<&str>, condition: Option<&Expr>) -> String {
    let condition = condition.map(|c| format!("if {}", c.source()));
    [event.map(str::to_owned), condition]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

/// An entry: what lets a customer in, and what stands under it.
pub(super) fn entry(entry: &Entry) -> (String, Vec<String>) {
    let (title, mut details) = by(&entry.by);
    let condition = entry.condition.iter();
    details.extend(condition.map(|c| format!("if {}", c.source())));
    let key = entry.key.iter();
    details.extend(key.map(|k| format!("one run per {}", k.source())));
    (title, details)
}

fn by(by: &By) -> (String, Vec<String>) {
    match by {
        By::Event { name, .. } => (name.to_string(), Vec::new()),
        By::Segment {
            name,
            condition,
            change,
            backfill,
        } => {
            let title = match change {
                Change::Entered => format!("Comes into segment {name}"),
                Change::Left => format!("Leaves segment {name}"),
            };
            let mut details = vec![format!("that is {}", condition.source())];
            if *backfill {
                details.push("also those who belong to it already".into());
            }
            (title, details)
        }
        By::Schedule {
            cron,
            zone,
            segment,
        } => {
            let who = segment.as_ref().map_or_else(
                || "every customer".to_owned(),
                |(name, _)| format!("customers of segment {name}"),
            );
            (
                format!("Schedule {cron}"),
                vec![format!("{zone} time"), who],
            )
        }
        By::Date {
            of,
            yearly,
            offset,
            at,
            zone,
        } => {
            let title = format!("customer.{of}{}", if *yearly { ", every year" } else { "" });
            let mut when = Vec::new();
            if !offset.is_zero() {
                let side = if offset.is_negative() {
                    "before"
                } else {
                    "after"
                };
                when.push(format!("{} {side}", span(*offset)));
            }
            when.extend(at.map(|at| format!("at {}", time(at))));
            when.push(whose(zone));
            (title, vec![when.join(", ")])
        }
        By::Api => (
            "Started from elsewhere".into(),
            vec!["by the API, or by another journey".into()],
        ),
    }
}

pub(super) fn goal(goal: &Goal) -> String {
    let mut words = occasion(goal.event.as_deref(), goal.condition.as_ref());
    if let Some(within) = goal.within {
        words = format!("{words}, within {}", span(within));
    }
    words
}

pub(super) fn exit(exit: &Exit) -> String {
    occasion(exit.event.as_deref(), exit.condition.as_ref())
}

/// How a customer may enter again.
pub(super) fn again(again: Again) -> String {
    match again {
        Again::Never => "never again".into(),
        Again::Always => "whenever not inside".into(),
        Again::After {
            after,
            per_customer,
        } => {
            let per = if per_customer { "customer" } else { "key" };
            format!("{} after the last entry, per {per}", span(after))
        }
    }
}

/// What the same key does while inside; nothing to say where it does nothing.
pub(super) fn inside(inside: Inside) -> Option<&'static str> {
    match inside {
        Inside::Ignore => None,
        Inside::Refresh => Some("the same key while inside refreshes the event"),
        Inside::Restart => Some("the same key while inside starts anew"),
    }
}

/// The share of `weight` in `sum`, in percent: `45 %`, `33.3 %`.
pub(super) fn share(weight: u32, sum: u64) -> String {
    let tenths = (u64::from(weight) * 2_000 + sum) / (2 * sum.max(1));
    if tenths.is_multiple_of(10) {
        format!("{} %", tenths / 10)
    } else {
        format!("{}.{} %", tenths / 10, tenths % 10)
    }
}

/// The name of a rule.
pub(super) fn about(about: About) -> &'static str {
    match about {
        About::Again => "Enters again",
        About::Goal => "Goal",
        About::Exit => "Leaves on",
    }
}
