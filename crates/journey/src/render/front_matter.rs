//! The fields at the head of a template file, and the whole of a `.yaml` one.
//!
//! It is YAML with one rule relaxed in the author's favour: a value is the text of its line, so
//! that `subject: {{ name }}: your cart` is read as it looks (rule 1 of the language: each
//! scalar is read from its source text by what its field expects).

use std::ops::Range;

/// One `key: text`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub key: String,
    pub key_span: Range<usize>,
    pub value: String,
    /// Where the value stands, in bytes of the file.
    pub span: Range<usize>,
    /// How many lines of the file come before the value.
    pub lines_before: u32,
}

/// A place that could not be read, and why.
pub(super) type Fault = (Range<usize>, &'static str);

/// The fields between two `---` lines at the head of a file, and where the body begins.
pub(super) fn split(text: &str) -> Result<(Vec<Field>, usize), Fault> {
    let lines = Lines::of(text, 0..text.len(), 0);
    match lines.all.first() {
        Some(first)
            if text[first.clone()]
                .trim_start_matches('\u{feff}')
                .trim_end()
                == "---" => {}
        _ => return Ok((Vec::new(), 0)),
    }
    let close = lines
        .all
        .iter()
        .skip(1)
        .find(|l| text[(*l).clone()].trim_end() == "---");
    let Some(close) = close else {
        return Err((
            lines.all[0].clone(),
            "the front matter is not closed by a line of ---",
        ));
    };
    let fields = fields(text, lines.all[0].end..close.start)?;
    Ok((fields, close.end))
}

/// The fields in `region` of the file.
pub(super) fn fields(text: &str, region: Range<usize>) -> Result<Vec<Field>, Fault> {
    indented(text, region, 0)
}

/// The fields below a key, each on an indented line of its own.
pub(super) fn below(text: &str, field: &Field) -> Result<Vec<Field>, Fault> {
    let region = under(
        text,
        field,
        "here should stand nothing: its fields follow, each on a line of its own and indented",
    )?;
    let mut lines = text[region.clone()].lines();
    let first = lines.find(|line| !is_passed_over(line)).unwrap_or_default();
    indented(text, region, first.len() - first.trim_start().len())
}

/// The items of a list below a key, each behind a dash on a line of its own.
pub(super) fn items(text: &str, field: &Field) -> Result<Vec<Field>, Fault> {
    const HERE: &str =
        "here should stand a list, each text on a line of its own: `- {{ customer.first_name }}`";
    let lines = Lines::of(text, under(text, field, HERE)?, 0);
    let mut found = Vec::new();
    for line in &lines.all {
        let words = text[line.clone()].trim();
        if is_passed_over(words) {
            continue;
        }
        let end = line.start + text[line.clone()].trim_end().len();
        let here = end - words.len()..end;
        let item = words.strip_prefix('-');
        let Some(item) = item.filter(|i| i.is_empty() || i.starts_with([' ', '\t'])) else {
            return Err((here, HERE));
        };
        let item = item.trim_start();
        let start = end - item.len();
        found.push(Field {
            key: field.key.clone(),
            key_span: here,
            value: unquoted(item, &(start..end))?,
            span: start..end,
            lines_before: lines.before(start),
        });
    }
    Ok(found)
}

/// The lines that belong to a key without a value of its own.
fn under(text: &str, field: &Field, here: &'static str) -> Result<Range<usize>, Fault> {
    let first = text[field.span.clone()].split('\n').next();
    match first.unwrap_or_default().trim() {
        "" => Ok(field.span.clone()),
        value => {
            let end = field.span.start + value.len();
            Err((field.span.start..end, here))
        }
    }
}

fn is_passed_over(line: &str) -> bool {
    let words = line.trim();
    words.is_empty() || words.starts_with('#')
}

/// The text between quotes, if it stands between quotes.
fn unquoted(text: &str, span: &Range<usize>) -> Result<String, Fault> {
    if !text.starts_with(['"', '\'']) {
        return Ok(text.to_owned());
    }
    serde_yaml::from_str(text).map_err(|_| (span.clone(), "the quotes do not close on this line"))
}

/// The fields whose keys are indented by so many bytes.
fn indented(text: &str, region: Range<usize>, indent: usize) -> Result<Vec<Field>, Fault> {
    let mut lines = Lines::of(text, region, indent);
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        let words = text[line.clone()].trim_end();
        if is_passed_over(words) || words == "---" {
            continue;
        }
        found.push(field(text, &line, &mut lines)?);
    }
    Ok(found)
}

