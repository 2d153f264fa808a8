//! The preference centre: what a customer receives, how often, how personal, in which language; and
//! what is known of them.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use axum::{
    body::Body,
    extract::{Path, Query, State as Shared},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use jiff::{Timestamp, tz::TimeZone};
use journey::{
    customer::ConsentState,
    explain::{Language, Tongue},
    links::LinkKind,
    message::Channel,
    policies::{ConsentRule, Period},
    policy,
    value::Value,
};
use serde::Deserialize;

use super::{
    Frame, Gone, Guest, Page, answered,
    choices::{self, OFTEN, PAUSES, Spot},
    form, guest, html, say,
    words::Words,
};
use crate::State;

#[derive(Deserialize)]
pub(super) struct Asked {
    saved: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/preferences.html")]
struct Choices<'g> {
    frame: Frame<'g>,
    saved: bool,
    purposes: Vec<Purpose>,
    often: Vec<Choice>,
    was_often: String,
    personal: bool,
    /// Until when messages are paused.
    paused: Option<String>,
    pauses: Vec<Choice>,
    languages: Vec<Choice>,
    was_locale: String,
    known: Vec<Known>,
    /// Where all that is held is.
    data: String,
    /// Where to have it erased.
    erase: String,
}

struct Purpose {
    name: Arc<str>,
    title: String,
    about: Option<String>,
    channels: Vec<Box_>,
}

/// A purpose on a channel: a box to tick.
struct Box_ {
    spot: String,
    label: String,
    address: Option<String>,
    on: bool,
    /// Ticked before, and not confirmed yet.
    waits: bool,
}

struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

/// One thing that is known.
struct Known {
    name: Arc<str>,
    value: String,
    /// What it is used for.
    used: String,
}

pub(super) async fn show(
    Shared(state): Shared<State>,
    Path(word): Path<String>,
    asked: Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let page = page(&state, &word, &headers, asked.saved.is_some()).await;
    answered(&state, &headers, page)
}

async fn page(state: &State, word: &str, headers: &HeaderMap, saved: bool) -> Page {
    let guest = own(state, word, headers).await?;
    let preferences = &guest.customer.ledger.preferences;
    let words = guest.words;
    let often = preferences.at_most.map(|m| often(m.max, m.per));
    let now = state.now();
    let paused = preferences.pause_until.filter(|until| *until > now);
    let locale = words.code.to_owned();
    html(&Choices {
        saved,
        purposes: purposes(&guest),
        often: often_choices(words, often),
        was_often: often.unwrap_or_default().to_owned(),
        personal: preferences.personalised.unwrap_or(true),
        paused: paused.map(|until| words.day(until.to_zoned(zone(&guest)).date())),
        pauses: PAUSES.map(|days| pause(words, days)).into(),
        languages: super::words::LANGUAGES
            .map(|l| Choice {
                value: l.words().code.to_owned(),
                label: l.words().language.to_owned(),
                chosen: l.words().code == locale,
            })
            .into(),
        was_locale: locale,
        known: known(&guest)
            .into_iter()
            .chain(attention(&guest, now))
            .collect(),
        data: format!("/p/{word}/data"),
        erase: super::rights::way(state, &guest),
        frame: guest.frame(),
    })
}

/// Whoever the link is for, if it is one to this page.
pub(super) async fn own(state: &State, word: &str, headers: &HeaderMap) -> Result<Guest, Gone> {
    let guest = guest(state, word, headers).await?;
    match guest.link.kind {
        LinkKind::Preferences { .. } => Ok(guest),
        _ => Err(Gone::Link),
    }
}

pub(super) async fn submit(
    Shared(state): Shared<State>,
    Path(word): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let page = kept(&state, &word, &headers, body).await;
    answered(&state, &headers, page)
}

async fn kept(state: &State, word: &str, headers: &HeaderMap, body: Body) -> Page {
    let guest = own(state, word, headers).await?;
    let fields = form(headers, body).await?;
    if !fields.iter().any(|(name, _)| name == "do") {
        return Err(Gone::Wrong);
    }
    let said = choices::said(&guest, &fields, state.now());
    say::say(state, &guest, said).await?;
    // A page that is loaded again submits nothing again.
    Ok(Redirect::to(&format!("/p/{word}?saved=yes")).into_response())
}

fn zone(guest: &Guest) -> TimeZone {
    let named = guest
        .customer
        .row
        .traits
        .get("timezone")
        .and_then(Value::as_text);
    let zone = named.and_then(|name| TimeZone::get(name).ok());
    let default = || TimeZone::get(&guest.policies.defaults.zone).ok();
    zone.or_else(default).unwrap_or(TimeZone::UTC)
}

fn purposes(guest: &Guest) -> Vec<Purpose> {
    let mut all: Vec<Purpose> = Vec::new();
    for spot in choices::spots(&guest.policies) {
        let Some(ticked) = ticked(guest, &spot) else {
            continue;
        };
        match all.last_mut().filter(|p| p.name == spot.purpose) {
            Some(purpose) => purpose.channels.push(ticked),
            None => {
                let (title, about) = guest.purpose(&spot.purpose);
                all.push(Purpose {
                    name: spot.purpose.clone(),
                    title,
                    about,
                    channels: vec![ticked],
                });
            }
        }
    }
    all
}

