//! Messages that do not leave: each with its reason, and its cap given back.

use jiff::{SignedDuration, Timestamp};
use journey::{explain::Language, ids::CustomerId, message::Channel};
use parcours_tests::kit::{self, Answer, Rig};
use serde_json::{Value, json};
use store::read::MessageFilter;

use super::{SMS, dispatch, error, happens, queue_one, recently, traits, workspace};

/// Rule 47: the next channel of the list is tried without moving the run.
#[tokio::test]
async fn rule_47_a_final_failure_tries_the_next_channel_of_the_list() {
    let rig = Rig::new(&workspace("send: [sms, push], template: hello").file(
        "templates/hello/push.en.yaml",
        "title: Hello\nbody: It is us\n",
    ))
    .await;
    rig.provider.always(Channel::Sms, Answer::Refuse(400));
    let engine = rig.engine(kit::quick()).await;
    let now = recently();
    traits(&engine, &json!({ "push_token": "token" }), now).await;
    queue_one(&engine, now).await;
    assert_eq!(dispatch(&engine).await.ended, 1);
    assert_eq!(dispatch(&engine).await.sent, 1);
    assert_eq!(
        rig.messages().await,
        ["sms failed failed 1", "push sent - 1"]
    );
    assert_eq!(rig.provider.taken()[0].body["content"]["title"], "Hello");
    let runs = rig.reader().runs(CustomerId::of("ana")).await.unwrap();
    let nudge = &runs.open[0].steps["nudge"];
    assert!(nudge.sent && !nudge.failed, "{nudge:?}");
}

/// A channel that nobody serves is a final failure, and not an endless try.
#[tokio::test]
async fn a_channel_without_a_provider_fails_at_once() {
    let rig = Rig::new(&workspace(SMS)).await;
    let nobody = channels::Channels::new(&channels::Settings::default()).unwrap();
    let engine = rig.engine_with(kit::quick(), nobody.into()).await;
    queue_one(&engine, recently()).await;
    assert_eq!(dispatch(&engine).await.ended, 1);
    assert_eq!(
        error(&rig).await,
        "no provider is set up for sending by SMS"
    );
}

/// Where things are tried out, nobody else is written to.
#[tokio::test]
async fn messages_that_are_kept_to_a_few_addresses_go_to_nobody_else() {
    for (named, sent) in [("+33600000000", 0), ("@shop.example", 0), ("her own", 1)] {
        let rig = Rig::new(&workspace(SMS)).await;
        queue_one(&rig.engine(kit::quick()).await, recently()).await;
        let ana = rig.reader().customer("ana").await.unwrap().unwrap();
        let own = ana.row.traits["phone"].as_text().unwrap();
        let settings = channels::Settings {
            sms: rig.provider.adapter().into(),
            only_to: vec![if sent == 1 { own } else { named }.to_owned()],
            ..channels::Settings::default()
        };
        let channels = channels::Channels::new(&settings).unwrap();
        let engine = rig.engine_with(kit::quick(), channels.into()).await;
        let done = dispatch(&engine).await;
        assert_eq!((done.sent, done.ended), (sent, 1 - sent), "{named}");
        assert_eq!(rig.provider.taken().len(), sent);
        let said = match sent {
            0 => "sms failed failed 1",
            _ => "sms sent - 1",
        };
        assert_eq!(rig.messages().await, [said]);
    }
}

/// Rule 40: `expires` counts in the queue too.
#[tokio::test]
async fn rule_40_a_message_that_waited_too_long_in_the_queue_does_not_leave() {
    let rig = Rig::new(&workspace("send: sms, template: hello, expires: 1h")).await;
    let engine = rig.engine(kit::quick()).await;
    queue_one(&engine, Timestamp::now() - SignedDuration::from_hours(2)).await;
    ends_unsent(
        &rig,
        "suppressed expired",
        "it had waited in the queue for too long",
    )
    .await;
}

/// Promise 3's neighbour: the address is looked at again too.
#[tokio::test]
async fn a_message_whose_address_is_gone_does_not_leave() {
    let rig = Rig::new(&workspace(SMS)).await;
    let engine = rig.engine(kit::quick()).await;
    let now = recently();
    queue_one(&engine, now).await;
    traits(&engine, &json!({ "phone": Value::Null }), now).await;
    ends_unsent(
        &rig,
        "suppressed unreachable",
        "the address was gone from the profile",
    )
    .await;
}

/// Rule 38: an address that bounced or complained since the decision is not used.
#[tokio::test]
async fn a_message_to_an_address_that_complained_does_not_leave() {
    let rig = Rig::new(&workspace(SMS)).await;
    let engine = rig.engine(kit::quick()).await;
    let now = recently();
    queue_one(&engine, now).await;
    let complaint = json!({ "channel": "sms" });
    let body = kit::events::track("ana", "message.complained", "c", &complaint);
    kit::events::take(&engine, &[body], now).await;
    ends_unsent(&rig, "suppressed suppression_list", "complained").await;
}

/// A template that cannot be filled fails its message, with the renderer's words.
#[tokio::test]
async fn a_message_that_cannot_be_rendered_fails() {
    let text = "{{ (customer.first_name | length) / 0 }}";
    let rig = Rig::new(&workspace(SMS).sms("hello", text)).await;
    let engine = rig.engine(kit::quick()).await;
    queue_one(&engine, recently()).await;
    ends_unsent(&rig, "failed unrenderable", "cannot be worked out").await;
}

/// What went wrong is told in the reader's language; what the provider said is quoted as it came.
#[tokio::test]
async fn what_went_wrong_is_told_in_the_language_of_whoever_asks() {
    let rig = Rig::new(&workspace(SMS)).await;
    rig.provider.script([Answer::Refuse(422)]);
    let engine = rig.engine(kit::quick()).await;
    queue_one(&engine, recently()).await;
    assert_eq!(dispatch(&engine).await.ended, 1);
    let reader = rig.reader();
    let page = reader.messages(&MessageFilter::default(), None, 1).await;
    let id = page.unwrap().messages[0].id;
    let message = reader.message(id, None).await.unwrap().unwrap();
    for (language, line) in [
        (
            Language::English,
            "Last error: the provider refused it (HTTP 422): “no”",
        ),
        (
            Language::French,
            "Dernière erreur\u{a0}: le prestataire d’envoi a refusé (HTTP 422)\u{a0}: «\u{a0}no\u{a0}»",
        ),
    ] {
        let why = reader.why(&message, language).await.unwrap();
        assert!(why.evidence.iter().any(|e| e.text == line), "{why:?}");
    }
}

/// Dispatch ends the message with that reason and words, no provider hears of it, and the cap of
/// one a day has room again.
async fn ends_unsent(rig: &Rig, ending: &str, words: &str) {
    let engine = rig.engine(kit::quick()).await;
    assert_eq!(dispatch(&engine).await.ended, 1);
    assert_eq!(rig.messages().await, [format!("sms {ending} 1")]);
    assert!(error(rig).await.contains(words), "{}", error(rig).await);
    assert!(rig.provider.posts().is_empty());
    traits(&engine, &json!({ "phone": "+33611111111" }), recently()).await;
    happens(&engine, "b", recently()).await;
    assert_eq!(rig.messages().await.last().unwrap(), "sms queued - 0");
}
