//! The adapter against a stand-in of Vonage.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName};
use jiff::{SignedDuration, Timestamp};
use journey::message::Channel;
use serde_json::json;
use standins::{
    Mood, Provider as _, Reply, Vonage as There, Webhook,
    vonage::{Inbound, Status},
};

use super::{Vonage, VonageSettings};
use crate::{
    About, Adapter, AdapterSettings, Fate, Heard, Hook, Outcome, Report, Said, Secret, Unheard,
    What,
    conformance::{BASE, Case, Means, TOKEN, conforms, message},
    testing::{LONG, outgoing, sms},
};

const TO: &str = "06 12 34 56 78";

fn settings(there: &There, url: &str) -> VonageSettings {
    VonageSettings {
        url: url.to_owned(),
        ..of(there)
    }
}

fn of(account: &There) -> VonageSettings {
    let signature_secret = Some(Secret::new(&account.signature_secret));
    VonageSettings {
        signature_secret,
        ..VonageSettings::new(
            &account.api_key,
            Secret::new(&account.api_secret),
            "+33700000000",
        )
    }
}

#[tokio::test]
async fn it_conforms() {
    conforms(&Case::<There> {
        channel: Channel::Sms,
        to: |_, _| TO.to_owned(),
        content: sms(),
        settings: Box::new(|there, setup| {
            AdapterSettings::Vonage(VonageSettings {
                ca_file: setup.ca_file.clone(),
                timeout_seconds: setup.timeout_seconds,
                ..settings(there, &setup.url)
            })
        }),
        prepare: |_| {},
        says: |text| {
            let expected = json!({
                "channel": "sms", "message_type": "text", "to": "33612345678",
                "from": "33700000000", "text": "Votre code : 123", "client_ref": TOKEN,
                "webhook_url": format!("{BASE}vonage?m={TOKEN}"), "webhook_version": "v1",
            });
            assert_eq!(text.json, expected);
        },
        id: |text| Some(text.message_uuid.clone()),
        means: Means::default(),
    })
    .await;
}

#[tokio::test]
async fn a_country_has_its_own_sender_and_what_is_no_number_is_not_asked() {
    let there = There::start().await;
    let senders = BTreeMap::from([("US".to_owned(), "Tilleul".to_owned())]);
    let vonage = Vonage::new(&VonageSettings {
        senders,
        ..settings(there.provider(), there.url())
    })
    .unwrap();
    let content = sms();
    let american = outgoing(1, Channel::Sms, "+12015550123", &content);
    vonage.send(&american, LONG).await;
    let expected = json!({
        "channel": "sms", "message_type": "text", "to": "12015550123", "from": "Tilleul",
        "text": "Votre code : 123",
    });
    assert_eq!(there.accepted()[0].json, expected);
    assert_eq!(there.violations(), Vec::<String>::new());

    let nowhere = outgoing(1, Channel::Sms, "0612345678", &content);
    let sent = vonage.send(&nowhere, LONG).await;
    assert!(matches!(sent, Outcome::RefusedForGood { .. }), "{sent:?}");
    assert_eq!(there.requests(), 1);
}

