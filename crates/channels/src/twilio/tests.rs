//! The adapter against a stand-in of Twilio.

use std::{collections::BTreeMap, path::PathBuf};

use http::{HeaderMap, HeaderName};
use journey::{content::Content, message::Channel};
use standins::{
    Mood, Provider as _, Reply, StandIn, Twilio as There, Webhook,
    twilio::{Inbound, Status},
};

use super::{Twilio, TwilioSettings};
use crate::{
    About, AdapterSettings, Callback, Fate, Heard, Hook, Outcome, Outgoing, Report, Said, Secret,
    Unheard, What,
    conformance::{BASE, Case, LONG, TOKEN, conforms, message},
    testing::{at, outgoing, sms},
};

const SERVICE: &str = "MG0123456789abcdef0123456789abcdef";

fn settings(there: &StandIn<There>, url: &str, ca_file: Option<PathBuf>) -> TwilioSettings {
    let account = there.provider();
    let token = Secret::new(&account.auth_token);
    TwilioSettings {
        url: format!("{url}/"),
        ca_file,
        timeout_seconds: 1,
        ..TwilioSettings::new(&account.account_sid, token, "Tilleul")
    }
}

fn case() -> Case<There> {
    Case {
        channel: Channel::Sms,
        to: "06 12 34 56 78",
        content: sms(),
        settings: |there, url, ca| AdapterSettings::Twilio(settings(there, url, ca)),
        garbled_is_unclear: false,
        knows_the_gone: true,
        id: |text| text.sid.clone(),
    }
}

#[tokio::test]
async fn it_conforms() {
    conforms(case()).await;
}

