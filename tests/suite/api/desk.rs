//! What the router is given: a desk that takes events, and a drawer of captured messages.

use std::sync::{Arc, Mutex};

use api::{
    Accept, Accepted, BoxFuture, CaptureError, CaptureStore, Captured, KeepError, NotAccepted,
    NotErased, NotPaused, Ops, Readiness, State,
};
use jiff::Timestamp;
use journey::{
    content::{Content, Offer, Push},
    ids::MessageId,
    message::Channel,
    world::Startable,
};
use store::read::Reader;

use crate::shop;

/// Keeps what it is given, or refuses as it is told.
#[derive(Default)]
pub struct Desk {
    pub taken: Mutex<Vec<Accepted>>,
    pub refusal: Mutex<Option<NotAccepted>>,
}

impl Accept for Desk {
    fn accept(&self, events: Vec<Accepted>) -> BoxFuture<'_, Result<(), NotAccepted>> {
        let refusal = self.refusal.lock().expect("a lock").take();
        Box::pin(async move {
            match refusal {
                Some(refusal) => Err(refusal),
                None => {
                    self.taken.lock().expect("a lock").extend(events);
                    Ok(())
                }
            }
        })
    }
}

/// A mailbox in memory.
#[derive(Default)]
pub struct Drawer(pub Mutex<Vec<Captured>>);

impl CaptureStore for Drawer {
    fn list(&self, limit: usize) -> BoxFuture<'_, Result<Vec<Captured>, CaptureError>> {
        let all = self.0.lock().expect("a lock");
        let newest = all.iter().rev().take(limit).cloned().collect();
        Box::pin(async move { Ok(newest) })
    }

    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Captured>, CaptureError>> {
        let all = self.0.lock().expect("a lock");
        let found = all.iter().find(|c| c.name == name).cloned();
        Box::pin(async move { Ok(found) })
    }

    fn keep<'a>(
        &'a self,
        _channel: Channel,
        body: &'a [u8],
    ) -> BoxFuture<'a, Result<String, KeepError>> {
        Box::pin(async move {
            let json: serde_json::Value = serde_json::from_slice(body)
                .map_err(|_| KeepError::Refused("The body is not JSON.".into()))?;
            let text = json["text"].as_str().unwrap_or_default();
            let mut all = self.0.lock().expect("a lock");
            let name = format!("m{}", all.len());
            all.push(captured(&name, Content::Sms { text: text.into() }));
            Ok(name)
        })
    }
}

pub fn captured(name: &str, content: Content) -> Captured {
    Captured {
        name: name.into(),
        at: now(),
        to: "ana@shop.example".into(),
        from: "hello@shop.example".into(),
        message: None,
        content,
    }
}

pub fn now() -> Timestamp {
    shop::START.parse().expect("an instant")
}

/// A mail with all that a mail must not be able to do.
pub const MAIL: &str = "<!doctype html><html><body style='margin:0;background:#f4f1ec;\
    font-family:Georgia,serif'><table width='100%'><tr><td align='center' style='padding:32px'>\
    <table width='520' style='background:#fff;border-radius:8px'><tr><td style='padding:32px'>\
    <h1 style='margin:0 0 12px;font-size:24px'>Your basket is waiting</h1>\
    <p style='line-height:1.6;color:#444'>Hello Ana, the walking boots you chose are still here. \
    Use BACK10 for ten per cent off until Friday.</p>\
    <p><a href='https://shop.example/cart' style='background:#1d4d3a;color:#fff;padding:12px 22px;\
    border-radius:6px;text-decoration:none'>Back to my basket</a></p></td></tr></table>\
    <script>document.body.innerHTML='owned'</script></td></tr></table></body></html>";

/// One message of each channel; the mail is the one that Ana got.
pub fn drawer(nudge: Option<MessageId>) -> Drawer {
    let mut mail = captured(
        "20260105-110100-mail",
        Content::Email {
            subject: "Your basket is waiting".into(),
            preheader: "Ten per cent off until Friday".into(),
            html: MAIL.into(),
            text: "Hello Ana,\n\nthe walking boots you chose are still here.\n\nBack to my basket: https://shop.example/cart\n".into(),
            files: Vec::new(),
        },
    );
    mail.message = nudge;
    let rest = [
        Content::Sms {
            text: "Shop: your basket is waiting. BACK10 gives 10 % until Friday. STOP to 36111"
                .into(),
        },
        Content::Push(Push {
            title: "Still thinking it over?".into(),
            body: "Your walking boots are nearly sold out in size 39.".into(),
            url: Some("https://shop.example/cart".into()),
            ..Push::default()
        }),
        Content::Chat {
            text: "Hello Ana! Shall I keep the boots for you until tomorrow?".into(),
            options: ["Yes, please", "No, thanks"]
                .map(|label| Offer {
                    name: label.to_lowercase(),
                    label: label.into(),
                })
                .into(),
            whatsapp: None,
        },
    ];
    let mut all = vec![mail];
    all.extend(
        (1..)
            .zip(rest)
            .map(|(n, content)| captured(&format!("note-{n}"), content)),
    );
    Drawer(Mutex::new(all))
}

/// A state over `reader`.
pub fn state(reader: Reader, desk: Arc<Desk>, drawer: Option<Drawer>) -> State {
    State {
        reader,
        accept: desk,
        mailbox: drawer.map(|d| Arc::new(d) as Arc<dyn CaptureStore>),
        ops: Ops {
            ready: Arc::new(|| Box::pin(async { vec![Readiness::of("broker", None)] })),
            metrics: Some(Arc::new(|| {
                Box::pin(async { ("up 1\n".to_owned(), "text/plain") })
            })),
        },
        refuse: Arc::new(|_| None),
        startable: Arc::new(|_| Box::pin(async { Startable::Yes })),
        erase: Arc::new(|_, _| Box::pin(async { Err(NotErased::NoSecret) })),
        pause: Arc::new(|_, _, _| Box::pin(async { Err(NotPaused) })),
        clock: now,
        access: None,
        write_key: None,
        pages: None,
        providers: None,
        chat: None,
        typing: None,
        answers: None,
        letters: None,
    }
}