#[tokio::test]
async fn errors_mean_what_vonage_says() {
    use About::{Haste, Message, Trouble};
    let there = There::start().await;
    let vonage = Vonage::new(&settings(there.provider(), there.url())).unwrap();
    let content = sms();
    let good = |gone| (None, gone, false);
    let now = |about| (Some(about), false, false);
    for (status, kind, expected) in [
        (422, "/messages#1050", good(true)),
        (422, "/messages#1190", good(true)),
        (422, "/messages#1240", good(false)),
        (422, "/messages#1040", good(false)),
        (422, "/messages#1120", now(Trouble)),
        (422, "/messages#1070", now(Trouble)),
        (422, "/messages#1241", now(Message)),
        (422, "/messages#1000", now(Haste)),
        (422, "#invalid-params", good(false)),
        (403, "#forbidden", now(Trouble)),
        (403, "#account-suspended", now(Trouble)),
        (403, "#novel", now(Trouble)),
        (404, "#not-found", now(Trouble)),
        (400, "", good(false)),
        (429, "", now(Haste)),
        (422, "/messages#1100", now(Trouble)),
        (422, "/messages#1030", (Some(Trouble), false, true)),
        (500, "/messages#1030", (Some(Trouble), false, true)),
        (502, "", (Some(Trouble), false, true)),
        (200, "", (Some(Trouble), false, true)),
    ] {
        let body = json!({
            "type": format!("https://developer.vonage.com/api-errors{kind}"),
            "title": "Title", "detail": "Detail",
        });
        there.mood(Mood::answer(Reply::json(status, &body)));
        let sent = vonage
            .send(&message(Channel::Sms, TO, &content), LONG)
            .await;
        let found = match sent {
            Outcome::RefusedForGood { gone, .. } => (None, gone, false),
            Outcome::RefusedForNow { about, unclear, .. } => (Some(about), false, unclear),
            Outcome::Accepted { .. } => panic!("{status} {kind}"),
        };
        assert_eq!(found, expected, "{status} {kind}");
    }
    let body = json!({
        "type": "https://developer.vonage.com/api-errors#invalid-params",
        "title": "Your request parameters didn't validate.",
        "invalid_parameters": [{"name": "from", "reason": "is invalid"}],
    });
    there.mood(Mood::answer(Reply::json(422, &body)));
    let sent = vonage
        .send(&message(Channel::Sms, TO, &content), LONG)
        .await;
    assert!(sent.is_not_me(), "{sent:?}");
    let said = sent.failure().unwrap().to_string();
    assert!(said.contains("invalid-params: Your request"), "{said}");
}

#[test]
fn settings_that_cannot_work_are_refused_at_the_start() {
    let good = || of(&There::default());
    let problem = |channel, settings| {
        let refused = Adapter::new(channel, &AdapterSettings::Vonage(settings));
        let (setting, problem) = refused.unwrap_err();
        format!("{setting} {problem}")
    };
    assert!(Vonage::new(&good()).is_ok());
    let on_push = problem(Channel::Push, good());
    assert_eq!(on_push, "vonage carries text messages only");
    for (change, said) in [
        (
            (|s| s.api_key = String::new()) as fn(&mut VonageSettings),
            "api_key is empty",
        ),
        (|s| s.api_secret = Secret::new(""), "api_secret is empty"),
        (
            |s| s.signature_secret = Some(Secret::new("")),
            "signature_secret is empty",
        ),
        (|s| s.from = String::new(), "from is ``, which"),
        (
            |s| s.senders = [("fr".into(), "A".into())].into(),
            "senders has `fr`",
        ),
        (|s| s.url = "api.nexmo.com".into(), "url is no URL"),
    ] {
        let mut settings = good();
        change(&mut settings);
        let found = problem(Channel::Sms, settings);
        assert!(found.starts_with(said), "{found}");
    }
}

/// What the adapter makes of a hook that comes so much later.
fn heard_after(webhook: &Webhook, late: SignedDuration) -> Result<Heard, Unheard> {
    let mut headers = HeaderMap::new();
    for (name, value) in &webhook.headers {
        headers.insert(HeaderName::from_static(name), value.parse().unwrap());
    }
    let vonage = Vonage::new(&of(&There::default())).unwrap();
    vonage.hear(&Hook {
        url: "https://my.shop.example/v1/providers/vonage",
        query: &[],
        headers: &headers,
        body: &webhook.body,
        at: Timestamp::now() + late,
    })
}

fn heard(webhook: &Webhook) -> Result<Heard, Unheard> {
    heard_after(webhook, SignedDuration::ZERO)
}

fn delivered() -> Status<'static> {
    Status {
        message_uuid: "aaaa",
        status: "delivered",
        to: "33612345678",
        from: "33700000000",
        client_ref: Some(TOKEN),
        error: None,
    }
}

