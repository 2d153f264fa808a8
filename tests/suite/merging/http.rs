//! Asked for over HTTP: who may, what is refused, and what is taken down.

use std::sync::Arc;

use ::api::{State, access, access::Role};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use jiff::Timestamp;
use journey::{ids::CustomerId, value::Value};
use parcours_tests::kit::{Rig, events};
use serde_json::{Value as Json, json};
use store::access::{Access, AuditFilter, NewKey};
use tower::ServiceExt as _;

use super::{deliver, event, identify, profile, rig, take};
use crate::api::desk::{self, Desk};

/// A router over the rig's database, with a desk that takes events.
pub struct Site {
    pub router: Router,
    pub access: Access,
    pub desk: Arc<Desk>,
}

pub fn site(rig: &Rig) -> Site {
    let access = Access::new(rig.store.pool().clone());
    let desk = Arc::new(Desk::default());
    let state = State {
        access: Some(access::Access::new(access.clone(), false)),
        clock: Timestamp::now,
        ..desk::state(rig.reader(), desk.clone(), None)
    };
    Site {
        router: ::api::router(state),
        access,
        desk,
    }
}

impl Site {
    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &Json) -> (StatusCode, Json) {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_string())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn user(&self, email: &str, role: &str) -> uuid::Uuid {
        let roles = [role.to_owned()];
        let user = self.access.add_user(email, "", &roles, Timestamp::now());
        user.await.unwrap().unwrap()
    }

    async fn key(&self, scope: &str) -> String {
        let key = access::new_key().unwrap();
        let scopes = [scope.to_owned()];
        let new = NewKey {
            hash: &access::hash_of(&key),
            name: scope,
            scopes: &scopes,
            made_by: "cli",
            expires_at: None,
        };
        self.access.add_key(&new, Timestamp::now()).await.unwrap();
        format!("Bearer {key}")
    }

    /// Takes what the desk was given into the turn, as `dev` does.
    pub async fn takes(&self, engine: &engine::Engine) -> usize {
        let taken = std::mem::take(&mut *self.desk.taken.lock().unwrap());
        let bodies: Vec<_> = taken.into_iter().map(|a| a.body.into()).collect();
        take(engine, &bodies).await
    }
}

fn merge(into: &str) -> Json {
    json!({ "into": into, "reason": "ticket 4711" })
}

