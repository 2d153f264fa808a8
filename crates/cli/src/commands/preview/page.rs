//! The page with all variants side by side, and the files of the mails.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, Result};
use journey::content::{self, Content};

use super::{Outcome, Preview, Variant, words};

const STYLE: &str = "
:root{color-scheme:light dark;--paper:#f4f5f7;--card:#fff;--line:#d5d9e0;--ink:#1b2230;--soft:#5a6475;--accent:#1a63d8;--bad:#bd2f45}
@media(prefers-color-scheme:dark){:root{--paper:#12151b;--card:#1b2029;--line:#3a4251;--ink:#e8ecf3;--soft:#a3adbd;--accent:#74b0ff;--bad:#ff8796}}
body{margin:0;padding:28px;background:var(--paper);color:var(--ink);font:14px/1.5 'Helvetica Neue',Helvetica,Arial,sans-serif}
h1{font-size:20px;margin:0}h2{font-size:15px;margin:0 0 2px}
.from{color:var(--soft);margin:6px 0 24px}
.variant{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px;margin:0 0 24px;overflow-x:auto}
.tag{font:11px ui-monospace,Menlo,Consolas,monospace;color:var(--accent);margin-right:8px}
.pre{color:var(--soft);margin:0 0 14px}
.frames{display:flex;gap:20px;align-items:flex-start}
figure{margin:0}figcaption{color:var(--soft);font-size:12px;margin:0 0 6px}
iframe{border:1px solid var(--line);border-radius:8px;background:#fff;height:860px}
.desktop{width:680px}.phone{width:375px}
pre{white-space:pre-wrap;overflow-wrap:anywhere;width:375px;margin:0;max-height:860px;overflow:auto;font:12px/1.5 ui-monospace,Menlo,Consolas,monospace;border:1px solid var(--line);border-radius:8px;padding:16px;box-sizing:border-box}
.few{display:flex;flex-wrap:wrap;gap:24px;align-items:flex-start}.few .variant{width:340px;margin:0}
.bubble{background:var(--paper);border:1px solid var(--line);border-radius:16px 16px 16px 4px;padding:12px 14px;white-space:pre-wrap;overflow-wrap:anywhere}
.note{color:var(--soft);font-size:12px;margin:8px 0 0}.bad{color:var(--bad)}
.url{color:var(--accent);font-size:12px;overflow-wrap:anywhere}
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
    put("index.html", &page(preview))
}

fn page(preview: &Preview) -> String {
    let name = escaped(&preview.template);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>{name}</title>\n<style>{STYLE}</style>\n<h1>{name}</h1>\n<p class=\"from\">customer: {}<br>with: {}</p>\n",
        escaped(&preview.sources.customer),
        escaped(&preview.sources.with)
    );
    let (mails, others): (Vec<&Variant>, Vec<&Variant>) =
        preview.variants.iter().partition(|v| v.file.is_some());
    for variant in mails {
        out.push_str(&section(variant));
    }
    out.push_str("<div class=\"few\">\n");
    for variant in others {
        out.push_str(&section(variant));
    }
    out.push_str("</div>\n</html>\n");
    out
}

fn section(variant: &Variant) -> String {
    let tag = format!(
        "<span class=\"tag\">{} · {}</span>",
        variant.channel,
        escaped(&variant.locale)
    );
    let body = match &variant.outcome {
        Outcome::Error(error) => format!("{tag}<p class=\"bad\">{}</p>", escaped(error)),
        Outcome::Content(content) => content_of(content, variant, &tag),
    };
    format!("<section class=\"variant\">\n{body}</section>\n")
}

fn content_of(content: &Content, variant: &Variant, tag: &str) -> String {
    match content {
        Content::Email {
            subject,
            preheader,
            text,
            files,
            ..
        } => {
            let mut out = format!("<h2>{tag}{}</h2>\n", escaped(subject));
            let _ = writeln!(out, "<p class=\"pre\">{}</p>", escaped(preheader));
            if let Some(attached) = words::attached(files) {
                let _ = writeln!(out, "<p class=\"pre\">{}</p>", escaped(&attached));
            }
            let file = escaped(variant.file.as_deref().unwrap_or_default());
            out.push_str("<div class=\"frames\">\n");
            for (width, caption) in [
                ("desktop", "On a desktop, 680 px"),
                ("phone", "On a phone, 375 px"),
            ] {
                // No script of a mail runs here, as none runs in a mailbox.
                let _ = writeln!(
                    out,
                    "<figure><figcaption>{caption}</figcaption><iframe class=\"{width}\" sandbox src=\"{file}\" title=\"{caption}\"></iframe></figure>"
                );
            }
            let _ = writeln!(
                out,
                "<figure><figcaption>Plain text</figcaption><pre>{}</pre></figure>\n</div>",
                escaped(text)
            );
            out
        }
        Content::Sms { text } => {
            let travel = variant.sms.as_ref().map(words::travel).unwrap_or_default();
            format!(
                "<h2>{tag}</h2>\n<div class=\"bubble\">{}</div>\n<p class=\"note\">{}</p>\n",
                escaped(text),
                escaped(&travel)
            )
        }
        Content::Push(push) => {
            let below = words::below(push).into_iter();
            let below = below.map(|line| format!("<div class=\"url\">{}</div>", escaped(&line)));
            format!(
                "<h2>{tag}</h2>\n<div class=\"bubble\"><strong>{}</strong>\n{}{}</div>\n",
                escaped(&push.title),
                escaped(&push.body),
                below.collect::<String>()
            )
        }
        Content::Chat { text, .. } => {
            format!(
                "<h2>{tag}</h2>\n<div class=\"bubble\">{}</div>\n",
                escaped(text)
            )
        }
    }
}

/// Text as HTML has it, in elements and attributes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
