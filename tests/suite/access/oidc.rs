//! Signing in by a provider of identities: who is let in, and who is not, whatever comes back.

mod people;
mod tokens;
mod way;

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
