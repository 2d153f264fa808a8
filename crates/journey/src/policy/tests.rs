use std::collections::BTreeMap;

use super::*;
use crate::{
    customer::{Consent, PastSend, Suppression},
    ids::{MachineId, MessageId, RunId},
    machine::{Again, Inside, Zone},
    policies::{Cap, Holidays, Window},
    value::Value,
};

const NOW: &str = "2026-01-05T22:00+01:00";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn machine() -> Machine {
    Machine {
        id: MachineId(uuid::Uuid::nil()),
        journey: Arc::from("demo"),
        title: Arc::from("demo"),
        priority: 50,
        tags: Vec::new(),
        entries: Vec::new(),
        inside: Inside::Ignore,
        again: Again::Always,
        goal: None,
        exits: Vec::new(),
        stay: None,
        migrate: None,
        nodes: Vec::new(),
    }
}

fn send(channels: &[Channel]) -> Send {
    Send {
        channels: channels.to_vec(),
        purpose: Arc::from("service"),
        template: Arc::from("t"),
        with: None,
        capped: Some(Capped::Hold),
        quiet: None,
        expires: None,
        key: None,
    }
}

fn customer() -> Customer {
    let mut customer = Customer::new("ana");
    for (name, address) in [("email", "a@shop.example"), ("phone", "+33639980101")] {
        customer
            .traits
            .insert(Arc::from(name), Value::text(address));
    }
    customer
}

fn cap(channel: Channel, max: u32, hours: i64) -> Cap {
    Cap {
        name: Arc::from(format!("{channel}_{hours}h")),
        purpose: Some(Arc::from("service")),
        channel: Some(channel),
        journey: None,
        tag: None,
        max,
        window: Window::Rolling {
            per: jiff::SignedDuration::from_hours(hours),
        },
        capped: None,
    }
}

fn sent(customer: &mut Customer, channel: Channel, when: &str) {
    let number = customer.sends.len() as u128 + 1;
    customer.sends.push(PastSend {
        message: MessageId(uuid::Uuid::from_u128(number)),
        at: at(when),
        channel,
        purpose: Arc::from("service"),
        journey: Arc::from("demo"),
        tags: Vec::new(),
        run: RunId(uuid::Uuid::nil()),
        queued: false,
        repeats: None,
    });
}

fn verdict(policies: &Policies, customer: &Customer, channels: &[Channel]) -> Verdict {
    let question = Question {
        policies,
        customer,
        machine: &machine(),
        send: &send(channels),
        now: at(NOW),
    };
    decide(question, channels)
}

#[test]
fn a_purpose_that_the_policies_do_not_know_is_never_allowed() {
    let policies = Policies {
        purposes: BTreeMap::new(),
        ..Policies::default()
    };
    assert!(!consents(&policies, &customer(), "service", Channel::Email));
    let refused = verdict(&policies, &customer(), &[Channel::Email]);
    assert!(matches!(
        refused,
        Verdict::Refuse {
            reason: Reason::NoConsent,
            ..
        }
    ));
}

#[test]
fn a_consent_for_one_purpose_says_nothing_of_another() {
    let mut customer = customer();
    let granted = Consent {
        state: ConsentState::Granted,
        at: at(NOW),
        how: None,
    };
    let marketing = customer.ledger.consents.entry(Arc::from("marketing"));
    marketing.or_default().insert(Channel::Sms, granted);
    let mut policies = Policies::default();
    let partner = policies.purposes["marketing"].clone();
    policies.purposes.insert(Arc::from("partner"), partner);
    assert!(consents(&policies, &customer, "marketing", Channel::Sms));
    assert!(!consents(&policies, &customer, "marketing", Channel::Email));
    assert!(!consents(&policies, &customer, "partner", Channel::Sms));
}

