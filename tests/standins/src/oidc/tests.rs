use serde_json::json;

use super::Oidc;
use crate::{Provider as _, StandIn, testing::Ask, wire::base64url};

const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters";

fn there(oidc: &StandIn<Oidc>, scope: &str) -> Ask {
    let hash = ring::digest::digest(&ring::digest::SHA256, VERIFIER.as_bytes());
    let challenge = base64url(hash.as_ref());
    let mut ask = Ask::post(
        format!(
            "{}/authorize?response_type=code&client_id=parcours&redirect_uri=http%3A%2F%2Flocalhost%2Fsign-in%2Foidc%2Fback\
             &scope={scope}&state=0123456789abcdef&nonce=0123456789abcdef&code_challenge={challenge}&code_challenge_method=S256",
            oidc.url()
        ),
        "",
    );
    ask.method = "GET";
    ask
}

fn token(oidc: &StandIn<Oidc>, code: &str, verifier: &str) -> Ask {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", &oidc.provider().redirect_uri)
        .append_pair("code_verifier", verifier)
        .finish();
    // `s3cret: of the/client`, as a form has it.
    let basic = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        "parcours:s3cret%3A+of+the%2Fclient",
    );
    Ask::post(format!("{}/token", oidc.url()), form)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", format!("Basic {basic}"))
}

async fn code(oidc: &StandIn<Oidc>) -> String {
    let answer = there(oidc, "openid").send().await;
    assert_eq!(answer.status, 303, "{:?}", oidc.violations());
    let back = answer.header("location").unwrap().to_owned();
    let (_, rest) = back.split_once("&code=").unwrap();
    rest.split('&').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_code_is_good_once_and_for_whoever_has_its_verifier() {
    let oidc = Oidc::start().await;
    let first = code(&oidc).await;
    let answer = token(&oidc, &first, VERIFIER).send().await;
    assert_eq!(answer.status, 200, "{:?}", oidc.violations());
    assert_eq!(oidc.violations(), Vec::<String>::new());
    assert_eq!(oidc.accepted()[0].sub, "248289761001");
    let again = token(&oidc, &first, VERIFIER).send().await;
    assert_eq!(
        (again.status, again.json()),
        (400, json!({"error": "invalid_grant"}))
    );
    let second = code(&oidc).await;
    let stolen = token(&oidc, &second, "another-verifier").send().await;
    assert_eq!(stolen.json(), json!({"error": "invalid_grant"}));
    let nobody = token(&oidc, &second, VERIFIER)
        .without("authorization")
        .send()
        .await;
    assert_eq!(
        (nobody.status, nobody.json()),
        (401, json!({"error": "invalid_client"}))
    );
}

#[tokio::test]
async fn a_way_there_that_says_too_little_leads_nowhere() {
    let oidc = Oidc::start().await;
    for (from, to) in [
        ("openid", "email"),
        ("client_id=parcours", "client_id=another"),
        ("localhost", "evil.example"),
        ("S256", "plain"),
        ("nonce=0123456789abcdef", "nonce=1"),
        ("response_type=code", "response_type=token"),
    ] {
        let mut ask = there(&oidc, "openid");
        ask.url = ask.url.replace(from, to);
        assert_eq!(ask.send().await.status, 400, "{to}");
    }
    assert_eq!(oidc.violations().len(), 6);
}
