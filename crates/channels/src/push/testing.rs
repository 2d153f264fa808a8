//! The notification that the tests of all three send.

use journey::content::{Action, Content, Push};

/// One with everything.
pub(crate) fn rich() -> Push {
    let action = |name: &str, label: &str, url: Option<&str>| Action {
        name: name.into(),
        label: label.into(),
        url: url.map(Into::into),
    };
    Push {
        title: "Été".into(),
        body: "Votre panier vous attend".into(),
        url: Some("https://shop.example/cart".into()),
        image: Some("https://shop.example/cart.png".into()),
        ttl: Some(3_600),
        collapse: Some("cart".into()),
        actions: vec![
            action("buy", "Acheter", Some("https://shop.example/buy")),
            action("later", "Plus tard", None),
        ],
        data: [("screen".to_owned(), "cart".to_owned())].into(),
    }
}

/// One with nothing but its words.
pub(crate) fn plain() -> Content {
    Content::Push(Push {
        title: "Bonjour".into(),
        body: "là".into(),
        ..Push::default()
    })
}
