//! How many go in a time: to a provider, and to a domain.

use std::time::{Duration, Instant};

use channels::{
    AdapterSettings, Channels, DomainSettings, Failover, Limits, RateSettings, Span,
    WebhookSettings,
};
use journey::message::Channel;
use parcours_tests::kit::{self, Answer, Post, Rig, events};
use serde_json::json;

use super::{
    Running, SENT, SMS, by, nothing_is_lost_or_doubled, queue, recently, until, workspace,
};

fn rate(max: u32) -> Option<RateSettings> {
    let per = Span(Duration::from_secs(1));
    Some(RateSettings { max, per, burst: 1 })
}

/// None comes earlier than the rate allows, counted from the first. The network may hand two over
/// closer to each other than they left, but not by much.
fn keep_the_rate(posts: &[Post], max: u32) {
    const JITTER: Duration = Duration::from_millis(250);
    let first = posts[0].at;
    for (n, post) in (0..).zip(posts) {
        let allowed = Duration::from_secs(1) * n / max;
        let came = post.at - first + JITTER;
        assert!(
            came >= allowed,
            "number {n} came after {came:?}, not {allowed:?}"
        );
    }
}

async fn attempts_of_more_than_one(rig: &Rig) -> i64 {
    rig.count("select count(*) from message where attempt <> 1")
        .await
}

#[tokio::test]
async fn a_provider_is_given_no_more_than_its_rate_and_no_message_is_tried_for_nothing() {
    let rig = Rig::new(&workspace(SMS)).await;
    let limited = WebhookSettings {
        limits: Limits {
            rate: rate(20),
            ..Limits::default()
        },
        ..rig.provider.named("limited")
    };
    let engine = rig
        .engine_with(kit::quick(), by(vec![limited], Failover::Certain))
        .await;
    queue(&engine, 60, recently()).await;
    let running = Running::start(&engine);
    kit::eventually(Duration::from_secs(9), "the first", async || {
        !rig.provider.posts().is_empty()
    })
    .await;
    // What there is no room for stays where it is.
    let leased = "select count(*) from message where status = 'leased'";
    assert!(
        rig.count(leased).await <= 21 + 20,
        "no more than a second ahead"
    );
    until(&rig, 60, SENT).await;
    running.stop().await;
    let posts = rig.provider.posts();
    keep_the_rate(&posts, 20);
    let took = posts[59].at - posts[0].at;
    assert!(
        took < Duration::from_secs(6),
        "and the rate is used: {took:?}"
    );
    nothing_is_lost_or_doubled(&rig, &[&rig.provider], 60).await;
    assert_eq!(attempts_of_more_than_one(&rig).await, 0);
}

/// The whole provider is left alone, not only the message that was answered so.
#[tokio::test]
async fn a_provider_that_names_a_time_to_come_back_in_is_left_alone_until_then() {
    let rig = Rig::new(&workspace(SMS)).await;
    rig.provider
        .script([Answer::Accept, Answer::RetryAfter(429, 2)]);
    let one_by_one = WebhookSettings {
        concurrency: 1,
        ..rig.provider.named("one by one")
    };
    let engine = rig
        .engine_with(kit::quick(), by(vec![one_by_one], Failover::Certain))
        .await;
    queue(&engine, 20, recently()).await;
    let running = Running::start(&engine);
    until(&rig, 20, SENT).await;
    running.stop().await;
    let posts = rig.provider.posts();
    assert_eq!(posts.len(), 21, "one more than there are messages");
    let pause = posts[2].at - posts[1].at;
    assert!(pause >= Duration::from_secs(2), "{pause:?}");
    nothing_is_lost_or_doubled(&rig, &[&rig.provider], 20).await;
    assert_eq!(
        attempts_of_more_than_one(&rig).await,
        1,
        "the others were not tried"
    );
}

