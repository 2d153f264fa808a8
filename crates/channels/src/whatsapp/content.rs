//! What a message says: a text, something to press, or a template.

use journey::content::{Offer, WhatsAppTemplate};
use serde_json::{Value as Json, json};

use crate::offers::{cut, distinct, label, numbered};

/// The longest text, and the longest above a list, in characters.
const LONGEST: usize = 4096;
/// The longest text above buttons.
const ABOVE_BUTTONS: usize = 1024;
/// The most buttons, and the longest words on them.
const BUTTONS: (usize, usize) = (3, 20);
/// The most rows of a list, and their longest titles.
const ROWS: (usize, usize) = (10, 24);
/// The longest words below a row's title.
const DESCRIPTION: usize = 72;
/// The longest id of a button, and of a row, in bytes.
const BUTTON_ID: usize = 256;
const ROW_ID: usize = 200;
/// The longest parameter of a template.
const PARAMETER: usize = 1024;

/// What may be said to somebody who has written lately: with buttons where they can hold the offers, else with a
/// list, else with numbers. `choose` stands on the button that opens a list.
///
/// # Errors
/// Says what is too long.
pub(super) fn freely(text: &str, options: &[Offer], choose: &str) -> Result<Json, String> {
    let interactive = match options {
        [] => None,
        options => buttons(text, options).or_else(|| list(text, options, choose)),
    };
    if let Some(interactive) = interactive {
        return Ok(json!({"type": "interactive", "interactive": interactive}));
    }
    let text = match options {
        [] => text.to_owned(),
        options => numbered(text, options),
    };
    let length = text.chars().count();
    if length > LONGEST {
        return Err(format!(
            "the text has {length} characters, and WhatsApp takes {LONGEST}"
        ));
    }
    Ok(json!({"type": "text", "text": {"body": text}}))
}

fn buttons(text: &str, options: &[Offer]) -> Option<Json> {
    let labels: Vec<String> = options.iter().map(label).collect();
    let fits = options.len() <= BUTTONS.0
        && text.chars().count() <= ABOVE_BUTTONS
        && labels.iter().all(|l| l.chars().count() <= BUTTONS.1)
        && options.iter().all(|o| o.name.len() <= BUTTON_ID)
        && distinct(&labels);
    let button = |(offer, title): (&Offer, &String)| json!({"type": "reply", "reply": {"id": offer.name, "title": title}});
    fits.then(|| {
        let buttons: Vec<Json> = options.iter().zip(&labels).map(button).collect();
        json!({"type": "button", "body": {"text": text}, "action": {"buttons": buttons}})
    })
}

/// A label that is too long for a row's title is cut there, and stands below it.
fn list(text: &str, options: &[Offer], choose: &str) -> Option<Json> {
    let labels: Vec<String> = options.iter().map(label).collect();
    let titles: Vec<String> = labels.iter().map(|l| cut(l, ROWS.1)).collect();
    let fits = options.len() <= ROWS.0
        && text.chars().count() <= LONGEST
        && options.iter().all(|o| o.name.len() <= ROW_ID)
        && distinct(&titles);
    let row = |((offer, label), title): ((&Offer, &String), &String)| {
        let mut row = json!({"id": offer.name, "title": title});
        if title != label {
            row["description"] = json!(cut(label, DESCRIPTION));
        }
        row
    };
    fits.then(|| {
        let rows: Vec<Json> = options.iter().zip(&labels).zip(&titles).map(row).collect();
        let action = json!({"button": choose, "sections": [{"rows": rows}]});
        json!({"type": "list", "body": {"text": text}, "action": action})
    })
}

/// What may be said to anybody.
///
/// # Errors
/// Says which text is too long for its place.
pub(super) fn template(whatsapp: &WhatsAppTemplate) -> Result<Json, String> {
    for (n, parameter) in (1..).zip(&whatsapp.parameters) {
        let length = parameter.chars().count();
        if length > PARAMETER {
            return Err(format!(
                "parameter {n} of WhatsApp's template has {length} characters, and WhatsApp takes {PARAMETER}"
            ));
        }
    }
    let texts = whatsapp.parameters.iter();
    let texts: Vec<Json> = texts
        .map(|text| json!({"type": "text", "text": spaced(text)}))
        .collect();
    let mut template = json!({
        "name": whatsapp.template,
        "language": {"code": whatsapp.language},
    });
    if !texts.is_empty() {
        template["components"] = json!([{"type": "body", "parameters": texts}]);
    }
    Ok(json!({"type": "template", "template": template}))
}

