//! Push notifications in a browser, from the button to what is shown.

mod taken;

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use channels::{AdapterSettings, Channels, Secret, Settings, WebPushSettings};
use cli::{intake::IntoTurn, service};
use journey::{links::LinkKind, message::Channel};
use parcours_tests::kit::{self, Rig, Workspace, browser::Scheme, driver::Driver, python};
use serde_json::{Value, json};
use standins::{Provider as _, StandIn, WebPush, webpush};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Shop;

/// The server's private key.
const KEY: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";

const NOTE: &str = "title: Teas, {{ customer.first_name }}
body: are here
url: https://shop.example/teas
image: https://shop.example/teas.png
collapse: teas
actions:
  - name: buy
    label: Buy now
    url: https://shop.example/checkout
  - name: later
    label: Remind me
";

const POLICIES: &str = "purposes:
  marketing: { consent: opt_out, track: clicks }
  service: { consent: none }
defaults: { locale: en }
";

const SENDS: &str = "purpose: service
enter: { event: go, again: always }
steps:
  - { id: note, send: push, template: note }
";

/// In place of the browser's own push service, which is beyond reach: the same shapes, and keys that are ours to read with.
const STAND_IN: &str = "(() => {
  const text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  PushManager.prototype.getSubscription = async () => window.subscription ?? null;
  PushManager.prototype.subscribe = async function ({ userVisibleOnly, applicationServerKey }) {
    if (!userVisibleOnly || applicationServerKey.byteLength !== 65) throw new TypeError('wrong options');
    const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
    const p256dh = text(await crypto.subtle.exportKey('raw', pair.publicKey));
    const auth = text(crypto.getRandomValues(new Uint8Array(16)));
    window.keys = { d: (await crypto.subtle.exportKey('jwk', pair.privateKey)).d, auth, server: text(applicationServerKey) };
    window.subscription = {
      endpoint: ENDPOINT, options: { applicationServerKey },
      toJSON() { return { endpoint: this.endpoint, expirationTime: null, keys: { p256dh, auth } }; },
      async unsubscribe() { window.subscription = null; return true; },
    };
    return window.subscription;
  };
})()";

/// A shop with a push service that stands in.
async fn shop(service: &StandIn<WebPush>) -> Shop {
    assert!(service.url().starts_with("http://"));
    let webpush = WebPushSettings {
        private_endpoints: true,
        ..WebPushSettings::new(Secret::new(KEY), "mailto:push@shop.example")
    };
    shop_with(&Settings {
        push: AdapterSettings::WebPush(webpush).into(),
        ..Settings::default()
    })
    .await
}

async fn shop_with(settings: &Settings) -> Shop {
    let workspace = Workspace::new()
        .file("config/policies.yaml", POLICIES)
        .file("templates/note/push.en.yaml", NOTE)
        .journey("notes", SENDS)
        .journey(
            "news",
            &SENDS.replace("service", "marketing").replace("go", "news"),
        );
    let rig = Rig::new(&workspace).await;
    let channels = Channels::new(settings).unwrap();
    let engine = rig.engine_with(kit::quick(), channels.into()).await;
    let accept = Arc::new(IntoTurn(engine.clone()));
    let router = api::router(api::State {
        pages: Some(service::pages(&engine, api::Look::default())),
        providers: Some(service::providers(&engine)),
        ..service::state(&engine, accept)
    });
    Shop {
        rig,
        engine,
        router,
    }
}

