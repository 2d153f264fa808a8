//! Mails: MJML to HTML, its styles, the preheader, and the plain text where none is written.

mod plain;
mod styles;

use std::{collections::BTreeMap, sync::Arc};

use mrml::{
    mj_head::MjHeadChild,
    mj_style::MjStyle,
    mjml::Mjml,
    prelude::{parser::Error as ParseError, render::RenderOptions},
};

use super::{
    fault::Fault,
    output::{Failure, LARGEST},
    said::Said,
};

/// The deepest that elements are nested where a document is read, as [`deepness`] counts.
const DEEPEST: usize = 256;
/// Marks the styles of an author's among those of the layout, which stay as they are.
const AUTHORS: &str = "/*parcours*/";

/// HTML of a filled-in MJML document.
pub(super) fn from_mjml(mjml: &str) -> Result<String, Failure> {
    let mut parsed = mrml::parse(mjml).map_err(|e| Failure::from(explain(&e)))?;
    let styled = mark_styles(&mut parsed.element);
    let html = parsed
        .element
        .render(&RenderOptions::default())
        .map_err(|_| fault(Said::NoLayout))?;
    // Layout multiplies what it is given.
    if html.len() > 2 * LARGEST {
        return Err(fault(Said::HtmlTooLarge));
    }
    if !styled {
        return Ok(html);
    }
    // What the layout needs (resets, widths of columns) is made for a style sheet.
    let html = html.replace("<style", &format!("<style{}", styles::IGNORED));
    let authors = format!("<style{} type=\"text/css\">{AUTHORS}", styles::IGNORED);
    let html = html.replace(&authors, "<style type=\"text/css\">");
    let html = styles::inlined(html)?;
    Ok(html.replace(styles::IGNORED, ""))
}

/// Marks each `mj-style`; whether there is one.
fn mark_styles(mjml: &mut Mjml) -> bool {
    let head = mjml.children.head.as_mut();
    let children = head.into_iter().flat_map(|head| &mut head.children);
    let mut any = false;
    for child in children {
        if let MjHeadChild::MjStyle(style) = child {
            *style = MjStyle::from(format!("{AUTHORS}{}", style.children()));
            any = true;
        }
    }
    any
}

/// A document that is plain HTML, with its styles in attributes.
pub(super) fn from_html(html: String) -> Result<String, Failure> {
    styles::inlined(html)
}

/// The plain text of a document.
pub(super) fn plain(html: &str) -> Result<String, Failure> {
    plain::of(html)
}

/// How deep elements are nested at the most: those that must be closed, for others close themselves. What reads a document
/// goes as deep.
fn deepness(html: &str) -> usize {
    const EMPTY: [&str; 20] = [
        "area", "base", "br", "col", "colgroup", "dd", "dt", "hr", "img", "input", "li", "link",
        "meta", "p", "tbody", "td", "th", "thead", "tr", "wbr",
    ];
    let (mut depth, mut most) = (0_usize, 0);
    // An end without its beginning is passed over by readers too.
    let mut open = BTreeMap::<String, usize>::new();
    for (at, _) in html.match_indices('<') {
        let rest = &html[at + 1..];
        let name = rest.trim_start_matches('/');
        let end = name.find(|c: char| !c.is_ascii_alphanumeric());
        let name = name[..end.unwrap_or(name.len())].to_ascii_lowercase();
        if name.is_empty() || EMPTY.contains(&&*name) {
            continue;
        }
        let count = open.entry(name).or_default();
        if !rest.starts_with('/') {
            (*count, depth) = (*count + 1, depth + 1);
        } else if *count > 0 {
            (*count, depth) = (*count - 1, depth - 1);
        }
        most = most.max(depth);
    }
    most
}

/// The parser's complaint without the words that it found: they may be a customer's.
fn explain(error: &ParseError) -> Fault {
    mjml_fault(match error {
        ParseError::MissingAttribute { name, .. } => {
            return Fault::Attribute {
                name: Arc::from(&**name),
            };
        }
        ParseError::NoRootNode => Said::NoRoot,
        ParseError::UnexpectedElement { .. } => Said::Misplaced,
        ParseError::EndOfStream { .. } => Said::Unclosed,
        ParseError::IncludeLoaderError { .. } => Said::Include,
        _ => Said::Malformed,
    })
}

fn mjml_fault(said: Said) -> Fault {
    Fault::Mjml { said }
}

fn fault(said: Said) -> Failure {
    Failure::from(mjml_fault(said))
}

/// The document with `preheader`, if there is one, hidden at the start of its body.
pub(super) fn with_preheader(html: String, preheader: &str) -> String {
    if preheader.is_empty() {
        return html;
    }
    // Not by a tiny size as well: SpamAssassin gives a point for that (FONT_INVIS_MSGID).
    let hidden = format!(
        "<div style=\"display:none;max-height:0;max-width:0;opacity:0;overflow:hidden;mso-hide:all\">{}</div>",
        escaped(preheader)
    );
    let at = body_start(&html).unwrap_or(0);
    format!("{}{hidden}{}", &html[..at], &html[at..])
}

/// Where the content of `<body …>` begins.
fn body_start(html: &str) -> Option<usize> {
    let body = html.to_ascii_lowercase().find("<body")?;
    html[body..].find('>').map(|end| body + end + 1)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
