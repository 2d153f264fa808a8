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
    collect(Lines::of(text, region, 0))
}

/// The fields below a key: `data:`, and below it `screen: cart`.
pub(super) fn map(text: &str, field: &Field) -> Result<Vec<Field>, Fault> {
    const HERE: &str =
        "here should stand nothing: its fields follow, each on a line of its own and indented";
    collect(below(text, field, HERE)?)
}

/// The items below a key, each with its fields: `actions:`, and below it `- name: buy`.
pub(super) fn list(text: &str, field: &Field) -> Result<Vec<Vec<Field>>, Fault> {
    const HERE: &str = "here should stand a list, each item behind a dash: `- name: buy`";
    let items = items(text, field, HERE)?.into_iter();
    items
        .map(|(_, mut item)| {
            item.indent = item.first_indent();
            collect(item)
        })
        .collect()
}

/// The items below a key, each of them a text: `parameters:`, and below it `- {{ cart.total }}`.
pub(super) fn texts(text: &str, field: &Field) -> Result<Vec<Field>, Fault> {
    const HERE: &str =
        "here should stand a list, each text on a line of its own: `- {{ customer.first_name }}`";
    let mut found = Vec::new();
    for (here, mut lines) in items(text, field, HERE)? {
        let span = here.end - lines.next().map_or(0, |l| text[l].trim().len())..here.end;
        let mut item = Field {
            key: field.key.clone(),
            key_span: here,
            value: text[span.clone()].to_owned(),
            lines_before: lines.before(span.start),
            span,
        };
        lines.value(&mut item)?;
        let rest = std::iter::from_fn(|| lines.next()).map(|line| words(text, &line));
        if let Some(stray) = rest.into_iter().find(|w| !is_passed_over(&text[w.clone()])) {
            return Err((stray, HERE));
        }
        found.push(item);
    }
    Ok(found)
}

/// The items below a key, each a text or fields: `attachments:`, and below it `- terms.pdf`, or `- file: terms.pdf` with its
/// other fields below. A text is an item with one field, which is called as `key` says.
pub(super) fn texts_or_fields(
    text: &str,
    field: &Field,
    key: &str,
) -> Result<Vec<Vec<Field>>, Fault> {
    const HERE: &str = "here should stand a list, each file on a line of its own: `- terms.pdf`";
    let mut found = Vec::new();
    for (_, mut item) in items(text, field, HERE)? {
        item.indent = item.first_indent();
        let first = item.all.first().map(|line| words(text, line));
        let is_field = first
            .as_ref()
            .is_some_and(|w| text[w.clone()].contains(": "));
        if is_field {
            found.push(collect(item)?);
        } else if let Some(span) = first.filter(|w| !w.is_empty()) {
            let rest = item.all[1..].iter().map(|line| words(text, line));
            if let Some(stray) = rest.into_iter().find(|w| !is_passed_over(&text[w.clone()])) {
                return Err((stray, HERE));
            }
            found.push(vec![Field {
                key: key.to_owned(),
                key_span: span.clone(),
                value: text[span.clone()].trim_matches(['"', '\'']).to_owned(),
                lines_before: item.before(span.start),
                span,
            }]);
        }
    }
    Ok(found)
}

