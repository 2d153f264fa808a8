use base64::{Engine as _, engine::general_purpose::STANDARD};
use form_urlencoded::Serializer;
use serde_json::json;

use super::{Inbound, Status, Twilio, sign};
use crate::{Mood, Provider as _, StandIn, testing::Ask};

const FIELDS: [(&str, &str); 3] = [
    ("To", "+33612345678"),
    ("From", "+33700000001"),
    ("Body", "Votre code : 123 é"),
];

fn ask(twilio: &StandIn<Twilio>, fields: &[(&str, &str)]) -> Ask {
    let Twilio {
        account_sid,
        auth_token,
    } = twilio.provider();
    let url = format!(
        "{}/2010-04-01/Accounts/{account_sid}/Messages.json",
        twilio.url()
    );
    let basic = STANDARD.encode(format!("{account_sid}:{auth_token}"));
    let body = Serializer::new(String::new()).extend_pairs(fields).finish();
    Ask::post(url, body)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", format!("Basic {basic}"))
}

/// The fields with one replaced, or left out where it is empty.
fn with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut fields = FIELDS.to_vec();
    fields.retain(|(n, _)| *n != name);
    if !value.is_empty() {
        fields.push((name, value));
    }
    fields
}

#[tokio::test]
async fn a_text_is_taken() {
    let twilio = Twilio::start().await;
    let mut fields = FIELDS.to_vec();
    fields.push(("StatusCallback", "https://parcours.example/hooks"));
    let answer = ask(&twilio, &fields).send().await;
    assert_eq!(answer.status, 201);
    let texts = twilio.accepted();
    assert_eq!(texts.len(), 1);
    assert_eq!(texts[0].to, "+33612345678");
    assert_eq!(texts[0].body, "Votre code : 123 é");
    let body = answer.json();
    assert_eq!(body["sid"], json!(texts[0].sid));
    assert_eq!(body["status"], "queued");
    assert_eq!((twilio.requests(), twilio.violations().len()), (1, 0));
}

