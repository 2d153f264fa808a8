//! One channel of a template in one locale: its files, their fields, and what is missing.

use super::{Compiler, Email, Field, Group, Pieces, Place, SourceFile, Variant};
use super::{
    codes,
    front_matter::{self, Fault},
    nearest, whole,
};

impl Compiler<'_> {
    pub(super) fn email(
        &mut self,
        pieces: &mut Pieces,
        (folder, prefix): (&str, &str),
        group: &Group<'_>,
    ) -> Option<Variant> {
        let text = group.get("txt").copied();
        let (extension, layout) = match (group.get("mjml"), group.get("html")) {
            (Some(mjml), None) => ("mjml", *mjml),
            (None, Some(html)) => ("html", *html),
            (Some(_), Some(html)) => {
                let message = "this mail is written twice, as .mjml and as .html";
                self.report(html, 0..0, codes::STRANGER, message)
                    .notes
                    .push("keep one of the two".to_owned());
                return None;
            }
            (None, None) => {
                let message = format!("this mail has a plain text, but no {prefix}.mjml or .html");
                self.report(text?, 0..0, codes::HALF_A_MAIL, message);
                return None;
            }
        };
        if !self.fits(layout) {
            return None;
        }
        let (fields, body_at) = self.front_matter(layout)?;
        let known = ["subject", "preheader", "attachments", "fetch"];
        self.known_keys(layout, &fields, &known);
        self.fetches(pieces, prefix, layout, &fields);
        self.elements(layout, body_at);
        let body = format!("{prefix}.{extension}");
        let body = self.piece(pieces, &body, layout, &whole(layout, body_at));
        let subject = self.required(pieces, prefix, layout, &fields, "subject");
        let preheader = self.field(pieces, prefix, layout, &fields, "preheader");
        let text = text.map(|text| {
            self.body(pieces, &format!("{prefix}.txt"), text)
                .ok_or(Reported)
        });
        let attachments = self.attachments(pieces, prefix, folder, layout, &fields);
        let shown = self.pictures(folder, layout, body_at);
        self.heavy_mail(layout, &shown, attachments.as_deref().unwrap_or_default());
        Some(Variant::Email(Email {
            subject: subject?,
            preheader: preheader.ok()?,
            body: body?,
            mjml: extension == "mjml",
            text: text.transpose().ok()?,
            attachments: attachments.ok()?,
            folder: folder.into(),
        }))
    }

    pub(super) fn sms(
        &mut self,
        pieces: &mut Pieces,
        prefix: &str,
        group: &Group<'_>,
    ) -> Option<Variant> {
        let file = *group.get("txt")?;
        if !self.fits(file) {
            return None;
        }
        let (fields, body_at) = self.front_matter(file)?;
        self.known_keys(file, &fields, &["fetch"]);
        self.fetches(pieces, prefix, file, &fields);
        let name = format!("{prefix}.txt");
        let text = self.piece(pieces, &name, file, &whole(file, body_at))?;
        Some(Variant::Sms { text })
    }

    pub(super) fn chat(
        &mut self,
        pieces: &mut Pieces,
        prefix: &str,
        group: &Group<'_>,
    ) -> Option<Variant> {
        let (file, fields, text) = match (group.get("txt"), group.get("yaml")) {
            (Some(txt), None) => {
                if !self.fits(txt) {
                    return None;
                }
                let (fields, body_at) = self.front_matter(txt)?;
                self.known_keys(txt, &fields, &["whatsapp", "fetch"]);
                let body = whole(txt, body_at);
                let text = self.piece(pieces, &format!("{prefix}.txt"), txt, &body);
                (*txt, fields, text)
            }
            (None, Some(yaml)) => {
                let fields = self.yaml(yaml, &["text", "whatsapp", "fetch"])?;
                let text = self.required(pieces, prefix, yaml, &fields, "text");
                (*yaml, fields, text)
            }
            (Some(_), Some(yaml)) => {
                let message = "this chat message is written twice, as .txt and as .yaml";
                self.report(yaml, 0..0, codes::STRANGER, message);
                return None;
            }
            (None, None) => return None,
        };
        self.fetches(pieces, prefix, file, &fields);
        let whatsapp = self.whatsapp(pieces, prefix, file, &fields);
        Some(Variant::Chat {
            text: text?,
            whatsapp: whatsapp.ok()?,
        })
    }

    /// The whole of a file as one piece.
    fn body(&mut self, pieces: &mut Pieces, name: &str, file: &SourceFile) -> Option<String> {
        if !self.fits(file) {
            return None;
        }
        self.piece(pieces, name, file, &whole(file, 0))
    }

    fn front_matter(&mut self, file: &SourceFile) -> Option<(Vec<Field>, usize)> {
        self.read(file, front_matter::split(&file.text)).ok()
    }

    pub(super) fn yaml(&mut self, file: &SourceFile, keys: &[&str]) -> Option<Vec<Field>> {
        if !self.fits(file) {
            return None;
        }
        let fields = front_matter::fields(&file.text, 0..file.text.len());
        let fields = self.read(file, fields).ok()?;
        self.known_keys(file, &fields, keys);
        Some(fields)
    }

    /// What was read of the file; reports where it could not be.
    pub(super) fn read<T>(
        &mut self,
        file: &SourceFile,
        found: Result<T, Fault>,
    ) -> Result<T, Reported> {
        found.map_err(|(span, message)| {
            self.report(file, span, codes::FRONT_MATTER, message);
            Reported
        })
    }

    /// Reports keys that mean nothing, or stand twice.
    pub(super) fn known_keys(&mut self, file: &SourceFile, fields: &[Field], keys: &[&str]) {
        for (at, field) in fields.iter().enumerate() {
            let (key, span) = (&field.key, field.key_span.clone());
            if fields[..at].iter().any(|f| f.key == *key) {
                self.report(
                    file,
                    span,
                    codes::FRONT_MATTER,
                    format!("`{key}` stands here twice"),
                );
            } else if !keys.contains(&key.as_str()) {
                let message = format!("`{key}` means nothing here");
                let near = nearest(key, keys.iter().copied());
                let diagnostic = self.report(file, span.clone(), codes::FRONT_MATTER, message);
                diagnostic
                    .notes
                    .push(format!("known are {}", keys.join(", ")));
                if let Some(near) = near {
                    diagnostic.label = format!("did you mean `{near}`?");
                    diagnostic.replacement = Some((span, near.to_owned()));
                }
            }
        }
    }

    pub(super) fn required(
        &mut self,
        pieces: &mut Pieces,
        prefix: &str,
        file: &SourceFile,
        fields: &[Field],
        key: &str,
    ) -> Option<String> {
        match self.field(pieces, prefix, file, fields, key) {
            Ok(Some(piece)) => Some(piece),
            // Written under a name that is nearly so, which is reported.
            Ok(None)
                if fields
                    .iter()
                    .any(|f| f.key != key && nearest(&f.key, [key]).is_some()) =>
            {
                None
            }
            Ok(None) => {
                let note = if file.path.ends_with(".yaml") {
                    format!("write it as a line: `{key}: …`")
                } else {
                    format!(
                        "write it at the head of the file, between two lines of ---: `{key}: …`"
                    )
                };
                let message = format!("a `{key}` is missing");
                self.report(file, 0..0, codes::NO_FIELD, message)
                    .notes
                    .push(note);
                None
            }
            Err(Reported) => None,
        }
    }

    /// The piece of a field, if it is there and not empty.
    pub(super) fn field(
        &mut self,
        pieces: &mut Pieces,
        prefix: &str,
        file: &SourceFile,
        fields: &[Field],
        key: &str,
    ) -> Result<Option<String>, Reported> {
        let found = fields.iter().find(|f| f.key == key);
        let Some(field) = found.filter(|f| !f.value.trim().is_empty()) else {
            return Ok(None);
        };
        let name = format!("{prefix}#{key}");
        self.written(pieces, &name, file, field).map(Some)
    }

    /// The piece of a field that is there.
    pub(super) fn written(
        &mut self,
        pieces: &mut Pieces,
        name: &str,
        file: &SourceFile,
        field: &Field,
    ) -> Result<String, Reported> {
        // Between quotes a text is written as it is, but for what is escaped in it.
        let quoted = field.span.start + 1..field.span.end.saturating_sub(1);
        let span = match file.text.get(quoted.clone()) {
            Some(inner) if inner == field.value => quoted,
            _ => field.span.clone(),
        };
        let place = Place {
            file: file.path.clone(),
            text: field.value.clone(),
            lines_before: field.lines_before,
            exact: file.text[span.clone()] == *field.value,
            span,
        };
        self.piece(pieces, name, file, &place).ok_or(Reported)
    }
}

/// Something is wrong and has been said.
pub(super) struct Reported;
