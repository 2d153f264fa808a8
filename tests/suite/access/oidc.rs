//! Signing in by a provider of identities: who is let in, and who is not, whatever comes back.

use std::{collections::BTreeMap, sync::Arc};

use ::api::access::{
    Role,
    oidc::{Roles, Settings},
};
use cli::identity::Asks;
use parcours_tests::kit;
use serde_json::{Value, json};
use standins::{Mood, Oidc, Provider as _, StandIn, oidc::Twist};

use super::*;

const BACK: &str = "/sign-in/oidc/back";
const SUB: &str = "248289761001";

/// A provider, and a site that people sign in to by it.
struct Both {
    provider: StandIn<Oidc>,
    site: Site,
}

fn settings(issuer: &str, provider: &Oidc) -> Settings {
    Settings {
        issuer: issuer.to_owned(),
        client_id: provider.client_id.clone(),
        client_secret: Some(provider.client_secret.clone()),
        address: "http://localhost".into(),
        name: "Maison Tilleul".into(),
        scopes: vec!["email".into(), "profile".into()],
        verified: "email_verified".into(),
        domains: Vec::new(),
        create: false,
        roles: None,
    }
}

/// Groups become roles.
fn mapped() -> Option<Roles> {
    let map = [
        ("crm", vec![Role::Marketer, Role::Support]),
        ("it", vec![Role::Admin]),
    ];
    Some(Roles {
        claim: "realm.groups".into(),
        map: BTreeMap::from(map.map(|(group, roles)| (group.to_owned(), roles))),
    })
}

async fn both(change: impl FnOnce(&mut Settings)) -> Both {
    both_with(true, change).await
}

async fn both_with(passwords: bool, change: impl FnOnce(&mut Settings)) -> Both {
    // The provider's clock is the site's.
    let provider = Oidc::at(|| now().as_second()).serve().await;
    let mut settings = settings(provider.url(), provider.provider());
    change(&mut settings);
    let asks = Arc::new(Asks::new(None).unwrap());
    let site = site_with(false, |state| {
        let access = state.access.clone().unwrap().with_oidc(settings, asks);
        let access = match passwords {
            true => access,
            false => access.without_passwords(),
        };
        State {
            access: Some(access),
            ..state
        }
    })
    .await;
    Both { provider, site }
}

/// A browser that has been sent to the provider.
struct OnTheWay {
    there: String,
    cookie: String,
}

impl Both {
    async fn sets_out(&self, to: &str) -> OnTheWay {
        let answer = self
            .site
            .get(&format!("/sign-in/oidc?to={to}"), &[BROWSER])
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        OnTheWay {
            there: answer.header(header::LOCATION).to_owned(),
            cookie: answer.cookie(),
        }
    }

    /// Where the provider sends the browser back to.
    async fn agrees(&self, way: &OnTheWay) -> String {
        let answer = kit::http_without_redirects()
            .get(&way.there)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 303, "{:?}", self.provider.violations());
        let back = answer.headers()["location"].to_str().unwrap();
        back.strip_prefix("http://localhost").unwrap().to_owned()
    }

    async fn comes_back(&self, path: &str, cookie: &str) -> Answer {
        let headers = [
            BROWSER,
            ("cookie", cookie),
            ("sec-fetch-site", "cross-site"),
        ];
        self.site.get(path, &headers).await
    }

    /// All of it.
    async fn signs_in(&self) -> Answer {
        let way = self.sets_out("/customers").await;
        let back = self.agrees(&way).await;
        self.comes_back(&back, &way.cookie).await
    }

    fn is(&self, person: &Value) {
        self.provider.provider().is(person.clone());
    }

    /// Why the last one was not let in, as the audit log has it.
    async fn refused(&self) -> String {
        let answer = self.signs_in().await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
        assert!(session(&answer).is_none(), "no session begins");
        assert!(answer.body.contains("role=\"alert\""), "{}", answer.body);
        let last = self.site.log().await.pop().unwrap();
        assert_eq!((&*last.who, last.ok), ("nobody", false));
        last.reason
    }

    async fn roles(&self, email: &str) -> Vec<String> {
        self.site.access.user(email).await.unwrap().unwrap().roles
    }
}

/// The session's cookie, if one is set.
fn session(answer: &Answer) -> Option<String> {
    let all = answer.headers.get_all(header::SET_COOKIE).iter();
    let all = all.filter_map(|v| v.to_str().ok()?.split(';').next());
    all.map(str::to_owned)
        .find(|c| c.starts_with("parcours=") && c.len() > 20)
}

