//! Mails: MJML to HTML, and the preheader.

use mrml::prelude::{parser::Error as ParseError, render::RenderOptions};

use super::output::{Failure, LARGEST};

/// HTML of a filled-in MJML document.
pub(super) fn from_mjml(mjml: &str) -> Result<String, Failure> {
    let parsed = mrml::parse(mjml).map_err(|e| Failure::new(explain(&e)))?;
    let html = parsed
        .element
        .render(&RenderOptions::default())
        .map_err(|_| Failure::new("the MJML cannot be laid out"))?;
    // Layout multiplies what it is given.
    if html.len() > 2 * LARGEST {
        return Err(Failure::new("the HTML is too large"));
    }
    Ok(html)
}

/// The parser's complaint without the words that it found: they may be a customer's.
fn explain(error: &ParseError) -> String {
    match error {
        ParseError::NoRootNode => "there is no <mjml> element".to_owned(),
        ParseError::MissingAttribute { name, .. } => format!("an element lacks its `{name}`"),
        ParseError::UnexpectedElement { .. } => {
            "an MJML element stands where it may not".to_owned()
        }
        ParseError::EndOfStream { .. } => "an MJML element is not closed".to_owned(),
        ParseError::IncludeLoaderError { .. } => {
            "mj-include is not available; use {% include %}".to_owned()
        }
        _ => "the MJML is not well-formed".to_owned(),
    }
}

/// The document with `preheader`, if there is one, hidden at the start of its body.
pub(super) fn with_preheader(html: String, preheader: &str) -> String {
    if preheader.is_empty() {
        return html;
    }
    let hidden = format!(
        "<div style=\"display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden;mso-hide:all\">{}</div>",
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
