//! Links of mails that lead past us, and the picture of one pixel.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use journey::links::LinkKind;
use journey::message::Channel;
use parcours_tests::kit::{self, Rig, Workspace, events};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::Shop;

const POLICIES: &str = "purposes:
  marketing: { consent: opt_out, track: [opens, clicks] }
  service: { consent: none, track: clicks }
defaults: { locale: en }
";

const LETTER: &str = "---
subject: Teas
---
<p><a href=\"https://shop.example/teas?a=1&amp;b=2\">Teas</a>
<a href=\"{{ links.unsubscribe }}\">No more</a></p>
";

async fn shop() -> Shop {
    let send = |name: &str, purpose: &str| {
        format!(
            "purpose: {purpose}\nenter: {{ event: {name}, again: always }}\nsteps:\n  \
             - {{ id: letter, send: email, template: letter }}\n  - {{ wait: 30d }}\n"
        )
    };
    let workspace = Workspace::new()
        .file("config/policies.yaml", POLICIES)
        .file("templates/letter/email.en.html", LETTER)
        .file(
            "templates/letter/email.en.txt",
            "Teas: https://shop.example/teas {{ links.unsubscribe }}\n",
        )
        .journey("go", &send("go", "marketing"))
        .journey("paid", &send("paid", "service"));
    let rig = Rig::new(&workspace).await;
    let settings = channels::Settings {
        email: rig.provider.adapter().into(),
        ..channels::Settings::default()
    };
    let channels = channels::Channels::new(&settings).unwrap();
    let engine = rig.engine_with(kit::quick(), channels.into()).await;
    Shop::of(rig, engine)
}

impl Shop {
    /// The mail that the event brings.
    async fn mail(&self, key: &str, event: &str) -> String {
        let before = self.rig.provider.taken().len();
        self.happens(key, event).await;
        let stop = CancellationToken::new();
        self.engine.dispatch_once(&stop).await.unwrap();
        let taken = self.rig.provider.taken();
        assert_eq!(taken.len(), before + 1);
        let html = &taken[before].body["content"]["html"];
        html.as_str().unwrap().to_owned()
    }

    async fn said(&self, key: &str) -> Vec<String> {
        let names: Vec<String> = sqlx::query_scalar(
            "select name from input where customer = $1 and name like 'message.%' order by seq",
        )
        .bind(journey::ids::CustomerId::of(key).0)
        .fetch_all(self.rig.store.pool())
        .await
        .unwrap();
        names
    }
}

/// The path behind the engine's own address, of what stands in that attribute.
fn path<'h>(html: &'h str, before: &str) -> &'h str {
    let at = html
        .find(before)
        .unwrap_or_else(|| panic!("{before}: {html}"))
        + before.len();
    let end = html[at..].find('"').unwrap();
    &html[at..at + end]
}

#[tokio::test]
async fn a_link_leads_on_and_tells_once_and_so_does_the_picture() {
    let shop = shop().await;
    shop.customer("ana").await;
    let html = shop.mail("ana", "go").await;
    // Somebody whom a producer calls by what is ana's id is somebody else.
    let twin = journey::ids::CustomerId::of("ana").to_string();
    shop.customer(&twin).await;
    let base = &shop.engine.settings().links.base;
    let link = path(&html, &format!("<a href=\"{base}/l/")).to_owned();
    let picture = path(&html, &format!("<img src=\"{base}/o/")).to_owned();
    // Looking at where it leads is not following it.
    let head = Request::head(format!("/l/{link}")).body(Body::empty());
    let seen = shop.ask(head.unwrap()).await;
    assert_eq!(seen.status, StatusCode::FOUND);
    assert!(shop.said("ana").await.is_empty());
    for _ in 0..2 {
        let seen = shop.get(&format!("/o/{picture}")).await;
        assert_eq!(seen.status, StatusCode::OK);
        assert_eq!(seen.headers[header::CONTENT_TYPE], "image/gif");
        let led = shop.get(&format!("/l/{link}")).await;
        assert_eq!(led.status, StatusCode::FOUND);
        assert_eq!(
            led.headers[header::LOCATION],
            "https://shop.example/teas?a=1&b=2"
        );
        assert!(!led.headers.contains_key(header::SET_COOKIE));
    }
    assert_eq!(
        shop.said("ana").await,
        ["message.opened", "message.clicked"]
    );
    assert!(shop.said(&twin).await.is_empty());
    let customer = shop.rig.reader().customer("ana").await.unwrap().unwrap();
    let runs = shop.rig.reader().runs(customer.row.id).await.unwrap();
    let run = json!(runs.open[0]).to_string();
    assert!(run.contains("\"clicked\":true"), "{run}");
}

#[tokio::test]
async fn nobody_is_followed_who_has_not_said_yes_themselves() {
    let shop = shop().await;
    let traits = json!({ "email": "bo@customer.example" });
    let body = events::identify("bo", "bo-i", &traits);
    events::take(&shop.engine, &[body], jiff::Timestamp::now()).await;
    let plain = |html: &str| html.contains("\"https://shop.example/teas?a=1&amp;b=2\"");
    // Not objecting is no yes, and neither is needing none.
    for event in ["go", "paid"] {
        let html = shop.mail("bo", event).await;
        assert!(plain(&html) && !html.contains("/o/"), "{html}");
    }
    shop.customer("ana").await;
    assert!(!plain(&shop.mail("ana", "go").await));
    let own = events::track(
        "ana",
        "preferences.changed",
        "own",
        &json!({ "personalised": false }),
    );
    events::take(&shop.engine, &[own], jiff::Timestamp::now()).await;
    let html = shop.mail("ana", "paid").await;
    assert!(plain(&html), "{html}");
}

#[tokio::test]
async fn only_links_of_ours_lead_anywhere() {
    let shop = shop().await;
    shop.customer("ana").await;
    let channel = Channel::Email;
    let other = shop.link(LinkKind::Open { channel }, "ana");
    for word in [other.as_str(), "x", "aHR0cHM6Ly9ldmlsLmV4YW1wbGU"] {
        let seen = shop.get(&format!("/l/{word}")).await;
        assert_eq!(seen.status, StatusCode::NOT_FOUND, "{word}");
        assert!(!seen.headers.contains_key(header::LOCATION));
    }
    // A mail shows no broken picture, and a strange one tells nothing.
    let seen = shop.get("/o/x").await;
    assert_eq!(seen.status, StatusCode::OK);
    assert!(shop.said("ana").await.is_empty());
}