#[tokio::test]
async fn somebody_whom_the_provider_knows_is_let_in() {
    for twist in [Twist::None, Twist::Es256] {
        let both = both(|_| {}).await;
        both.provider.provider().twists(twist);
        let ines = both.site.user(EMAIL, &["support"]).await;
        let page = both.site.get("/sign-in?to=/customers", &[]).await.body;
        assert!(
            page.contains("href=\"/sign-in/oidc?to=%2Fcustomers\""),
            "{page}"
        );
        assert!(page.contains("Sign in with Maison Tilleul"), "{page}");
        let answer = both.signs_in().await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        assert_eq!(answer.header(header::LOCATION), "/customers");
        let cookie = session(&answer).expect("a session");
        let page = both
            .site
            .get("/customers", &[BROWSER, ("cookie", &cookie)])
            .await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains(EMAIL), "{}", page.body);
        let entry = both.site.log().await.pop().unwrap();
        assert_eq!((&*entry.action, entry.ok), ("sign_in", true));
        assert_eq!(
            (entry.who, &*entry.reason),
            (format!("user:{ines}"), "oidc: linked")
        );
        assert_eq!(both.provider.violations(), Vec::<String>::new());
    }
}

/// What is asked of the provider, and what the browser keeps meanwhile.
#[tokio::test]
async fn a_way_is_bound_to_the_browser_that_sets_out() {
    let both = both(|s| s.address = "https://crm.shop.example/".into()).await;
    let way = both.site.get("/sign-in/oidc?to=/inbox", &[]).await;
    let set = way.header(header::SET_COOKIE);
    for part in [
        "__Host-parcours_way=",
        "Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure",
    ] {
        assert!(set.contains(part), "{set}");
    }
    let there = way.header(header::LOCATION);
    let asked: BTreeMap<String, String> =
        form_urlencoded::parse(there.split_once('?').unwrap().1.as_bytes())
            .into_owned()
            .collect();
    assert_eq!(
        asked["redirect_uri"],
        format!("https://crm.shop.example{BACK}")
    );
    assert_eq!(asked["scope"], "openid email profile");
    assert_eq!(asked["code_challenge_method"], "S256");
    for secret in ["state", "nonce", "code_challenge"] {
        assert_eq!(asked[secret].len(), 43, "{secret}");
    }
    let again = both.site.get("/sign-in/oidc?to=/inbox", &[]).await;
    assert_ne!(
        again.header(header::LOCATION),
        there,
        "no two ways are the same"
    );
}

/// A link that somebody else began ends in nobody's session (login CSRF), and one that is over begins none.
#[tokio::test]
async fn a_way_that_was_not_begun_here_leads_nowhere() {
    let both = both(|_| {}).await;
    both.site.user(EMAIL, &["support"]).await;
    let (theirs, ours) = (both.sets_out("/").await, both.sets_out("/").await);
    let back = both.agrees(&theirs).await;
    for cookie in ["", &ours.cookie, "parcours_way=x", "parcours_way=a.b.c.9.e"] {
        let answer = both.comes_back(&back, cookie).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{cookie}");
        assert!(session(&answer).is_none(), "{cookie}");
        assert!(answer.body.contains("was not begun in this browser"));
        let set = answer.header(header::SET_COOKIE);
        assert!(set.starts_with("parcours_way=; Path=/; Max-Age=0"), "{set}");
    }
    wait(SignedDuration::from_secs(601));
    let late = both.comes_back(&back, &theirs.cookie).await;
    assert_eq!(late.status, StatusCode::FORBIDDEN);
    assert_eq!(both.site.log().await.pop().unwrap().reason, "oidc: state");
    // Nothing was asked of the provider with a code that came in this way.
    assert!(both.provider.accepted().is_empty());
}

/// The same address once more, with the same cookie: neither the provider nor we take it twice.
#[tokio::test]
async fn what_came_back_once_does_not_count_again() {
    let both = both(|_| {}).await;
    both.site.user(EMAIL, &["support"]).await;
    let way = both.sets_out("/").await;
    let back = both.agrees(&way).await;
    let first = both.comes_back(&back, &way.cookie).await;
    assert!(session(&first).is_some(), "{}", first.body);
    let second = both.comes_back(&back, &way.cookie).await;
    assert!(session(&second).is_none());
    assert_eq!(both.site.log().await.pop().unwrap().reason, "oidc: code");
    // A provider that gives out another token for the same sign-in.
    let code = both.agrees(&way).await;
    let replayed = both.comes_back(&code, &way.cookie).await;
    assert!(session(&replayed).is_none());
    assert_eq!(
        both.site.log().await.pop().unwrap().reason,
        "oidc: replayed"
    );
}

