//! Unsubscribing by link, by one click and by mail.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use journey::{customer::ConsentState::Withdrawn, message::Channel};
use tokio_util::sync::CancellationToken;

use super::Shop;

/// RFC 8058, 3.1 and 3.2: a POST of `List-Unsubscribe=One-Click`, as either kind of form, without
/// cookies and without any further question, and no redirect; a GET changes nothing.
#[tokio::test]
async fn one_click_takes_the_consent_back_and_looking_does_not() {
    for multipart in [false, true] {
        let shop = Shop::new().await;
        shop.customer("ana").await;
        let way = format!("/u/{}", shop.unsubscribe("ana", Channel::Email));
        let seen = shop.get(&way).await;
        assert_eq!(seen.status, StatusCode::OK);
        assert!(
            seen.body.contains("stop receiving “News and offers”?"),
            "{}",
            seen.body
        );
        assert!(shop.records().await.is_empty(), "looking changes nothing");
        let (kind, body) = if multipart {
            (
                "multipart/form-data; boundary=x",
                "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n",
            )
        } else {
            (
                "application/x-www-form-urlencoded",
                "List-Unsubscribe=One-Click",
            )
        };
        let request = Request::post(&way).header(header::CONTENT_TYPE, kind);
        let done = shop.ask(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.body);
        assert!(!done.headers.contains_key(header::SET_COOKIE));
        assert_eq!(
            shop.records().await,
            ["withdrawn marketing email one_click"]
        );
        assert_eq!(
            shop.state("ana", "marketing", Channel::Email).await,
            Some(Withdrawn)
        );
        assert_ne!(
            shop.state("ana", "marketing", Channel::Sms).await,
            Some(Withdrawn)
        );
    }
}

/// The record says what was shown, which version of it, and in which message the link was.
#[tokio::test]
async fn the_record_of_a_withdrawal_is_its_proof_and_stays_as_it_is() {
    let shop = Shop::new().await;
    shop.customer("ana").await;
    let way = format!("/u/{}", shop.unsubscribe("ana", Channel::Sms));
    assert_eq!(shop.post(&way, "sure=yes").await.status, StatusCode::OK);
    let (text, version, proof): (String, String, Vec<u8>) =
        sqlx::query_as("select text, version, proof from consent where how = 'link'")
            .fetch_one(shop.rig.store.pool())
            .await
            .unwrap();
    assert_eq!(text, "Do you want to stop receiving “News and offers”?");
    assert_eq!(version, "2026-11");
    let proof: serde_json::Value = serde_json::from_slice(&proof).unwrap();
    assert_eq!(proof["message_id"], super::message().to_string());
    let changed = sqlx::query("update consent set state = 'granted'")
        .execute(shop.rig.store.pool())
        .await;
    let refused = changed.unwrap_err().to_string();
    assert!(refused.contains("never changed"), "{refused}");
}

/// Whoever comes back to an old link after a new consent means it anew.
#[tokio::test]
async fn a_link_works_each_time_it_is_meant() {
    let shop = Shop::new().await;
    shop.customer("ana").await;
    let way = format!("/u/{}", shop.unsubscribe("ana", Channel::Sms));
    for times in 1..=2 {
        assert_eq!(shop.post(&way, "sure=yes").await.status, StatusCode::OK);
        assert_eq!(shop.records().await.len(), times);
        assert_eq!(
            shop.state("ana", "marketing", Channel::Sms).await,
            Some(Withdrawn)
        );
        shop.customer("ana").await;
    }
}

/// Promise 3: a message that waits in the outbox does not leave, and says why.
#[tokio::test]
async fn promise_3_what_was_queued_does_not_leave_once_the_page_has_answered() {
    let shop = Shop::new().await;
    shop.customer("ana").await;
    shop.happens("ana", "go").await;
    let way = format!("/u/{}", shop.unsubscribe("ana", Channel::Sms));
    assert_eq!(
        shop.post(&way, "List-Unsubscribe=One-Click").await.status,
        StatusCode::OK
    );
    shop.engine
        .dispatch_once(&CancellationToken::new())
        .await
        .unwrap();
    assert!(shop.rig.provider.taken().is_empty());
    assert_eq!(shop.rig.messages().await, ["sms suppressed no_consent 1"]);
    // What the shop owes her comes all the same.
    shop.happens("ana", "paid").await;
    shop.engine
        .dispatch_once(&CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(shop.rig.provider.taken().len(), 1);
}

/// Forty customers unsubscribe while three dispatchers are at work: what left had been leased
/// before, and every other message says why it stayed.
#[tokio::test(flavor = "multi_thread")]
async fn promise_3_unsubscribing_races_with_dispatch_and_nothing_is_left_in_between() {
    let shop = Shop::new().await;
    for n in 0..40 {
        shop.customer(&format!("c{n}")).await;
        shop.happens(&format!("c{n}"), "go").await;
    }
    let stop = CancellationToken::new();
    let dispatch = async || {
        while shop.engine.dispatch_once(&stop).await.unwrap().leased > 0 {}
    };
    let unsubscribe = async || {
        for n in (0..40).rev() {
            let way = format!("/u/{}", shop.unsubscribe(&format!("c{n}"), Channel::Sms));
            assert_eq!(shop.post(&way, "sure=yes").await.status, StatusCode::OK);
        }
    };
    tokio::join!(dispatch(), unsubscribe(), dispatch(), dispatch());
    dispatch().await;
    let sent = shop
        .rig
        .count("select count(*) from message where status = 'sent'")
        .await;
    let stopped =
        "select count(*) from message where status = 'suppressed' and reason = 'no_consent'";
    assert_eq!(sent + shop.rig.count(stopped).await, 40);
    assert_eq!(
        sent,
        i64::try_from(shop.rig.provider.taken().len()).unwrap()
    );
    // From now on nothing is even decided to go.
    shop.happens("c0", "go").await;
    let queued = "select count(*) from message where status in ('queued', 'leased')";
    assert_eq!(shop.rig.count(queued).await, 0);
}

/// RFC 2369: the `mailto:` of the headers. The mail is passed on as it arrived.
#[tokio::test]
async fn a_mail_with_the_link_in_its_subject_unsubscribes() {
    let shop = Shop::new().await;
    shop.customer("ana").await;
    let word = shop.unsubscribe("ana", Channel::Email);
    let mail = |word: &str| {
        format!("From: ana@customer.example\r\nSubject: unsubscribe {word}\r\n\r\nPlease.\r\n")
    };
    let send = async |key: &str, mail: String| {
        use base64::Engine as _;
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("{key}:"));
        let request = Request::post("/v1/unsubscribe/mail")
            .header(header::CONTENT_TYPE, "message/rfc822")
            .header(header::AUTHORIZATION, format!("Basic {basic}"));
        shop.ask(request.body(Body::from(mail)).unwrap())
            .await
            .status
    };
    assert_eq!(send("other", mail(&word)).await, StatusCode::UNAUTHORIZED);
    assert_eq!(
        send("key", mail("me")).await,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    // A link for something else unsubscribes from nothing.
    let other = shop.preferences("ana");
    assert_eq!(
        send("key", mail(&other)).await,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert!(shop.records().await.is_empty());
    assert_eq!(send("key", mail(&word)).await, StatusCode::NO_CONTENT);
    assert_eq!(shop.records().await, ["withdrawn marketing email mail"]);
}
