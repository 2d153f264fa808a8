//! What WhatsApp sends in a chat message's place: `whatsapp` in the head of a chat's file.

use std::ops::Range;

use super::{Compiler, Field, Pieces, SourceFile, codes, front_matter, variant::Reported};

/// The longest name of a template, in bytes.
const LONGEST_NAME: usize = 512;

/// What WhatsApp sends in a chat message's place.
#[derive(Clone, Debug)]
pub(in crate::render) struct WhatsApp {
    pub template: String,
    pub language: String,
    /// The names of pieces.
    pub parameters: Vec<String>,
    pub always: bool,
}

impl Compiler<'_> {
    pub(super) fn whatsapp(
        &mut self,
        pieces: &mut Pieces,
        prefix: &str,
        file: &SourceFile,
        fields: &[Field],
    ) -> Result<Option<WhatsApp>, Reported> {
        let Some(whole) = fields.iter().find(|f| f.key == "whatsapp") else {
            return Ok(None);
        };
        let before = self.diagnostics.len();
        let fields = self.read(file, front_matter::map(&file.text, whole))?;
        let keys = ["template", "language", "parameters", "always"];
        self.known_keys(file, &fields, &keys);
        if self.diagnostics.len() > before {
            return Err(Reported);
        }
        let of = |key: &str| fields.iter().find(|f| f.key == key);
        self.complete(file, whole, &fields);
        let template = of("template").map(|f| self.template_name(file, f));
        let language = of("language").map(|f| self.language(file, f));
        let always = of("always").is_some_and(|f| self.truth(file, f));
        let list = match of("parameters") {
            Some(list) => self.read(file, front_matter::texts(&file.text, list))?,
            None => Vec::new(),
        };
        let mut parameters = Vec::with_capacity(list.len());
        for (n, item) in (1..).zip(&list) {
            if item.value.trim().is_empty() {
                let message = "a parameter is empty";
                self.report(file, item.key_span.clone(), codes::WHATSAPP, message)
                    .notes
                    .push("WhatsApp takes no empty text for a place of its template".to_owned());
                continue;
            }
            let name = format!("{prefix}#whatsapp.{n}");
            parameters.extend(self.written(pieces, &name, file, item).ok());
        }
        match (template, language) {
            (Some(template), Some(language)) if self.diagnostics.len() == before => {
                Ok(Some(WhatsApp {
                    template,
                    language,
                    parameters,
                    always,
                }))
            }
            _ => Err(Reported),
        }
    }

    /// Both the name and the language are needed.
    fn complete(&mut self, file: &SourceFile, whole: &Field, fields: &[Field]) {
        let there = |key: &&str| !fields.iter().any(|f| f.key == *key);
        let missing: Vec<&str> = ["template", "language"].into_iter().filter(there).collect();
        let message = match missing.as_slice() {
            [] => return,
            [one] => format!("`{one}` is missing from what WhatsApp sends"),
            _ => "`template` and `language` are missing from what WhatsApp sends".to_owned(),
        };
        self.report(file, whole.key_span.clone(), codes::WHATSAPP, message)
            .notes
            .push(
                "WhatsApp knows a template by its name and the language of a translation, each on an indented line below: `template: cart_reminder`, `language: fr`"
                    .to_owned(),
            );
    }

    fn template_name(&mut self, file: &SourceFile, field: &Field) -> String {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let name = &field.value;
        if !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(fits) {
            return name.clone();
        }
        let mended = name.to_lowercase();
        let mended: String = mended
            .chars()
            .map(|c| if fits(c) { c } else { '_' })
            .collect();
        let mended = mended.trim_matches('_');
        let usable = !name.contains("{{") && !mended.is_empty() && mended.len() <= LONGEST_NAME;
        self.unfit(
            file,
            field,
            "is no name of a template at WhatsApp",
            usable.then(|| mended.to_owned()),
            "it has small letters, digits and `_`, as in the WhatsApp Manager; it is not filled in",
        );
        name.clone()
    }

    fn language(&mut self, file: &SourceFile, field: &Field) -> String {
        let code = &field.value;
        if is_language(code) {
            return code.clone();
        }
        let mended = match code.replace('-', "_").split_once('_') {
            Some((tongue, rest)) => format!("{}_{}", tongue.to_lowercase(), rest.to_uppercase()),
            None => code.to_lowercase(),
        };
        self.unfit(
            file,
            field,
            "is no language of a template at WhatsApp",
            is_language(&mended).then_some(mended),
            "a language is written as in the WhatsApp Manager: `fr`, `en_US`",
        );
        code.clone()
    }

    fn truth(&mut self, file: &SourceFile, field: &Field) -> bool {
        if !matches!(&*field.value, "true" | "false") {
            self.unfit(
                file,
                field,
                "is neither true nor false",
                None,
                "`always: true` sends the template even to those who wrote within 24 hours",
            );
        }
        field.value == "true"
    }

    fn unfit(
        &mut self,
        file: &SourceFile,
        field: &Field,
        what: &str,
        mended: Option<String>,
        note: &str,
    ) {
        let span = match field.value.is_empty() {
            true => field.key_span.clone(),
            false => field.span.clone(),
        };
        let message = match &*field.value {
            "" => format!("`{}` is empty", field.key),
            value => format!("`{value}` {what}"),
        };
        let found = self.report(file, span.clone(), codes::WHATSAPP, message);
        found.notes.push(note.to_owned());
        if let Some(mended) = mended {
            found.label = format!("perhaps `{mended}`");
            found.replacement = Some((span, mended));
        }
    }
}

/// `fr`, `en_US`, `zh_HK`, `es_419`: two or three letters, and perhaps a country or region.
fn is_language(code: &str) -> bool {
    let (tongue, region) = match code.split_once('_') {
        Some((tongue, region)) => (tongue, Some(region)),
        None => (code, None),
    };
    let in_tongue = |range: Range<usize>| range.contains(&tongue.len());
    in_tongue(2..4)
        && tongue.bytes().all(|b| b.is_ascii_lowercase())
        && region.is_none_or(|region| {
            (2..=4).contains(&region.len()) && region.bytes().all(|b| b.is_ascii_alphanumeric())
        })
}
