//! What Twilio posts.

use http::{HeaderMap, HeaderName};
use journey::message::Channel;
use standins::{
    Twilio as There, Webhook,
    twilio::{Inbound, Status},
};

use super::{Twilio, TwilioSettings};
use crate::{
    Callback, Fate, Heard, Hook, Report, Said, Secret, Unheard, What,
    conformance::{BASE, TOKEN},
    testing::at,
};

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
        (21614, Some(true)),
        (21610, None),
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
    // Words of the account's own are said as everybody says them.
    for (body, word) in [("Basta", "STOP"), ("Wieder", "START")] {
        let own = Inbound {
            body,
            opt_out_type: Some(word),
            ..inbound.clone()
        };
        let expected = Heard {
            reports: vec![said(word)],
            answer: answer.clone(),
        };
        assert_eq!(heard(URL, &there.inbound(URL, &own)), Ok(expected));
    }
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
