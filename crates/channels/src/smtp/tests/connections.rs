//! How connections are shared, bounded and replaced.

use super::*;

#[tokio::test]
async fn a_hundred_mails_share_one_connection() {
    let scratch = Scratch::new();
    let mailbox = Mailbox::open(scratch.path()).unwrap();
    let sink = SmtpSink::start(mailbox.clone()).await.unwrap();
    let channels = channels(settings(sink.addr()));
    let content = mail();
    let start = std::time::Instant::now();
    for n in 0..100 {
        let sent = channels
            .send(&outgoing(n, Channel::Email, "ada@example.com", &content))
            .await;
        assert!(matches!(sent, Outcome::Accepted { .. }), "{sent:?}");
    }
    assert_eq!((sink.connections(), mailbox.count()), (1, 100));
    // With Nagle's algorithm on, the delayed acknowledgements alone make 4 s.
    assert!(
        start.elapsed() < Duration::from_secs(4),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn the_pool_is_bounded() {
    let scratch = Scratch::new();
    let mailbox = Mailbox::open(scratch.path()).unwrap();
    let sink = SmtpSink::start(mailbox.clone()).await.unwrap();
    let channels = std::sync::Arc::new(channels(settings(sink.addr())));
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..40 {
        let channels = channels.clone();
        tasks.spawn(async move {
            let content = mail();
            channels
                .send(&outgoing(n, Channel::Email, "ada@example.com", &content))
                .await
        });
    }
    for sent in tasks.join_all().await {
        assert!(matches!(sent, Outcome::Accepted { .. }), "{sent:?}");
    }
    assert!(sink.connections() <= 2, "{}", sink.connections());
    assert_eq!(mailbox.count(), 40);
}

#[tokio::test]
async fn a_dead_pooled_connection_is_replaced_once() {
    // The first connection says good-bye after its first mail; the second one lives.
    let polite_end = scripted(|connection, line| match (connection, line) {
        (0, ".") => Some("250 fine\r\n421 closing"),
        (_, line) => polite(line),
    })
    .await;
    // Here it is cut without a word when the second mail begins.
    let mails = AtomicUsize::new(0);
    let cut = scripted(move |connection, line| {
        let second = line.starts_with("MAIL") && mails.fetch_add(1, Ordering::Relaxed) == 1;
        if connection == 0 && second {
            None
        } else {
            polite(line)
        }
    })
    .await;
    for server in [polite_end, cut] {
        let channels = channels(settings(server));
        let content = mail();
        for n in 0..2 {
            let message = outgoing(n, Channel::Email, "ada@example.com", &content);
            let sent = channels.send(&message).await;
            assert!(
                matches!(sent, Outcome::Accepted { .. }),
                "mail {n}: {sent:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_connection_lost_within_a_mail_is_not_repeated_here() {
    let lost = outcome(|_, line| if line == "." { None } else { polite(line) }).await;
    assert!(matches!(lost, Outcome::RefusedForNow { .. }), "{lost:?}");
}

#[tokio::test]
async fn a_refused_recipient_does_not_cost_the_connection() {
    let server = scripted(|connection, line| match line {
        l if connection > 0 && l.is_empty() => Some("554 one connection is enough"),
        l if l.starts_with("RCPT TO:<bob@") => Some("550 unknown"),
        l => polite(l),
    })
    .await;
    let channels = channels(settings(server));
    let content = mail();
    let bob = channels
        .send(&outgoing(1, Channel::Email, "bob@example.com", &content))
        .await;
    assert!(matches!(bob, Outcome::RefusedForGood { .. }), "{bob:?}");
    let ada = channels
        .send(&outgoing(2, Channel::Email, "ada@example.com", &content))
        .await;
    assert!(matches!(ada, Outcome::Accepted { .. }), "{ada:?}");
}
