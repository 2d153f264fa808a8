//! The preference centre.

use axum::http::{StatusCode, header};
use jiff::Timestamp;
use journey::{
    customer::ConsentState::{Granted, Unconfirmed, Withdrawn},
    message::Channel,
    policies::Period,
};
use parcours_tests::kit::events;
use serde_json::json;

use super::Shop;

/// What the page has ticked: `marketing.email`, in its order.
fn ticked(page: &str) -> Vec<&str> {
    let boxes = page.split("type=\"checkbox\" name=\"on\" value=\"").skip(1);
    let all = boxes.map(|b| b.split_once('"').unwrap());
    let on = all.filter(|(_, rest)| rest.starts_with(" checked"));
    on.map(|(spot, _)| spot).collect()
}

#[tokio::test]
async fn the_page_shows_what_is_so_and_keeps_what_is_chosen() {
    let shop = Shop::new().await;
    shop.customer("ana").await;
    let way = format!("/p/{}", shop.preferences("ana"));
    let page = shop.get(&way).await.body;
    for words in [
        "News and offers",
        "Surveys",
        "a…@customer.example",
        "…81",
        "Once a week at most",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let row = |name: &str| {
        let (_, rest) = page.split_once(&format!(">{name}</th>")).unwrap();
        rest.split_once("</tr>").unwrap().0
    };
    assert!(row("phone").contains("reaching you"), "{}", row("phone"));
    assert!(row("locale").contains("writing in your language"));
    assert!(row("first_name").contains("nothing at the moment"));
    assert!(
        row("orders").contains("News and offers"),
        "conditions count"
    );
    assert!(
        !page.contains("\"service."),
        "nobody is asked about what they are owed"
    );
    assert!(
        !page.contains("push"),
        "nor about channels that do not reach them"
    );
    let all = [
        "feedback.email",
        "feedback.sms",
        "marketing.email",
        "marketing.sms",
    ];
    assert_eq!(ticked(&page), all);
    let form = "do=save&shown=marketing.email&was=marketing.email&shown=marketing.sms&was=marketing.sms\
        &on=marketing.sms&was_often=&often=week&was_personal=yes&pause=30&was_locale=en&locale=fr";
    let saved = shop.post(&way, form).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    let next = saved.headers[header::LOCATION].to_str().unwrap().to_owned();
    let page = shop.get(&next).await.body;
    assert!(
        page.contains("Vos choix sont enregistrés.") && page.contains("lang=\"fr\""),
        "{page}"
    );
    assert!(page.contains("En pause jusqu’au"), "{page}");
    assert_eq!(
        ticked(&page),
        ["feedback.email", "feedback.sms", "marketing.sms"]
    );
    assert_eq!(
        shop.records().await,
        ["withdrawn marketing email preferences"]
    );
    let preferences = shop.ledger("ana").await.preferences;
    let at_most = preferences.at_most.unwrap();
    assert_eq!((at_most.max, at_most.per), (1, Period::Week));
    assert_eq!(preferences.personalised, Some(false));
    let pause = preferences
        .pause_until
        .unwrap()
        .duration_since(Timestamp::now());
    assert!(
        (24 * 30 - 1..=24 * 30).contains(&pause.as_hours()),
        "{pause}"
    );
    let form = "do=save&was_often=week&often=&personal=yes&pause=end&was_locale=fr&locale=fr";
    assert_eq!(shop.post(&way, form).await.status, StatusCode::SEE_OTHER);
    let preferences = shop.ledger("ana").await.preferences;
    assert_eq!((preferences.at_most, preferences.pause_until), (None, None));
    assert_eq!(preferences.personalised, Some(true));
}

/// The page lay open while the customer unsubscribed elsewhere: what they did not touch on it is not
/// brought back by saving it.
#[tokio::test]
async fn an_old_page_brings_nothing_back() {
    let shop = Shop::new().await;
    shop.customer("ana").await;
    let way = format!("/p/{}", shop.preferences("ana"));
    let out = format!("/u/{}", shop.unsubscribe("ana", Channel::Email));
    shop.post(&out, "List-Unsubscribe=One-Click").await;
    let form = "do=save&shown=marketing.email&was=marketing.email&on=marketing.email&shown=marketing.sms&was=marketing.sms";
    assert_eq!(shop.post(&way, form).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        shop.state("ana", "marketing", Channel::Email).await,
        Some(Withdrawn)
    );
    assert_eq!(
        shop.state("ana", "marketing", Channel::Sms).await,
        Some(Withdrawn)
    );
}

/// The link came by mail: it shows that the mail address is theirs, and nothing of the phone.
#[tokio::test]
async fn a_tick_is_confirmed_for_the_address_that_the_link_came_to() {
    let shop = Shop::new().await;
    let traits = json!({ "email": "bo@customer.example", "phone": "+33639980182" });
    events::take(
        &shop.engine,
        &[events::identify("bo", "1", &traits)],
        Timestamp::now(),
    )
    .await;
    let way = format!("/p/{}", shop.preferences("bo"));
    let form =
        "do=save&shown=marketing.email&on=marketing.email&shown=marketing.sms&on=marketing.sms";
    assert_eq!(shop.post(&way, form).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        shop.state("bo", "marketing", Channel::Email).await,
        Some(Granted)
    );
    assert_eq!(
        shop.state("bo", "marketing", Channel::Sms).await,
        Some(Unconfirmed)
    );
}

#[tokio::test]
async fn all_off_is_all_off() {
    let shop = Shop::new().await;
    shop.customer("ana").await;
    let way = format!("/p/{}", shop.preferences("ana"));
    assert_eq!(
        shop.post(&way, "do=off&on=marketing.sms").await.status,
        StatusCode::SEE_OTHER
    );
    for purpose in ["marketing", "feedback"] {
        for channel in Channel::ALL {
            assert_eq!(shop.state("ana", purpose, channel).await, Some(Withdrawn));
        }
    }
    assert!(ticked(&shop.get(&way).await.body).is_empty());
}

/// Names of purposes and channels that a forged form makes up, and values that the page never offers.
#[tokio::test]
async fn a_form_can_say_only_what_the_page_offers() {
    let shop = Shop::new().await;
    shop.customer("ana").await;
    let way = format!("/p/{}", shop.preferences("ana"));
    let form = "do=save&shown=service.sms&on=service.sms&shown=x.sms&on=x.sms&shown=marketing.fax&on=marketing.fax\
        &was_often=&often=1000&pause=99999&locale=xx&was_locale=en&shown=marketing.push";
    assert_eq!(shop.post(&way, form).await.status, StatusCode::SEE_OTHER);
    assert!(shop.records().await.is_empty());
    let ledger = shop.ledger("ana").await;
    assert_eq!(ledger.preferences.at_most, None);
    assert_eq!(ledger.preferences.pause_until, None);
    assert!(!ledger.consents.contains_key("service"));
}
