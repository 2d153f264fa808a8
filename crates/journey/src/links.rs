//! Links that customers get, each for one purpose and one customer, signed, and good for a while.
//!
//! A link is a bearer's token: whoever holds it may do what it is for, and nothing else. It says
//! what it is for in bytes, followed by the first half of an HMAC-SHA-256 over them (RFC 2104
//! allows no less), all in base64url. Nothing in it names an address.

mod sealed;

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use uuid::Uuid;

use crate::{
    ids::{CustomerId, MessageId},
    message::Channel,
    time,
};

/// What every signature begins with, so that no other use of the secret makes a link.
const DOMAIN: &[u8] = b"parcours link 1";
/// How many bytes of a signature a link carries.
const SIGNATURE: usize = 16;
/// Kind, channel, expiry, customer and message.
const HEAD: usize = 1 + 1 + 4 + 16 + 16;
/// The longest text behind the head, in bytes: a purpose, or where a link leads.
const LONGEST_TEXT: usize = 1_500;
/// The shortest secret, in bytes.
pub const SHORTEST_SECRET: usize = 32;
/// The longest address that a link can lead past us to, in bytes.
pub const LONGEST_URL: usize = LONGEST_TEXT;

/// The links that a template can print, as `links.NAME`: what each is for.
pub const NAMES: [(&str, &str); 4] = [
    ("confirm", "where the reader confirms what they asked for"),
    ("preferences", "where the reader chooses what to get"),
    ("push", "where the reader gets notifications on a device"),
    ("unsubscribe", "where the reader takes the consent back"),
];

/// What a link is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// Taking the consent for one purpose on one channel back.
    Unsubscribe {
        /// The purpose.
        purpose: Arc<str>,
        /// The channel.
        channel: Channel,
    },
    /// Seeing and changing what one receives.
    Preferences {
        /// By which channel the link went out: whoever follows it holds that address.
        channel: Channel,
    },
    /// Getting notifications on a device of theirs.
    Push {
        /// By which channel the link went out.
        channel: Channel,
    },
    /// Confirming the consents that wait for it on one channel.
    Confirm {
        /// The channel.
        channel: Channel,
    },
    /// Having everything erased.
    Erase,
    /// Where a link of a mail leads, past us: who follows it is told of.
    Click {
        /// The channel.
        channel: Channel,
        /// Where to.
        url: Arc<str>,
    },
    /// The picture by which a mail is known to be shown.
    Open {
        /// The channel.
        channel: Channel,
    },
    /// What a provider is given with a message, and reports by: no page.
    Report {
        /// The channel.
        channel: Channel,
    },
}

impl LinkKind {
    /// How long such a link is good. Unsubscribing must work for at least 30 days after the mail
    /// (CAN-SPAM, 15 U.S.C. 7704(a)(3)(A)(ii)), and people keep mails longer than that; what shows
    /// personal data ends sooner.
    pub fn lifetime(&self) -> SignedDuration {
        SignedDuration::from_hours(match self {
            // A link that leads nowhere any more is the reader's loss.
            Self::Unsubscribe { .. } | Self::Click { .. } => 24 * 800,
            Self::Preferences { .. } | Self::Push { .. } => 24 * 60,
            Self::Confirm { .. } | Self::Report { .. } | Self::Open { .. } => 24 * 30,
            Self::Erase => 1,
        })
    }

    fn number(&self) -> u8 {
        match self {
            Self::Unsubscribe { .. } => 1,
            Self::Preferences { .. } => 2,
            Self::Confirm { .. } => 3,
            Self::Erase => 4,
            Self::Report { .. } => 5,
            Self::Click { .. } => 6,
            Self::Open { .. } => 7,
            Self::Push { .. } => 8,
        }
    }

    fn channel(&self) -> Option<Channel> {
        match self {
            Self::Unsubscribe { channel, .. }
            | Self::Preferences { channel }
            | Self::Push { channel }
            | Self::Confirm { channel }
            | Self::Report { channel }
            | Self::Click { channel, .. }
            | Self::Open { channel } => Some(*channel),
            Self::Erase => None,
        }
    }
}

/// A link, as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is for.
    pub kind: LinkKind,
    /// Whose it is.
    pub customer: CustomerId,
    /// In which message it went out; nil where in none.
    pub message: MessageId,
    /// Until when it is good, in whole seconds.
    pub expires_at: Timestamp,
}