impl Shop {
    /// Its pages at an address of their own.
    async fn served(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = self.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    fn push(&self, key: &str) -> String {
        let channel = Channel::Email;
        format!("/push/{}", self.link(LinkKind::Push { channel }, key))
    }

    async fn devices(&self, key: &str) -> Value {
        let customer = self.rig.reader().customer(key).await.unwrap().unwrap();
        json!(customer.row.traits.get("push_tokens"))
    }
}

/// What the message says, by somebody else's code: `http-ece` of PyPI.
fn decrypted(body: &[u8], keys: &Value) -> Option<Vec<u8>> {
    const SCRIPT: &str = "import sys, base64, http_ece
from cryptography.hazmat.primitives.asymmetric import ec
d, auth, body = (base64.urlsafe_b64decode(x + '==') for x in sys.argv[1:])
key = ec.derive_private_key(int.from_bytes(d, 'big'), ec.SECP256R1())
sys.stdout.buffer.write(http_ece.decrypt(body, private_key=key, auth_secret=auth, version='aes128gcm'))";
    let python = python::with("http_ece")?;
    let text = |name: &str| keys[name].as_str().unwrap().to_owned();
    let body = URL_SAFE_NO_PAD.encode(body);
    Some(python::said(
        &python,
        SCRIPT,
        &[&text("d"), &text("auth"), &body],
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_subscribes_is_written_to_shows_it_and_subscribes_no_more() {
    let service = WebPush::start().await;
    let shop = shop(&service).await;
    shop.customer("ana").await;
    let origin = shop.served().await;
    let url = format!("{origin}{}", shop.push("ana"));
    let endpoint = json!(format!("{}/push/ana-browser", service.url())).to_string();
    let stand_in = STAND_IN.replace("ENDPOINT", &endpoint);
    // `PICTURES=FOLDER cargo test … push` takes pictures, to be looked at.
    let look = move |tab: &mut Driver, name: &str| {
        let mut found = Vec::new();
        for scheme in [Scheme::Light, Scheme::Dark] {
            tab.seen_by(420, 900, scheme);
            found.extend(tab.wrong());
            tab.picture(&format!("push-{name}-{scheme:?}"));
        }
        assert!(found.is_empty(), "{name}: {}", found.join("\n"));
    };
    let look_again = look;
    let (mut tab, keys) = tokio::task::spawn_blocking(move || {
        let mut tab = Driver::start();
        tab.go(&url);
        tab.until("document.querySelector('main').dataset.state === 'off'");
        look(&mut tab, "off");
        tab.grant(url.split_once("/push/").unwrap().0, "notifications");
        tab.eval(&stand_in);
        tab.click("document.querySelector('#get')");
        tab.until("document.querySelector('main').dataset.state === 'on'");
        look(&mut tab, "on");
        let keys = tab.eval("window.keys");
        (tab, keys)
    })
    .await
    .unwrap();
    let devices = shop.devices("ana").await;
    assert_eq!(devices.as_array().map(Vec::len), Some(1), "{devices}");
    let kept: Value = serde_json::from_str(devices[0].as_str().unwrap()).unwrap();
    assert_eq!(kept["keys"]["auth"], keys["auth"]);

    shop.happens("ana", "go").await;
    let stop = CancellationToken::new();
    shop.engine.dispatch_once(&stop).await.unwrap();
    let pushed = service.accepted();
    assert_eq!(pushed.len(), 1);
    assert_eq!(pushed[0].to, "ana-browser");
    // What the browser subscribed with is what signs.
    let signed = pushed[0].request.header("authorization").unwrap();
    assert!(
        signed.ends_with(keys["server"].as_str().unwrap()),
        "{signed}"
    );
    let body = &pushed[0].request.body;
    let secret = |name: &str| {
        URL_SAFE_NO_PAD
            .decode(keys[name].as_str().unwrap())
            .unwrap()
    };
    let plain = webpush::decrypt(&secret("d"), &secret("auth"), body).unwrap();
    if let Some(others) = decrypted(body, &keys) {
        assert_eq!(others, plain);
    }

    let shown = tokio::task::spawn_blocking(move || {
        let worker = tab.workers().pop().unwrap();
        let message = json!({ "origin": origin, "registrationId": worker,
            "data": String::from_utf8(plain).unwrap() });
        let listed = "navigator.serviceWorker.getRegistration('/push/').then(r => r.getNotifications())\
             .then(all => all.map(({ title, body, tag, data, actions }) => ({ title, body, tag, data, actions })))";
        let begun = std::time::Instant::now();
        let shown = loop {
            // It has a tag: the same again takes its own place.
            tab.call("ServiceWorker.deliverPushMessage", &message);
            let shown = tab.eval(listed);
            if shown != json!([]) {
                break shown;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", tab.complaints());
            std::thread::sleep(Duration::from_millis(100));
        };
        look_again(&mut tab, "shown");
        tab.click("document.querySelector('#stop')");
        tab.until("document.querySelector('main').dataset.state === 'off'");
        let complaints = tab.complaints();
        assert!(complaints.is_empty(), "{complaints:?}");
        shown
    })
    .await
    .unwrap();
    let note = &shown[0];
    assert_eq!(shown.as_array().map(Vec::len), Some(1), "{shown}");
    assert_eq!(note["title"], "Teas, Léa <b>");
    assert_eq!(note["body"], "are here");
    assert_eq!(note["tag"], "teas");
    assert_eq!(note["data"]["url"], "https://shop.example/teas");
    let labels: Vec<_> = note["actions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["title"].clone())
        .collect();
    assert_eq!(labels, ["Buy now", "Remind me"]);
    assert_eq!(shop.devices("ana").await, Value::Null);
    // The service's own browser has other keys; nothing else is wrong with the request.
    let remarks = service.violations();
    let foreign = |remark: &String| remark.ends_with("it was not encrypted for this subscription");
    assert!(
        remarks.len() == 1 && remarks.iter().all(foreign),
        "{remarks:?}"
    );
}
