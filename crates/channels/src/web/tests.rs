//! The widget's adapter against a board in memory.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
};

use journey::{
    content::{Content, Offer},
    failure::Failure,
    message::Channel,
};
use uuid::Uuid;

use super::{Board, BoardLine, NotPut, Put};
use crate::{
    AdapterSettings, Channels, Error, Outcome, Secret, Settings, WebSettings,
    testing::{id, outgoing, sms},
};

/// Knows one customer, and fails when it is told to.
#[derive(Default)]
struct Slate {
    lines: Mutex<Vec<(Uuid, String, usize)>>,
    away: bool,
}

const CUSTOMER: Uuid = Uuid::from_u128(7);

impl Board for Slate {
    fn put<'a>(
        &'a self,
        line: BoardLine<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<Put, NotPut>> + Send + 'a>> {
        Box::pin(async move {
            if self.away {
                return Err(NotPut("away".into()));
            }
            if line.customer.0 != CUSTOMER {
                return Ok(Put::Nobody);
            }
            let kept = (line.id, line.text.to_owned(), line.options.len());
            self.lines.lock().unwrap().push(kept);
            Ok(Put::There)
        })
    }
}

fn channels(settings: WebSettings) -> Result<Channels, Error> {
    Channels::new(&Settings {
        chat: AdapterSettings::Web(settings).into(),
        ..Settings::default()
    })
}

fn question(text: &str) -> Content {
    let offer = |name: &str| Offer {
        name: name.into(),
        label: name.to_uppercase(),
    };
    let content = Content::Chat {
        text: text.into(),
        options: Vec::new(),
        whatsapp: None,
    };
    content.offering(vec![offer("yes"), offer("no")])
}

async fn sent(slate: &Arc<Slate>, to: &str, content: &Content) -> Outcome {
    let board: Arc<dyn Board> = slate.clone();
    let channels = channels(WebSettings::default()).unwrap().with_board(&board);
    channels
        .send(&outgoing(1, Channel::Chat, to, content))
        .await
}

#[tokio::test]
async fn a_line_is_put_on_the_board_with_its_answers() {
    let slate = Arc::new(Slate::default());
    let outcome = sent(&slate, &CUSTOMER.to_string(), &question("Well?")).await;
    assert_eq!(outcome, Outcome::Accepted { provider_id: None });
    let lines = slate.lines.lock().unwrap();
    assert_eq!(*lines, [(id(1), "Well?".to_owned(), 2)]);
}

#[tokio::test]
async fn what_cannot_be_put_there_says_why() {
    let slate = Arc::new(Slate::default());
    let gone = sent(&slate, &Uuid::nil().to_string(), &question("x")).await;
    assert_eq!(gone, Outcome::gone(Failure::AddressGone));
    for (to, content) in [
        ("ana", question("x")),
        (&*CUSTOMER.to_string(), question(&"x".repeat(4_001))),
        (&*CUSTOMER.to_string(), sms()),
    ] {
        let outcome = sent(&slate, to, &content).await;
        assert!(
            matches!(outcome, Outcome::RefusedForGood { gone: false, .. }),
            "{outcome:?}"
        );
    }
    let away = Arc::new(Slate {
        away: true,
        ..Slate::default()
    });
    let outcome = sent(&away, &CUSTOMER.to_string(), &question("x")).await;
    // Whatever became of it, putting it again puts it once.
    assert!(outcome.is_not_me(), "{outcome:?}");
    let none = channels(WebSettings::default()).unwrap();
    let (to, content) = (CUSTOMER.to_string(), question("x"));
    let outcome = none.send(&outgoing(1, Channel::Chat, &to, &content)).await;
    assert!(outcome.is_not_me(), "{outcome:?}");
}

#[test]
fn settings_that_cannot_be_used_are_refused() {
    let wrong = |change: fn(&mut WebSettings)| {
        let mut settings = WebSettings::default();
        change(&mut settings);
        channels(settings).unwrap_err().to_string()
    };
    let path = wrong(|s| s.origins = vec!["https://shop.example/".into()]);
    assert!(path.contains("such as `https://shop.example`"), "{path}");
    let none = wrong(|s| s.origins = vec!["shop.example".into()]);
    assert!(none.contains("origins"), "{none}");
    let short = wrong(|s| s.secret = Some(Secret::new("hunter2")));
    assert!(short.contains("16 bytes"), "{short}");
    let never = wrong(|s| s.lines_per_minute = 0);
    assert!(never.contains("lines_per_minute"), "{never}");
}

#[test]
fn a_greeting_is_found_in_whatever_case_its_locale_is_written() {
    let read = |json: &str| serde_json::from_str::<WebSettings>(json).unwrap().greeting;
    let both = read(r#"{"greeting":{"en":"Hi","fr-BE":"Salut"}}"#);
    assert_eq!((&*both["en"], &*both["fr-be"]), ("Hi", "Salut"));
}
