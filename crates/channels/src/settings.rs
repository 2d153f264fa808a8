//! Settings of the adapters, as the configuration file spells them.

use std::{fmt, marker::PhantomData};

use journey::message::Channel;
use ring::hmac;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use crate::{
    ApnsSettings, FcmSettings, PostmarkSettings, SmtpSettings, TelegramSettings, TwilioSettings,
    VonageSettings, WebPushSettings, WebSettings, WebhookSettings, WhatsAppSettings,
    limits::Limits,
};

/// Who serves which channel; a channel without a provider is not served.
///
/// ```yaml
/// email:
///   - smtp: { host: smtp.example.com, from: "Shop <news@example.com>" }
///   - webhook: { url: "https://mail.example.net/send", secret: whsec_… }
/// sms:
///   webhook: { url: "https://sms.example.com/send", secret: whsec_… }
/// failover: certain
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// E-mail.
    pub email: Providers,
    /// Text messages.
    pub sms: Providers,
    /// Push notifications.
    pub push: Providers,
    /// Chatbots.
    pub chat: Providers,
    /// Whether a message that one provider may have goes to another.
    pub failover: Failover,
    /// The only addresses that messages go to, where things are tried out: whole ones, or `@shop.example` for every mail address of that
    /// domain. None: they go to anybody.
    #[serde(deserialize_with = "one_or_more_texts")]
    pub only_to: Vec<String>,
    /// The addresses that tests may go to (`parcours preview --send`), written as those of `only_to`.
    #[serde(deserialize_with = "one_or_more_texts")]
    pub test_to: Vec<String>,
}

impl Settings {
    /// The chat widget's, where there is one.
    pub fn web(&self) -> Option<&WebSettings> {
        self.chat.0.iter().find_map(|adapter| match adapter {
            AdapterSettings::Web(web) => Some(web),
            _ => None,
        })
    }

    /// The channel's providers, the first is preferred.
    pub fn of(&self, channel: Channel) -> &[AdapterSettings] {
        match channel {
            Channel::Email => &self.email.0,
            Channel::Sms => &self.sms.0,
            Channel::Push => &self.push.0,
            Channel::Chat => &self.chat.0,
        }
    }
}

/// The providers of a channel in order of preference. Written as one, or as a list.
#[derive(Clone, Debug, Default)]
pub struct Providers(pub Vec<AdapterSettings>);

impl From<AdapterSettings> for Providers {
    fn from(one: AdapterSettings) -> Self {
        Self(vec![one])
    }
}

impl From<Option<AdapterSettings>> for Providers {
    fn from(one: Option<AdapterSettings>) -> Self {
        Self(one.into_iter().collect())
    }
}

/// The most addresses that messages may be kept to.
const MOST_ADDRESSES: usize = 1_000;
/// The most providers of one channel.
const MOST_PROVIDERS: usize = 8;

impl<'de> Deserialize<'de> for Providers {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let what = "a provider (`smtp: …` or `webhook: …`), or a list of them";
        let most = (MOST_PROVIDERS, "a channel has at most 8 providers");
        one_or_more(from, what, most).map(Providers)
    }
}

pub(crate) fn one_or_more_texts<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<String>, D::Error> {
    struct Texts;
    impl<'de> Visitor<'de> for Texts {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an address, or a list of them")
        }

        fn visit_str<E>(self, one: &str) -> Result<Vec<String>, E> {
            Ok(vec![one.to_owned()])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<String>, A::Error> {
            let mut all = Vec::new();
            while let Some(one) = list.next_element()? {
                if all.len() == MOST_ADDRESSES {
                    return Err(serde::de::Error::custom(
                        "at most 1,000 addresses can be named",
                    ));
                }
                all.push(one);
            }
            Ok(all)
        }
    }
    from.deserialize_any(Texts)
}

/// Written as one, or as a list of no more than so many; in words as well.
pub(crate) fn one_or_more<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
    what: &'static str,
    most: (usize, &'static str),
) -> Result<Vec<T>, D::Error> {
    struct OneOrMore<T>(&'static str, (usize, &'static str), PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrMore<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_unit<E>(self) -> Result<Vec<T>, E> {
            Ok(Vec::new())
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<T>, A::Error> {
            let one = T::deserialize(MapAccessDeserializer::new(map))?;
            Ok(vec![one])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut all = Vec::new();
            while let Some(one) = list.next_element()? {
                if all.len() == self.1.0 {
                    return Err(serde::de::Error::custom(self.1.1));
                }
                all.push(one);
            }
            Ok(all)
        }
    }
    from.deserialize_any(OneOrMore(what, most, PhantomData))
}

/// Whether a message whose attempt at one provider came to no certain end may go to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Failover {
    /// No: it is tried again where it may be already, under the same key. Nobody gets it twice.
    #[default]
    Certain,
    /// Yes: it arrives sooner, and sometimes twice.
    Always,
}

