//! The page with all variants side by side, and the files of the mails.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, Result};
use api::{SEEN_STYLE, Seen, Template as _};
use journey::{
    content::{self, Content},
    message::Channel,
};

use super::{Outcome, Preview, Variant};

/// Around the messages, which bring their own look.
const STYLE: &str = "
:root{color-scheme:light dark;--paper:#f4f5f7;--line:#d5d9e0;--ink:#1b2230;--soft:#565f6f;--bad:#b3263d}
@media(prefers-color-scheme:dark){:root{--paper:#12151b;--line:#3a4251;--ink:#e8ecf3;--soft:#a3adbd;--bad:#ff8796}}
body{margin:0;padding:28px;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
h1{font-size:22px;margin:0}h2{font-size:17px;margin:36px 0 14px;padding-top:18px;border-top:1px solid var(--line)}h3{font:12px ui-monospace,Menlo,Consolas,monospace;color:var(--soft);margin:0 0 8px}
.from{color:var(--soft);margin:6px 0 0}
.all{display:flex;flex-wrap:wrap;gap:32px;align-items:flex-start}
.variant{width:360px}.variant.email{width:720px;max-width:100%}
.bad{color:var(--bad);overflow-wrap:anywhere}
";

/// Writes the page and the mails into `folder`.
///
/// # Errors
/// If the folder or a file cannot be written.
pub fn write(preview: &Preview, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let put = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    for variant in &preview.variants {
        if let (Some(file), Outcome::Content(Content::Email { html, files, .. })) =
            (&variant.file, &variant.outcome)
        {
            put(file, &content::standing_alone(html, files))?;
        }
    }
    put("index.html", &page(preview)?)
}

fn page(preview: &Preview) -> Result<String> {
    let name = escaped(&preview.template);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>{name}</title>\n<style>{STYLE}{SEEN_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{name}</h1>\n<p class=\"from\">customer: {}<br>with: {}</p>\n",
        escaped(&preview.sources.customer),
        escaped(&preview.sources.with)
    );
    for (channel, from) in Channel::ALL.into_iter().zip(&preview.senders) {
        let mut variants = preview
            .variants
            .iter()
            .filter(|v| v.channel == channel)
            .peekable();
        if variants.peek().is_none() {
            continue;
        }
        let title = match channel {
            Channel::Email => "E-mail",
            Channel::Sms => "Text message",
            Channel::Push => "Notification",
            Channel::Chat => "Chat",
        };
        // Writing into a string cannot fail.
        let _ = writeln!(out, "<section>\n<h2>{title}</h2>\n<div class=\"all\">");
        for variant in variants {
            out.push_str(&section(variant, from)?);
        }
        out.push_str("</div>\n</section>\n");
    }
    out.push_str("</main>\n</body>\n</html>\n");
    Ok(out)
}

/// One language of a channel.
fn section(variant: &Variant, from: &str) -> Result<String> {
    let locale = escaped(&variant.locale);
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let id: String = format!("{}-{}", variant.channel, variant.locale);
    let id: String = id.chars().map(plain).collect();
    let body = match &variant.outcome {
        Outcome::Error(error) => format!("<p class=\"bad\">{}</p>", escaped(error)),
        Outcome::Content(content) => Seen {
            id: &id,
            content,
            from,
            to: "the customer",
            at: "9:41",
            mail: variant.file.as_deref().unwrap_or_default(),
            reply: None,
        }
        .render()
        .context("the page cannot be made")?,
    };
    let channel = variant.channel;
    Ok(format!(
        "<article class=\"variant {channel}\">\n<h3>{channel} · {locale}</h3>\n{body}</article>\n"
    ))
}

/// Text as HTML has it, in elements and attributes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
