//! Settings of the chat widget.

use std::{fmt, sync::Arc};

use journey::localized::Localized;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use crate::{
    limits::Limits,
    settings::{Secret, one_or_more_texts, sixteen},
};

/// Our own chat widget.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebSettings {
    /// The provider's name, for support; default `web`. Addresses name it (`web:…`): who changes it loses
    /// the chats of customers who have not written since.
    #[serde(default = "web")]
    pub name: String,
    /// The pages that may show the widget, as browsers name them: `https://shop.example`. None: only the page
    /// `/chat` of our own.
    #[serde(default, deserialize_with = "one_or_more_texts")]
    pub origins: Vec<String>,
    /// The key by which the shop proves who its visitor is. Without it all visitors are strangers.
    #[serde(default)]
    pub secret: Option<Secret>,
    /// What stands above the chat; default: the name of the customers' pages.
    #[serde(default)]
    pub title: Option<String>,
    /// What is said first, before anybody has said anything; by locale.
    #[serde(default, deserialize_with = "text_by_locale")]
    pub greeting: Localized,
    /// The most lines that one customer may say in a minute; default 20.
    #[serde(default = "twenty")]
    pub lines_per_minute: u32,
    /// The most lines that are put at a time; default 16.
    #[serde(default = "sixteen")]
    pub concurrency: usize,
    /// What it is spared.
    #[serde(default)]
    pub limits: Limits,
}

impl Default for WebSettings {
    fn default() -> Self {
        Self {
            name: web(),
            origins: Vec::new(),
            secret: None,
            title: None,
            greeting: Localized::new(),
            lines_per_minute: twenty(),
            concurrency: sixteen(),
            limits: Limits::default(),
        }
    }
}

fn web() -> String {
    "web".to_owned()
}

fn twenty() -> u32 {
    20
}

/// Locales in small, as they are looked for.
fn text_by_locale<'de, D: Deserializer<'de>>(from: D) -> Result<Localized, D::Error> {
    struct Texts;
    impl<'de> Visitor<'de> for Texts {
        type Value = Localized;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text for each locale")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Localized, A::Error> {
            let mut all = Localized::new();
            while let Some((locale, text)) = map.next_entry::<String, Arc<str>>()? {
                all.insert(Arc::from(locale.to_lowercase()), text);
            }
            Ok(all)
        }
    }
    from.deserialize_map(Texts)
}
