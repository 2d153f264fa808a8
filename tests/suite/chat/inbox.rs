//! From a journey to a person and back: conversations and tasks in the inbox of the console.

use journey::machine::HANDED_BACK;
use parcours_tests::kit::{browser::Scheme, driver::Driver, events};

use super::*;

/// Who says that they want a person gets one; a task asks a salesperson to call.
fn desk() -> Workspace {
    Workspace::new()
        .file("config/endpoints.yaml", "support: { inbox: true }\nsales: { inbox: true }\n")
        .file("templates/hello/chat.en.txt", "Hello! A colleague will be with you in a moment.\n")
        .file("templates/bye/chat.en.txt", "It was about: {{ outcome }}. Goodbye!\n")
        .journey(
            "helps",
            "purpose: service
enter: { event: message.replied, if: 'event.keyword == \"person\"', again: always }
exit: { event: message.replied, if: 'event.keyword == \"restart\"', as: restarted }
steps:
  - { send: chat, template: hello }
  - id: colleague
    hand_over: support
    with: { title: Talk to a person, order: customer.last_order, outcomes: [an order, a return, something else] }
    save: run.outcome
    due: 5m
    within: 2h
    else: [ { exit: nobody_came } ]
  - { send: chat, template: bye, with: { outcome: run.outcome.outcome } }
",
        )
        .journey(
            "calls-back",
            "purpose: service
enter: { event: call.wanted, again: always }
exit: { event: call.unwanted, as: unwanted }
steps:
  - id: ring
    call: sales
    with: { title: Ring back about the big order, value: event.value, outcomes: [sold, not reached] }
    save: run.outcome
    due: 1d
  - if: run.outcome.outcome == \"sold\"
    then: [ { exit: sold } ]
  - exit: not_sold
",
        )
}

pub(super) async fn place() -> Place {
    Place::new(&desk(), |_| {}).await
}

impl Place {
    pub(super) async fn does(&self, key: &str, event: &str, fields: Value) {
        let id = format!("{key} {event} {}", next());
        let body = events::track(key, event, &id, &fields);
        events::take(&self.engine, &[body], Timestamp::now()).await;
    }

    /// What waits, once so much does.
    pub(super) async fn waiting(&self, many: usize) -> Vec<Value> {
        let items = async || {
            let (status, page) = self.ask(Method::GET, "/v1/inbox", None, None).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            page["items"].as_array().unwrap().clone()
        };
        kit::eventually(Duration::from_secs(30), "items", async || {
            items().await.len() == many
        })
        .await;
        items().await
    }

    async fn reasons(&self) -> Vec<String> {
        let read = "select reason from run_ended order by left_at, reason";
        sqlx::query_scalar(read)
            .fetch_all(self.rig.store.pool())
            .await
            .unwrap()
    }

    async fn statuses(&self) -> Vec<String> {
        let read = "select status::text from call order by at, id";
        sqlx::query_scalar(read)
            .fetch_all(self.rig.store.pool())
            .await
            .unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.ask(Method::POST, path, None, Some(body)).await
    }

    /// Writes a line to whom the item is about. `key`: what the line is called.
    async fn tell(&self, item: &Value, key: &str, line: Value) -> (StatusCode, Value) {
        let url = format!("http://{}{}/say", self.address, path(item));
        let request = self.client.post(url).header("idempotency-key", key);
        let response = request.json(&line).send().await.unwrap();
        let status = response.status();
        (status, response.json().await.unwrap_or(Value::Null))
    }
}