/// One channel's adapter.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AdapterSettings {
    /// Apple's Push Notification service; for `push` only.
    Apns(ApnsSettings),
    /// Firebase Cloud Messaging; for `push` only.
    Fcm(FcmSettings),
    /// Postmark; for `email` only.
    Postmark(PostmarkSettings),
    /// A mail server; for `email` only.
    Smtp(SmtpSettings),
    /// A bot at Telegram; for `chat` only.
    Telegram(TelegramSettings),
    /// Twilio; for `sms` only.
    Twilio(TwilioSettings),
    /// Vonage; for `sms` only.
    Vonage(VonageSettings),
    /// Our own chat widget; for `chat` only.
    Web(WebSettings),
    /// Any provider behind one HTTP address.
    Webhook(WebhookSettings),
    /// Browsers; for `push` only.
    WebPush(WebPushSettings),
    /// A number at WhatsApp; for `chat` only.
    WhatsApp(WhatsAppSettings),
}

impl AdapterSettings {
    /// The word that it is written under.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Apns(_) => "apns",
            Self::Fcm(_) => "fcm",
            Self::Postmark(_) => "postmark",
            Self::Smtp(_) => "smtp",
            Self::Telegram(_) => "telegram",
            Self::Twilio(_) => "twilio",
            Self::Vonage(_) => "vonage",
            Self::Web(_) => "web",
            Self::Webhook(_) => "webhook",
            Self::WebPush(_) => "webpush",
            Self::WhatsApp(_) => "whatsapp",
        }
    }

    /// What the provider is spared.
    pub fn limits(&self) -> &Limits {
        match self {
            Self::Apns(apns) => &apns.limits,
            Self::Fcm(fcm) => &fcm.limits,
            Self::Postmark(postmark) => &postmark.limits,
            Self::Smtp(smtp) => &smtp.limits,
            Self::Telegram(telegram) => &telegram.limits,
            Self::Twilio(twilio) => &twilio.limits,
            Self::Vonage(vonage) => &vonage.limits,
            Self::Web(web) => &web.limits,
            Self::Webhook(webhook) => &webhook.limits,
            Self::WebPush(webpush) => &webpush.limits,
            Self::WhatsApp(whatsapp) => &whatsapp.limits,
        }
    }

    /// The most messages that are with it at a time.
    pub fn concurrency(&self) -> usize {
        match self {
            Self::Apns(apns) => apns.concurrency,
            Self::Fcm(fcm) => fcm.concurrency,
            Self::Postmark(postmark) => postmark.concurrency,
            Self::Smtp(smtp) => smtp.connections,
            Self::Telegram(telegram) => telegram.concurrency,
            Self::Twilio(twilio) => twilio.concurrency,
            Self::Vonage(vonage) => vonage.concurrency,
            Self::Web(web) => web.concurrency,
            Self::Webhook(webhook) => webhook.concurrency,
            Self::WebPush(webpush) => webpush.concurrency,
            Self::WhatsApp(whatsapp) => whatsapp.concurrency,
        }
    }
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for whoever signs or reads signatures with it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether that text is it; how long that takes tells nothing of where they differ.
    pub(crate) fn is(&self, text: &str) -> bool {
        // Two texts are the same where a MAC of the one is one of the other.
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.as_bytes());
        let tag = hmac::sign(&key, text.as_bytes());
        hmac::verify(&key, self.0.as_bytes(), tag.as_ref()).is_ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The most requests at a time, unless the settings say otherwise.
pub(crate) fn sixteen() -> usize {
    16
}