impl Link {
    /// A link made at that time, good for its kind's [`LinkKind::lifetime`].
    pub fn new(kind: LinkKind, customer: CustomerId, message: MessageId, now: Timestamp) -> Self {
        let expires_at = time::plus(now, kind.lifetime());
        let expires_at = Timestamp::from_second(expires_at.as_second()).unwrap_or(expires_at);
        Self {
            kind,
            customer,
            message,
            expires_at,
        }
    }
}

/// Why a link is not followed. Which of them it was is not told to whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// We never made it.
    #[error("no link of ours")]
    Forged,
    /// It was good once.
    #[error("the link is too old")]
    Expired,
}

/// What links are signed with: one secret, and those before it that are still believed.
#[derive(Clone)]
pub struct Key {
    current: Hmac<Sha256>,
    before: Vec<Hmac<Sha256>>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// A secret of less than 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret has at least {SHORTEST_SECRET} bytes")]
pub struct TooShort;

impl Key {
    /// The key of these secrets: the first signs, all are believed.
    ///
    /// # Errors
    /// If there is none, or one of them is shorter than [`SHORTEST_SECRET`].
    pub fn new<S: AsRef<[u8]>>(secrets: &[S]) -> Result<Self, TooShort> {
        let keys = secrets.iter().map(|secret| {
            let secret = secret.as_ref();
            let long = secret.len() >= SHORTEST_SECRET;
            let key = long.then(|| Hmac::<Sha256>::new_from_slice(secret).ok());
            key.flatten().ok_or(TooShort)
        });
        let mut keys = keys.collect::<Result<Vec<_>, _>>()?.into_iter();
        let current = keys.next().ok_or(TooShort)?;
        Ok(Self {
            current,
            before: keys.collect(),
        })
    }

    /// A key that everybody knows, for previews and tests.
    pub fn sample() -> Self {
        let current = Hmac::<Sha256>::new(&Default::default());
        let before = Vec::new();
        Self { current, before }
    }

    /// For other uses than links, each with a beginning of its own.
    pub(crate) fn mac(&self) -> Hmac<Sha256> {
        self.current.clone()
    }

    /// The link as a word of an address: letters, digits, `-` and `_`.
    pub fn sign(&self, link: &Link) -> String {
        let mut bytes = written(link);
        let signature = signature(&self.current, &bytes);
        bytes.extend(signature);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a link back.
    ///
    /// # Errors
    /// If it is none of ours, or too old.
    pub fn read(&self, word: &str, now: Timestamp) -> Result<Link, Refused> {
        let longest = (HEAD + LONGEST_TEXT + SIGNATURE) * 4 / 3 + 4;
        if word.len() > longest {
            return Err(Refused::Forged);
        }
        let bytes = URL_SAFE_NO_PAD.decode(word).map_err(|_| Refused::Forged)?;
        let end = bytes.len().checked_sub(SIGNATURE).ok_or(Refused::Forged)?;
        let (said, signed) = bytes.split_at(end);
        let mut keys = std::iter::once(&self.current).chain(&self.before);
        // In constant time, whatever was sent.
        let ours = |key: &Hmac<Sha256>| begun(key, said).verify_truncated_left(signed).is_ok();
        if !keys.any(ours) {
            return Err(Refused::Forged);
        }
        let link = read(said).ok_or(Refused::Forged)?;
        if link.expires_at <= now {
            return Err(Refused::Expired);
        }
        Ok(link)
    }
}

fn begun(key: &Hmac<Sha256>, said: &[u8]) -> Hmac<Sha256> {
    let mut mac = key.clone();
    mac.update(DOMAIN);
    mac.update(said);
    mac
}

fn signature(key: &Hmac<Sha256>, said: &[u8]) -> [u8; SIGNATURE] {
    let whole = begun(key, said).finalize().into_bytes();
    let mut half = [0; SIGNATURE];
    half.copy_from_slice(&whole[..SIGNATURE]);
    half
}

fn written(link: &Link) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + SIGNATURE + 16);
    bytes.push(link.kind.number());
    bytes.push(link.kind.channel().map_or(0, number));
    let seconds = link.expires_at.as_second();
    bytes.extend(
        u32::try_from(seconds.max(0))
            .unwrap_or(u32::MAX)
            .to_be_bytes(),
    );
    bytes.extend(link.customer.0.as_bytes());
    bytes.extend(link.message.0.as_bytes());
    match &link.kind {
        LinkKind::Unsubscribe { purpose: text, .. } | LinkKind::Click { url: text, .. } => {
            bytes.extend(text.as_bytes());
        }
        _ => {}
    }
    bytes
}

