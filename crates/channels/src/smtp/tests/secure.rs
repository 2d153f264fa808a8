//! Encryption, and who logs in.

use super::*;

#[tokio::test]
async fn starttls_is_not_given_up_in_silence() {
    let mut settings = settings(scripted(|_, line| polite(line)).await);
    settings.tls = TlsMode::Starttls;
    let content = mail();
    let sent = channels(settings)
        .send(&outgoing(1, Channel::Email, "ada@example.com", &content))
        .await;
    let Outcome::RefusedForNow { detail, .. } = sent else {
        panic!("{sent:?}")
    };
    let detail = detail.to_string();
    assert!(detail.contains("STARTTLS is not supported"), "{detail}");
}

#[tokio::test]
async fn mails_go_encrypted_to_whom_we_trust_and_to_nobody_else() {
    for tls in [TlsMode::Tls, TlsMode::Starttls] {
        let server = encrypted(tls == TlsMode::Starttls).await;
        let mut settings = settings(server);
        settings.host = "localhost".into();
        settings.tls = tls;
        let content = mail();
        let message = outgoing(1, Channel::Email, "ada@example.com", &content);
        let sent = channels(settings.clone()).send(&message).await;
        assert!(
            matches!(sent, Outcome::RefusedForNow { .. }),
            "{tls:?}: {sent:?}"
        );
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixtures/ca.pem");
        settings.ca_file = Some(fixtures.into());
        let sent = channels(settings).send(&message).await;
        assert!(
            matches!(sent, Outcome::Accepted { .. }),
            "{tls:?}: {sent:?}"
        );
    }
}

#[tokio::test]
async fn accounts_log_in_and_a_wrong_password_costs_no_message() {
    for (reply, accepted) in [("235 welcome", true), ("535 5.7.8 wrong password", false)] {
        let mut settings = settings(
            scripted(move |_, line| match line {
                l if l.starts_with("EHLO") => Some("250-hello\r\n250 AUTH PLAIN"),
                // \0ada\0secret
                "AUTH PLAIN AGFkYQBzZWNyZXQ=" => Some(reply),
                l if l.starts_with("AUTH") => Some("535 what?"),
                l => polite(l),
            })
            .await,
        );
        settings.user = Some("ada".into());
        settings.password = Some(Secret::new("secret"));
        let content = mail();
        let sent = channels(settings)
            .send(&outgoing(1, Channel::Email, "ada@example.com", &content))
            .await;
        assert_eq!(
            matches!(sent, Outcome::Accepted { .. }),
            accepted,
            "{sent:?}"
        );
        assert_eq!(
            matches!(sent, Outcome::RefusedForNow { .. }),
            !accepted,
            "{sent:?}"
        );
    }
}
