//! One of every decision, with its evidence.

use std::{collections::BTreeMap, sync::Arc};

use journey::{
    customer::{ConsentState, Suppression},
    explain::{Case, Consented, Past, Status},
    failure::{Failure, Whom},
    ids::{MachineId, MessageId},
    message::{Channel, Decision, Reason, Refusal},
    policies::{Cap, Holidays, Policies, QuietHours, Window},
    policy::Standing,
    render::Fault,
    value::Value,
};
use uuid::Uuid;

use super::{
    facts::{at, refusal, tired},
    failures,
};

/// What a [`Case`] borrows from.
pub struct Kept {
    status: Status,
    reason: Option<Reason>,
    attempt: i16,
    decision: Decision,
    consents: BTreeMap<Channel, Consented>,
    suppressed: BTreeMap<Channel, Suppression>,
    policies: Policies,
    past: Vec<(u128, Status)>,
    error: Option<Failure>,
    nth: Option<usize>,
}

impl Kept {
    pub fn case(&self) -> Case<'_> {
        let past = |n, status| {
            let past = Past {
                at: at(),
                channel: "email".into(),
                journey: "cart-rescue".into(),
                step: "nudge".into(),
                status,
            };
            (MessageId(Uuid::from_u128(n)), past)
        };
        Case {
            status: self.status,
            at: at(),
            done_at: Some(at()),
            channel: Channel::Sms,
            purpose: "marketing",
            journey: "cart-rescue",
            step: "offre",
            reason: self.reason,
            attempt: self.attempt,
            error: self.error.as_ref(),
            due_at: (self.status == Status::Queued).then(at),
            decision: Some(&self.decision),
            past: self.past.iter().map(|(n, s)| past(*n, *s)).collect(),
            consents: self.consents.clone(),
            standings: self
                .nth
                .map(|nth| Standing {
                    cap: &self.policies.caps[0],
                    nth,
                    after: at(),
                })
                .into_iter()
                .collect(),
            suppressed: &self.suppressed,
            policies: &self.policies,
            left: (self.status == Status::Recalled).then_some("completed"),
        }
    }
}

fn policies() -> Policies {
    Policies {
        caps: vec![Cap {
            name: Arc::from("marketing_week"),
            purpose: None,
            channel: None,
            journey: None,
            tag: None,
            max: 3,
            window: Window::Rolling {
                per: jiff::SignedDuration::from_hours(168),
            },
            capped: None,
        }],
        quiet_hours: vec![QuietHours {
            name: Arc::from("night"),
            channels: Vec::new(),
            from: jiff::civil::time(21, 0, 0, 0),
            to: jiff::civil::time(8, 30, 0, 0),
            zone: journey::machine::Zone::Customer,
            quiet: None,
            except: Vec::new(),
            days: Vec::new(),
            holidays: Holidays::AnyDay,
            window: false,
        }],
        ..Policies::default()
    }
}

fn kept(status: Status, reason: Option<Reason>, rule: &str) -> Kept {
    let refusals = reason.map(|reason| refusal(reason, rule)).into_iter();
    let stopped = matches!(status, Status::Failed | Status::Recalled);
    Kept {
        status,
        reason,
        attempt: i16::from(!matches!(status, Status::Suppressed | Status::Queued)),
        decision: Decision {
            machine: MachineId(Uuid::nil()),
            node: 0,
            key: Arc::from(""),
            template: Arc::from("cart/nudge"),
            with: Value::Null,
            once: None,
            repeats: None,
            expires_at: Some(at()),
            priority: 50,
            tags: Vec::new(),
            refusals: refusals.filter(|_| !stopped).collect(),
        },
        consents: BTreeMap::new(),
        suppressed: BTreeMap::new(),
        policies: policies(),
        past: vec![(1, Status::Sent), (2, Status::Queued)],
        error: None,
        nth: None,
    }
}

fn consent(state: ConsentState, how: &str) -> BTreeMap<Channel, Consented> {
    let record = Consented {
        state,
        at: at(),
        how: Some(Arc::from(how)),
        event: Some(Arc::from("inscription")),
        input: None,
    };
    [(Channel::Sms, record)].into()
}

