//! The way there and back: bound to a browser, gone once, and led nowhere else; and signing in where there is no other.

use super::*;

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
