//! The page of `parcours preview`: each message as its reader sees it.

use parcours_tests::kit::{browser::Scheme, driver::Driver};
use serde_json::json;
use standins::{Provider as _, Twilio};

use super::binary::Workspace;

const NOTE: &str = "title: Your basket is waiting
body: We keep it until tomorrow.
url: https://shop.example/cart
image: https://shop.example/cart.png
actions:
  - name: buy
    label: Buy now
    url: https://shop.example/checkout
  - name: later
    label: Remind me
";

const QUESTION: &str = "---
whatsapp:
  template: cart_reminder
  language: en
  parameters:
    - Léa
---
Shall we keep it?
";

const ASKS: &str = "journey: asks
purpose: feedback
enter: { event: product.viewed }
steps:
  - id: question
    ask: chat
    template: all
    within: 2d
    options:
      keep: { label: { en: Keep it, fr: Gardez-le } }
    else: []
";

/// Every kind of message, in one template.
fn with_all_kinds() -> Workspace {
    let workspace = Workspace::of_samples();
    let long = "https://shop.example/teas/green?from=the-newsletter-of-november&kind=sencha";
    for locale in ["en", "fr"] {
        let file = |name: &str| format!("templates/all/{name}.{locale}");
        workspace.write(&format!("{}.yaml", file("push")), NOTE);
        workspace.write(&format!("{}.txt", file("chat")), QUESTION);
        workspace.write(
            &format!("{}.txt", file("sms")),
            &format!("It's the last day: {long}\n"),
        );
        let mail = "---\nsubject: Last day\npreheader: Until tonight\n---\n<style>@media (prefers-color-scheme: dark) { p { color: rgb(1, 2, 3); } }</style><p>Hello</p> {{ links.unsubscribe }}";
        workspace.write(&format!("{}.html", file("email")), mail);
        workspace.write(
            &format!("{}.txt", file("email")),
            "Hello {{ links.unsubscribe }}",
        );
    }
    workspace.write("journeys/asks/journey.yaml", ASKS);
    let config =
        "links: { base: https://my.shop.example, short: true, short_base: https://s.example }
pages: { name: Maison Tilleul }
channels: { sms: { vonage: { api_key: a, api_secret: b, from: Tilleul } } }
";
    workspace.write("config/parcours.yaml", config);
    workspace
}

#[test]
fn a_preview_shows_each_message_as_its_reader_sees_it() {
    let workspace = with_all_kinds();
    let text = workspace
        .parcours(["preview", "all"])
        .output()
        .expect(0)
        .out();
    assert!(
        text.contains("It's the last day: https://s.example/s/"),
        "{text}"
    );
    let page = workspace.read(".parcours/preview/all/index.html");
    for (count, expected) in [
        (2, "<article class=\"variant email\">"),
        (2, "<li>Buy now</li><li>Remind me</li>"),
        (2, "src=\"https://shop.example/cart.png\""),
        (2, "<span class=\"seen-name\">Maison Tilleul</span>"),
        (2, "1 segment · 49 characters in GSM-7 · from Tilleul"),
        (1, "<ul class=\"seen-offers\"><li>Keep it</li></ul>"),
        (1, "<ul class=\"seen-offers\"><li>Gardez-le</li></ul>"),
        (
            2,
            "<strong>cart_reminder</strong> (en), approved by WhatsApp",
        ),
        (2, "<dt>{{1}}</dt><dd>Léa</dd>"),
    ] {
        assert_eq!(page.matches(expected).count(), count, "{expected}: {page}");
    }
}

#[test]
fn a_preview_is_accessible_and_shows_a_mail_by_day_and_by_night() {
    let workspace = with_all_kinds();
    workspace.parcours(["preview", "all"]).output().expect(0);
    let page = workspace.path().join(".parcours/preview/all/index.html");
    // `PICTURES=FOLDER cargo test … preview` takes pictures, to be looked at.
    let mut tab = Driver::start();
    tab.go(&format!("file://{}", page.display()));
    let mut found = Vec::new();
    for scheme in [Scheme::Light, Scheme::Dark] {
        tab.seen_by(1_600, 900, scheme);
        found.extend(tab.wrong().into_iter().map(|w| format!("{scheme:?}: {w}")));
        tab.picture(&format!("preview-{scheme:?}"));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    let shown = "[...document.querySelectorAll('article:first-child .seen-frame')].filter(f => f.clientWidth)\
         .map(f => [getComputedStyle(f).colorScheme, f.clientWidth])";
    assert_eq!(tab.eval(shown), json!([["light", 718]]));
    tab.click("document.querySelector('.seen-narrow')");
    tab.click("document.querySelector('.seen-night')");
    assert_eq!(tab.eval(shown)[0], json!(["dark", 375]));
    tab.picture("preview-phone-night");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_is_sent_to_whom_the_settings_name_and_to_nobody_else() {
    let twilio = Twilio::start().await;
    let there = twilio.provider();
    let (sid, token, url) = (&there.account_sid, &there.auth_token, twilio.url());
    let workspace = with_all_kinds();
    let config = format!(
        "channels:
  test_to: [\"+33 6 12 34 56 78\"]
  sms: {{ twilio: {{ account_sid: {sid}, auth_token: {token}, from: \"+15005550006\", url: \"{url}\" }} }}
"
    );
    workspace.write("config/parcours.yaml", &config);
    let run = |to: &'static str| {
        let asked = ["preview", "all", "--locale", "en", "--send", to];
        tokio::task::block_in_place(|| workspace.parcours(asked).output())
    };
    let sent = run("+33612345678").expect(0).out();
    assert!(
        sent.contains("sent by twilio to +33612345678: sms en"),
        "{sent}"
    );
    let stranger = run("+33699999999").expect(2).err();
    assert!(
        stranger.contains("name it under `channels.test_to`"),
        "{stranger}"
    );
    let unclear = run("somebody").expect(2).err();
    assert!(unclear.contains("--channel"), "{unclear}");
    let nobody = run("ana@shop.example").expect(2).err();
    assert!(nobody.contains("tests may not go to"), "{nobody}");
    let accepted = twilio.accepted();
    assert_eq!(accepted.len(), 1);
    assert_eq!(accepted[0].to, "+33612345678");
    assert!(accepted[0].body.contains("It's the last day"));
}
