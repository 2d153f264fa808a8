//! Push notifications by FCM to several devices, one of which has the app no more.

use channels::{AdapterSettings, FcmSettings, Settings};
use parcours_tests::kit::{self, Workspace};
use serde_json::json;
use standins::{Fcm, Mood, Provider as _};

use super::Place;

const SENDS: &str = "purpose: service
enter: { event: go, again: always }
steps:
  - { id: note, send: push, template: note }
";

#[tokio::test]
async fn every_device_is_told_and_one_that_is_gone_is_forgotten() {
    let fcm = Fcm::start().await;
    let folder = kit::scratch("fcm");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("account.json");
    std::fs::write(&file, fcm.provider().service_account(fcm.url()).to_string()).unwrap();
    let settings = FcmSettings {
        url: fcm.url().to_owned(),
        ..FcmSettings::new(&file)
    };
    let settings = Settings {
        push: AdapterSettings::Fcm(settings).into(),
        ..Settings::default()
    };
    let workspace = Workspace::new()
        .file(
            "templates/note/push.en.yaml",
            "title: Teas\nbody: are here\n",
        )
        .journey("notes", SENDS);
    let place = Place::new(&workspace, &settings).await;
    place
        .is(
            "ana",
            json!({ "push_tokens": ["phone", "old-phone", "tablet"] }),
        )
        .await;
    fcm.mood_for("old-phone", Mood::GoneAddress);
    for _ in 0..2 {
        place.does("ana", "go", json!({})).await;
        place.dispatch().await;
    }
    let to: Vec<String> = fcm.accepted().into_iter().map(|push| push.to).collect();
    assert_eq!(to, ["phone", "tablet", "phone", "tablet"]);
    assert_eq!(fcm.requests() - fcm.provider().tokens_given(), 5);
    assert_eq!(place.messages().await, ["sent fcm", "sent fcm"]);
    assert_eq!(
        place.traits("ana").await["push_tokens"],
        json!(["phone", "tablet"])
    );
    // Where nobody is left, the message has failed, and says so.
    for device in ["phone", "tablet"] {
        fcm.mood_for(device, Mood::GoneAddress);
    }
    for _ in 0..2 {
        place.does("ana", "go", json!({})).await;
        place.dispatch().await;
    }
    let messages = place.messages().await;
    assert_eq!(messages[2], "failed failed fcm");
    assert_eq!(messages[3], "suppressed unreachable");
    assert_eq!(fcm.violations(), Vec::<String>::new());
    std::fs::remove_dir_all(&folder).unwrap();
}