#[tokio::test]
async fn a_token_that_is_not_right_lets_nobody_in() {
    let both = both(|_| {}).await;
    both.site.user(EMAIL, &["support"]).await;
    for (twist, why) in [
        (Twist::Issuer, "it is of another issuer"),
        (Twist::Audience, "it is for somebody else"),
        (Twist::TwoAudiences, "it is for somebody else"),
        (Twist::Party, "it is for somebody else"),
        (Twist::Over, "it is over"),
        (Twist::NotYet, "it is not yet good"),
        (Twist::NoNonce, "it is for another sign-in"),
        (Twist::OtherNonce, "it is for another sign-in"),
        (Twist::AccessToken, "it came with another access token"),
        (
            Twist::Unsigned,
            "it is signed by another algorithm than RS256 and ES256",
        ),
        (
            Twist::Secret,
            "it is signed by another algorithm than RS256 and ES256",
        ),
        (
            Twist::PublicKey,
            "it is signed by another algorithm than RS256 and ES256",
        ),
        (
            Twist::Rs512,
            "it is signed by another algorithm than RS256 and ES256",
        ),
        (Twist::Forged, "the signature is not right"),
        (Twist::Changed, "the signature is not right"),
        (Twist::OtherIss, "iss"),
        (Twist::NoIss, "iss"),
        (Twist::SaysNo, "access_denied"),
    ] {
        both.provider.provider().twists(twist);
        assert_eq!(both.refused().await, format!("oidc: {why}"), "{twist:?}");
    }
    both.provider.provider().twists(Twist::None);
    assert!(session(&both.signs_in().await).is_some());
}

/// Clocks differ a little.
#[tokio::test]
async fn a_minute_is_forgiven_and_no_more() {
    let both = both(|_| {}).await;
    both.site.user(EMAIL, &["support"]).await;
    let way = both.sets_out("/").await;
    let back = both.agrees(&way).await;
    both.is(&json!({ "sub": SUB, "email": EMAIL, "email_verified": true, "exp": now().as_second() - 59 }));
    assert!(session(&both.comes_back(&back, &way.cookie).await).is_some());
    both.is(&json!({ "sub": SUB, "exp": now().as_second() - 60 }));
    assert_eq!(both.refused().await, "oidc: it is over");
}

#[tokio::test]
async fn only_a_verified_address_is_believed_and_only_the_first_time() {
    let both = both(|s| s.create = true).await;
    both.site.user(EMAIL, &["support"]).await;
    for unverified in [
        json!(false),
        json!("false"),
        json!("yes"),
        json!(0),
        Value::Null,
    ] {
        both.is(&json!({ "sub": "x", "email": EMAIL, "email_verified": unverified }));
        assert_eq!(both.refused().await, "oidc: unverified");
    }
    both.is(&json!({ "sub": SUB, "email": "Ines@Shop.example", "email_verified": true }));
    assert!(session(&both.signs_in().await).is_some());
    // From now on it is the subject that counts, whatever their address.
    both.is(&json!({ "sub": SUB, "email": "somebody@else.example", "email_verified": false }));
    let answer = both.signs_in().await;
    assert!(session(&answer).is_some(), "{}", answer.body);
    // And nobody else of the provider gets in by the address.
    both.is(&json!({ "sub": "another", "email": EMAIL, "email_verified": true }));
    assert_eq!(both.refused().await, "oidc: taken");
}

#[tokio::test]
async fn whoever_is_not_to_come_in_stays_out() {
    let both = both(|s| s.domains = vec!["Shop.example".into()]).await;
    assert_eq!(
        both.refused().await,
        "oidc: unknown",
        "nobody is made without being asked for"
    );
    let ines = both.site.user(EMAIL, &["support"]).await;
    both.site
        .access
        .set_disabled(ines, Some(now()))
        .await
        .unwrap();
    assert_eq!(
        both.refused().await,
        "oidc: disabled",
        "before they are linked"
    );
    both.site.access.set_disabled(ines, None).await.unwrap();
    let cookie = session(&both.signs_in().await).unwrap();
    both.site
        .access
        .set_disabled(ines, Some(now()))
        .await
        .unwrap();
    assert_eq!(both.refused().await, "oidc: disabled", "and after");
    let page = both
        .site
        .get("/customers", &[BROWSER, ("cookie", &cookie)])
        .await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "their session is over");
    for email in ["ines@shop.example.evil.example", "ines@evil.example"] {
        both.is(&json!({ "sub": "y", "email": email, "email_verified": true }));
        assert_eq!(both.refused().await, "oidc: domain", "{email}");
    }
}