#[tokio::test]
async fn the_request_says_everything() {
    let there = There::start().await;
    let twilio = Twilio::new(&settings(&there, there.url(), None)).unwrap();
    let case = case();
    twilio.send(&message(&case), LONG).await;
    let text = there.accepted().remove(0);
    assert_eq!(text.to, "+33612345678");
    assert_eq!(text.from.as_deref(), Some("Tilleul"));
    assert_eq!(text.body, "Votre code : 123");
    let callback = format!("{BASE}twilio?m={TOKEN}");
    assert_eq!(text.status_callback.as_deref(), Some(&*callback));
    assert_eq!(text.messaging_service_sid, None);

    let unheard = Outgoing {
        report: None,
        ..message(&case)
    };
    twilio.send(&unheard, LONG).await;
    assert_eq!(there.accepted()[1].status_callback, None);
    assert_eq!(there.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_country_has_its_own_sender_and_the_others_the_service_s() {
    let there = There::start().await;
    let twilio = Twilio::new(&TwilioSettings {
        from: None,
        messaging_service_sid: Some(SERVICE.to_owned()),
        senders: BTreeMap::from([("US".to_owned(), "+12015550199".to_owned())]),
        ..settings(&there, there.url(), None)
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
    let twilio = Twilio::new(&settings(&there, there.url(), None)).unwrap();
    let content = sms();
    let chat = Content::Chat {
        text: String::new(),
        options: Vec::new(),
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
    let twilio = Twilio::new(&settings(&there, there.url(), None)).unwrap();
    let case = case();
    let good = |gone| (None, gone, false);
    let now = |about| (Some(about), false, false);
    for (status, body, expected) in [
        (400, r#"{"code":21610,"message":"opted out"}"#, good(true)),
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
        let sent = twilio.send(&message(&case), LONG).await;
        let found = match sent {
            Outcome::RefusedForGood { gone, .. } => (None, gone, false),
            Outcome::RefusedForNow { about, unclear, .. } => (Some(about), false, unclear),
            Outcome::Accepted { .. } => panic!("{status} {body}"),
        };
        assert_eq!(found, expected, "{status} {body}");
    }
    there.mood(Mood::GoneAddress);
    let sent = twilio.send(&message(&case), LONG).await;
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
        let refused = crate::Adapter::new(channel, &AdapterSettings::Twilio(settings));
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

const URL: &str = "https://my.shop.example/v1/providers/twilio";

fn twilio() -> Twilio {
    let account = There::default();
    let token = Secret::new(account.auth_token);
    Twilio::new(&TwilioSettings::new(account.account_sid, token, "Tilleul")).unwrap()
}

/// What the adapter makes of a hook to that address.
fn heard(url: &str, webhook: &Webhook) -> Result<Heard, Unheard> {
    let mut headers = HeaderMap::new();
    for (name, value) in &webhook.headers {
        headers.insert(HeaderName::from_static(name), value.parse().unwrap());
    }
    let query: Vec<(String, String)> = match url.split_once("?m=") {
        Some((_, token)) => vec![("m".to_owned(), token.to_owned())],
        None => Vec::new(),
    };
    twilio().hear(&Hook {
        url,
        query: &query,
        headers: &headers,
        body: &webhook.body,
        at: at("2026-03-14T09:26:53Z"),
    })
}

fn callback() -> String {
    Callback {
        base: BASE,
        token: TOKEN,
    }
    .url("twilio")
}

#[test]
fn statuses_tell_what_became_of_a_message() {
    let there = There::default();
    let fate = |status: &str, error_code| {
        let told = Status {
            sid: "SM1",
            status,
            to: "+33612345678",
            from: "Tilleul",
            error_code,
        };
        let heard = heard(&callback(), &there.status(&callback(), &told)).unwrap();
        assert_eq!(heard.answer, None);
        let mut reports = heard.reports.into_iter();
        let report = reports.next()?;
        assert_eq!(reports.next(), None);
        assert_eq!(report.id, format!("SM1:{status}"));
        match report.what {
            What::Became { token, fate } if token == TOKEN => Some(fate),
            other => panic!("{other:?}"),
        }
    };
    for status in ["accepted", "queued", "sending", "sent", "novel"] {
        assert_eq!(fate(status, None), None, "{status}");
    }
    assert_eq!(fate("delivered", None), Some(Fate::Delivered));
    assert_eq!(fate("read", None), Some(Fate::Opened));
    for (code, expected) in [
        (30005, Some(true)),
        (30006, Some(true)),
        (21610, Some(true)),
        (30003, Some(false)),
        (30004, Some(false)),
        (30007, None),
        (30008, None),
    ] {
        let (permanent, detail) = match fate("undelivered", Some(code)) {
            Some(Fate::Bounced { permanent, detail }) => (Some(permanent), detail),
            Some(Fate::Failed { detail }) => (None, detail),
            other => panic!("{other:?}"),
        };
        assert_eq!(permanent, expected, "{code}");
        assert!(detail.to_string().contains(&code.to_string()), "{detail}");
    }
    assert!(matches!(fate("failed", None), Some(Fate::Failed { .. })));
    // Not one of ours: nobody asked for its status under that address.
    let told = Status {
        sid: "SM1",
        status: "delivered",
        ..Status::default()
    };
    assert_eq!(heard(URL, &there.status(URL, &told)), Ok(Heard::default()));
}

#[test]
fn customers_are_heard_and_nothing_is_sent_back() {
    let there = There::default();
    let inbound = Inbound {
        sid: "SM2",
        from: "+33612345678",
        to: "+33700000000",
        body: "Oui, merci & à bientôt ✅",
        opt_out_type: None,
    };
    let said = |text: &str| Report {
        id: "SM2".to_owned(),
        at: None,
        what: What::Said(Said {
            channel: Channel::Sms,
            from: "+33612345678".to_owned(),
            text: text.to_owned(),
            choice: None,
            name: None,
            token: None,
        }),
    };
    let answer = Some(("text/xml", "<Response/>".to_owned()));
    let expected = Heard {
        reports: vec![said(inbound.body)],
        answer: answer.clone(),
    };
    assert_eq!(heard(URL, &there.inbound(URL, &inbound)), Ok(expected));
    let stop = Inbound {
        body: "ARRET",
        opt_out_type: Some("STOP"),
        ..inbound.clone()
    };
    let left = Report {
        id: "SM2:left".to_owned(),
        at: None,
        what: What::Left {
            channel: Channel::Sms,
            from: "+33612345678".to_owned(),
        },
    };
    let expected = Heard {
        reports: vec![said("ARRET"), left],
        answer: answer.clone(),
    };
    assert_eq!(heard(URL, &there.inbound(URL, &stop)), Ok(expected));
    let nothing = Ok(Heard {
        reports: Vec::new(),
        answer,
    });
    for (from, body) in [("+33612345678", ""), ("whatsapp:+33612345678", "Oui")] {
        let other = Inbound {
            from,
            body,
            ..inbound.clone()
        };
        assert_eq!(heard(URL, &there.inbound(URL, &other)), nothing);
    }
}

#[test]
fn only_twilio_is_heard() {
    let there = There::default();
    let told = Status {
        sid: "SM1",
        status: "delivered",
        ..Status::default()
    };
    let url = callback();
    let right = there.status(&url, &told);
    assert!(heard(&url, &right).is_ok());
    let other = There {
        auth_token: "another".to_owned(),
        ..There::default()
    };
    let refused = Err(Unheard::NotSigned);
    assert_eq!(heard(&url, &other.status(&url, &told)), refused);
    // The address is signed as well, and with it the token.
    assert_eq!(heard(&url.replace("m=m1", "m=n1"), &right), refused);
    let mut changed = right.clone();
    changed.body = String::from_utf8(changed.body)
        .unwrap()
        .replace("delivered", "undelivered")
        .into();
    assert_eq!(heard(&url, &changed), refused);
    for signature in ["", "!", "AAAA"] {
        let mut unsigned = right.clone();
        for (name, value) in &mut unsigned.headers {
            if *name == "x-twilio-signature" {
                *value = signature.to_owned();
            }
        }
        assert_eq!(heard(&url, &unsigned), refused);
    }
    let none = Webhook {
        headers: Vec::new(),
        body: right.body.clone(),
    };
    assert_eq!(heard(&url, &none), refused);
    // Whether the usual port is in the signed address depends.
    let with_port = url.replace(".example/", ".example:443/");
    assert!(heard(&url, &there.status(&with_port, &told)).is_ok());
}

#[test]
fn what_is_signed_and_not_readable_is_said() {
    let sign = |fields: &[(&str, String)]| {
        let token = There::default().auth_token;
        let signature = standins::twilio::sign(URL, fields, &token);
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        Webhook {
            headers: vec![("x-twilio-signature", signature)],
            body: form.finish().into(),
        }
    };
    let body = [("Body", "hello".to_owned())];
    let said = heard(URL, &sign(&body)).unwrap_err().to_string();
    assert!(said.contains("`MessageSid` is missing"), "{said}");
    let sid = [("MessageSid", "SM1".to_owned())];
    let said = heard(URL, &sign(&sid)).unwrap_err().to_string();
    assert!(said.contains("`From` is missing"), "{said}");
}
