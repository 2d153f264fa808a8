//! Mails: MJML to HTML, and the preheader.

use std::sync::Arc;

use mrml::prelude::{parser::Error as ParseError, render::RenderOptions};

use super::{
    fault::Fault,
    output::{Failure, LARGEST},
    said::Said,
};

/// HTML of a filled-in MJML document.
pub(super) fn from_mjml(mjml: &str) -> Result<String, Failure> {
    let parsed = mrml::parse(mjml).map_err(|e| Failure::from(explain(&e)))?;
    let html = parsed
        .element
        .render(&RenderOptions::default())
        .map_err(|_| Failure::from(mjml_fault(Said::NoLayout)))?;
    // Layout multiplies what it is given.
    if html.len() > 2 * LARGEST {
        return Err(Failure::from(mjml_fault(Said::HtmlTooLarge)));
    }
    Ok(html)
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
