//! Who may act, and what the audit log is told.

use super::*;

const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

impl Place {
    async fn by(&self, cookie: &str, path: &str) -> (StatusCode, Value) {
        let body = json!({ "reason": "she called", "version": 2 });
        let body = match path.ends_with("move") {
            true => body,
            false => json!({ "reason": "she called" }),
        };
        let cookie = format!("parcours={cookie}");
        let headers = [OWN, ("cookie", &*cookie)];
        self.ask(Method::POST, path, &headers, body.to_string())
            .await
    }

    async fn form(&self, cookie: &str, path: &str, body: &str) -> (StatusCode, Value) {
        let cookie = format!("parcours={cookie}");
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let page = ("accept", "text/html");
        self.ask(
            Method::POST,
            path,
            &[OWN, kind, page, ("cookie", &cookie)],
            body.to_owned(),
        )
        .await
    }
}

#[tokio::test]
async fn support_acts_and_who_writes_journeys_moves() {
    let place = place(STEPS).await;
    place.rig.apply(&demo(&STEPS.replace("10h", "20h"))).await;
    let run = place.run("ana").await;
    let of = |action: &str| format!("/v1/customers/ana/runs/{run}/{action}");
    let (support, token) = place.session(&["support"]).await;
    let (_, marketer) = place.session(&["marketer"]).await;
    let (_, operator) = place.session(&["operator"]).await;
    let (_, officer) = place.session(&["privacy_officer"]).await;
    for (cookie, action) in [
        (&token, "move"),
        (&marketer, "pause"),
        (&operator, "pause"),
        (&operator, "move"),
        (&officer, "exit"),
    ] {
        let (status, answer) = place.by(cookie, &of(action)).await;
        assert_eq!(
            (status, &answer["code"]),
            (StatusCode::FORBIDDEN, &json!("not_allowed")),
            "{action}"
        );
    }
    let (status, asked) = place.by(&token, &of("pause")).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{asked}");
    assert_eq!(
        place.by(&marketer, &of("move")).await.0,
        StatusCode::ACCEPTED
    );
    assert_eq!(place.by(&token, &of("pause")).await.0, StatusCode::CONFLICT);

    // Who it was stands in the input, and with the reason in the audit log.
    let by: Vec<u8> = sqlx::query_scalar(
        "select body from input where name = 'support.action' order by seq limit 1",
    )
    .fetch_one(place.rig.store.pool())
    .await
    .unwrap();
    let by = String::from_utf8_lossy(&by).into_owned();
    assert!(by.contains(&format!("user:{support}")), "{by}");
    let log = place.log().await;
    let paused: Vec<_> = log
        .iter()
        .filter(|e| {
            e.action == "POST /v1/customers/{key}/runs/{run}/pause"
                && e.who == format!("user:{support}")
        })
        .collect();
    let [done, refused] = &paused[..] else {
        panic!("{log:?}")
    };
    assert!(done.ok && !refused.ok);
    for entry in [done, refused] {
        assert_eq!(entry.reason, "she called");
        assert!(entry.what.contains(&format!("run={run}")), "{}", entry.what);
        assert!(
            entry
                .what
                .contains(&format!("customer={}", CustomerId::of("ana")))
        );
    }
    assert!(done.what.contains(asked["id"].as_str().unwrap()));
    let moved = log
        .iter()
        .find(|e| e.action.ends_with("/move") && e.ok)
        .unwrap();
    assert!(moved.what.contains("version=2"), "{}", moved.what);
}

#[tokio::test]
async fn the_page_shows_to_each_what_they_may_do() {
    let place = place(STEPS).await;
    place.rig.apply(&demo(&STEPS.replace("10h", "20h"))).await;
    let (_, support) = place.session(&["support"]).await;
    let (_, marketer) = place.session(&["marketer"]).await;
    let (_, officer) = place.session(&["privacy_officer"]).await;
    let page = async |token: &str| {
        let cookie = format!("parcours={token}");
        let (status, page) = place
            .ask(Method::GET, "/customers/ana", &[("cookie", &cookie)], "")
            .await;
        assert_eq!(status, StatusCode::OK);
        page.as_str().unwrap().to_owned()
    };
    let has = |page: &str| {
        ["/pause\"", "/advance\"", "/exit\"", "/opt-out\"", "/move\""].map(|f| page.contains(f))
    };
    assert_eq!(has(&page(&support).await), [true, true, true, true, false]);
    assert_eq!(
        has(&page(&marketer).await),
        [false, false, false, false, true]
    );
    assert_eq!(has(&page(&officer).await), [false; 5]);
}

#[tokio::test]
async fn forms_lead_back_to_the_page_and_leaving_is_asked_for_twice() {
    let place = place(STEPS).await;
    let run = place.run("ana").await;
    let (_, token) = place.session(&["support"]).await;
    let id = CustomerId::of("ana");
    let of = |action: &str| format!("/customers/{id}/runs/{run}/{action}");
    let form = |n: u128, more: &str| format!("id={}&reason=she+called{more}", Uuid::from_u128(n));
    // The same form twice is one action.
    for _ in 0..2 {
        assert_eq!(
            place.form(&token, &of("pause"), &form(1, "")).await.0,
            StatusCode::SEE_OTHER
        );
    }
    let cookie = format!("parcours={token}");
    let shown = format!("/customers/{id}?asked=pause");
    let (_, page) = place
        .ask(Method::GET, &shown, &[("cookie", &cookie)], "")
        .await;
    let page = page.as_str().unwrap();
    for words in [
        "A pause was asked for.",
        "Paused by a person since",
        "Let it go on",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let (status, why) = place.form(&token, &of("exit"), &form(2, "")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(why.as_str().unwrap().contains("Tick the box"));
    assert_eq!(
        place.form(&token, &of("advance"), &form(3, "")).await.0,
        StatusCode::BAD_REQUEST
    );
    let sure = form(2, "&sure=yes");
    assert_eq!(
        place.form(&token, &of("exit"), &sure).await.0,
        StatusCode::SEE_OTHER
    );
    assert_eq!(place.rig.count("select count(*) from run").await, 0);
    let out = format!(
        "id={}&reason=x&purpose=marketing&channel=",
        Uuid::from_u128(4)
    );
    let path = format!("/customers/{id}/opt-out");
    assert_eq!(
        place.form(&token, &path, &out).await.0,
        StatusCode::SEE_OTHER
    );
    let taken = "select count(*) from consent where state = 'withdrawn' and how = 'support'";
    assert_eq!(place.rig.count(taken).await, 4);
    let log = place.log().await;
    let out = log
        .iter()
        .find(|e| e.action == "POST /customers/{key}/opt-out")
        .unwrap();
    assert!(
        out.ok && out.reason == "x" && out.what.contains("purpose=marketing"),
        "{out:?}"
    );
}