/// Groups give roles, and take them away, at each sign-in.
#[tokio::test]
async fn roles_follow_the_groups_of_the_provider() {
    let both = both(|s| {
        s.create = true;
        s.roles = mapped();
    })
    .await;
    let person = |groups: Value| json!({ "sub": SUB, "name": "Léo", "email": "leo@shop.example", "email_verified": true, "realm": { "groups": groups } });
    both.is(&person(json!(["visitors"])));
    assert_eq!(both.refused().await, "oidc: no_role");
    assert!(
        both.site
            .access
            .user("leo@shop.example")
            .await
            .unwrap()
            .is_none()
    );
    both.is(&person(json!(["crm", "visitors"])));
    let cookie = session(&both.signs_in().await).unwrap();
    assert_eq!(
        both.roles("leo@shop.example").await,
        ["marketer", "support"]
    );
    let made = both.site.log().await.pop().unwrap();
    assert_eq!(made.reason, "oidc: made, roles marketer, support");
    both.is(&person(json!("it")));
    assert!(session(&both.signs_in().await).is_some());
    assert_eq!(both.roles("leo@shop.example").await, ["admin"]);
    assert_eq!(
        both.site.log().await.pop().unwrap().reason,
        "oidc: roles admin"
    );
    both.signs_in().await;
    assert_eq!(
        both.site.log().await.pop().unwrap().reason,
        "oidc",
        "what is the same is not said"
    );
    // No group any more: no way in, and what is open opens nothing.
    both.is(&person(json!([])));
    assert_eq!(both.refused().await, "oidc: no_role");
    assert_eq!(both.roles("leo@shop.example").await, Vec::<String>::new());
    let page = both
        .site
        .get("/customers", &[BROWSER, ("cookie", &cookie)])
        .await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
}

/// What the token does not say may be said elsewhere, of the same person only.
#[tokio::test]
async fn the_userinfo_endpoint_completes_what_the_token_says() {
    let both = both(|_| {}).await;
    both.site.user(EMAIL, &["support"]).await;
    let says = |more: Value| *both.provider.provider().userinfo.lock().unwrap() = more;
    both.is(&json!({ "sub": SUB }));
    says(json!({ "sub": "another", "email": EMAIL, "email_verified": true }));
    assert_eq!(both.refused().await, "oidc: unverified");
    says(json!({ "email": EMAIL, "email_verified": true }));
    assert!(session(&both.signs_in().await).is_some());
}

