//! How long a message is at least: what stands in its template as it will be read, whatever is filled
//! in. What depends on a condition or a loop does not count.

use std::ops::Range;

use minijinja::machinery::{ast::Stmt, parse};

use super::{Compiler, Field, SourceFile, Variant, codes};
use crate::{
    diagnostic::{Diagnostic, Severity},
    short,
    sms::{self, Alphabet, Travel},
};

/// More segments than this are rarely meant.
const SEGMENTS: usize = 3;
/// What lock screens show of a notification, in characters: of its title, and of its body.
const TITLE: usize = 50;
const BODY: usize = 150;
/// What in-boxes show of a subject at the most, in characters, and what filters take for a subject.
const SUBJECT: usize = 150;
/// Beyond this Gmail cuts a mail off and hides the rest, the link to unsubscribe with it.
const MAIL: usize = 102 * 1024;
/// How many characters of a long text are pointed at.
const SHOWN: usize = 40;

/// What is printed of a template in any case; `None` where it builds on another, or is not Jinja.
pub(super) fn fixed(text: &str) -> Option<String> {
    let Ok(Stmt::Template(root)) = parse(text, "size", Default::default()) else {
        return None;
    };
    let mut printed = String::new();
    blocks(&root.children, &mut printed)?;
    Some(printed)
}

