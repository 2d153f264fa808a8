//! The adapter against a stand-in of Twilio.

mod hear;

use std::collections::BTreeMap;

use journey::{content::Content, message::Channel};
use serde_json::json;
use standins::{Mood, Provider as _, Reply, StandIn, Twilio as There};

use super::{Twilio, TwilioSettings};
use crate::{
    About, Adapter, AdapterSettings, Outcome, Outgoing, Secret,
    conformance::{BASE, Case, Means, TOKEN, conforms, message},
    testing::{LONG, outgoing, sms},
};

const TO: &str = "06 12 34 56 78";
const SERVICE: &str = "MG0123456789abcdef0123456789abcdef";

fn settings(there: &There, url: &str) -> TwilioSettings {
    let token = Secret::new(&there.auth_token);
    TwilioSettings {
        url: format!("{url}/"),
        ..TwilioSettings::new(&there.account_sid, token, "Tilleul")
    }
}

fn adapter(there: &StandIn<There>) -> Twilio {
    Twilio::new(&settings(there.provider(), there.url())).unwrap()
}

#[tokio::test]
async fn it_conforms() {
    conforms(&Case::<There> {
        channel: Channel::Sms,
        to: |_, _| TO.to_owned(),
        content: sms(),
        settings: Box::new(|there, setup| {
            AdapterSettings::Twilio(TwilioSettings {
                ca_file: setup.ca_file.clone(),
                timeout_seconds: setup.timeout_seconds,
                ..settings(there, &setup.url)
            })
        }),
        prepare: |_| {},
        says: |text| {
            assert_eq!(text.to, "+33612345678");
            assert_eq!(text.from.as_deref(), Some("Tilleul"));
            assert_eq!(text.body, "Votre code : 123");
            let callback = format!("{BASE}twilio?m={TOKEN}");
            assert_eq!(text.status_callback.as_deref(), Some(&*callback));
            assert_eq!(text.messaging_service_sid, None);
        },
        id: |text| Some(text.sid.clone()),
        means: Means {
            // Where the stand-in says 21610, the customer has opted out, and may come back.
            gone: Mood::answer(Reply::json(
                400,
                &json!({"code": 21614, "message": "no mobile"}),
            )),
            ..Means::default()
        },
    })
    .await;
}

