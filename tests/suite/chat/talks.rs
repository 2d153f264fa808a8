//! What is said in the widget, there and back.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_talks_with_a_journey_to_its_end() {
    let place = Place::new(&concierge(), |_| {}).await;
    let session = place.session(json!({ "locale": "fr-BE" })).await;
    assert_eq!(session["known"], false);
    assert!(
        session["greeting"].as_str().unwrap().starts_with("Bonjour"),
        "{session}"
    );
    assert_eq!(session["accent"], "#2f4a3a");
    let token = session["token"].as_str().unwrap();
    // Nothing is known of who has said nothing.
    assert_eq!(place.customers().await, Vec::<String>::new());
    let hello = json!({ "id": Uuid::from_u128(1), "text": "Salut", "locale": "fr-BE", "page": "https://shop.example/tea?utm=1" });
    for _ in 0..2 {
        // The same line twice is one.
        assert_eq!(place.say(token, hello.clone()).await.0, StatusCode::OK);
    }
    let talk = place.talk(token, 2).await;
    assert_eq!(
        talk,
        ["customer: Salut", "shop: Bonjour ! De quoi s’agit-il ?"]
    );
    let question = place
        .lines(token)
        .await
        .into_iter()
        .find(|l| l["who"] == "shop")
        .unwrap();
    assert_eq!(
        question["options"][0],
        json!({ "name": "order", "label": "Où est ma commande ?" })
    );
    let chosen = json!({ "id": Uuid::from_u128(2), "text": "Où est ma commande ?", "choice": "order", "to": question["id"] });
    assert_eq!(place.say(token, chosen).await.0, StatusCode::OK);
    place.talk(token, 4).await;
    // No number, and then one.
    place.says(token, "je ne sais pas").await;
    place.talk(token, 6).await;
    place.says(token, "c’est le 4711").await;
    let talk = place.talk(token, 8).await;
    assert_eq!(
        talk[4..],
        [
            "customer: je ne sais pas",
            "shop: Quel est le numéro de votre commande ? Il a quatre chiffres.",
            "customer: c’est le 4711",
            "shop: La commande 4711 arrive demain. Voir https://shop.example/orders/4711.",
        ]
    );
    let [key] = &place.customers().await[..] else {
        panic!("one customer")
    };
    let customer = place.rig.reader().customer(key).await.unwrap().unwrap();
    let traits = json!(customer.row.traits);
    assert_eq!(
        traits,
        json!({ "chat_id": format!("web:{}", CustomerId::of(key)), "locale": "fr-BE" })
    );
    let bodies: Vec<Vec<u8>> =
        sqlx::query_scalar("select body from input where name = 'message.replied' order by seq")
            .fetch_all(place.rig.store.pool())
            .await
            .unwrap();
    assert_eq!(bodies.len(), 4);
    // The page is told without its query.
    let first = String::from_utf8_lossy(&bodies[0]).into_owned();
    assert!(
        first.contains("https://shop.example/tea") && !first.contains("utm"),
        "{first}"
    );
    // Who comes back finds the conversation.
    let again = place.session(json!({ "token": token })).await;
    assert_eq!(again["lines"].as_array().unwrap().len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_told_to_every_page_that_is_open_and_the_process_stops_all_the_same() {
    let place = Place::new(&concierge(), |_| {}).await;
    let session = place.session(json!({})).await;
    let token = session["token"].as_str().unwrap();
    let mut open = Vec::new();
    for _ in 0..2 {
        let url = format!("http://{}/chat/stream?after=0", place.address);
        let response = place
            .client
            .get(url)
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        open.push(response);
    }
    place.says(token, "Hello").await;
    for response in &mut open {
        let mut told = String::new();
        // The answer may be written before the line that it answers.
        while told.matches("event: line").count() < 2 {
            let part = response.chunk().await.unwrap().expect("it goes on");
            told.push_str(&String::from_utf8_lossy(&part));
        }
        assert!(told.contains("What is it about?"), "{told}");
    }
    let customer = CustomerId::of(&place.customers().await[0]);
    place.rig.store.chat().types(customer).await.unwrap();
    let mut told = String::new();
    while !told.contains("event: typing") {
        told.push_str(&String::from_utf8_lossy(
            &open[0].chunk().await.unwrap().unwrap(),
        ));
    }
    place.stop.cancel();
    for mut response in open {
        // What is left is read to its end.
        let end = async { while response.chunk().await.unwrap().is_some() {} };
        tokio::time::timeout(Duration::from_secs(20), end)
            .await
            .expect("the stream ends");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_signs_in_takes_the_conversation_along() {
    let place = Place::new(&concierge(), |_| {}).await;
    let stranger = place.session(json!({})).await;
    let before = stranger["token"].as_str().unwrap();
    place.says(before, "Hello").await;
    place.talk(before, 2).await;
    let user = json!({ "id": "ana", "proof": proof("ana") });
    let known = place
        .session(json!({ "token": before, "user": user }))
        .await;
    assert_eq!(known["known"], true);
    let token = known["token"].as_str().unwrap();
    assert_eq!(known["lines"].as_array().unwrap().len(), 2);
    // The stranger's journey goes on, in ana's conversation.
    let question = known["lines"]
        .as_array()
        .unwrap()
        .iter()
        .find(|l| l["who"] == "shop")
        .unwrap();
    place.say(token, json!({ "id": Uuid::from_u128(9), "text": "Opening hours", "choice": "hours", "to": question["id"] })).await;
    let talk = place.talk(token, 4).await;
    assert_eq!(
        talk[3],
        "shop: We are there from 9 to 18, from Monday to Saturday."
    );
    let names = place.customers().await;
    assert_eq!((names.len(), &*names[0]), (2, "ana"));
    // On another device there is the same conversation; whoever signs out has none of it.
    let other = place.session(json!({ "user": user })).await;
    assert_eq!(other["lines"].as_array().unwrap().len(), 4);
    let out = place.session(json!({ "token": token })).await;
    assert_eq!(
        (out["known"].clone(), out["lines"].clone()),
        (json!(false), json!([]))
    );
    // Somebody else on the same device does not get it, though the stranger's token is still there.
    let bob = json!({ "id": "bob", "proof": proof("bob") });
    let bob = place.session(json!({ "token": before, "user": bob })).await;
    assert_eq!(bob["lines"], json!([]));
    // To erase ana is to erase who she was.
    let erased = place
        .rig
        .store
        .erase(CustomerId::of("ana"), Timestamp::now())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((erased.rows["customer"], erased.rows["chat_line"]), (2, 4));
    assert_eq!(place.customers().await, ["bob"; 0]);
    // Whoever of them writes again is somebody new.
    let after = place.session(json!({ "user": user })).await;
    assert_eq!(after["lines"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_the_chat_is_an_event_once_an_hour() {
    let workspace = Workspace::new()
        .file("templates/hi/chat.en.txt", "Can we help?\n")
        .journey("greets", "purpose: service\nenter: { event: chat.opened, again: always }\nsteps:\n  - { send: chat, template: hi }\n");
    let place = Place::new(&workspace, |_| {}).await;
    let session = place.session(json!({})).await;
    let token = session["token"].as_str().unwrap();
    for _ in 0..2 {
        let (status, _) = place
            .ask(Method::POST, "/chat/opened", Some(token), Some(json!({})))
            .await;
        assert_eq!(status, StatusCode::NO_CONTENT);
    }
    assert_eq!(place.talk(token, 1).await, ["shop: Can we help?"]);
    let opened: i64 = sqlx::query_scalar("select count(*) from input where name = 'chat.opened'")
        .fetch_one(place.rig.store.pool())
        .await
        .unwrap();
    // Two, if the hour has just struck.
    assert!((1..=2).contains(&opened), "{opened}");
}

/// A page of 50 lines; the rest is asked for.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_long_ago_is_looked_back_at_by_pages() {
    let place = Place::new(&Workspace::new(), |_| {}).await;
    let session = place.session(json!({})).await;
    let token = session["token"].as_str().unwrap();
    for n in 0..55 {
        place.says(token, &format!("line {n}")).await;
    }
    let session = place.session(json!({ "token": token })).await;
    let lines = session["lines"].as_array().unwrap();
    assert_eq!((lines.len(), session["more"].clone()), (50, json!(true)));
    assert_eq!(lines[0]["text"], "line 5");
    let first = lines[0]["seq"].as_i64().unwrap();
    let (_, page) = place
        .ask(
            Method::GET,
            &format!("/chat/lines?before={first}"),
            Some(token),
            None,
        )
        .await;
    assert_eq!(
        (
            page["lines"].as_array().unwrap().len(),
            page["more"].clone()
        ),
        (5, json!(false))
    );
}
