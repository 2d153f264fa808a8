//! What no link does.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use jiff::{SignedDuration, Timestamp};
use journey::{
    ids::CustomerId,
    links::{Key, Link, LinkKind},
    message::Channel,
};

use super::{Shop, message};

/// Every page, for a link of every kind.
fn pages(word: &str) -> [String; 4] {
    ["u", "p", "c", "e"].map(|page| format!("/{page}/{word}"))
}

fn kinds() -> [LinkKind; 4] {
    let (purpose, channel) = (Arc::from("marketing"), Channel::Email);
    [
        LinkKind::Unsubscribe { purpose, channel },
        LinkKind::Preferences { channel },
        LinkKind::Confirm { channel },
        LinkKind::Erase,
    ]
}

/// All of these look the same from outside, so that nobody learns whether a customer exists.
#[tokio::test]
async fn forged_old_and_foreign_links_are_all_answered_alike_and_change_nothing() {
    let shop = Shop::new().await;
    shop.customer("ana").await;
    let good = shop.preferences("ana");
    let now = Timestamp::now();
    let ana = CustomerId::of("ana");
    let mut words = vec![
        "x".to_owned(),
        "..%2f..%2fetc".to_owned(),
        "%00".to_owned(),
        good[..good.len() - 1].to_owned(),
        format!("{good}A"),
        good.replacen(
            &good[20..21],
            if &good[20..21] == "A" { "B" } else { "A" },
            1,
        ),
        // Somebody else's id, by their own link's signature.
        shop.preferences("nobody"),
    ];
    for kind in kinds() {
        let link = Link::new(kind.clone(), ana, message(), now);
        words.push(Key::sample().sign(&link));
        let old = Link {
            expires_at: now - SignedDuration::from_secs(1),
            ..link
        };
        words.push(shop.engine.linker().key().sign(&old));
    }
    let mut answers = Vec::new();
    for page in words.iter().flat_map(|w| pages(w)) {
        answers.push(shop.get(&page).await);
        answers.push(
            shop.post(&page, "sure=yes&do=off&List-Unsubscribe=One-Click")
                .await,
        );
    }
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert_eq!(answer.body, answers[0].body);
        assert!(!answer.body.contains("ana"));
    }
    assert!(shop.records().await.is_empty());
}

/// Single-purpose: a link for one page is nothing on another.
#[tokio::test]
async fn a_link_opens_its_own_page_and_no_other() {
    let shop = Shop::new().await;
    shop.customer("ana").await;
    for (own, kind) in kinds().into_iter().enumerate() {
        let word = shop.link(kind, "ana");
        for (page, path) in pages(&word).into_iter().enumerate() {
            let expected = if page == own {
                StatusCode::OK
            } else {
                StatusCode::NOT_FOUND
            };
            assert_eq!(shop.get(&path).await.status, expected, "{path}");
            if page != own {
                let answer = shop.post(&path, "sure=yes&do=off").await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            }
        }
    }
    assert!(shop.records().await.is_empty());
}

/// A link for unsubscribing is good for years; the way from it to personal data is not.
#[tokio::test]
async fn an_old_way_out_leads_to_no_personal_data() {
    let shop = Shop::new().await;
    shop.customer("ana").await;
    let (purpose, channel) = (Arc::from("marketing"), Channel::Email);
    let kind = LinkKind::Unsubscribe { purpose, channel };
    let at = |days: i64| Timestamp::now() - SignedDuration::from_hours(24 * days);
    let page = async |days| {
        let link = Link::new(kind.clone(), CustomerId::of("ana"), message(), at(days));
        let word = shop.engine.linker().key().sign(&link);
        shop.get(&format!("/u/{word}")).await.body
    };
    assert!(page(59).await.contains("href=\"/p/"));
    assert!(!page(61).await.contains("href=\"/p/"));
}

#[tokio::test]
async fn no_page_tracks_remembers_or_runs_anything() {
    let shop = Shop::new().await;
    shop.customer("ana").await;
    let word = shop.preferences("ana");
    for path in [
        format!("/p/{word}"),
        format!("/u/{}", shop.unsubscribe("ana", Channel::Email)),
        format!("/e/{}", shop.link(LinkKind::Erase, "ana")),
        "/p/x".to_owned(),
    ] {
        let page = shop.get(&path).await;
        let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
        assert!(!page.headers.contains_key(header::SET_COOKIE), "{path}");
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(!policy.contains("script") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("x-robots-tag"), "noindex, nofollow");
        let page = page.body.to_lowercase();
        for tracked in ["<script", "http://", "onload", "<iframe", "utm_"] {
            assert!(!page.contains(tracked), "{path}: {tracked}");
        }
        assert!(
            !page.contains("<b>"),
            "what customers are called is no markup"
        );
    }
}

/// Bounds: a form that is too long, one that is none, and methods that are not taken.
#[tokio::test]
async fn what_makes_no_sense_changes_nothing_and_is_said() {
    let shop = Shop::new().await;
    shop.customer("ana").await;
    let page = format!("/p/{}", shop.preferences("ana"));
    for form in ["", "on=marketing.sms", &"x".repeat(20_000), "do"] {
        let answer = shop.post(&page, form).await;
        let expected = if form == "do" {
            StatusCode::SEE_OTHER
        } else {
            StatusCode::BAD_REQUEST
        };
        assert_eq!(answer.status, expected, "{form:.20}");
    }
    for method in ["PUT", "DELETE", "PATCH"] {
        let request = Request::builder().method(method).uri(&page);
        let answer = shop.ask(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    }
    assert!(shop.records().await.is_empty());
}
