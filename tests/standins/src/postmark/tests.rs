use serde_json::{Value as Json, json};

use super::{BounceType, Event, Postmark};
use crate::{Mood, Provider as _, StandIn, testing::Ask};

fn body() -> Json {
    json!({
        "From": "\"Boutique, la\" <news@example.com>",
        "To": "zoe@example.org",
        "Subject": "Été",
        "HtmlBody": "<p>Ça va ? <img src=\"cid:logo\"></p>",
        "TextBody": "Ça va ?",
        "ReplyTo": "answers@example.com",
        "Headers": [{"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"}],
        "Metadata": {"message": "018f0000"},
        "Tag": "abandoned-cart",
        "MessageStream": "broadcast",
        "TrackOpens": false,
        "TrackLinks": "None",
        "Attachments": [{
            "Name": "logo.png",
            "Content": "iVBORw0KGgo=",
            "ContentType": "image/png",
            "ContentID": "cid:logo",
        }],
    })
}

fn ask(postmark: &StandIn<Postmark>, body: &Json) -> Ask {
    Ask::json(format!("{}/email", postmark.url()), body)
        .header("accept", "application/json")
        .header("x-postmark-server-token", &postmark.provider().server_token)
}

#[tokio::test]
async fn a_mail_is_taken() {
    let postmark = Postmark::start().await;
    let answer = ask(&postmark, &body()).send().await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let mails = postmark.accepted();
    let mail = &mails[0];
    assert_eq!(mail.to, ["zoe@example.org"]);
    assert_eq!((&*mail.subject, &*mail.stream), ("Été", "broadcast"));
    assert_eq!(mail.attachments[0].content, b"\x89PNG\r\n\x1a\n");
    assert_eq!(
        mail.metadata,
        [("message".to_owned(), "018f0000".to_owned())]
    );
    let said = answer.json();
    assert_eq!(said["MessageID"], json!(mail.message_id));
    assert_eq!(
        (&said["ErrorCode"], &said["Message"]),
        (&json!(0), &json!("OK"))
    );
    assert_eq!(postmark.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_noted() {
    let postmark = Postmark {
        sender_domains: vec!["example.com".to_owned()],
        ..Postmark::default()
    };
    let postmark = postmark.serve().await;
    let many = vec!["zoe@example.org"; 51].join(",");
    let attached = |name: &str, content: &str| {
        let kind = "text/plain";
        json!([{"Name": name, "Content": content, "ContentType": kind}])
    };
    let cases = [
        ("From", Json::Null, 300),
        ("From", json!("news"), 300),
        ("From", json!("Doe, Jo <news@example.com>"), 300),
        ("From", json!("news@elsewhere.example"), 400),
        ("To", json!(""), 300),
        ("To", json!("zoe at example.org"), 300),
        ("To", json!(many), 300),
        ("To", json!(["zoe@example.org"]), 403),
        ("ReplyTo", json!("nobody"), 300),
        ("Subject", json!("x".repeat(2001)), 300),
        ("TrackOpens", json!("false"), 403),
        ("TrackLinks", json!("All"), 300),
        ("MessageStream", json!("inbound"), 1235),
        ("Headers", json!({"X-A": "b"}), 403),
        ("Headers", json!([{"Name": "X A", "Value": "b"}]), 300),
        ("Headers", json!([{"Name": "X-A"}]), 300),
        ("Metadata", json!({"message": 1}), 403),
        ("Metadata", json!({"a name that is too long": "1"}), 300),
        ("Attachments", attached("a.exe", "YQ=="), 411),
        ("Attachments", attached("a.txt", "no base64"), 300),
    ];
    for (n, (name, value, code)) in cases.into_iter().enumerate() {
        let mut body = body();
        body[name] = value;
        let answer = ask(&postmark, &body).send().await;
        let said = answer.json();
        assert_eq!(
            (answer.status, &said["ErrorCode"]),
            (422, &json!(code)),
            "{name} {said}"
        );
        assert_eq!(postmark.violations().len(), n + 1);
    }
    let mut bare = body();
    bare["HtmlBody"] = json!("");
    bare["TextBody"] = Json::Null;
    let right = ask(&postmark, &body());
    let mut broken = right.clone();
    broken.body.pop();
    let cases = [
        (ask(&postmark, &bare), 422, 300),
        (broken, 422, 402),
        (right.clone().without("accept"), 422, 409),
        (right.clone().header("content-type", "text/plain"), 422, 409),
        (right.clone().without("x-postmark-server-token"), 401, 10),
        (right.header("x-postmark-server-token", "other"), 401, 10),
    ];
    for (ask, status, code) in cases {
        let answer = ask.send().await;
        assert_eq!(
            (answer.status, &answer.json()["ErrorCode"]),
            (status, &json!(code))
        );
    }
    assert_eq!(postmark.accepted().len(), 0);
}

#[tokio::test]
async fn a_field_that_nobody_knows_is_noted_though_not_minded() {
    let postmark = Postmark::start().await;
    let mut body = body();
    body["Reply-To"] = json!("answers@example.com");
    body["Headers"][0]["Nane"] = json!("X");
    assert_eq!(ask(&postmark, &body).send().await.status, 200);
    assert_eq!(postmark.violations().len(), 2);
}

#[tokio::test]
async fn each_mood() {
    let postmark = Postmark::start().await;
    let cases = [
        (Mood::RefuseForGood, 422, 300),
        (Mood::RefuseForNow, 503, 100),
        (
            Mood::Throttle {
                retry_after: Some(2),
            },
            429,
            429,
        ),
        (Mood::Deny, 401, 10),
        (Mood::NoCredit, 422, 405),
        (Mood::GoneAddress, 422, 406),
    ];
    for (mood, status, code) in cases {
        postmark.mood(mood);
        let answer = ask(&postmark, &body()).send().await;
        assert_eq!(
            (answer.status, &answer.json()["ErrorCode"]),
            (status, &json!(code))
        );
    }
    postmark.mood(Mood::Garble);
    assert_eq!(ask(&postmark, &body()).send().await.json(), Json::Null);
    postmark.mood(Mood::AcceptAndHang);
    assert!(ask(&postmark, &body()).hangs().await.is_none());
    assert_eq!(postmark.accepted().len(), 2);
    assert_eq!(postmark.violations(), Vec::<String>::new());
}

#[test]
fn hooks_say_what_is_documented() {
    let postmark = Postmark::default();
    let event = Event {
        message_id: "883953f4-6105-42a2-a16a-77a8eac79483",
        recipient: "zoe@example.org",
        stream: "broadcast",
        tag: "abandoned-cart",
        metadata: &[("message", "018f0000")],
    };
    let read = |hook: crate::Webhook| -> Json { serde_json::from_slice(&hook.body).unwrap() };
    let bounce = read(postmark.bounce(BounceType::HardBounce, &event));
    assert_eq!(
        (&bounce["RecordType"], &bounce["TypeCode"]),
        (&json!("Bounce"), &json!(1))
    );
    assert_eq!(bounce["Metadata"], json!({"message": "018f0000"}));
    let spam = read(postmark.spam_complaint(&event));
    assert_eq!(spam["RecordType"], "SpamComplaint");
    let delivery = read(postmark.delivery(&event));
    assert_eq!(delivery["Recipient"], "zoe@example.org");
    let off = read(postmark.unsubscribe(&event));
    assert_eq!(off["SuppressSending"], json!(true));
    assert_eq!(off["SuppressionReason"], "ManualSuppression");
    let on = read(postmark.resubscribe(&event));
    assert_eq!(
        (&on["SuppressSending"], &on["Metadata"]),
        (&json!(false), &json!({}))
    );
}