#[tokio::test]
async fn over_tls_and_from_a_service() {
    let twilio = Twilio::start_tls().await;
    let service = "MG0123456789abcdef0123456789abcdef";
    let mut fields = with("From", "");
    fields.push(("MessagingServiceSid", service));
    let answer = ask(&twilio, &fields).send().await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json()["status"], "accepted");
    assert_eq!(twilio.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_noted() {
    let twilio = Twilio::start().await;
    twilio.mood(Mood::GoneAddress);
    let long = "é".repeat(1601);
    let cases = [
        (with("To", ""), 21604),
        (with("To", "0612345678"), 21211),
        (with("To", "33612345678"), 21211),
        (with("From", ""), 21603),
        (with("From", "NameThatIsTooLong"), 21212),
        (with("MessagingServiceSid", "MG12"), 21701),
        (with("Body", ""), 21602),
        (with("Body", &long), 21617),
        (with("StatusCallback", "parcours.example"), 21609),
        (with("ValidityPeriod", "0"), 20001),
        (with("SmartEncoded", "yes"), 20001),
    ];
    for (n, (fields, code)) in cases.iter().enumerate() {
        let answer = ask(&twilio, fields).send().await;
        assert_eq!(answer.status, 400, "{fields:?}");
        assert_eq!(answer.json()["code"], json!(code), "{fields:?}");
        assert_eq!(twilio.violations().len(), n + 1);
    }
    let right = ask(&twilio, &FIELDS);
    let mut elsewhere = right.clone();
    elsewhere.url = elsewhere.url.replace("Messages.json", "Messages");
    let mut method = right.clone();
    method.method = "PUT";
    let cases = [
        (right.clone().without("authorization"), 401, 20003),
        (
            right.clone().header("authorization", "Basic QUM6"),
            401,
            20003,
        ),
        (elsewhere, 404, 20404),
        (method, 405, 20004),
        (right.header("content-type", "application/json"), 415, 20415),
    ];
    for (ask, status, code) in cases {
        let answer = ask.send().await;
        assert_eq!(answer.status, status);
        let body = answer.json();
        assert_eq!(body["code"], json!(code));
        assert_eq!(body["status"], json!(status));
        assert!(body["message"].is_string() && body["more_info"].is_string());
    }
    assert_eq!(twilio.accepted().len(), 0);
}

#[tokio::test]
async fn a_parameter_that_nobody_knows_is_noted_though_not_minded() {
    let twilio = Twilio::start().await;
    let answer = ask(&twilio, &with("Boddy", "x")).send().await;
    assert_eq!(answer.status, 201);
    assert!(twilio.violations()[0].contains("`Boddy`"));
}

#[tokio::test]
async fn each_mood() {
    let twilio = Twilio::start().await;
    let cases = [
        (Mood::RefuseForGood, 400, 21211),
        (Mood::RefuseForNow, 503, 20503),
        (
            Mood::Throttle {
                retry_after: Some(7),
            },
            429,
            20429,
        ),
        (Mood::Deny, 401, 20003),
        (Mood::NoCredit, 403, 20005),
        (Mood::GoneAddress, 400, 21610),
    ];
    for (mood, status, code) in cases {
        twilio.mood(mood.clone());
        let answer = ask(&twilio, &FIELDS).send().await;
        assert_eq!(answer.status, status, "{mood:?}");
        assert_eq!(answer.json()["code"], json!(code), "{mood:?}");
        let wait = (status == 429).then_some("7");
        assert_eq!(answer.header("retry-after"), wait);
    }
    assert_eq!(twilio.accepted().len(), 0);
    twilio.mood(Mood::Garble);
    let answer = ask(&twilio, &FIELDS).send().await;
    assert_eq!((answer.status, answer.json()), (201, json!(null)));
    twilio.mood(Mood::AcceptAndHang);
    assert!(ask(&twilio, &FIELDS).hangs().await.is_none());
    assert_eq!(twilio.accepted().len(), 2);
    assert_eq!(twilio.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn moods_of_an_address() {
    let twilio = Twilio::start().await;
    twilio.mood_for("+33612345678", Mood::GoneAddress);
    assert_eq!(ask(&twilio, &FIELDS).send().await.status, 400);
    let other = with("To", "+33612345679");
    assert_eq!(ask(&twilio, &other).send().await.status, 201);
}

/// The example of Twilio's page on the security of web hooks.
#[test]
fn the_signature_is_the_documented_one() {
    let fields = [
        ("CallSid", "CA1234567890ABCDE"),
        ("From", "+12349013030"),
        ("To", "+18005551212"),
        ("Caller", "+12349013030"),
        ("Digits", "1234"),
    ];
    let fields = fields.map(|(name, value)| (name, value.to_owned()));
    let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
    assert_eq!(sign(url, &fields, "12345"), "0/KCTR6DLpKmkAf8muzZqo1nDgQ=");
}

#[test]
fn hooks_say_what_is_documented() {
    let twilio = Twilio::default();
    let url = "https://parcours.example/hooks";
    let read = |body: &[u8]| -> Vec<(String, String)> {
        form_urlencoded::parse(body).into_owned().collect()
    };
    let hook = twilio.status(
        url,
        &Status {
            sid: "SM1",
            status: "undelivered",
            to: "+33612345678",
            from: "+33700000001",
            error_code: Some(30003),
        },
    );
    let fields = read(&hook.body);
    let has = |name: &str, value: &str| fields.contains(&(name.to_owned(), value.to_owned()));
    assert!(has("MessageSid", "SM1") && has("MessageStatus", "undelivered"));
    assert!(has("ErrorCode", "30003") && has("To", "+33612345678"));
    let pairs: Vec<(&str, String)> = fields.iter().map(|(n, v)| (&**n, v.clone())).collect();
    let signature = sign(url, &pairs, &twilio.auth_token);
    assert_eq!(hook.header("X-Twilio-Signature"), Some(&*signature));
    let hook = twilio.inbound(
        url,
        &Inbound {
            sid: "SM2",
            from: "+33612345678",
            to: "+33700000001",
            body: "Stop é",
            opt_out_type: Some("STOP"),
        },
    );
    let fields = read(&hook.body);
    let has = |name: &str, value: &str| fields.contains(&(name.to_owned(), value.to_owned()));
    assert!(has("Body", "Stop é") && has("OptOutType", "STOP") && has("NumMedia", "0"));
}