#[test]
fn an_address_of_spaces_or_numbers_reaches_nobody() {
    for (value, reaches) in [
        (Value::text("  "), false),
        (Value::Int(33_639_980_101), false),
        (Value::text("+33639980101"), true),
    ] {
        let mut customer = customer();
        customer.traits.insert(Arc::from("phone"), value.clone());
        assert_eq!(reachable(&customer, Channel::Sms), reaches, "{value}");
    }
}

#[test]
fn a_suppression_is_of_an_address_not_of_a_channel() {
    let mut customer = customer();
    let suppression = Suppression {
        reason: Arc::from("bounced"),
        at: at(NOW),
        address: Arc::from("a@shop.example"),
    };
    customer
        .ledger
        .suppressed
        .insert(Channel::Email, suppression);
    assert_eq!(
        suppressed(&customer, Channel::Email).as_deref(),
        Some("bounced")
    );
    assert_eq!(suppressed(&customer, Channel::Sms), None);
    customer.traits.remove("email");
    assert_eq!(suppressed(&customer, Channel::Email), None);
}

#[test]
fn of_two_caps_the_later_room_rules_on_a_channel_and_the_earlier_channel_is_held_for() {
    let mut customer = customer();
    sent(&mut customer, Channel::Email, "2026-01-05T20:00+01:00");
    sent(&mut customer, Channel::Sms, "2026-01-05T21:00+01:00");
    let policies = Policies {
        caps: vec![
            cap(Channel::Email, 1, 3),
            cap(Channel::Email, 1, 9),
            cap(Channel::Sms, 1, 4),
        ],
        ..Policies::default()
    };
    let Verdict::Hold { until, refusals } =
        verdict(&policies, &customer, &[Channel::Email, Channel::Sms])
    else {
        panic!("held");
    };
    assert_eq!(
        until,
        at("2026-01-06T01:00+01:00"),
        "by SMS, before the nine hours of mail"
    );
    let rules: Vec<_> = refusals.iter().map(|r| &*r.rule).collect();
    assert_eq!(rules, ["email_3h", "email_9h", "sms_4h"]);
}

#[test]
fn more_sends_than_a_cap_has_room_for_wait_until_all_but_one_too_many_are_gone() {
    let mut customer = customer();
    for hour in [18, 19, 20, 21] {
        sent(
            &mut customer,
            Channel::Email,
            &format!("2026-01-05T{hour}:00+01:00"),
        );
    }
    // The cap was wider when they were sent.
    let policies = Policies {
        caps: vec![cap(Channel::Email, 2, 10)],
        ..Policies::default()
    };
    let held = verdict(&policies, &customer, &[Channel::Email]);
    let Verdict::Hold { until, refusals } = held else {
        panic!("held");
    };
    assert_eq!(until, at("2026-01-06T06:00+01:00"));
    assert_eq!(refusals[0].used_by.len(), 4);
}

#[test]
fn a_send_without_channels_is_refused_rather_than_lost() {
    let refused = verdict(&Policies::default(), &customer(), &[]);
    assert!(matches!(refused, Verdict::Refuse { .. }));
}

#[test]
fn quiet_hours_are_those_of_the_zone_that_the_rule_names() {
    let rule = |zone| QuietHours {
        name: Arc::from("night"),
        channels: vec![Channel::Sms],
        from: "21:00".parse().unwrap(),
        to: "08:00".parse().unwrap(),
        zone,
        quiet: Some(Quiet::Hold),
        except: Vec::new(),
        days: Vec::new(),
        holidays: Holidays::AnyDay,
        window: false,
    };
    let policies = |zone| Policies {
        quiet_hours: vec![rule(zone)],
        ..Policies::default()
    };
    let there = policies(Zone::Named(Arc::from("America/New_York")));
    assert!(matches!(
        verdict(&there, &customer(), &[Channel::Sms]),
        Verdict::Go { .. }
    ));
    let here = policies(Zone::Customer);
    assert!(matches!(
        verdict(&here, &customer(), &[Channel::Sms]),
        Verdict::Hold { .. }
    ));
    assert!(matches!(
        verdict(&here, &customer(), &[Channel::Email]),
        Verdict::Go { .. }
    ));
}