/// The items below a key: where the first line of each stands with its dash, and its lines without the dash.
fn items<'a>(
    text: &'a str,
    field: &Field,
    here: &'static str,
) -> Result<Vec<(Range<usize>, Lines<'a>)>, Fault> {
    let lines = below(text, field, here)?;
    let (indent, mut items) = (lines.indent, Vec::<(_, Lines<'_>)>::new());
    for line in lines.all {
        let words = words(text, &line);
        let deeper = indent_of(text, &line) > indent || is_passed_over(&text[words.clone()]);
        match (behind_dash(&text[words.clone()]), items.last_mut()) {
            (_, Some((_, item))) if deeper => item.all.push(line),
            (Some(rest), _) if indent_of(text, &line) == indent => {
                let item = Lines::of(text, words.end - rest.len()..line.end, indent);
                items.push((words, item));
            }
            _ if is_passed_over(&text[words.clone()]) => {}
            _ => return Err((words, here)),
        }
    }
    Ok(items)
}

/// The lines below a key, next to which stands nothing.
fn below<'a>(text: &'a str, field: &Field, here: &'static str) -> Result<Lines<'a>, Fault> {
    let start = field.key_span.end + 1;
    let end = text[start..].find('\n').map_or(text.len(), |n| start + n);
    let beside = words(text, &(start..end));
    if !beside.is_empty() {
        return Err((beside, here));
    }
    let mut lines = Lines::of(text, field.span.clone(), 0);
    lines.indent = lines.first_indent();
    Ok(lines)
}

fn collect(mut lines: Lines<'_>) -> Result<Vec<Field>, Fault> {
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        let words = lines.text[line.clone()].trim_end();
        if is_passed_over(words) || words == "---" {
            continue;
        }
        found.push(field(&line, &mut lines)?);
    }
    Ok(found)
}

fn is_passed_over(line: &str) -> bool {
    let words = line.trim();
    words.is_empty() || words.starts_with('#')
}

/// What stands behind a dash, if there is one.
fn behind_dash(words: &str) -> Option<&str> {
    let rest = words.strip_prefix('-')?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| rest.trim_start())
}

/// A line without the blanks around it.
fn words(text: &str, line: &Range<usize>) -> Range<usize> {
    let end = line.start + text[line.clone()].trim_end().len();
    end - text[line.start..end].trim_start().len()..end
}

/// How far a line is indented, in bytes; behind a dash, the dash counts as well.
fn indent_of(text: &str, line: &Range<usize>) -> usize {
    let start = text[..line.start].rfind('\n').map_or(0, |at| at + 1);
    words(text, line).start - start
}

fn field(line: &Range<usize>, lines: &mut Lines<'_>) -> Result<Field, Fault> {
    let here = words(lines.text, line);
    let words = &lines.text[here.clone()];
    let fault = (
        here.clone(),
        "here should stand a key and a text: `subject: Hello`",
    );
    let (key, rest) = words.split_once(':').ok_or_else(|| fault.clone())?;
    let is_key = !key.is_empty() && key.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
    let is_there = indent_of(lines.text, line) == lines.indent;
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
    lines.value(&mut field)?;
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

    /// How far the first line that says something is indented.
    fn first_indent(&self) -> usize {
        let mut said = self.all.iter().filter(|l| {
            let line: &str = &self.text[(*l).clone()];
            !is_passed_over(line)
        });
        said.next().map_or(0, |line| indent_of(self.text, line))
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

    /// The next line, if it belongs to the value above it: indented, perhaps blank, perhaps an item.
    fn indented(&mut self, blank_too: bool, item_too: bool) -> Option<Range<usize>> {
        let line = self.all.get(self.at)?.clone();
        let words = self.text[line.clone()].trim();
        let belongs = match words.is_empty() {
            true => blank_too,
            false => {
                let indent = indent_of(self.text, &line);
                let is_item = item_too && behind_dash(words).is_some();
                indent > self.indent || (is_item && indent == self.indent)
            }
        };
        belongs.then(|| {
            self.at += 1;
            line
        })
    }

    /// The value that begins on its key's line: in quotes, below it, or until the lines are indented no more.
    fn value(&mut self, field: &mut Field) -> Result<(), Fault> {
        match &*field.value {
            "|" | "|-" | "|+" => self.block("\n", field),
            ">" | ">-" | ">+" => self.block(" ", field),
            quoted if quoted.starts_with(['"', '\'']) => {
                field.value = serde_yaml::from_str(quoted)
                    .map_err(|_| (field.span.clone(), "the quotes do not close on this line"))?;
            }
            _ => self.continuation(field),
        }
        Ok(())
    }

    /// `|` and `>`: the indented lines below.
    fn block(&mut self, between: &str, field: &mut Field) {
        let mut lines = Vec::new();
        while let Some(line) = self.indented(true, false) {
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
        // Below a key without a value there may be blank lines, and YAML lets the dashes of a list stand right
        // below it.
        let all = field.value.is_empty();
        while let Some(line) = self.indented(all, all) {
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