/// On one line and with single spaces: WhatsApp takes no others in a parameter. Spaces that do not break stay.
fn spaced(text: &str) -> String {
    let breaks = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
    let words: Vec<&str> = text.split(breaks).filter(|w| !w.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(labels: &[&str]) -> Vec<Offer> {
        let offer = |(n, label): (usize, &&str)| Offer {
            name: format!("o{n}"),
            label: (*label).to_owned(),
        };
        labels.iter().enumerate().map(offer).collect()
    }

    /// What a question is shown as, and the words on it.
    fn shown(text: &str, labels: &[&str]) -> (String, Vec<String>) {
        let content = freely(text, &offers(labels), "Choose").unwrap();
        let interactive = &content["interactive"];
        let words = |list: &Json, at: &str| -> Vec<String> {
            let all = list.as_array().unwrap().iter();
            all.map(|one| one.pointer(at).unwrap().as_str().unwrap().to_owned())
                .collect()
        };
        match interactive["type"].as_str() {
            Some("button") => {
                let buttons = &interactive["action"]["buttons"];
                ("button".into(), words(buttons, "/reply/title"))
            }
            Some(kind) => {
                let rows = &interactive["action"]["sections"][0]["rows"];
                (kind.into(), words(rows, "/title"))
            }
            None => {
                let body = content["text"]["body"].as_str().unwrap();
                ("text".into(), vec![body.to_owned()])
            }
        }
    }

    #[test]
    fn a_question_is_shown_as_it_fits() {
        let kind = |text: &str, labels: &[&str]| shown(text, labels).0;
        assert_eq!(kind("?", &["Yes", "No", "Perhaps"]), "button");
        assert_eq!(kind("?", &["a", "b", "c", "d"]), "list");
        assert_eq!(kind("?", &["twenty letters, here", "No"]), "button");
        assert_eq!(kind("?", &["twenty-one letters, so", "No"]), "list");
        assert_eq!(kind(&"é".repeat(1024), &["Yes"]), "button");
        assert_eq!(kind(&"é".repeat(1025), &["Yes"]), "list");
        let eleven: Vec<&str> = "a b c d e f g h i j k".split(' ').collect();
        assert_eq!(kind("?", &eleven[..10]), "list");
        assert_eq!(kind("?", &eleven), "text");
        assert_eq!(kind("?", &["Same", "Same"]), "text");
    }

    #[test]
    fn what_is_cut_stays_distinct_or_is_a_text() {
        let long = "A room with a view of the harbour";
        let (kind, titles) = shown("?", &[long, "None"]);
        assert_eq!((&*kind, &*titles[0]), ("list", "A room with a view of t…"));
        let content = freely("?", &offers(&[long, "None"]), "Choose").unwrap();
        let rows = &content["interactive"]["action"]["sections"][0]["rows"];
        assert_eq!(rows[0]["description"], long);
        assert_eq!(rows[1].get("description"), None);
        let same = [
            "A room with a view of the harbour",
            "A room with a view of the hills",
        ];
        let (kind, words) = shown("Which?", &same);
        assert_eq!(kind, "text");
        assert_eq!(
            words[0],
            "Which?\n\n1. A room with a view of the harbour\n2. A room with a view of the hills"
        );
    }

    #[test]
    fn what_is_too_long_is_said() {
        let long = "x".repeat(4097);
        let said = freely(&long, &[], "Choose").unwrap_err();
        assert_eq!(
            said,
            "the text has 4097 characters, and WhatsApp takes 4096"
        );
        let whatsapp = WhatsAppTemplate {
            template: "t".into(),
            language: "fr".into(),
            parameters: vec!["a  b\n\tc".into()],
            always: false,
        };
        let written = template(&whatsapp).unwrap();
        let text = "/template/components/0/parameters/0/text";
        assert_eq!(written.pointer(text).unwrap(), "a b c");
        let parameters = vec!["x".into(), long];
        let said = template(&WhatsAppTemplate {
            parameters,
            ..whatsapp
        });
        assert!(said.unwrap_err().starts_with("parameter 2 of"));
    }
}