/// What the provider says of itself and its keys are asked for once; a key that is new then, once more.
#[tokio::test]
async fn keys_that_are_new_are_fetched() {
    let both = both(|_| {}).await;
    both.site.user(EMAIL, &["support"]).await;
    assert!(session(&both.signs_in().await).is_some());
    assert_eq!(
        both.provider.requests(),
        4,
        "about itself, there, the code, its keys"
    );
    assert!(session(&both.signs_in().await).is_some());
    assert_eq!(both.provider.requests(), 6);
    both.provider.provider().twists(Twist::NewKey);
    assert_eq!(
        both.refused().await,
        "oidc: no key of the provider is meant",
        "it was asked a moment ago"
    );
    assert_eq!(both.provider.requests(), 8);
    wait(SignedDuration::from_secs(10));
    assert!(session(&both.signs_in().await).is_some());
    assert_eq!(both.provider.requests(), 11);
    wait(SignedDuration::from_hours(1));
    assert!(session(&both.signs_in().await).is_some());
    assert_eq!(both.provider.requests(), 15);
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_told_so() {
    let both = both(|s| s.issuer = "http://127.0.0.1:9".into()).await;
    let answer = both.site.get("/sign-in/oidc", &[BROWSER]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        answer
            .body
            .contains("Maison Tilleul does not answer as it should")
    );
    // One that calls itself by another name is not believed.
    let both = both_with(true, |_| {}).await;
    *both.provider.provider().about.lock().unwrap() = json!({ "issuer": "https://evil.example" });
    let answer = both.site.get("/sign-in/oidc", &[BROWSER]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    // Nor one that fails where the code is exchanged.
    let both = both_with(true, |_| {}).await;
    both.site.user(EMAIL, &["support"]).await;
    both.provider.mood(Mood::RefuseForNow);
    assert_eq!(both.refused().await, "oidc: code");
    both.provider.mood(Mood::Garble);
    assert_eq!(both.refused().await, "oidc: code");
}

#[tokio::test]
async fn nothing_leads_out() {
    let both = both(|_| {}).await;
    both.site.user(EMAIL, &["support"]).await;
    for to in ["https://evil.example/", "//evil.example", "/\\evil.example"] {
        let to: String = form_urlencoded::byte_serialize(to.as_bytes()).collect();
        let way = both.sets_out(&to).await;
        let back = both.agrees(&way).await;
        let answer = both.comes_back(&back, &way.cookie).await;
        assert_eq!(answer.header(header::LOCATION), "/");
    }
    // Not even where the browser was made to keep something else.
    let way = both.sets_out("/").await;
    let back = both.agrees(&way).await;
    let kept = way.cookie.rsplit_once('.').unwrap().0;
    let evil = "aHR0cHM6Ly9ldmlsLmV4YW1wbGUv"; // https://evil.example/
    let answer = both.comes_back(&back, &format!("{kept}.{evil}")).await;
    assert_eq!(answer.header(header::LOCATION), "/");
}

/// Passwords can be turned off; `parcours users link` keeps a way in.
#[tokio::test]
async fn without_passwords_a_link_lets_in_once() {
    let both = both_with(false, |_| {}).await;
    let ines = both.site.user(EMAIL, &["admin"]).await;
    let page = both.site.get("/sign-in", &[]).await.body;
    assert!(
        !page.contains("type=\"password\"") && page.contains("/sign-in/oidc"),
        "{page}"
    );
    let refused = both.site.sign_in(EMAIL, PASSWORD, "").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(session(&refused).is_none());
    let token = access::token().unwrap();
    let until = now() + SignedDuration::from_hours(1);
    assert!(
        both.site
            .access
            .invite(ines, &access::hash_of(&token), until)
            .await
            .unwrap()
    );
    let path = format!("/welcome/{token}");
    let page = both.site.get(&path, &[]).await;
    assert!(!page.body.contains("type=\"password\""), "{}", page.body);
    let foreign = [("sec-fetch-site", "cross-site"), FORM];
    let answer = both.site.ask("POST", &path, &foreign, "").await;
    assert!(session(&answer).is_none());
    let cookie = session(&both.site.form(&path, "", "").await).expect("a session");
    assert!(
        session(&both.site.form(&path, "", "").await).is_none(),
        "once"
    );
    // In the console nobody gives out links, or sets a password.
    let users = both
        .site
        .form(
            "/access/users",
            &cookie,
            "email=leo@shop.example&role_support=on",
        )
        .await;
    assert_eq!(users.status, StatusCode::OK);
    assert!(!users.body.contains("/welcome/"), "{}", users.body);
    let leo = both
        .site
        .access
        .user("leo@shop.example")
        .await
        .unwrap()
        .unwrap();
    let link = both
        .site
        .form(&format!("/access/users/{}", leo.id), &cookie, "do=link")
        .await;
    assert_eq!(link.status, StatusCode::BAD_REQUEST);
    let body = format!("do=password&current={PASSWORD}&password=cardboard otter ninety one");
    let set = both.site.form("/account", &cookie, &body).await;
    assert_eq!(set.status, StatusCode::BAD_REQUEST);
    let account = both
        .site
        .get("/account", &[BROWSER, ("cookie", &cookie)])
        .await;
    assert!(
        !account.body.contains("type=\"password\""),
        "{}",
        account.body
    );
}

#[tokio::test]
async fn whoever_signs_out_here_may_sign_out_there() {
    let both = both(|_| {}).await;
    both.site.user(EMAIL, &["support"]).await;
    let cookie = session(&both.signs_in().await).unwrap();
    let out = both.site.form("/sign-out", &cookie, "").await;
    assert_eq!(out.header(header::LOCATION), "/sign-in?out=yes");
    let page = both.site.get("/sign-in?out=yes", &[]).await.body;
    assert!(page.contains("href=\"/sign-out/oidc\""), "{page}");
    let there = both.site.get("/sign-out/oidc", &[]).await;
    let there = there.header(header::LOCATION);
    assert!(
        there.starts_with(&format!("{}/end?client_id=parcours&", both.provider.url())),
        "{there}"
    );
    assert!(
        there.ends_with("post_logout_redirect_uri=http%3A%2F%2Flocalhost%2Fsign-in"),
        "{there}"
    );
}

#[tokio::test]
async fn without_a_provider_there_is_no_such_way() {
    let site = site().await;
    for path in ["/sign-in/oidc", BACK, "/sign-out/oidc"] {
        assert_eq!(
            site.get(path, &[]).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}
