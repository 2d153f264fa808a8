//! What became of messages: the steps from a decision to a click, by whatever they are told apart, and why not.

use askama::Template;
use axum::extract::{Query, State as Shared, rejection::QueryRejection};
use jiff::civil::Date;
use journey::message::Channel;
use store::read::{Funnel, FunnelBy, FunnelCounts};

use super::{
    Frame, Page, PageError, html, messages, words,
    words::{number, percent},
};
use crate::{
    State, i18n,
    support::lists::{Asking, FunnelQuery},
};

#[derive(Template)]
#[template(path = "funnel.html")]
struct FunnelPage {
    frame: Frame,
    asked: FunnelQuery,
    from: Date,
    to: Date,
    channels: Vec<Choice>,
    by: Vec<Choice>,
    /// Whether anything was decided.
    empty: bool,
    steps: Vec<Bar>,
    /// What went wrong after it was sent.
    after: Vec<Bar>,
    reasons: Vec<Bar>,
    held: Vec<Bar>,
    failures: Vec<Failure>,
    /// The head of the column of names; `None`: there are no lines.
    head: Option<&'static str>,
    lines: Vec<Line>,
}

struct Choice {
    word: &'static str,
    text: String,
    chosen: bool,
}

/// A number, with its share of the largest in percent.
struct Bar {
    name: String,
    value: String,
    share: u64,
    /// Beside the number: the rate.
    note: String,
    /// To the messages behind it; may be empty.
    link: String,
}

struct Failure {
    provider: String,
    kind: String,
    n: String,
    link: String,
}

struct Line {
    name: String,
    cells: Vec<String>,
}

pub(super) async fn page(
    Shared(state): Shared<State>,
    query: Result<Query<FunnelQuery>, QueryRejection>,
) -> Page {
    let Query(asked) = query.map_err(|e| PageError::Wrong(e.body_text()))?;
    let (filter, from, to) = asked.read(state.now()).map_err(Asking::Wrong)?;
    let funnel = state.reader.funnel(&filter).await?;
    let links = Links {
        asked: &asked,
        from,
        to,
    };
    let empty = FunnelCounts::default() == funnel.total;
    html(&FunnelPage {
        frame: Frame::new(&state, "messages"),
        channels: channels(&asked.channel),
        by: choices(filter.by),
        empty,
        steps: steps(&funnel.total, &links),
        after: after(&funnel.total, &links),
        reasons: reasons(&funnel, &links),
        held: held(&funnel),
        failures: failures(&funnel, &links),
        head: (filter.by != FunnelBy::All).then(|| by(filter.by)),
        lines: lines(&funnel, filter.by),
        from,
        to,
        asked,
    })
}

/// Addresses of the messages behind a number.
struct Links<'q> {
    asked: &'q FunnelQuery,
    from: Date,
    to: Date,
}

impl Links<'_> {
    /// With what else they are chosen by.
    fn to(&self, also: &[(&str, &str)]) -> String {
        let (from, to) = (self.from.to_string(), self.to.to_string());
        let all = [
            ("from", &*from),
            ("to", &*to),
            ("journey", &*self.asked.journey),
            ("step", &*self.asked.step),
            ("channel", &*self.asked.channel),
            ("provider", &*self.asked.provider),
        ];
        let named = |name: &str| also.iter().any(|(other, _)| *other == name);
        let set = all
            .into_iter()
            .filter(|(name, value)| !value.is_empty() && !named(name));
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(set).extend_pairs(also);
        format!("/messages?{}", query.finish())
    }
}

fn channels(chosen: &str) -> Vec<Choice> {
    let choice = |channel: Channel| Choice {
        word: channel.as_str(),
        text: words::channel(channel.as_str()),
        chosen: channel.as_str() == chosen,
    };
    Channel::ALL.map(choice).into()
}

fn choices(chosen: FunnelBy) -> Vec<Choice> {
    let choice = |each: FunnelBy| Choice {
        word: each.as_str(),
        text: by(each).to_owned(),
        chosen: each == chosen,
    };
    FunnelBy::ALL.map(choice).into()
}

fn by(by: FunnelBy) -> &'static str {
    match by {
        FunnelBy::All => i18n::say("Nothing"),
        FunnelBy::Day => i18n::say("Day (UTC)"),
        FunnelBy::Journey => i18n::say("Journey"),
        FunnelBy::Step => i18n::say("Step"),
        FunnelBy::Channel => i18n::say("Channel"),
        FunnelBy::Provider => i18n::say("Provider"),
    }
}

/// `40 % of those sent`.
fn of_sent(part: u64, sent: u64) -> String {
    i18n::fill("{0} of those sent", &[&percent(part, sent.max(1))])
}

