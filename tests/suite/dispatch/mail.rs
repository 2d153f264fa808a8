//! E-mail, through a real SMTP conversation.

use channels::{
    AdapterSettings, Channels, SmtpSettings, TlsMode,
    capture::{Mailbox, Parts, SmtpSink},
};
use jiff::Timestamp;
use journey::{links::LinkKind, message::Channel};
use parcours_tests::kit::{self, Rig};

use super::{dispatch, queue_one, recently, workspace};

const MJML: &str = "---
subject: Hello {{ customer.first_name }}
---
<mjml><mj-body><mj-section><mj-column>
<mj-text>Good to see you, {{ customer.first_name }}</mj-text>
<mj-text><a href=\"{{ links.unsubscribe }}\">unsubscribe</a></mj-text>
</mj-column></mj-section></mj-body></mjml>
";
const TEXT: &str = "Good to see you. Unsubscribe: {{ links.unsubscribe }}";

/// Product, *E-mail*: RFC 8058 one-click unsubscribe, `List-Id`, a plain-text part; the message
/// id is the key, so that a second delivery is known for what it is.
#[tokio::test]
async fn a_mail_leaves_by_smtp_with_one_click_unsubscribe() {
    let workspace = workspace("send: email, template: hello")
        .file("templates/hello/email.en.mjml", MJML)
        .file("templates/hello/email.en.txt", TEXT);
    let rig = Rig::new(&workspace).await;
    let mailbox = Mailbox::open(kit::scratch("parcours-mail")).unwrap();
    let sink = SmtpSink::start(mailbox.clone()).await.unwrap();
    let smtp = SmtpSettings {
        port: Some(sink.addr().port()),
        tls: TlsMode::None,
        ..SmtpSettings::new("127.0.0.1", "Shop <shop@shop.example>")
    };
    let settings = channels::Settings {
        email: AdapterSettings::Smtp(smtp).into(),
        ..channels::Settings::default()
    };
    let channels = Channels::new(&settings).unwrap();
    let links = engine::Links {
        base: "https://my.shop.example".into(),
        mailto: Some("out@shop.example".into()),
        ..engine::Links::default()
    };
    let settings = engine::Settings {
        links,
        ..kit::quick()
    };
    let engine = rig.engine_with(settings, channels.into()).await;
    queue_one(&engine, recently()).await;
    assert_eq!(dispatch(&engine).await.sent, 1);
    assert_eq!(rig.messages().await, ["email sent - 1"]);

    let (id, customer): (uuid::Uuid, uuid::Uuid) =
        sqlx::query_as("select id, customer from message")
            .fetch_one(rig.store.pool())
            .await
            .unwrap();
    let mail = mailbox.find(id).expect("the mail is there under its id");
    assert_eq!(mail.summary.to, "ana@customer.example");
    let Parts::Mail {
        html, text, raw, ..
    } = mail.parts
    else {
        panic!("not a mail");
    };
    let parsed = mail_parser::MessageParser::default().parse(&raw).unwrap();
    assert_eq!(parsed.subject(), Some("Hello ana"));
    let header = |name: &str| {
        parsed
            .header_raw(name)
            .unwrap_or_default()
            .trim()
            .replace("\r\n", "")
    };
    let unsubscribe = header("List-Unsubscribe").replace(' ', "");
    let (url, mailto) = unsubscribe.split_once(",").expect("two ways");
    let url = url.trim_matches(['<', '>']);
    let word = url
        .strip_prefix("https://my.shop.example/u/")
        .expect("our page");
    let link = engine.linker().key().read(word, Timestamp::now()).unwrap();
    let kind = LinkKind::Unsubscribe {
        purpose: "marketing".into(),
        channel: Channel::Email,
    };
    assert_eq!(
        (link.kind, link.customer.0, link.message.0),
        (kind, customer, id)
    );
    assert_eq!(
        mailto,
        format!("<mailto:out@shop.example?subject=unsubscribe%20{word}>")
    );
    assert_eq!(
        header("List-Unsubscribe-Post"),
        "List-Unsubscribe=One-Click"
    );
    assert!(header("List-Id").contains("marketing"));
    assert!(text.unwrap().contains(url));
    assert!(html.unwrap().contains("Good to see you, ana"));
}