#[tokio::test]
async fn where_nobody_hears_it_nothing_is_reported() {
    let there = There::start().await;
    let content = sms();
    let unheard = Outgoing {
        report: None,
        ..message(Channel::Sms, TO, &content)
    };
    adapter(&there).send(&unheard, LONG).await;
    assert_eq!(there.accepted()[0].status_callback, None);
    assert_eq!(there.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_country_has_its_own_sender_and_the_others_the_service_s() {
    let there = There::start().await;
    let twilio = Twilio::new(&TwilioSettings {
        from: None,
        messaging_service_sid: Some(SERVICE.to_owned()),
        senders: BTreeMap::from([("US".to_owned(), "+12015550199".to_owned())]),
        ..settings(there.provider(), there.url())
    })
    .unwrap();
    let content = sms();
    for to in ["+12015550123", "+33612345678"] {
        twilio
            .send(&outgoing(1, Channel::Sms, to, &content), LONG)
            .await;
    }
    let texts = there.accepted();
    assert_eq!(texts[0].from.as_deref(), Some("+12015550199"));
    assert_eq!(texts[0].messaging_service_sid, None);
    assert_eq!(texts[1].from, None);
    assert_eq!(texts[1].messaging_service_sid.as_deref(), Some(SERVICE));
    assert_eq!(there.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn nobody_is_asked_about_what_is_no_number_or_no_text() {
    let there = There::start().await;
    let twilio = adapter(&there);
    let content = sms();
    let chat = Content::Chat {
        text: String::new(),
        options: Vec::new(),
        whatsapp: None,
    };
    for (to, content) in [
        ("0612345678", &content),
        ("+336", &content),
        ("+33612345678", &chat),
    ] {
        let sent = twilio
            .send(&outgoing(1, Channel::Sms, to, content), LONG)
            .await;
        assert!(
            matches!(sent, Outcome::RefusedForGood { gone: false, .. }),
            "{to}: {sent:?}"
        );
    }
    assert_eq!(there.requests(), 0);
}

#[tokio::test]
async fn errors_mean_what_twilio_says() {
    use About::{Haste, Message, Trouble};
    let there = There::start().await;
    let twilio = adapter(&there);
    let content = sms();
    let good = |gone| (None, gone, false);
    let now = |about| (Some(about), false, false);
    for (status, body, expected) in [
        (400, r#"{"code":21610,"message":"opted out"}"#, good(false)),
        (400, r#"{"code":21635,"message":"landline"}"#, good(true)),
        (400, r#"{"code":21408,"message":"region"}"#, good(false)),
        (403, r#"{"code":21408,"message":"region"}"#, now(Trouble)),
        (400, r#"{"code":21617,"message":"too long"}"#, good(false)),
        (400, r#"{"code":21606,"message":"not yours"}"#, now(Trouble)),
        (400, r#"{"code":21703,"message":"empty"}"#, now(Trouble)),
        (400, r#"{"code":21611,"message":"queue"}"#, now(Haste)),
        (400, r#"{"code":63038,"message":"a day's"}"#, now(Haste)),
        (404, r#"{"code":20404,"message":"not found"}"#, now(Trouble)),
        (404, "<html>", now(Trouble)),
        (302, "", now(Trouble)),
        (400, "<html>", good(false)),
        (408, "", now(Message)),
        (429, "", now(Haste)),
        (502, "<html>", (Some(Trouble), false, true)),
        (200, "<html>", (Some(Trouble), false, true)),
        (204, "", (Some(Trouble), false, true)),
    ] {
        let mut reply = Reply::empty(status);
        reply.body = body.into();
        there.mood(Mood::answer(reply));
        let sent = twilio
            .send(&message(Channel::Sms, TO, &content), LONG)
            .await;
        let found = match sent {
            Outcome::RefusedForGood { gone, .. } => (None, gone, false),
            Outcome::RefusedForNow { about, unclear, .. } => (Some(about), false, unclear),
            Outcome::Accepted { .. } => panic!("{status} {body}"),
        };
        assert_eq!(found, expected, "{status} {body}");
    }
    there.mood(Mood::GoneAddress);
    let sent = twilio
        .send(&message(Channel::Sms, TO, &content), LONG)
        .await;
    let said = sent.failure().unwrap().to_string();
    assert!(
        said.contains("21610: Attempt to send to unsubscribed"),
        "{said}"
    );
}

#[test]
fn settings_that_cannot_work_are_refused_at_the_start() {
    let good = || {
        let sid = "AC0123456789abcdef0123456789abcdef";
        TwilioSettings::new(sid, Secret::new("token"), "Tilleul")
    };
    let problem = |channel, settings| {
        let refused = Adapter::new(channel, &AdapterSettings::Twilio(settings));
        let (setting, problem) = refused.unwrap_err();
        format!("{setting} {problem}")
    };
    assert!(Twilio::new(&good()).is_ok());
    let on_mail = problem(Channel::Email, good());
    assert_eq!(on_mail, "twilio carries text messages only");
    for (change, said) in [
        (
            (|s| s.account_sid = "SK12".into()) as fn(&mut TwilioSettings),
            "account_sid must be `AC`",
        ),
        (|s| s.auth_token = Secret::new(" "), "auth_token is empty"),
        (|s| s.from = None, "from is missing"),
        (
            |s| s.from = Some("Maison Tilleul".into()),
            "from is `Maison Tilleul`, which",
        ),
        (
            |s| s.messaging_service_sid = Some(SERVICE.into()),
            "from cannot stand beside",
        ),
        (
            |s| s.messaging_service_sid = Some("MG".into()),
            "messaging_service_sid must be `MG`",
        ),
        (
            |s| s.senders = [("FRA".into(), "A".into())].into(),
            "senders has `FRA`",
        ),
        (|s| s.url = "ftp://x".into(), "url must begin with"),
        (|s| s.url = String::new(), "url is no URL"),
        (|s| s.ca_file = Some("/nowhere".into()), "ca_file"),
    ] {
        let mut settings = good();
        change(&mut settings);
        let found = problem(Channel::Sms, settings);
        assert!(found.starts_with(said), "{found}");
    }
}