#[test]
fn statuses_tell_what_became_of_a_message() {
    let there = There::default();
    let fate = |status, error| {
        let told = Status {
            status,
            error,
            ..delivered()
        };
        let reports = heard(&there.status(&told)).unwrap().reports;
        let mut reports = reports.into_iter();
        let report = reports.next()?;
        assert_eq!(reports.next(), None);
        assert_eq!(report.id, format!("aaaa:{status}"));
        assert!(report.at.is_some());
        match report.what {
            What::Became { token, fate } if token == TOKEN => Some(fate),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(fate("submitted", None), None);
    assert_eq!(fate("novel", None), None);
    assert_eq!(fate("delivered", None), Some(Fate::Delivered));
    assert_eq!(fate("read", None), Some(Fate::Opened));
    for (number, expected) in [
        (1190, Some(true)),
        (1180, Some(false)),
        (1330, Some(false)),
        (1210, None),
        (1230, None),
        (1240, None),
    ] {
        let (permanent, detail) = match fate("rejected", Some((number, "33612345678 says no"))) {
            Some(Fate::Bounced { permanent, detail }) => (Some(permanent), detail),
            Some(Fate::Failed { detail }) => (None, detail),
            other => panic!("{other:?}"),
        };
        assert_eq!(permanent, expected, "{number}");
        let said = detail.to_string();
        assert!(
            said.contains(&format!("{number}: [address] says no")),
            "{said}"
        );
    }
    assert!(matches!(
        fate("undeliverable", None),
        Some(Fate::Failed { .. })
    ));
    // Not one of ours.
    let told = Status {
        client_ref: None,
        ..delivered()
    };
    assert_eq!(heard(&there.status(&told)), Ok(Heard::default()));
}

#[test]
fn customers_are_heard() {
    let there = There::default();
    let inbound = Inbound {
        message_uuid: "bbbb",
        from: "33612345678",
        to: "33700000000",
        text: "Oui ✅",
    };
    let mut heard = heard(&there.inbound(&inbound)).unwrap();
    assert!(heard.reports[0].at.take().is_some());
    let what = What::Said(Said {
        channel: Channel::Sms,
        from: "+33612345678".to_owned(),
        text: "Oui ✅".to_owned(),
        choice: None,
        name: None,
        token: None,
    });
    let id = "bbbb".to_owned();
    let report = Report { id, at: None, what };
    assert_eq!(heard, vec![report].into());
}

#[test]
fn only_vonage_is_heard() {
    let there = There::default();
    let right = there.status(&delivered());
    let refused = Err(Unheard::NotSigned);
    let other = There {
        signature_secret: "another".to_owned(),
        ..There::default()
    };
    assert_eq!(heard(&other.status(&delivered())), refused);
    let mut changed = right.clone();
    changed.body.push(b' ');
    assert_eq!(heard(&changed), refused);
    let of_another = Webhook {
        headers: there.inbound(&Inbound::default()).headers,
        body: right.body.clone(),
    };
    assert_eq!(heard(&of_another), refused);
    let no_token = Webhook {
        headers: Vec::new(),
        body: right.body.clone(),
    };
    assert_eq!(heard(&no_token), refused);
    for value in ["", "Bearer", "Bearer a.b.c", "Basic a.b.c"] {
        let headers = vec![("authorization", value.to_owned())];
        let body = right.body.clone();
        assert_eq!(heard(&Webhook { headers, body }), refused, "{value}");
    }
    assert!(heard_after(&right, SignedDuration::from_hours(24)).is_ok());
    assert_eq!(heard_after(&right, SignedDuration::from_hours(26)), refused);
    assert_eq!(heard_after(&right, SignedDuration::from_mins(-6)), refused);

    let deaf = Vonage::new(&VonageSettings {
        signature_secret: None,
        ..of(&there)
    });
    let hook = Hook {
        url: "",
        query: &[],
        headers: &HeaderMap::new(),
        body: b"",
        at: Timestamp::now(),
    };
    assert_eq!(deaf.unwrap().hear(&hook), Err(Unheard::Nobody));
}
