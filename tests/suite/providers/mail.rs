//! A mail that comes back, and one that its reader complains of.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use channels::{
    AdapterSettings, Settings, SmtpSettings, TlsMode,
    capture::{Mailbox, Parts, SmtpSink},
};
use parcours_tests::kit::{self, Workspace};
use serde_json::json;

use super::Place;

const SENDS: &str = "purpose: service
enter: { event: go, again: always }
steps:
  - { id: letter, send: email, template: letter }
";

struct Post {
    place: Place,
    mailbox: Mailbox,
    _sink: SmtpSink,
}

impl Post {
    async fn new() -> Self {
        let mailbox = Mailbox::open(kit::scratch("parcours-mail")).unwrap();
        let sink = SmtpSink::start(mailbox.clone()).await.unwrap();
        let smtp = SmtpSettings {
            port: Some(sink.addr().port()),
            tls: TlsMode::None,
            ..SmtpSettings::new("127.0.0.1", "Shop <shop@shop.example>")
        };
        let settings = Settings {
            email: AdapterSettings::Smtp(smtp).into(),
            ..Settings::default()
        };
        let workspace = Workspace::new()
            .file(
                "templates/letter/email.en.html",
                "---\nsubject: Teas\n---\n<p>Teas</p>\n",
            )
            .file("templates/letter/email.en.txt", "Teas\n")
            .journey("letters", SENDS);
        Self {
            place: Place::new(&workspace, &settings).await,
            mailbox,
            _sink: sink,
        }
    }

    /// The mail that the customer gets, as it arrives; none if it does not.
    async fn letter(&self, key: &str) -> Option<String> {
        self.place.does(key, "go", json!({})).await;
        self.place.dispatch().await;
        let (id, status): (uuid::Uuid, String) = sqlx::query_as(
            "select id, status::text from message where customer = $1 order by at desc limit 1",
        )
        .bind(journey::ids::CustomerId::of(key).0)
        .fetch_one(self.place.rig.store.pool())
        .await
        .unwrap();
        if status != "sent" {
            return None;
        }
        let Parts::Mail { raw, .. } = self.mailbox.find(id).unwrap().parts else {
            panic!("not a mail");
        };
        Some(String::from_utf8(raw).unwrap())
    }

    async fn comes_back(&self, mail: String) -> StatusCode {
        let request = Request::post("/v1/providers/smtp").header("content-type", "message/rfc822");
        let (status, body) = self
            .place
            .ask(request.body(Body::from(mail)).unwrap())
            .await;
        assert!(status.is_success() || status.is_client_error(), "{body}");
        status
    }
}

/// As Postfix writes it.
fn notification(status: &str, mail: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"x/mx.example\"\r\n\r\n\
         --x/mx.example\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nI'm sorry to have to inform you\r\n\r\n\
         --x/mx.example\r\nContent-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; ana@customer.example\r\nAction: failed\r\n\
         Status: {status}\r\nDiagnostic-Code: smtp; 550 {status} no such user\r\n\r\n\
         --x/mx.example\r\nContent-Description: Undelivered Message\r\nContent-Type: message/rfc822\r\n\r\n{mail}\r\n\
         --x/mx.example--\r\n"
    )
}

fn complaint(mail: &str) -> String {
    let head = mail.split("\r\n\r\n").next().unwrap();
    format!(
        "From: fbl@mx.example\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nan abuse report\r\n\
         --b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\n{head}\r\n\r\n--b--\r\n"
    )
}

#[tokio::test]
async fn an_address_that_bounces_or_complains_gets_no_more_mail() {
    let post = Post::new().await;
    for (key, then) in [("ana", "message.bounced"), ("bo", "message.complained")] {
        let address = format!("{key}@customer.example");
        post.place.is(key, json!({ "email": address })).await;
        let mail = post.letter(key).await.unwrap();
        assert!(mail.contains("X-Parcours-Report: "), "{mail}");
        let back = match key {
            "ana" => notification("5.1.1", &mail),
            _ => complaint(&mail),
        };
        for _ in 0..2 {
            assert_eq!(post.comes_back(back.clone()).await, StatusCode::OK);
        }
        assert_eq!(post.place.happened(key).await, ["go", then]);
        assert_eq!(post.letter(key).await, None, "{key}");
    }
}

#[tokio::test]
async fn what_is_not_the_addresses_fault_or_not_ours_suppresses_nothing() {
    let post = Post::new().await;
    post.place
        .is("ana", json!({ "email": "ana@customer.example" }))
        .await;
    let mail = post.letter("ana").await.unwrap();
    for back in [
        notification("5.7.1", &mail),
        notification("5.2.2", &mail),
        notification(
            "5.1.1",
            &mail.replace("X-Parcours-Report: ", "X-Parcours-Report: A"),
        ),
        "Subject: Out of office\r\n\r\nI am away.\r\n".to_owned(),
    ] {
        assert_eq!(post.comes_back(back).await, StatusCode::OK);
    }
    assert_eq!(
        post.place.happened("ana").await,
        ["go", "message.undelivered", "message.bounced"]
    );
    assert!(post.letter("ana").await.is_some());
}
