//! What is written down, and that it stays.

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use store::access::NewAudit;

use super::{BROWSER, EMAIL, OWN, PASSWORD, now, site};

#[tokio::test]
async fn the_log_cannot_be_edited() {
    let site = site().await;
    let entry = |at| NewAudit {
        at,
        who: "cli",
        action: "users add",
        what: "",
        reason: "",
        ok: true,
    };
    // The trigger goes by the database's clock.
    let old = Timestamp::now() - SignedDuration::from_hours(731 * 24 + 1);
    site.access
        .write_audit(&entry(Timestamp::now()))
        .await
        .unwrap();
    site.access.write_audit(&entry(old)).await.unwrap();
    for sql in [
        "update audit set who = 'nobody'",
        "update audit set ok = ok",
        "delete from audit",
        "truncate audit",
    ] {
        let error = sqlx::query(sql).execute(&*site.database).await.unwrap_err();
        assert!(
            error.to_string().contains("never changed"),
            "{sql}: {error}"
        );
    }
    assert_eq!(site.log().await.len(), 2);
    site.access.tidy(Timestamp::now()).await.unwrap();
    let left = site.log().await;
    assert_eq!(left.len(), 1, "what is older than two years goes");
    assert!(left[0].at > old);
}

#[tokio::test]
async fn changes_and_refusals_are_written_down_without_data_of_customers() {
    let site = site().await;
    let id = site.user(EMAIL, &["admin"]).await;
    let signed = site.sign_in(EMAIL, PASSWORD, "").await;
    let cookie = signed.cookie();
    let headers = [OWN, ("cookie", &*cookie)];
    site.sign_in(EMAIL, "nonsense", "").await;
    site.get("/customers", &headers).await;
    site.ask("DELETE", "/v1/customers/ana@private.example", &headers, "")
        .await;
    site.ask("DELETE", "/v1/customers/ana@private.example", &[], "")
        .await;
    let made = site
        .form("/access/keys", &cookie, "name=shop&scope_events:write=on")
        .await;
    assert_eq!(made.status, StatusCode::OK);
    let officer = site.user("zoe@shop.example", &["privacy_officer"]).await;
    let hers = site.session(officer).await;
    site.get(
        "/v1/customers/ana@private.example/export",
        &[("cookie", &hers)],
    )
    .await;
    let log = site.log().await;
    let told: Vec<(String, &str, &str, bool)> = log
        .iter()
        .map(|e| (e.who.clone(), &*e.action, &*e.reason, e.ok))
        .collect();
    let user = format!("user:{id}");
    let nobody = || "nobody".to_owned();
    assert_eq!(
        told,
        [
            (user.clone(), "sign_in", "", true),
            (nobody(), "sign_in", "wrong", false),
            (
                user.clone(),
                "DELETE /v1/customers/{key}",
                "not_allowed",
                false
            ),
            (nobody(), "DELETE /v1/customers/{key}", "sign_in", false),
            (user, "POST /access/keys", "events:write", true),
            (
                format!("user:{officer}"),
                "GET /v1/customers/{key}/export",
                "",
                false
            ),
        ],
        "what is only looked at is not written down"
    );
    let ana = journey::ids::CustomerId::of("ana@private.example");
    assert_eq!(log[2].what, format!("customer={ana}"));
    assert!(log[4].what.starts_with("key="));
    assert!(!format!("{log:?}").contains("private.example"));
    let page = site
        .get(
            &format!("/access/audit?who={EMAIL}&action=sign_in"),
            &[BROWSER, headers[1]],
        )
        .await;
    assert_eq!(page.body.matches("<tr><td").count(), 1, "{}", page.body);
}

#[tokio::test]
async fn strangers_fill_no_log() {
    let site = site().await;
    site.user(EMAIL, &["admin"]).await;
    for _ in 0..200 {
        site.get("/v1/customers", &[]).await;
    }
    assert_eq!(site.log().await.len(), 60, "so many in a minute");
}

#[tokio::test]
async fn a_page_of_the_log_leads_to_the_earlier_ones() {
    let site = site().await;
    let id = site.user(EMAIL, &["privacy_officer"]).await;
    let cookie = site.session(id).await;
    for n in 0..150 {
        let entry = NewAudit {
            at: now(),
            who: "cli",
            action: "users add",
            what: &format!("user={n}"),
            reason: "",
            ok: true,
        };
        site.access.write_audit(&entry).await.unwrap();
    }
    let headers = [BROWSER, ("cookie", &*cookie)];
    let first = site.get("/access/audit", &headers).await.body;
    assert!(first.contains("user=149") && !first.contains("user=49<"));
    let (_, rest) = first
        .split_once("<a href=\"/access/audit?")
        .expect("a next page");
    let query = rest
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&")
        .replace("&amp;", "&");
    let next = site
        .get(&format!("/access/audit?{query}"), &headers)
        .await
        .body;
    assert!(next.contains("user=49<") && next.contains("user=0<") && !next.contains("Earlier"));
}
