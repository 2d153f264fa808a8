//! What is the same at every address: refusals, pages, and requests that are sent twice.

use ::api::access::TABLE;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::{CUSTOMERS, Place, place};

impl Place {
    async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Response {
        let url = format!("{}{path}", self.url());
        let mut asked = self.client.request(method, url).bearer_auth(&self.key);
        for (name, value) in headers {
            asked = asked.header(*name, *value);
        }
        if let Some(body) = body {
            asked = asked.json(body);
        }
        asked.send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Response {
        self.ask(Method::GET, path, &[], None).await
    }

    async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    /// The path of what waits for somebody.
    async fn waiting(&self) -> String {
        let item = &self.json("/v1/inbox?limit=1").await["items"][0];
        let part = |name: &str| item[name].as_str().unwrap().to_owned();
        format!("/v1/inbox/{}/{}", part("customer"), part("call"))
    }
}

/// Status and code of a refusal, which must be a problem.
async fn refused(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let kind = answer
        .headers()
        .get("content-type")
        .map(|v| v.to_str().unwrap().to_owned());
    let text = answer.text().await.unwrap();
    assert_eq!(
        kind.as_deref(),
        Some("application/problem+json"),
        "{status} {text}"
    );
    let problem: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(problem["status"], status);
    (status, problem["code"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_an_address_is_a_problem() {
    let place = place().await;
    let ours = TABLE
        .iter()
        .filter(|(_, pattern, _)| pattern.starts_with("/v1/"));
    let mut looked = 0;
    for (method, pattern, _) in ours {
        let method: Method = method.parse().unwrap();
        let with = |part: &str| {
            let parts = pattern.split('/');
            let filled = parts.map(|p| if p.starts_with('{') { part } else { p });
            filled.collect::<Vec<_>>().join("/")
        };
        if pattern.contains('{') {
            for part in ["%FF", "%00"] {
                let answer = place.ask(method.clone(), &with(part), &[], None).await;
                assert_eq!(
                    refused(answer).await,
                    (400, "bad_path".into()),
                    "{method} {pattern} {part}"
                );
                looked += 1;
            }
        }
        let wrong = place.ask(Method::PATCH, &with("x"), &[], None).await;
        assert!(wrong.headers().contains_key("allow"), "{pattern}");
        assert_eq!(
            refused(wrong).await,
            (405, "method_not_allowed".into()),
            "{pattern}"
        );
    }
    assert!(looked > 20);
    let nothing = place.get("/v1/nothing").await;
    assert_eq!(refused(nothing).await, (404, "not_found".into()));
    for query in [
        "nothing=1",
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=1&limit=2",
        "cursor=%00",
    ] {
        for list in [
            "customers",
            "messages",
            "journeys",
            "inbox",
            "customers/ana/timeline",
        ] {
            let answer = place.get(&format!("/v1/{list}?{query}")).await;
            assert_eq!(
                refused(answer).await,
                (400, "bad_query".into()),
                "{list} {query}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_is_walked_in_the_same_way() {
    let place = place().await;
    for (list, many) in [
        ("customers", CUSTOMERS),
        ("messages", CUSTOMERS),
        ("inbox", CUSTOMERS),
        ("journeys", 3),
    ] {
        let (mut cursor, mut seen) = (String::new(), Vec::new());
        loop {
            let page = place.json(&format!("/v1/{list}?limit=1{cursor}")).await;
            let [only] = &page["items"].as_array().unwrap()[..] else {
                panic!("{list}: {page}")
            };
            seen.push(only.to_string());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), many, "{list}");
        let wrong = place.get(&format!("/v1/{list}?cursor=AAAA_w")).await;
        assert_eq!(refused(wrong).await, (400, "bad_cursor".into()), "{list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_a_key_takes_effect_once_and_is_answered_alike() {
    let place = place().await;
    let path = place.waiting().await;
    let say = async |key: &str, text: &str| {
        let body = json!({ "text": text, "channel": "sms" });
        let path = format!("{path}/say");
        place
            .ask(
                Method::POST,
                &path,
                &[("idempotency-key", key)],
                Some(&body),
            )
            .await
    };
    for key in ["\"one\"", "one", "\"one\""] {
        assert_eq!(say(key, "Thank you!").await.status(), StatusCode::ACCEPTED);
    }
    let said = "select count(*) from input where name = 'hand_over.said'";
    assert_eq!(place.rig.count(said).await, 1);
    let reused = say("one", "Something else").await;
    assert_eq!(
        refused(reused).await,
        (422, "idempotency_key_reused".into())
    );
    // What was refused did nothing: the key is free.
    assert_eq!(refused(say("two", " ").await).await, (400, "text".into()));
    assert_eq!(say("two", "Again").await.status(), StatusCode::ACCEPTED);
    assert_eq!(place.rig.count(said).await, 2);
    let end = async |key: &str| {
        let path = format!("{path}/end");
        place
            .ask(
                Method::POST,
                &path,
                &[("idempotency-key", key)],
                Some(&json!({})),
            )
            .await
    };
    assert_eq!(end("done").await.status(), StatusCode::ACCEPTED);
    // Whoever lost the answer gets it; whoever asks anew is told that it is over.
    assert_eq!(end("done").await.status(), StatusCode::ACCEPTED);
    assert_eq!(refused(end("anew").await).await, (409, "over".into()));
    // A day later nobody remembers.
    let later = "with old as (update answer set at = at - interval '25 hours' returning 1) select count(*) from old";
    assert_eq!(place.rig.count(later).await, 3);
    assert_eq!(refused(end("done").await).await, (409, "over".into()));
    assert_eq!(place.rig.count("select count(*) from answer").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_changed_meanwhile_is_not_changed_again() {
    let place = place().await;
    let path = place.waiting().await;
    let read = async |path: &str| {
        let answer = place.get(path).await;
        answer.headers()["etag"].to_str().unwrap().to_owned()
    };
    let before = read(&path).await;
    let line = json!({ "text": "Thank you!", "channel": "sms" });
    let say = format!("{path}/say");
    let said = place
        .ask(Method::POST, &say, &[("idempotency-key", "1")], Some(&line))
        .await;
    assert_eq!(said.status(), StatusCode::ACCEPTED);
    let end = async |tag: &str| {
        let path = format!("{path}/end");
        place
            .ask(Method::POST, &path, &[("if-match", tag)], Some(&json!({})))
            .await
    };
    assert_eq!(refused(end(&before).await).await, (412, "changed".into()));
    let now = read(&path).await;
    assert_eq!(end(&now).await.status(), StatusCode::ACCEPTED);
    let erase = async |tag: &str| {
        let headers = [("if-match", tag)];
        place
            .ask(Method::DELETE, "/v1/customers/ana", &headers, None)
            .await
    };
    assert_eq!(
        refused(erase("\"older\"").await).await,
        (412, "changed".into())
    );
    let ana = read("/v1/customers/ana").await;
    let gone = erase(&ana).await.status();
    assert!(
        gone == StatusCode::OK || gone == StatusCode::CONFLICT,
        "{gone}"
    );
}
