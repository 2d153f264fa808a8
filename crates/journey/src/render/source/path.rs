//! What a file is, by its path.

use super::files;
use crate::{diagnostic::SourceFile, expr::nearest, message::Channel};

/// What a file under `templates/` is.
pub(super) enum Kind<'a> {
    /// In a folder that begins with `_`: for `include` and `extends`.
    Shared {
        /// Its path from `templates/`.
        name: &'a str,
    },
    Content(Content<'a>),
    /// What a mail shows or attaches.
    File {
        /// Its path from `templates/`.
        name: &'a str,
    },
    /// No part of any template.
    Stranger {
        /// The folder that it stands in, from `templates/`.
        folder: &'a str,
        why: String,
    },
}

/// `templates/cart/nudge/email.fr.mjml`.
pub(super) struct Content<'a> {
    /// `cart/nudge`.
    pub template: String,
    pub channel: Channel,
    /// `fr`.
    pub locale: &'a str,
    /// `mjml`.
    pub extension: &'a str,
}

/// What the file is; `None` if it is not ours to read.
pub(super) fn kind(path: &str) -> Option<Kind<'_>> {
    let name = path.strip_prefix("templates/")?;
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    if file.starts_with('.') || file.ends_with(".md") {
        return None;
    }
    if SourceFile::is_binary(path) {
        return Some(Kind::File { name });
    }
    if folder.split('/').any(|part| part.starts_with('_')) {
        return Some(Kind::Shared { name });
    }
    if files::is_text(file) && !is_meant_as_content(file) && !folder.is_empty() {
        return Some(Kind::File { name });
    }
    Some(content(folder, file).map_or_else(|why| Kind::Stranger { folder, why }, Kind::Content))
}

/// Whether a text's name begins with a channel's, or nearly so.
fn is_meant_as_content(file: &str) -> bool {
    let (first, _) = file.split_once('.').unwrap_or((file, ""));
    let channels = Channel::ALL.map(Channel::as_str);
    channels.contains(&first) || nearest(first, channels).is_some()
}

fn content<'a>(folder: &str, file: &'a str) -> Result<Content<'a>, String> {
    const FORM: &str = "a template file is called CHANNEL.LOCALE.EXTENSION, as email.fr.mjml";
    let parts: Vec<_> = file.split('.').collect();
    let [channel, locale, extension] = parts[..] else {
        return Err(FORM.to_owned());
    };
    let Ok(known) = channel.parse() else {
        let near = nearest(channel, Channel::ALL.map(Channel::as_str));
        let near = near.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
        return Err(format!("no channel is called `{channel}`{near}"));
    };
    if folder.is_empty() {
        return Err("a template has a folder of its own under templates/".to_owned());
    }
    if !is_locale(locale) {
        return Err(format!("`{locale}` is no locale; write fr, or fr-BE"));
    }
    let allowed = extensions(known);
    if !allowed.contains(&extension) {
        let allowed = allowed.join(", ");
        return Err(format!("the extensions of {channel} are {allowed}"));
    }
    Ok(Content {
        template: folder.to_owned(),
        channel: known,
        locale,
        extension,
    })
}

fn is_locale(text: &str) -> bool {
    let mut parts = text.split(['-', '_']);
    let language = parts.next().unwrap_or("");
    let word = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric());
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|p| (2..=8).contains(&p.len()) && word(p))
}

fn extensions(channel: Channel) -> &'static [&'static str] {
    match channel {
        Channel::Email => &["mjml", "html", "txt"],
        Channel::Sms => &["txt"],
        Channel::Push => &["yaml"],
        Channel::Chat => &["txt", "yaml"],
    }
}