/// One channel at its limit costs the others nothing, however long it has waited for its turn.
#[tokio::test]
async fn a_channel_at_its_limit_is_not_in_the_way_of_the_others() {
    let chat = "templates/hello/chat.en.txt";
    let both = "purpose: marketing
enter: { event: b, again: always }
steps:
  - { id: nudge, send: chat, template: hello }
  - { wait: 30d }
";
    let workspace = workspace(SMS).file(chat, "Hello").journey("b", both);
    let rig = Rig::new(&workspace).await;
    let limited = WebhookSettings {
        limits: Limits {
            rate: rate(1),
            ..Limits::default()
        },
        ..rig.provider.named("limited")
    };
    let settings = channels::Settings {
        sms: AdapterSettings::Webhook(limited).into(),
        chat: rig.provider.adapter().into(),
        ..channels::Settings::default()
    };
    let channels = Channels::new(&settings).unwrap();
    let engine = rig.engine_with(kit::quick(), channels.into()).await;
    // All text messages have waited for longer than any of the others.
    queue(&engine, 300, recently()).await;
    let mut bodies = Vec::new();
    for name in (0..100).map(|n| format!("d{n}")) {
        bodies.push(events::identify(&name, &name, &json!({ "chat_id": name })));
        bodies.extend(events::arrival_of(&name).pop());
        bodies.push(events::track(&name, "b", &format!("{name} b"), &json!({})));
    }
    events::take(&engine, &bodies, recently()).await;
    let (start, running) = (Instant::now(), Running::start(&engine));
    let chats = "select count(*) from message where status = 'sent' and channel = 'chat'";
    until(&rig, 100, chats).await;
    let took = start.elapsed();
    running.stop().await;
    let texts = rig.provider.posts();
    let texts = texts
        .iter()
        .filter(|post| post.body["channel"] == "sms")
        .count();
    assert!(texts <= took.as_secs() as usize + 2, "{texts} in {took:?}");
    let untouched = "select count(*) from message where channel = 'sms' and status = 'queued'
         and attempt = 0 and due_at = at";
    assert!(rig.count(untouched).await >= 300 - 4 - i64::try_from(texts).unwrap());
}

#[tokio::test]
async fn a_domain_at_its_limit_is_not_in_the_way_of_the_others() {
    const MJML: &str = "---\nsubject: Hello\n---\n<mjml><mj-body><mj-section><mj-column>
<mj-text><a href=\"{{ links.unsubscribe }}\">unsubscribe</a></mj-text>
</mj-column></mj-section></mj-body></mjml>\n";
    let workspace = workspace("send: email, template: hello")
        .file("templates/hello/email.en.mjml", MJML)
        .file("templates/hello/email.en.txt", "{{ links.unsubscribe }}");
    let rig = Rig::new(&workspace).await;
    let gmail = DomainSettings {
        rate: rate(10),
        concurrency: Some(2),
    };
    let limits = Limits {
        domains: [("gmail.com".to_owned(), gmail)].into(),
        ..Limits::default()
    };
    let hook = WebhookSettings {
        limits,
        ..rig.provider.named("mail")
    };
    let settings = channels::Settings {
        email: AdapterSettings::Webhook(hook).into(),
        ..channels::Settings::default()
    };
    let channels = Channels::new(&settings).unwrap();
    let engine = rig.engine_with(kit::quick(), channels.into()).await;
    let mut bodies = Vec::new();
    for n in 0..80 {
        let name = format!("c{n}");
        // The crowd of the one comes first.
        let domain = if n < 40 {
            "Gmail.com"
        } else {
            "customer.example"
        };
        bodies.extend(events::arrival_of(&name));
        let email = json!({ "email": format!("{name}@{domain}") });
        bodies.push(events::identify(&name, &format!("{name} email"), &email));
        bodies.push(events::track(&name, "a", &name, &json!({})));
    }
    events::take(&engine, &bodies, recently()).await;
    let running = Running::start(&engine);
    until(&rig, 80, SENT).await;
    running.stop().await;
    let posts = rig.provider.posts();
    let is_gmail = |post: &&Post| post.body["to"].as_str().unwrap().ends_with("@Gmail.com");
    let slow: Vec<Post> = posts.iter().filter(is_gmail).cloned().collect();
    keep_the_rate(&slow, 10);
    let others = posts
        .iter()
        .filter(|post| !is_gmail(post))
        .map(|post| post.at);
    let others = others.max().unwrap() - posts[0].at;
    assert!(
        others < Duration::from_secs(2),
        "the others had nothing to wait for: {others:?}"
    );
    nothing_is_lost_or_doubled(&rig, &[&rig.provider], 80).await;
    assert_eq!(
        attempts_of_more_than_one(&rig).await,
        0,
        "waiting is no try"
    );
    let channel = Channel::Email;
    let health = engine.channels().health();
    let mail = health.iter().find(|h| h.channel == channel).unwrap();
    let put_off = mail.tally.put_off;
    assert!((1..=120).contains(&put_off), "about once each: {put_off}");
}