fn blocks(statements: &[Stmt<'_>], printed: &mut String) -> Option<()> {
    for statement in statements {
        match statement {
            Stmt::EmitRaw(raw) => printed.push_str(raw.raw),
            Stmt::Extends(_) => return None,
            Stmt::Block(block) => blocks(&block.body, printed)?,
            _ => {}
        }
    }
    Some(())
}

impl Compiler<'_> {
    /// Warns of a message that is longer than its channel carries well.
    pub(super) fn sizes(&mut self, variant: &Variant, files: &[&SourceFile]) {
        for file in files {
            match variant {
                Variant::Sms { .. } => self.segments(file),
                Variant::Push(_) => self.notification(file),
                Variant::Email(_) if !file.path.ends_with(".txt") => self.mail(file),
                _ => {}
            }
        }
    }

    fn segments(&mut self, file: &SourceFile) {
        let Some(text) = fixed(&file.text) else {
            return;
        };
        // As it leaves: an address with its short form.
        let text = match self.short {
            Some(most) => {
                short::addresses(&text, |url| (url.len() > most).then(|| "x".repeat(most)))
            }
            None => text,
        };
        let travel = sms::travel(text.trim());
        if travel.segments <= SEGMENTS {
            return self.costly(file, &text, &travel);
        }
        let (span, segments) = (first_line(file), travel.segments);
        let found = self.warn(
            file,
            span,
            codes::LONG,
            format!("this text message takes {segments} segments"),
        );
        found.label = "each of them is paid for".to_owned();
        if travel.encoding == Alphabet::Ucs2 {
            let odd: Vec<String> = travel.because_of.iter().map(|c| format!("`{c}`")).collect();
            let plain: String = text
                .trim()
                .chars()
                .map(|c| {
                    if travel.because_of.contains(&c) {
                        'x'
                    } else {
                        c
                    }
                })
                .collect();
            let without = sms::travel(&plain).segments;
            let makes = if odd.len() == 1 { "makes" } else { "make" };
            found.notes.push(format!(
                "{} {makes} a segment hold 67 characters instead of 153: otherwise it would be {without}",
                odd.join(", ")
            ));
        }
        found.notes.push(
            "counted without what is filled in: say less, or send the rest by a link".to_owned(),
        );
    }

    /// Warns of one character without which the text would take fewer segments, whatever is filled in.
    fn costly(&mut self, file: &SourceFile, text: &str, travel: &Travel) {
        let [odd] = travel.because_of[..] else {
            return;
        };
        let plain = sms::plain(odd);
        let instead = plain.map_or("x", |(text, _)| text);
        let without = sms::travel(&text.trim().replace(odd, instead)).segments;
        let Some(at) = file.text.find(odd).filter(|_| without < travel.segments) else {
            return;
        };
        let segments = travel.segments;
        let found = self.warn(
            file,
            at..at + odd.len_utf8(),
            codes::COSTLY,
            format!("this one character makes the text message take {segments} segments instead of {without}"),
        );
        found.label = "not in the alphabet GSM-7".to_owned();
        found.notes.push(
            "with it, a segment holds 70 characters instead of 160, and each segment is paid for"
                .to_owned(),
        );
        if let Some((instead, _)) = plain.filter(|_| file.text.matches(odd).count() == 1) {
            found.replacement = Some((at..at + odd.len_utf8(), instead.to_owned()));
        }
        found.notes.push(match plain {
            Some((_, words)) => format!("write {words} instead"),
            None => "say it without this character, if you can".to_owned(),
        });
    }

    fn notification(&mut self, file: &SourceFile) {
        let Ok(fields) = super::front_matter::fields(&file.text, 0..file.text.len()) else {
            return;
        };
        for (key, most) in [("title", TITLE), ("body", BODY)] {
            let field = fields.iter().find(|f| f.key == key);
            let Some((field, text)) = field.and_then(|f| Some((f, fixed(&f.value)?))) else {
                continue;
            };
            let length = text.trim().chars().count();
            if length > most {
                let message = format!("phones do not show all of this {key}");
                let found = self.warn(file, opening(file, &field.span), codes::LONG, message);
                found.label = format!("{length} characters, without what is filled in");
                found.notes.push(format!(
                    "about {most} are shown: put what matters first, and say less"
                ));
            }
        }
    }

    fn mail(&mut self, file: &SourceFile) {
        let Ok((fields, at)) = super::front_matter::split(&file.text) else {
            return;
        };
        self.lines(file, &fields);
        let Some(text) = file.text.get(at..).and_then(fixed) else {
            return;
        };
        // The head becomes styles, and comments go.
        let shown = without(&without(&text, "<!--", "-->"), "<mj-head", "</mj-head>");
        if shown.len() <= MAIL {
            return;
        }
        let span = at..at + file.text[at..].lines().next().map_or(0, str::len);
        let message = format!("this mail has {} kB", shown.len() / 1024);
        let found = self.warn(file, span, codes::LONG, message);
        found.label = "more than Gmail shows".to_owned();
        found.notes.push(
            "Gmail cuts a mail off after 102 kB, and the link to unsubscribe with the rest: leave out what can be read behind a link".to_owned(),
        );
    }

    /// The subject, and what in-boxes show beside it.
    fn lines(&mut self, file: &SourceFile, fields: &[Field]) {
        let line = |key: &str| fields.iter().find(|f| f.key == key);
        let said = |field: &Field| fixed(&field.value).map(|text| text.trim().to_owned());
        let Some((field, subject)) = line("subject").and_then(|f| Some((f, said(f)?))) else {
            return;
        };
        let length = subject.chars().count();
        if length > SUBJECT {
            let message = "no in-box shows all of this subject".to_owned();
            let found = self.warn(file, opening(file, &field.span), codes::LONG, message);
            found.label = format!("{length} characters, without what is filled in");
            found.notes.push(
                "a computer shows some 70, a phone 40: put what matters first, and say the rest in the preheader".to_owned(),
            );
        }
        let Some(preheader) = line("preheader") else {
            return;
        };
        let same = |a: &str, b: &str| a.trim().to_lowercase() == b.trim().to_lowercase();
        if !preheader.value.trim().is_empty() && same(&preheader.value, &field.value) {
            let message = "the preheader says what the subject says".to_owned();
            let span = opening(file, &preheader.span);
            let found = self.warn(file, span, codes::REPEATED, message);
            found.label = "in-boxes show them one behind the other".to_owned();
            found.notes.push(
                "say something else, or leave it out: the first words of the mail stand there then"
                    .to_owned(),
            );
        }
    }

    fn warn(
        &mut self,
        file: &SourceFile,
        span: Range<usize>,
        code: &'static str,
        message: String,
    ) -> &mut Diagnostic {
        let found = self.report(file, span, code, message);
        found.severity = Severity::Warning;
        found
    }
}

fn first_line(file: &SourceFile) -> Range<usize> {
    let lead = file.text.len() - file.text.trim_start().len();
    let line = file.text[lead..].lines().next().unwrap_or_default();
    opening(file, &(lead..lead + line.trim_end().len()))
}

/// The first words of a place: a caret under a whole text helps nobody.
fn opening(file: &SourceFile, span: &Range<usize>) -> Range<usize> {
    let text = file.text.get(span.clone()).unwrap_or_default();
    let end = text
        .char_indices()
        .nth(SHOWN)
        .map_or(text.len(), |(at, _)| at);
    span.start..span.start + text[..end].trim_end().len()
}

/// The text without what stands between two marks.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(open) {
        kept.push_str(&rest[..start]);
        let end = rest[start..].find(close);
        rest = end.map_or("", |end| &rest[start + end + close.len()..]);
    }
    kept + rest
}
