//! What is believed of what the provider says: its token, its keys, its userinfo endpoint.

use super::*;

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
