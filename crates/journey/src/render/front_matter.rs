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
    let lines = Lines::of(text, 0..text.len());
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
    collect(text, Lines::of(text, region))
}

fn collect(text: &str, mut lines: Lines<'_>) -> Result<Vec<Field>, Fault> {
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        let words = text[line.clone()].trim_end();
        if words.is_empty() || words.starts_with('#') || words == "---" {
            continue;
        }
        found.push(field(text, &line, &mut lines)?);
    }
    Ok(found)
}

/// The fields under a key: `data:`, and below it `screen: cart`.
pub(super) fn map(text: &str, field: &Field) -> Result<Vec<Field>, Fault> {
    collect(text, below(text, field)?)
}

/// The items under a key, each with its fields: `actions:`, and below it `- name: buy`.
pub(super) fn list(text: &str, field: &Field) -> Result<Vec<Vec<Field>>, Fault> {
    let (mut items, mut indent) = (Vec::<Lines<'_>>::new(), 0);
    for line in below(text, field)?.all {
        let words = &text[line.clone()];
        if let Some(rest) = words
            .strip_prefix('-')
            .filter(|r| r.starts_with([' ', '\t']))
        {
            indent = words.len() - rest.trim_start().len();
            let first = line.start + indent..line.end;
            let all = Vec::from([first]);
            items.push(Lines { text, all, at: 0 });
        } else if let Some(item) = items.last_mut() {
            let lead = words.len() - words.trim_start_matches([' ', '\t']).len();
            item.all.push(line.start + lead.min(indent)..line.end);
        } else if !words.trim().is_empty() && !words.starts_with('#') {
            let here = line.start..line.start + words.trim_end().len();
            return Err((here, "here should stand an item: `- name: buy`"));
        }
    }
    items.into_iter().map(|item| collect(text, item)).collect()
}

/// The lines below a key, without their common indentation.
fn below<'a>(text: &'a str, field: &Field) -> Result<Lines<'a>, Fault> {
    let beside = text[field.key_span.end + 1..].lines().next();
    if !beside.unwrap_or_default().trim().is_empty() {
        let fault = "this stands below its key, each in a line of its own, two spaces in";
        return Err((field.span.clone(), fault));
    }
    let mut lines = Lines::of(text, field.span.clone());
    let lead = |line: &Range<usize>| {
        let words = &text[line.clone()];
        let lead = words.len() - words.trim_start().len();
        (lead < words.len()).then_some(lead)
    };
    let indent = lines.all.iter().filter_map(lead).min().unwrap_or(0);
    for line in &mut lines.all {
        if lead(line).is_some() {
            line.start += indent;
        }
    }
    Ok(lines)
}

fn field(text: &str, line: &Range<usize>, lines: &mut Lines<'_>) -> Result<Field, Fault> {
    let words = text[line.clone()].trim_end();
    let here = line.start..line.start + words.len();
    let fault = (
        here.clone(),
        "here should stand a key and a text: `subject: Hello`",
    );
    let (key, rest) = words.split_once(':').ok_or_else(|| fault.clone())?;
    let is_key = !key.is_empty() && key.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
    if !is_key || !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
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
            field.value = serde_yaml::from_str(quoted)
                .map_err(|_| (field.span.clone(), "the quotes do not close on this line"))?;
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
}

impl<'a> Lines<'a> {
    fn of(text: &'a str, region: Range<usize>) -> Self {
        let mut start = region.start;
        let all = text[region]
            .split_inclusive('\n')
            .map(|line| {
                start += line.len();
                start - line.len()..start
            })
            .collect();
        Self { text, all, at: 0 }
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
            words.starts_with([' ', '\t'])
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
        while let Some(line) = self.indented(false) {
            let words = self.text[line.clone()].trim();
            if !field.value.is_empty() {
                field.value.push(' ');
            }
            field.value.push_str(words);
            field.span.end = line.start + self.text[line].trim_end().len();
        }
    }
}