/// The box of a purpose on a channel; none where the customer can neither be reached there nor has
/// ever said anything of it.
fn ticked(guest: &Guest, spot: &Spot) -> Option<Box_> {
    let ledger = &guest.customer.ledger;
    let consent = ledger
        .consents
        .get(&spot.purpose)
        .and_then(|c| c.get(&spot.channel));
    let address = guest.address(spot.channel);
    if consent.is_none() && address.is_none() {
        return None;
    }
    let rule = guest
        .policies
        .purposes
        .get(&spot.purpose)?
        .consent_on(spot.channel);
    let state = consent.map(|c| c.state);
    let waits = state == Some(ConsentState::Unconfirmed) && rule == ConsentRule::DoubleOptIn;
    let on = match state {
        Some(ConsentState::Granted) => true,
        Some(ConsentState::Unconfirmed) => true,
        Some(ConsentState::Withdrawn) => false,
        None => rule == ConsentRule::OptOut,
    };
    Some(Box_ {
        spot: spot.name(),
        label: guest.words.channel(spot.channel).to_owned(),
        address,
        on,
        waits,
    })
}

/// The form's word for a limit, if it is one that the form offers.
fn often(max: u32, per: Period) -> &'static str {
    let per = match per {
        Period::Day => "day",
        Period::Week => "week",
        Period::Month => "month",
    };
    let same = |(_, m, p): &&(&str, u32, &str)| (*m, *p) == (max, per);
    OFTEN.iter().find(same).map_or("other", |o| o.0)
}

fn often_choices(words: &'static Words, now: Option<&str>) -> Vec<Choice> {
    let label = |word: &str| words.often(word).to_owned();
    let mut all = vec![Choice {
        value: String::new(),
        label: label(""),
        chosen: now.is_none(),
    }];
    all.extend(OFTEN.iter().map(|(word, ..)| Choice {
        value: (*word).to_owned(),
        label: label(word),
        chosen: now == Some(*word),
    }));
    if now == Some("other") {
        all.push(Choice {
            value: "other".to_owned(),
            label: label("other"),
            chosen: true,
        });
    }
    all
}

fn pause(words: &'static Words, days: u16) -> Choice {
    Choice {
        value: days.to_string(),
        label: words.pause_days.replace("{days}", &days.to_string()),
        chosen: false,
    }
}

fn known(guest: &Guest) -> Vec<Known> {
    let uses = (guest.pages.uses)();
    let traits = guest.customer.row.traits.iter();
    let shown = traits.map(|(name, value)| Known {
        name: name.clone(),
        value: text(value),
        used: used(guest, name, uses.get(name)),
    });
    shown.collect()
}

/// How the customer takes what they are sent, and what follows, where fatigue goes by it.
fn attention(guest: &Guest, now: Timestamp) -> Vec<Known> {
    let ledger = &guest.customer.ledger;
    let Some(pace) = policy::pace(&guest.policies, ledger, now) else {
        return Vec::new();
    };
    let words = guest.words;
    let tongue = Tongue::plain(Language::of(words.code).unwrap_or_default());
    let used = match pace.is_slow() {
        true => words
            .to_pace_slow
            .replace("{max}", &tongue.messages(pace.max as usize))
            .replace("{per}", &tongue.span(pace.per)),
        false => words.to_pace.to_owned(),
    };
    let row = |name: &str, value| Known {
        name: Arc::from(name),
        value,
        used: used.clone(),
    };
    let kept = !ledger.attention.is_empty();
    let unheeded = kept.then(|| row(words.unheeded, pace.unheeded.to_string()));
    let day = |at: Timestamp| words.day(at.to_zoned(zone(guest)).date());
    let upset = pace.rest.map(|rest| row(words.upset, day(rest.since)));
    unheeded.into_iter().chain(upset).collect()
}

/// What a trait is used for: by the engine itself, and for which purposes.
fn used(guest: &Guest, name: &str, purposes: Option<&BTreeSet<Arc<str>>>) -> String {
    let words = guest.words;
    let own = match name {
        "email" | "phone" | "push_token" | "push_tokens" | "chat_id" => Some(words.to_reach),
        "locale" => Some(words.to_speak),
        "timezone" | "country" => Some(words.to_time),
        _ => None,
    };
    // An address is read for whatever is sent there: that is said once.
    let reaches = own == Some(words.to_reach);
    let purposes = purposes.into_iter().flatten().filter(|_| !reaches);
    let titles = purposes.map(|p| guest.purpose(p).0);
    let all: Vec<String> = own.map(str::to_owned).into_iter().chain(titles).collect();
    match all.is_empty() {
        true => words.not_used.to_owned(),
        false => all.join(", "),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

impl Words {
    fn channel(&self, channel: Channel) -> &'static str {
        match channel {
            Channel::Email => self.email,
            Channel::Sms => self.sms,
            Channel::Push => self.push,
            Channel::Chat => self.chat,
        }
    }

    fn often(&self, word: &str) -> &'static str {
        match word {
            "day" => self.often_day,
            "three_a_week" => self.often_three,
            "week" => self.often_week,
            "month" => self.often_month,
            "other" => self.often_other,
            _ => self.often_any,
        }
    }
}