/// The longest that one request may take, in seconds, unless the settings say otherwise.
pub(crate) fn ten() -> u64 {
    10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_defaults_and_refuse_what_they_do_not_know() {
        let json = r#"{"email":{"smtp":{"host":"h","from":"a@b.example","password":"hunter2"}}}"#;
        let settings: Settings = serde_json::from_str(json).unwrap();
        let shown = format!("{settings:?}");
        assert!(shown.contains("Starttls") && shown.contains("timeout_seconds: 30"));
        assert!(!shown.contains("hunter2"), "{shown}");
        let wrong = r#"{"sms":{"webhook":{"url":"http://x","retries":3}}}"#;
        let refused = serde_json::from_str::<Settings>(wrong)
            .unwrap_err()
            .to_string();
        assert!(refused.contains("unknown field `retries`"), "{refused}");
    }

    /// A mail server in its three spellings, and what is said of mistakes.
    #[test]
    fn a_channel_has_one_provider_or_a_list_of_them() {
        let read = |json: &str| serde_json::from_str::<Settings>(json).map_err(|e| e.to_string());
        let hook = |name: &str| format!(r#"{{"webhook":{{"name":"{name}","url":"http://x"}}}}"#);
        let names = |settings: &Settings| -> Vec<String> {
            let all = settings.of(Channel::Sms).iter();
            all.map(|a| format!("{a:?}")[..7].to_owned()).collect()
        };
        let one = read(&format!(r#"{{"sms":{}}}"#, hook("a"))).unwrap();
        assert_eq!((names(&one).len(), one.failover), (1, Failover::Certain));
        let (a, b) = (hook("a"), hook("b"));
        let two = read(&format!(r#"{{"sms":[{a},{b}],"failover":"always"}}"#)).unwrap();
        assert_eq!((names(&two).len(), two.failover), (2, Failover::Always));
        let refused = |json: &str| read(json).unwrap_err();
        let wrong = refused(r#"{"sms":[{"webhook":{"url":"http://x","retries":3}}]}"#);
        assert!(wrong.contains("unknown field `retries`"), "{wrong}");
        let wrong = refused(r#"{"sms":"http://x"}"#);
        assert!(
            wrong.contains("a provider (`smtp: …` or `webhook: …`), or a list"),
            "{wrong}"
        );
        let many = vec![hook("a"); 9].join(",");
        let wrong = refused(&format!(r#"{{"sms":[{many}]}}"#));
        assert!(wrong.contains("at most 8 providers"), "{wrong}");
    }

    #[test]
    fn a_secret_is_known_again() {
        let secret = Secret::new("été");
        assert!(secret.is("été"));
        for other in ["", "ét", "été ", "Été"] {
            assert!(!secret.is(other), "{other}");
        }
    }

    /// As the configuration file spells them: all words of the grammar are read.
    #[test]
    fn adapters_read_what_the_file_says() {
        let file = |text: &str| journey::diagnostic::SourceFile {
            path: journey::settings::FILE.into(),
            text: text.into(),
        };
        let settings = file(
            "channels:
  chat:
    - telegram: { token: \"1:x\", secret_token: y, typing: true, url: \"http://x\", ca_file: z,
                  timeout_seconds: 3, concurrency: 2, limits: { rate: { max: 25, per: 1s } } }
    - whatsapp: { phone_number_id: 106540352242922, access_token: x, app_secret: y, verify_token: z,
                  list_button: Choose, version: v24.0, url: \"http://x\", name: number }
",
        );
        assert_eq!(journey::settings::check(&settings), []);
        let values = journey::settings::values(Some(&settings), &file(""));
        let read: Settings = serde_json::from_value(values["channels"].clone()).unwrap();
        let [
            AdapterSettings::Telegram(bot),
            AdapterSettings::WhatsApp(number),
        ] = read.of(Channel::Chat)
        else {
            panic!("{read:?}");
        };
        assert!(bot.typing && bot.name == "telegram" && bot.limits.rate.is_some());
        assert_eq!(
            (&*number.phone_number_id, &*number.name),
            ("106540352242922", "number")
        );
        assert_eq!(number.url, "http://x");
        let yes = file("channels: { chat: { telegram: { token: \"1:x\", typing: yes } } }");
        let found = journey::settings::check(&yes);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn limits_are_written_as_they_are_said() {
        let read = |json: &str| serde_json::from_str::<Limits>(json).map_err(|e| e.to_string());
        let limits = read(
            r#"{"rate":{"max":100,"per":"1s"},"domains":{"gmail.com":{"concurrency":4}},
                "circuit":{"pause":"500ms"},"longest_pause":"2h"}"#,
        )
        .unwrap();
        let rate = limits.rate.unwrap();
        assert_eq!((rate.max, rate.per.0.as_secs(), rate.burst), (100, 1, 1));
        assert_eq!(limits.circuit.failures, 5);
        assert_eq!(limits.circuit.pause.0.as_millis(), 500);
        assert_eq!(limits.longest_pause.0.as_secs(), 7_200);
        for wrong in ["0s", "-1s", "soon", "5", "900d"] {
            let wrong = format!(r#"{{"rate":{{"max":1,"per":"{wrong}"}}}}"#);
            let said = read(&wrong).unwrap_err();
            assert!(said.contains("is no time such as 1s, 5m or 2h"), "{said}");
        }
        let problem = |json: &str, mail| read(json).unwrap().problem(mail).map(|(s, _)| s);
        let none = r#"{"rate":{"max":0,"per":"1s"}}"#;
        assert_eq!(problem(none, true), Some("limits.rate.max and burst"));
        let domains = r#"{"domains":{"gmail.com":{"concurrency":4},"*":{}}}"#;
        assert_eq!(problem(domains, true), None);
        assert_eq!(problem(domains, false), Some("limits.domains"));
        let address = r#"{"domains":{"ana@gmail.com":{"concurrency":4}}}"#;
        assert_eq!(problem(address, true), Some("limits.domains"));
    }
}