fn path(item: &Value) -> String {
    format!(
        "/v1/inbox/{}/{}",
        item["customer"].as_str().unwrap(),
        item["call"].as_str().unwrap()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_handed_over_talked_to_and_handed_back() {
    let place = place().await;
    let session = place.session(json!({})).await;
    let token = session["token"].as_str().unwrap();
    place.says(token, "Talk to a person").await;
    let items = place.waiting(1).await;
    let item = &items[0];
    assert_eq!(
        (
            item["inbox"].clone(),
            item["hand_over"].clone(),
            item["open"].clone()
        ),
        (json!("support"), json!(true), json!(true))
    );
    let seconds = |name: &str| {
        item[name]
            .as_str()
            .unwrap()
            .parse::<Timestamp>()
            .unwrap()
            .as_second()
    };
    assert_eq!(seconds("wanted_at") - seconds("at"), 300);
    let line = json!({ "text": "Good morning, this is Inès. How can I help?" });
    for _ in 0..2 {
        // The same twice is one.
        assert_eq!(
            place.tell(item, "\"77\"", line.clone()).await.0,
            StatusCode::ACCEPTED
        );
    }
    place.talk(token, 3).await;
    place.says(token, "My parcel has not come").await;
    let talk = place.talk(token, 4).await;
    assert_eq!(
        talk,
        [
            "customer: Talk to a person",
            "shop: Hello! A colleague will be with you in a moment.",
            "shop: Good morning, this is Inès. How can I help?",
            "customer: My parcel has not come",
        ]
    );
    let (_, seen) = place.ask(Method::GET, &path(item), None, None).await;
    let seen: Vec<_> = seen["conversation"]
        .as_array()
        .unwrap()
        .iter()
        .map(|u| {
            (
                u["who"].as_str().unwrap().to_owned(),
                u["text"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let expected = [
        ("customer", talk[0].clone()),
        ("journey", talk[1].clone()),
        ("person", talk[2].clone()),
        ("customer", talk[3].clone()),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(who, said)| {
            (
                (*who).to_owned(),
                said.split_once(": ").unwrap().1.to_owned(),
            )
        })
        .collect();
    assert_eq!(seen, expected);
    let end = json!({ "answer": { "outcome": "an order", "note": "sent again" } });
    assert_eq!(
        place
            .post(&format!("{}/end", path(item)), end.clone())
            .await
            .0,
        StatusCode::ACCEPTED
    );
    let talk = place.talk(token, 5).await;
    assert_eq!(talk[4], "shop: It was about: an order. Goodbye!");
    kit::eventually(Duration::from_secs(30), "over", async || {
        place.reasons().await == ["completed"]
    })
    .await;
    assert_eq!(place.statuses().await, ["answered"]);
    place.waiting(0).await;
    // What is over is told as over.
    let (status, problem) = place.post(&format!("{}/end", path(item)), end).await;
    assert_eq!(
        (status, problem["code"].clone()),
        (StatusCode::CONFLICT, json!("over"))
    );
    let (status, _) = place.tell(item, "78", line).await;
    assert_eq!(status, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_done_by_a_person_and_its_answer_decides() {
    let place = place().await;
    for key in ["ana", "bob"] {
        place
            .does(key, "call.wanted", json!({ "value": 4_000 }))
            .await;
    }
    let items = place.waiting(2).await;
    let of = |key: &str| items.iter().find(|i| i["key"] == key).unwrap();
    assert_eq!(of("ana")["with"]["title"], "Ring back about the big order");
    // A task is no conversation.
    let line = json!({ "text": "Hello" });
    let (status, problem) = place.tell(of("ana"), "78", line).await;
    assert_eq!(
        (status, problem["code"].clone()),
        (StatusCode::BAD_REQUEST, json!("task"))
    );
    // An event that names no call, or somebody else's, ends nothing.
    place
        .does(
            "ana",
            HANDED_BACK,
            json!({ "answer": { "outcome": "sold" } }),
        )
        .await;
    place
        .does(
            "ana",
            HANDED_BACK,
            json!({ "call": of("bob")["call"], "answer": { "outcome": "sold" } }),
        )
        .await;
    assert_eq!(place.waiting(2).await.len(), 2);
    let sold = json!({ "answer": { "outcome": "sold" } });
    assert_eq!(
        place
            .post(&format!("{}/end", path(of("ana"))), sold)
            .await
            .0,
        StatusCode::ACCEPTED
    );
    kit::eventually(Duration::from_secs(30), "sold", async || {
        place.reasons().await == ["sold"]
    })
    .await;
    // Bob leaves: nobody is to ring any more.
    place.does("bob", "call.unwanted", json!({})).await;
    place.waiting(0).await;
    assert_eq!(place.reasons().await, ["sold", "unwanted"]);
    let mut statuses = place.statuses().await;
    statuses.sort();
    assert_eq!(statuses, ["answered", "cancelled"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_written_to_who_may_not_be() {
    let place = place().await;
    let session = place.session(json!({})).await;
    let token = session["token"].as_str().unwrap();
    place.says(token, "agent").await;
    let items = place.waiting(1).await;
    let key = items[0]["key"].as_str().unwrap();
    place.does(key, "customer.restricted", json!({})).await;
    let line = json!({ "text": "Hello" });
    assert_eq!(
        place.tell(&items[0], "79", line.clone()).await.0,
        StatusCode::ACCEPTED
    );
    let refused = "select count(*) from message where reason = 'restricted' and step = 'colleague'";
    kit::eventually(Duration::from_secs(30), "a refusal", async || {
        place.rig.count(refused).await == 1
    })
    .await;
    let said = "select count(*) from input where name = 'hand_over.said'";
    assert_eq!(place.rig.count(said).await, 1);
    for (wrong, key, code) in [
        (json!({ "text": " " }), "80", "text"),
        (json!({ "text": "x".repeat(4_001) }), "80", "text"),
        (json!({ "text": "x", "channel": "email" }), "80", "channel"),
        (json!({ "channel": "sms" }), "80", "bad_body"),
        (line, "", "idempotency_key"),
    ] {
        let (status, problem) = place.tell(&items[0], key, wrong).await;
        assert_eq!(
            (status, problem["code"].clone()),
            (StatusCode::BAD_REQUEST, json!(code))
        );
    }
    let nothing = format!("/v1/inbox/{}/{}/end", Uuid::nil(), Uuid::nil());
    assert_eq!(
        place.post(&nothing, json!({})).await.0,
        StatusCode::NOT_FOUND
    );
}

/// A conversation between two browsers: the customer's on the shop's page, and a colleague's in the console.
#[tokio::test(flavor = "multi_thread")]
async fn two_people_talk_in_two_browsers() {
    let place = Arc::new(place().await);
    let (chat, inbox) = (
        format!("http://{}/chat", place.address),
        format!("http://{}/inbox", place.address),
    );
    let work = move || {
        let (mut customer, mut colleague) = (Driver::start(), Driver::start());
        customer.seen_by(420, 760, Scheme::Light);
        colleague.seen_by(1200, 820, Scheme::Light);
        customer.go(&chat);
        let root = "document.querySelector('parcours-chat').shadowRoot";
        let says = |text: &str| {
            format!(
                "[...{root}.querySelectorAll('.bubble')].at(-1)?.textContent.includes({})",
                json!(text)
            )
        };
        customer.until(&says("Ask us anything"));
        customer.click(&format!("{root}.querySelector('textarea')"));
        customer.type_in("talk to a person");
        customer.press("Enter");
        customer.until(&says("A colleague will be with you"));
        colleague.go(&inbox);
        while colleague.eval("!document.querySelector('tbody a')") == true {
            colleague.go(&inbox);
        }
        colleague.picture("inbox");
        assert_eq!(colleague.wrong(), Vec::<String>::new());
        colleague.click("document.querySelector('tbody a')");
        colleague
            .until("document.getElementById('talk')?.textContent.includes('talk to a person')");
        colleague.click("document.getElementById('text')");
        colleague.type_in("Good morning, this is Inès.");
        colleague.eval("document.getElementById('text').dispatchEvent(new Event('input')); 0");
        customer.until(&format!("!{root}.querySelector('.typing')?.hidden"));
        customer.picture("inbox-customer-typing");
        colleague.press("Enter");
        customer.until(&says("this is Inès"));
        customer.type_in("My parcel has not come.");
        customer.press("Enter");
        colleague.until(
            "document.getElementById('talk').textContent.includes('My parcel has not come.')",
        );
        colleague.until("document.getElementById('talk').textContent.includes('this is Inès')");
        colleague.picture("inbox-item");
        assert_eq!(colleague.wrong(), Vec::<String>::new());
        colleague.seen_by(1200, 820, Scheme::Dark);
        assert_eq!(colleague.wrong(), Vec::<String>::new());
        colleague.picture("inbox-item-dark");
        colleague.click("[...document.querySelectorAll('input[name=outcome]')][1]");
        colleague.click("document.querySelector('form.stack button')");
        customer.until(&says("It was about: a return. Goodbye!"));
        customer.picture("inbox-customer");
        colleague.until("document.body.textContent.includes('Nothing waits')");
    };
    tokio::task::spawn_blocking(work).await.unwrap();
    assert_eq!(
        place
            .rig
            .count("select count(*) from input where name = 'hand_over.said'")
            .await,
        1
    );
}
