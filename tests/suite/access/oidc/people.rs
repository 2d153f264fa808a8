//! Who is let in, and as what.

use super::*;

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