#[tokio::test]
async fn asked_for_it_is_an_event_of_the_one_who_goes_and_stands_in_the_audit_log() {
    let (rig, engine) = rig().await;
    take(
        &engine,
        &[
            identify("bea", &json!({ "city": "Gent" })),
            event("ana", "seen", "a"),
        ],
    )
    .await;
    let site = site(&rig);
    site.user("ines@shop.example", "admin").await;
    let key = site.key("customers:merge").await;
    let auth = [("authorization", &*key)];
    let (status, body) = site
        .post("/v1/customers/bea/merge", &auth, &merge("ana"))
        .await;
    assert_eq!(status, StatusCode::ACCEPTED, "{body}");
    assert_eq!(site.takes(&engine).await, 1);
    deliver(&engine).await;
    let (traits, _) = profile(&rig, "ana").await;
    assert_eq!(traits.get("city"), Some(&Value::text("Gent")));
    let inputs = rig.store.inputs(CustomerId::of("bea"), 10).await.unwrap();
    let (input, _) = inputs.last().unwrap();
    assert_eq!(json!(input.id), body["id"]);
    let recorded = format!("{:?}", input.kind);
    assert!(
        recorded.contains("ticket 4711") && recorded.contains("key:"),
        "{recorded}"
    );
    let log = site.access.audit(&AuditFilter::default()).await.unwrap();
    let entry = log.iter().find(|e| e.action.ends_with("/merge")).unwrap();
    let ids = format!(
        "customer={} into={}",
        CustomerId::of("bea"),
        CustomerId::of("ana")
    );
    assert_eq!(
        (&*entry.what, &*entry.reason, entry.ok),
        (&*ids, "ticket 4711", true)
    );
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_it_is_taken() {
    let (rig, engine) = rig().await;
    take(
        &engine,
        &[
            event("a", "seen", "a"),
            event("b", "seen", "b"),
            event("c", "seen", "c"),
        ],
    )
    .await;
    take(&engine, &[super::alias("b", "a")]).await;
    let site = site(&rig);
    let long = "x".repeat(201);
    for (path, body, status, code) in [
        ("nobody", merge("a"), 404, "not_found"),
        ("c", merge("nobody"), 404, "no_other"),
        ("c", merge("c"), 409, "same_customer"),
        ("b", merge("c"), 409, "merged"),
        ("a", merge("b"), 409, "circle"),
        ("c", json!({ "reason": "why" }), 400, "bad_body"),
        ("c", json!({ "into": "", "reason": "why" }), 400, "into"),
        ("c", json!({ "into": "a" }), 400, "bad_body"),
        ("c", json!({ "into": "a", "reason": " " }), 400, "reason"),
        ("c", json!({ "into": "a", "reason": long }), 400, "reason"),
        ("c", json!({ "into": 7, "reason": "why" }), 400, "bad_body"),
        (
            "c",
            json!({ "into": "a", "reason": "why", "more": 1 }),
            400,
            "bad_body",
        ),
    ] {
        let (found, told) = site
            .post(&format!("/v1/customers/{path}/merge"), &[], &body)
            .await;
        assert_eq!(
            (found.as_u16(), told["code"].as_str()),
            (status, Some(code)),
            "{path} {body}"
        );
    }
    assert!(site.desk.taken.lock().unwrap().is_empty());
}

#[tokio::test]
async fn who_may_is_as_their_role_says() {
    let (rig, engine) = rig().await;
    take(&engine, &[event("a", "seen", "a"), event("b", "seen", "b")]).await;
    let site = site(&rig);
    let mut may = Vec::new();
    for role in Role::ALL {
        let email = format!("{}@shop.example", role.word());
        let user = site.user(&email, role.word()).await;
        let token = access::token().unwrap();
        let hash = access::hash_of(&token);
        site.access
            .open_session(&hash, user, Timestamp::now())
            .await
            .unwrap();
        let cookie = format!("parcours={token}");
        let own = [("cookie", &*cookie), ("sec-fetch-site", "same-origin")];
        let (status, told) = site.post("/v1/customers/a/merge", &own, &merge("b")).await;
        if status == StatusCode::ACCEPTED {
            may.push(role.word());
        } else {
            assert_eq!(
                (status, told["code"].as_str()),
                (StatusCode::FORBIDDEN, Some("not_allowed"))
            );
        }
    }
    assert_eq!(may, ["support"]);
    for scope in ["customers:act", "events:write"] {
        let key = site.key(scope).await;
        let auth = [("authorization", &*key)];
        let (status, _) = site.post("/v1/customers/a/merge", &auth, &merge("b")).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{scope}");
    }
}

#[tokio::test]
async fn alias_is_taken_as_segment_sends_it_and_nobody_makes_it_up_otherwise() {
    let (rig, engine) = rig().await;
    take(&engine, &events::arrival_of("ana")).await;
    let site = site(&rig);
    let alias = |id: &str, who: &str| json!({ "messageId": id, "previousId": who, "userId": "ana", "sentAt": "2026-01-05T09:00:00Z" });
    let (status, body) = site.post("/v1/alias", &[], &alias("1", "anon1")).await;
    assert_eq!(
        (status, &body),
        (StatusCode::OK, &json!({ "success": true, "accepted": 1 }))
    );
    let mut second = alias("2", "anon2");
    second["type"] = json!("alias");
    let track = json!({ "type": "track", "messageId": "3", "userId": "anon3", "event": "customer.merge", "properties": { "into": "ana" } });
    let batch = json!({ "batch": [second, track] });
    let (status, body) = site.post("/v1/batch", &[], &batch).await;
    assert_eq!(
        (status, body["accepted"].as_u64()),
        (StatusCode::OK, Some(1))
    );
    assert_eq!(
        (&body["refused"][0]["index"], &body["refused"][0]["code"]),
        (&json!(1), &json!("reserved_event"))
    );
    let (status, body) = site.post("/v1/track", &[], &track).await;
    assert_eq!(
        (status, &body["code"]),
        (StatusCode::BAD_REQUEST, &json!("reserved_event"))
    );
    let cloud = json!({ "specversion": "1.0", "id": "4", "source": "s", "type": "customer.merge", "subject": "anon4", "data": { "into": "ana" } });
    let (status, body) = site.post("/v1/events", &[], &cloud).await;
    assert_eq!(
        (status, &body["code"]),
        (StatusCode::BAD_REQUEST, &json!("reserved_event"))
    );
    assert_eq!(site.takes(&engine).await, 2);
    assert_eq!(deliver(&engine).await, 2);
    let took = rig
        .reader()
        .taken_over(CustomerId::of("ana"))
        .await
        .unwrap();
    assert_eq!(took.len(), 2);
}

#[tokio::test]
async fn addresses_in_keys_are_hidden_from_who_need_not_read_them() {
    let (rig, engine) = rig().await;
    let (goes, stays) = ("bea@shop.example", "ana@shop.example");
    take(
        &engine,
        &[
            events::identify(goes, "t", &json!({ "email": goes, "name": "Bea Verde" })),
            event(stays, "seen", "a"),
            events::track(goes, "customer.merge", "m", &json!({ "into": stays })),
        ],
    )
    .await;
    deliver(&engine).await;
    take(
        &engine,
        &[
            event(goes, "message.complained", "c"),
            event(goes, "seen", "later"),
        ],
    )
    .await;
    deliver(&engine).await;
    let site = site(&rig);
    let user = site.user("mo@shop.example", "marketer").await;
    let token = access::token().unwrap();
    site.access
        .open_session(&access::hash_of(&token), user, Timestamp::now())
        .await
        .unwrap();
    for id in [goes, stays].map(CustomerId::of) {
        for path in [
            format!("/customers/{id}"),
            format!("/v1/customers/{id}"),
            format!("/v1/customers/{id}/timeline"),
        ] {
            let request = Request::get(&path)
                .header("cookie", format!("parcours={token}"))
                .body(Body::empty())
                .unwrap();
            let response = site.router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let body = String::from_utf8_lossy(&body);
            for secret in [goes, stays, "Verde"] {
                assert!(!body.contains(secret), "{path} tells {secret}: {body}");
            }
        }
    }
}