fn field(text: &str, line: &Range<usize>, lines: &mut Lines<'_>) -> Result<Field, Fault> {
    let words = text[line.clone()].trim_end();
    let lead = words.len() - words.trim_start().len();
    let lead = lead.min(lines.indent);
    let here = line.start + lead..line.start + words.len();
    let words = &words[lead..];
    let fault = (
        here.clone(),
        "here should stand a key and a text: `subject: Hello`",
    );
    let (key, rest) = words.split_once(':').ok_or_else(|| fault.clone())?;
    let is_key = !key.is_empty() && key.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
    let is_there = lead == lines.indent;
    if !is_key || !is_there || !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return Err(fault);
    }
    let start = here.end - rest.trim_start().len();
    let mut field = Field {
        key: key.to_owned(),
        key_span: here.start..here.start + key.len(),
        value: rest.trim().to_owned(),
        span: start..here.end,
        lines_before: lines.before(start),
    };
    match rest.trim() {
        "|" | "|-" | "|+" => lines.block("\n", &mut field),
        ">" | ">-" | ">+" => lines.block(" ", &mut field),
        quoted if quoted.starts_with(['"', '\'']) => {
            field.value = unquoted(quoted, &field.span)?;
        }
        _ => lines.continuation(&mut field),
    }
    Ok(field)
}

/// The lines of a region, with their places.
struct Lines<'a> {
    text: &'a str,
    all: Vec<Range<usize>>,
    at: usize,
    /// How far the keys are indented, in bytes.
    indent: usize,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str, region: Range<usize>, indent: usize) -> Self {
        let mut start = region.start;
        let all = text[region]
            .split_inclusive('\n')
            .map(|line| {
                start += line.len();
                start - line.len()..start
            })
            .collect();
        Self {
            text,
            all,
            at: 0,
            indent,
        }
    }

    fn next(&mut self) -> Option<Range<usize>> {
        let line = self.all.get(self.at).cloned();
        self.at += 1;
        line
    }

    fn before(&self, at: usize) -> u32 {
        let lines = self.text[..at].bytes().filter(|b| *b == b'\n').count();
        u32::try_from(lines).unwrap_or(u32::MAX)
    }

    /// The next line, if it belongs to the value above it.
    fn indented(&mut self, blank_too: bool) -> Option<Range<usize>> {
        let line = self.all.get(self.at)?.clone();
        let words = &self.text[line.clone()];
        let blank = words.trim().is_empty();
        let belongs = if blank {
            blank_too
        } else {
            let lead = words.len() - words.trim_start().len();
            // YAML lets the dashes of a list stand below the key.
            let is_item = self.indent > 0 && words.trim_start().starts_with('-');
            lead > self.indent || (is_item && lead == self.indent)
        };
        belongs.then(|| {
            self.at += 1;
            line
        })
    }

    /// `|` and `>`: the indented lines below.
    fn block(&mut self, between: &str, field: &mut Field) {
        let mut lines = Vec::new();
        while let Some(line) = self.indented(true) {
            lines.push(line);
        }
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else {
            field.value.clear();
            return;
        };
        field.lines_before = self.before(first.start);
        field.span = first.start..last.end;
        let words: Vec<&str> = lines
            .iter()
            .map(|l| self.text[l.clone()].trim_end())
            .collect();
        let indents = words.iter().filter(|w| !w.is_empty());
        let indent = indents
            .map(|w| w.len() - w.trim_start().len())
            .min()
            .unwrap_or(0);
        let words: Vec<_> = words
            .iter()
            .map(|w| w.get(indent..).unwrap_or(""))
            .collect();
        words.join(between).trim_end().clone_into(&mut field.value);
    }

    /// A text that goes on in indented lines.
    fn continuation(&mut self, field: &mut Field) {
        // Below a key without a value there may be blank lines.
        let blank_too = field.value.is_empty();
        while let Some(line) = self.indented(blank_too) {
            let words = self.text[line.clone()].trim();
            if words.is_empty() {
                continue;
            }
            if !field.value.is_empty() {
                field.value.push(' ');
            }
            field.value.push_str(words);
            field.span.end = line.start + self.text[line].trim_end().len();
        }
    }
}
