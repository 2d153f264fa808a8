//! What messages said is kept where the retention says for how long, and nowhere else.

use jiff::{SignedDuration, Timestamp};
use journey::{content::Content, ids::CustomerId};
use parcours_tests::kit::{self, Rig, Workspace};

use super::{SMS, dispatch, queue_one, recently, workspace};

fn keeping(retention: &str) -> Workspace {
    let policies = format!("retention: {{ {retention} }}\n");
    workspace(SMS).policies(&policies)
}

async fn sent(rig: &Rig) -> Option<(Timestamp, Content)> {
    let engine = rig.engine(kit::quick()).await;
    queue_one(&engine, recently()).await;
    assert_eq!(dispatch(&engine).await.sent, 1);
    let ana = CustomerId::of("ana");
    let reader = rig.reader();
    let all = store::read::MessageFilter::default();
    let page = reader.messages(&all, None, 10).await.unwrap();
    reader.content(ana, page.messages[0].id).await.unwrap()
}

#[tokio::test]
async fn what_a_message_said_is_kept_word_for_word() {
    let rig = Rig::new(&keeping("content: 90d")).await;
    let (_, content) = sent(&rig).await.expect("it is kept");
    let taken = &rig.provider.taken()[0].body["content"]["text"];
    assert!(!taken.as_str().unwrap().is_empty());
    assert_eq!(
        content,
        Content::Sms {
            text: taken.as_str().unwrap().to_owned()
        }
    );
}

#[tokio::test]
async fn nothing_is_kept_that_nobody_asked_to_be_kept() {
    let rig = Rig::new(&keeping("messages: 400d")).await;
    assert_eq!(sent(&rig).await, None);
    assert_eq!(rig.count("select count(*) from message_content").await, 0);
}

#[tokio::test]
async fn it_goes_when_its_time_is_over_and_the_message_stays() {
    let rig = Rig::new(&keeping("content: 90d, messages: 400d")).await;
    let (at, _) = sent(&rig).await.expect("it is kept");
    let engine = rig.engine(kit::quick()).await;
    let days = |n: i64| at + SignedDuration::from_hours(24 * n);
    engine.retention_once(days(89)).await.unwrap();
    assert_eq!(rig.count("select count(*) from message_content").await, 1);
    engine.retention_once(days(91)).await.unwrap();
    assert_eq!(rig.count("select count(*) from message_content").await, 0);
    assert_eq!(rig.count("select count(*) from message").await, 1);
}

#[tokio::test]
async fn who_is_erased_leaves_no_word() {
    let rig = Rig::new(&keeping("content: 90d")).await;
    sent(&rig).await.expect("it is kept");
    let erased = rig
        .store
        .erase(CustomerId::of("ana"), Timestamp::now())
        .await;
    let rows = erased.unwrap().unwrap().rows;
    assert_eq!(rows.get("message_content"), Some(&1));
}