pub fn all() -> Vec<Kept> {
    let mut all = Vec::new();
    for reason in Reason::ALL {
        let (status, rule) = match reason {
            Reason::NoConsent | Reason::Restricted => (Status::Suppressed, "marketing"),
            Reason::CustomerPaused | Reason::NotPersonalised => (Status::Suppressed, "preferences"),
            Reason::ControlGroup => (Status::Suppressed, "control_group"),
            Reason::Unreachable => (Status::Suppressed, "sms"),
            Reason::SuppressionList => (Status::Suppressed, "bounced"),
            Reason::Capped => (Status::Suppressed, "marketing_week"),
            Reason::Quiet => (Status::Suppressed, "night"),
            Reason::Expired => (Status::Suppressed, "expires"),
            Reason::AlreadySent => (Status::Suppressed, "key"),
            Reason::Recalled => (Status::Recalled, ""),
            Reason::Failed | Reason::Unrenderable => (Status::Failed, ""),
        };
        all.push(kept(status, Some(reason), rule));
    }
    for (state, how) in [
        (ConsentState::Withdrawn, "one_click"),
        (ConsentState::Unconfirmed, "form"),
        (ConsentState::Granted, "keyword"),
    ] {
        all.push(Kept {
            consents: consent(state, how),
            ..kept(Status::Suppressed, Some(Reason::NoConsent), "marketing")
        });
    }
    for rule in ["bounced", "complained"] {
        let reason = Arc::from(rule);
        let address = Arc::from("+33600000000");
        let known = Suppression {
            reason,
            at: at(),
            address,
        };
        all.push(Kept {
            suppressed: [(Channel::Sms, known)].into(),
            ..kept(Status::Suppressed, Some(Reason::SuppressionList), rule)
        });
    }
    for rule in ["plafond_ancien", "own_limit"] {
        all.push(kept(Status::Suppressed, Some(Reason::Capped), rule));
    }
    for refusal in tired() {
        let mut tired = kept(Status::Suppressed, Some(Reason::Capped), "fatigue");
        tired.decision.refusals = vec![refusal];
        all.push(tired);
    }
    all.extend(lists());
    all.extend(stopped());
    let mut again = kept(Status::Sent, None, "");
    again.decision.repeats = Some(MessageId(Uuid::from_u128(1)));
    all.push(again);
    for (status, nth) in [(Status::Sent, 1), (Status::Queued, 3), (Status::Leased, 4)] {
        all.push(Kept {
            nth: Some(nth),
            consents: consent(ConsentState::Granted, "form"),
            ..kept(status, None, "")
        });
    }
    all
}

/// Lists of channels: every refusal of each is told, with the messages that it names.
fn lists() -> Vec<Kept> {
    let refusals = vec![
        Refusal {
            channel: Channel::Push,
            ..refusal(Reason::Unreachable, "push")
        },
        refusal(Reason::Capped, "marketing_week"),
        refusal(Reason::Quiet, "night"),
    ];
    let with = |status, reason| {
        let mut kept = kept(status, reason, "");
        kept.decision.refusals.clone_from(&refusals);
        kept.past = vec![
            (1, Status::Failed),
            (2, Status::Recalled),
            (3, Status::Leased),
        ];
        kept
    };
    vec![
        with(Status::Suppressed, Some(Reason::Unreachable)),
        with(Status::Sent, None),
        // Stopped at dispatch: what was passed over before is not why.
        Kept {
            attempt: 1,
            past: vec![(1, Status::Suppressed)],
            ..with(Status::Suppressed, Some(Reason::Unreachable))
        },
    ]
}

/// What came to nothing at dispatch, or has not come to an end there.
fn stopped() -> Vec<Kept> {
    let failed = |status, reason, attempt, error| Kept {
        attempt,
        error: Some(error),
        ..kept(status, reason, "")
    };
    let refused = |reason, error| {
        let mut kept = failed(Status::Suppressed, Some(reason), 1, error);
        kept.decision.refusals.clear();
        kept
    };
    let later = failures::http(Whom::Provider, 503, Some("please wait"));
    let gave_up = Failure::GaveUp {
        tries: 5,
        last: Box::new(later.clone()),
    };
    let template = Failure::Template(failures::template(Fault::NoTemplate));
    let by_role = Failure::Suppressed {
        why: Arc::from("role_address"),
    };
    vec![
        failed(
            Status::Failed,
            Some(Reason::Failed),
            1,
            failures::http(Whom::Provider, 422, None),
        ),
        failed(Status::Failed, Some(Reason::Failed), 5, gave_up),
        failed(Status::Failed, Some(Reason::Unrenderable), 1, template),
        failed(Status::Recalled, Some(Reason::Recalled), 2, later.clone()),
        failed(Status::Queued, None, 2, later.clone()),
        failed(Status::Sent, None, 2, later),
        refused(Reason::NoConsent, Failure::ConsentTakenBack),
        refused(Reason::SuppressionList, Failure::Erased),
        refused(Reason::SuppressionList, Failure::Listed),
        refused(Reason::SuppressionList, by_role),
    ]
}