fn read(bytes: &[u8]) -> Option<Link> {
    let (head, text) = bytes.split_at_checked(HEAD)?;
    let text = || Some(Arc::from(std::str::from_utf8(text).ok()?));
    let channel = || Channel::ALL.into_iter().find(|c| number(*c) == head[1]);
    let kind = match head[0] {
        1 => LinkKind::Unsubscribe {
            purpose: text()?,
            channel: channel()?,
        },
        2 => LinkKind::Preferences {
            channel: channel()?,
        },
        3 => LinkKind::Confirm {
            channel: channel()?,
        },
        4 => LinkKind::Erase,
        5 => LinkKind::Report {
            channel: channel()?,
        },
        6 => LinkKind::Click {
            channel: channel()?,
            url: text()?,
        },
        7 => LinkKind::Open {
            channel: channel()?,
        },
        8 => LinkKind::Push {
            channel: channel()?,
        },
        _ => return None,
    };
    let seconds = u32::from_be_bytes(head[2..6].try_into().ok()?);
    Some(Link {
        kind,
        customer: CustomerId(Uuid::from_slice(&head[6..22]).ok()?),
        message: MessageId(Uuid::from_slice(&head[22..38]).ok()?),
        expires_at: Timestamp::from_second(seconds.into()).ok()?,
    })
}

/// Never changed: links that are out there say it.
fn number(channel: Channel) -> u8 {
    match channel {
        Channel::Email => 1,
        Channel::Sms => 2,
        Channel::Push => 3,
        Channel::Chat => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-01-05T10:00:00Z".parse().unwrap()
    }

    fn key(letter: char) -> Key {
        Key::new(&[letter.to_string().repeat(32)]).unwrap()
    }

    fn kinds() -> [LinkKind; 8] {
        let (purpose, channel) = (Arc::from("marketing"), Channel::Email);
        [
            LinkKind::Unsubscribe { purpose, channel },
            LinkKind::Preferences { channel },
            LinkKind::Confirm { channel },
            LinkKind::Erase,
            LinkKind::Report { channel },
            LinkKind::Click {
                channel,
                url: Arc::from("https://shop.example/teas?a=1&b=é"),
            },
            LinkKind::Open { channel },
            LinkKind::Push { channel },
        ]
    }

    fn link(kind: LinkKind) -> Link {
        let message = MessageId(Uuid::from_u128(7));
        Link::new(kind, CustomerId::of("ana"), message, now())
    }

    #[test]
    fn a_link_says_what_it_is_for_until_it_is_too_old() {
        for kind in kinds() {
            let link = link(kind);
            let word = key('a').sign(&link);
            assert!(
                word.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            );
            assert_eq!(key('a').read(&word, now()), Ok(link.clone()));
            let last = link.expires_at - SignedDuration::from_secs(1);
            assert!(key('a').read(&word, last).is_ok());
            assert_eq!(key('a').read(&word, link.expires_at), Err(Refused::Expired));
        }
    }

    #[test]
    fn no_bit_of_a_link_can_be_changed_and_no_other_secret_makes_one() {
        for kind in kinds() {
            let word = key('a').sign(&link(kind));
            assert_eq!(key('b').read(&word, now()), Err(Refused::Forged));
            let bytes = URL_SAFE_NO_PAD.decode(&word).unwrap();
            for bit in 0..bytes.len() * 8 {
                let mut forged = bytes.clone();
                forged[bit / 8] ^= 1 << (bit % 8);
                let forged = URL_SAFE_NO_PAD.encode(forged);
                assert_eq!(
                    key('a').read(&forged, now()),
                    Err(Refused::Forged),
                    "bit {bit}"
                );
            }
            for end in 0..word.len() {
                assert_eq!(key('a').read(&word[..end], now()), Err(Refused::Forged));
            }
            assert_eq!(
                key('a').read(&format!("{word}A"), now()),
                Err(Refused::Forged)
            );
        }
        for word in ["", "=", "é", "AAAA", &"A".repeat(100_000)] {
            assert_eq!(key('a').read(word, now()), Err(Refused::Forged));
        }
    }

    #[test]
    fn a_secret_can_be_changed_while_old_links_are_out_there() {
        let old = key('a').sign(&link(LinkKind::Erase));
        let both = Key::new(&["b".repeat(32), "a".repeat(32)]).unwrap();
        assert!(both.read(&old, now()).is_ok());
        let new = both.sign(&link(LinkKind::Erase));
        assert!(key('b').read(&new, now()).is_ok());
        assert_eq!(key('a').read(&new, now()), Err(Refused::Forged));
        assert!(Key::new(&["short"]).is_err());
        assert!(Key::new::<&str>(&[]).is_err());
    }
}
