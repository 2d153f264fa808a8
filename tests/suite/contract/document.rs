//! The description is one: others' verifier says so, and it is the same wherever it is read.

use std::process::Command;

use super::{place, run, scratch, tools};

#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_openapi_and_the_same_wherever_it_is_read() {
    let place = place().await;
    let served = place.described().await;
    assert_eq!(served, ::api::openapi::document());
    let printed: serde_json::Value = serde_json::from_str(&::api::openapi::text()).unwrap();
    assert_eq!(served, printed);
    let Some(tools) = tools() else { return };
    let folder = scratch("document");
    let file = folder.join("openapi.json");
    std::fs::write(&file, served.to_string()).unwrap();
    let told = run(Command::new(tools.join("bin/openapi-spec-validator")).arg(&file));
    assert!(told.contains("OK"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_already_is_not_sent_again() {
    let place = place().await;
    for path in [
        "/v1/openapi.json",
        "/v1/customers/ana",
        "/v1/journeys/thanks",
    ] {
        let ask = async |known: Option<&str>| {
            let url = format!("{}{path}", place.url());
            let mut asked = place.client.get(url).bearer_auth(&place.key);
            if let Some(known) = known {
                asked = asked.header("if-none-match", known);
            }
            asked.send().await.unwrap()
        };
        let first = ask(None).await;
        assert_eq!(first.status(), 200, "{path}");
        let tag = first.headers()["etag"].to_str().unwrap().to_owned();
        let second = ask(Some(&tag)).await;
        assert_eq!(
            (
                second.status().as_u16(),
                second.headers()["etag"].to_str().unwrap()
            ),
            (304, &*tag)
        );
        assert_eq!(second.text().await.unwrap(), "");
        assert_eq!(ask(Some("\"other\"")).await.status(), 200);
    }
}