fn bar(name: &str, n: u64, of: u64, note: String, link: String) -> Bar {
    Bar {
        name: name.to_owned(),
        value: number(n),
        share: (100 * n).checked_div(of).unwrap_or_default().min(100),
        note,
        link: if n == 0 { String::new() } else { link },
    }
}

/// From the decision to the click.
fn steps(total: &FunnelCounts, links: &Links<'_>) -> Vec<Bar> {
    let FunnelCounts {
        decided,
        sent,
        delivered,
        opened,
        clicked,
        ..
    } = *total;
    let most = decided.max(sent).max(1);
    let of_sent = |n| of_sent(n, sent);
    let step = |name, n, note, also: &[(&str, &str)]| bar(name, n, most, note, links.to(also));
    let sent_note = match decided {
        0 => String::new(),
        _ => i18n::fill("{0} of those decided", &[&percent(sent, decided)]),
    };
    let opens = i18n::fill(
        "{0}, {1} times in all",
        &[&of_sent(opened), &number(total.opens)],
    );
    let clicks = i18n::fill(
        "{0}, {1} times in all",
        &[&of_sent(clicked), &number(total.clicks)],
    );
    vec![
        step(i18n::say("Decided"), decided, String::new(), &[]),
        step(
            i18n::say("Held back"),
            total.suppressed,
            String::new(),
            &[("status", "suppressed")],
        ),
        step(
            i18n::say("Taken back"),
            total.recalled,
            String::new(),
            &[("status", "recalled")],
        ),
        step(
            i18n::say("Waiting to go"),
            total.waiting,
            String::new(),
            &[("status", "queued")],
        ),
        step(
            i18n::say("Failed"),
            total.failed,
            String::new(),
            &[("status", "failed")],
        ),
        step(i18n::say("Sent"), sent, sent_note, &[("status", "sent")]),
        step(
            i18n::say("Delivered"),
            delivered,
            of_sent(delivered),
            &[("heard", "delivered")],
        ),
        step(i18n::say("Opened"), opened, opens, &[("heard", "opened")]),
        step(
            i18n::say("Clicked"),
            clicked,
            clicks,
            &[("heard", "clicked")],
        ),
    ]
}

fn after(total: &FunnelCounts, links: &Links<'_>) -> Vec<Bar> {
    let told = [
        ("replied", total.replied),
        ("undelivered", total.undelivered),
        ("bounced", total.bounced),
        ("complained", total.complained),
    ];
    let most = told.iter().map(|(_, n)| *n).max().unwrap_or_default();
    let told = told.into_iter().map(|(word, n)| {
        let note = of_sent(n, total.sent);
        bar(
            messages::heard(word),
            n,
            most,
            note,
            links.to(&[("heard", word)]),
        )
    });
    told.collect()
}

fn reasons(funnel: &Funnel, links: &Links<'_>) -> Vec<Bar> {
    let most = funnel.suppressed.first().map_or(0, |r| r.n);
    let all = funnel.suppressed.iter().map(|r| {
        let also = [("status", "suppressed"), ("reason", &*r.reason)];
        bar(
            &words::reason(&r.reason),
            r.n,
            most,
            String::new(),
            links.to(&also),
        )
    });
    all.collect()
}

/// They are no messages yet, so there are none behind the numbers.
fn held(funnel: &Funnel) -> Vec<Bar> {
    let most = funnel.held.first().map_or(0, |r| r.n);
    let all = funnel.held.iter();
    all.map(|r| {
        bar(
            &words::reason(&r.reason),
            r.n,
            most,
            String::new(),
            String::new(),
        )
    })
    .collect()
}

fn failures(funnel: &Funnel, links: &Links<'_>) -> Vec<Failure> {
    let all = funnel.failures.iter().map(|f| {
        let mut also = vec![("status", "failed"), ("failure", &*f.failure)];
        if !f.provider.is_empty() {
            also.push(("provider", &*f.provider));
        }
        Failure {
            provider: match &*f.provider {
                "" => i18n::say("None was asked").to_owned(),
                provider => provider.to_owned(),
            },
            kind: words::failure(&f.failure),
            n: number(f.n),
            link: links.to(&also),
        }
    });
    all.collect()
}

fn lines(funnel: &Funnel, by: FunnelBy) -> Vec<Line> {
    let line = |row: &store::read::FunnelRow| {
        let c = &row.counts;
        let numbers = [
            c.decided,
            c.suppressed,
            c.recalled,
            c.waiting,
            c.failed,
            c.sent,
            c.delivered,
            c.opened,
            c.clicked,
            c.bounced,
            c.complained,
        ];
        Line {
            name: match (by, &*row.name) {
                (_, "") => i18n::say("None was asked").to_owned(),
                (FunnelBy::Channel, channel) => words::channel(channel),
                (_, name) => name.to_owned(),
            },
            cells: numbers.map(number).into(),
        }
    };
    funnel.rows.iter().map(line).collect()
}
