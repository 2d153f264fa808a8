//! The rights over HTTP: what is asked for, by whom, and in which form.

use std::sync::Arc;

use ::api::State;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, header},
};
use engine::Engine;
use jiff::Timestamp;
use parcours_tests::kit::Rig;
use serde_json::Value;
use tower::ServiceExt as _;

use super::{KEY, MARKERS, id, lived, neighbour, rig, scan::scan};
use crate::api::desk;

fn router(rig: &Rig, engine: &Arc<Engine>, write_key: Option<&str>) -> Router {
    let desk = Arc::new(desk::Desk::default());
    ::api::router(State {
        erase: cli::service::erases(engine),
        pause: cli::service::pauses(engine),
        write_key: write_key.map(Arc::from),
        clock: Timestamp::now,
        ..desk::state(rig.reader(), desk, None)
    })
}

struct Answer {
    status: StatusCode,
    kind: String,
    policy: String,
    body: String,
}

async fn ask(router: &Router, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let text = |name| {
        let value = response.headers().get(name).and_then(|v| v.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let (kind, policy) = (
        text(header::CONTENT_TYPE),
        text(header::CONTENT_SECURITY_POLICY),
    );
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let body = String::from_utf8_lossy(&body).into_owned();
    Answer {
        status,
        kind,
        policy,
        body,
    }
}

#[tokio::test]
async fn article_15_over_http_the_export_is_data_or_a_page() {
    let (rig, engine) = rig().await;
    lived(&rig, &engine).await;
    let router = router(&rig, &engine, None);
    let path = format!("/v1/customers/{KEY}/export");
    let get =
        async |path: &str, accept| ask(&router, Method::GET, path, &[("accept", accept)]).await;
    let json = get(&path, "*/*").await;
    assert_eq!(
        (json.status, &*json.kind),
        (StatusCode::OK, "application/json")
    );
    let read: Value = serde_json::from_str(&json.body).unwrap();
    assert_eq!(read["customer"]["key"], KEY);
    for marker in MARKERS {
        assert!(json.body.contains(marker), "{marker}");
    }
    for (path, accept) in [
        (path.clone(), "text/html,application/xhtml+xml"),
        (format!("{path}?format=html"), "application/json"),
        (format!("/v1/customers/{}/export?format=html", id()), "*/*"),
    ] {
        let page = get(&path, accept).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.kind.starts_with("text/html"), "{}", page.kind);
        assert!(
            page.policy.contains("default-src 'none'"),
            "{}",
            page.policy
        );
        assert!(page.body.contains(MARKERS[1]));
    }
    let wrong = get(&format!("{path}?format=pdf"), "*/*").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let nobody = get("/v1/customers/nobody/export", "*/*").await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn article_17_over_http_whoever_has_the_key_erases_and_nobody_else() {
    let (rig, engine) = rig().await;
    lived(&rig, &engine).await;
    neighbour(&engine).await;
    let router = router(&rig, &engine, Some("secret"));
    let path = format!("/v1/customers/{KEY}");
    let delete = async |path: &str, headers: &[(&str, &str)]| {
        ask(&router, Method::DELETE, path, headers).await
    };
    for headers in [&[][..], &[("authorization", "Basic b3RoZXI6")]] {
        let refused = delete(&path, headers).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(
        rig.count("select count(*) from customer").await,
        2,
        "nobody is erased"
    );
    let key = [("authorization", "Basic c2VjcmV0Og==")];
    let erased = delete(&path, &key).await;
    assert_eq!(erased.status, StatusCode::OK, "{}", erased.body);
    let said: Value = serde_json::from_str(&erased.body).unwrap();
    assert_eq!(
        (&said["erased"], &said["rows"]["customer"]),
        (&true.into(), &1.into())
    );
    let left = scan(rig.store.pool(), &MARKERS, &[id()]).await;
    assert!(left.is_empty(), "{left:#?}");
    assert_eq!(delete(&path, &key).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        rig.count("select count(*) from customer").await,
        1,
        "the neighbour"
    );
}

#[tokio::test]
async fn without_a_secret_nothing_is_erased_over_http_and_the_cure_is_told() {
    let (rig, engine) = rig().await;
    lived(&rig, &engine).await;
    let state = desk::state(rig.reader(), Arc::new(desk::Desk::default()), None);
    let answer = ask(
        &::api::router(state),
        Method::DELETE,
        &format!("/v1/customers/{KEY}"),
        &[],
    )
    .await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(
        answer.body.contains("PARCOURS_PRIVACY_SECRET"),
        "{}",
        answer.body
    );
    assert_eq!(rig.count("select count(*) from customer").await, 1);
}
