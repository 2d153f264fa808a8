//! Lines that begin in the wrong column.

use super::{Span, mistakes::point};
use crate::diagnostics::{Sink, yaml};

/// Reports a tab before the text of the line at that place.
pub(super) fn tab(text: &str, at: usize, sink: &mut Sink) {
    let line = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let start = text[line..].find('\t').map_or(at, |n| line + n);
    let width = text[start..].len() - text[start..].trim_start_matches('\t').len();
    let span = start..start + width;
    let (whole, mended) = without_tabs(text, text[..start].rfind('\n').map_or(0, |n| n + 1));
    let diagnostic = sink
        .error(yaml::TAB, span, "there is a tab before this line's text")
        .labelled("use spaces")
        .noted(
            "YAML allows only spaces for indentation; most editors can insert them for the tab key",
        );
    diagnostic.replaced(whole, mended);
}

/// Every line from that one on with spaces for the tabs before its text: as many for each as bring
/// the first of them below the text of the line before.
fn without_tabs(text: &str, from: usize) -> (Span, String) {
    let lead = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let first = text[from..].lines().next().unwrap_or_default();
    let tabs = first[..lead(first)].matches('\t').count();
    let spaces = lead(first) - tabs;
    let wanted = column(text, from).saturating_sub(spaces);
    let each = match wanted.checked_div(tabs) {
        Some(each) if each > 0 && wanted.is_multiple_of(tabs) => each,
        _ => 2,
    };
    let mut end = from;
    let mut mended = String::new();
    let mut at = from;
    for line in text[from..].split_inclusive('\n') {
        let lead = lead(line);
        let untabbed = line[..lead].replace('\t', &" ".repeat(each));
        if line[..lead].contains('\t') {
            mended.push_str(text.get(end..at).unwrap_or_default());
            mended.push_str(&untabbed);
            end = at + lead;
        }
        at += line.len();
    }
    (from..end, mended)
}

/// Where the fields begin that a line below the last one before `from` would go on with.
fn column(text: &str, from: usize) -> usize {
    let before = text[..from].lines().rev().find(|l| !l.trim().is_empty());
    let Some(line) = before else { return 0 };
    let bare = line.trim_start();
    let dash = bare
        .strip_prefix("- ")
        .map_or(0, |rest| 2 + rest.len() - rest.trim_start().len());
    let deeper = if line.trim_end().ends_with(':') { 2 } else { 0 };
    line.len() - bare.len() + dash + deeper
}

/// Reports that the line at that place begins in no column that the lines above have open, and
/// finds out which line is to be moved.
pub(super) fn misplaced(text: &str, span: Span, sink: &mut Sink) {
    let span = if span.is_empty() {
        point(text, span.start)
    } else {
        span
    };
    let start = text[..span.start].rfind('\n').map_or(0, |n| n + 1);
    let lines = lines(text);
    let at = lines.partition_point(|line| line.start < start);
    let dash = dash_above(&lines, at);
    let (span, whole) = match dash {
        Some((above, _)) => (above.words(), "this item"),
        None => (span, "this line"),
    };
    let diagnostic = sink
        .error(
            yaml::NOT_YAML,
            span,
            "this line does not fit the indentation of the lines around it",
        )
        .labelled(whole)
        .noted(
            "fields that belong together begin in the same column; a list item begins with `- `",
        );
    if let Some((above, spaces)) = dash {
        let wanted = above.lead + spaces;
        diagnostic
            .labelled(format!(
                "{wanted} spaces before it, so that the fields below belong to it"
            ))
            .replaced(above.blanks(), " ".repeat(wanted));
        return;
    }
    let Some(line) = lines.get(at) else { return };
    if line.dash().is_none() {
        let wanted = column(text, start);
        if wanted != line.lead {
            diagnostic
                .labelled(format!("{wanted} spaces before it, as in the line above"))
                .replaced(line.blanks(), " ".repeat(wanted));
        }
    } else if let Some(wanted) = item_column(&lines, at) {
        let (span, moved) = moved(text, &lines, at, wanted);
        diagnostic
            .labelled(format!("{wanted} spaces before it, as for the items above"))
            .replaced(span, moved);
    }
}

/// A line with something on it.
#[derive(Clone, Copy)]
struct Line<'t> {
    /// Where it begins in the text.
    start: usize,
    /// How many blanks come before its words.
    lead: usize,
    words: &'t str,
}

impl Line<'_> {
    /// Of a list's item, how far behind the dash its fields begin.
    fn dash(&self) -> Option<usize> {
        let rest = self.words.strip_prefix("- ")?;
        Some(2 + rest.len() - rest.trim_start().len())
    }

    fn blanks(&self) -> Span {
        self.start..self.start + self.lead
    }

    fn words(&self) -> Span {
        let start = self.start + self.lead;
        start..start + self.words.len()
    }
}

/// The lines with something on them that is no comment.
fn lines(text: &str) -> Vec<Line<'_>> {
    let mut start = 0;
    let all = text.split_inclusive('\n').map(|line| {
        start += line.len();
        let words = line.trim();
        Line {
            start: start - line.len(),
            lead: line.len() - line.trim_start().len(),
            words,
        }
    });
    all.filter(|line| !line.words.is_empty() && !line.words.starts_with('#'))
        .collect()
}

/// The item just above a line, if that is what stands too far left, and by how much: all its other
/// fields begin in a column of their own.
fn dash_above<'t>(lines: &[Line<'t>], at: usize) -> Option<(Line<'t>, usize)> {
    let (line, above) = (lines.get(at)?, lines.get(at.checked_sub(1)?)?);
    let fields = above.lead + above.dash()?;
    let spaces = line.lead.checked_sub(fields).filter(|s| *s > 0)?;
    if line.dash().is_some() {
        return None;
    }
    let block = lines[at..].iter().take_while(|l| l.lead >= line.lead);
    let behind = lines.get(at + block.clone().count());
    let together = block.filter(|l| l.lead == line.lead).count() > 1;
    let parent = at.checked_sub(2).and_then(|i| lines.get(i));
    let below = parent.is_some_and(|p| p.words.ends_with(':') && p.lead + 2 == above.lead + spaces);
    let last = behind.is_none_or(|b| b.lead < fields);
    (last && (together || below)).then_some((*above, spaces))
}

/// How many columns an item is beside its own at most: farther away, another mistake is likelier.
const FARTHEST: usize = 3;

/// The column of the open list that an item was probably meant for: the nearest one.
fn item_column(lines: &[Line<'_>], at: usize) -> Option<usize> {
    let lead = lines.get(at)?.lead;
    let mut open = usize::MAX;
    let mut columns = Vec::new();
    for line in lines[..at].iter().rev() {
        if line.lead < open {
            open = line.lead;
            columns.extend(line.dash().map(|_| line.lead));
        }
    }
    columns.sort_by_key(|column| column.abs_diff(lead));
    match columns.as_slice() {
        [first, second, ..] if first.abs_diff(lead) == second.abs_diff(lead) => None,
        [first, ..] => {
            Some(*first).filter(|column| (1..=FARTHEST).contains(&column.abs_diff(lead)))
        }
        [] => None,
    }
}

/// An item moved to a column: with its fields, where they stand as wrong as it does.
fn moved(text: &str, lines: &[Line<'_>], at: usize, wanted: usize) -> (Span, String) {
    let item = lines[at];
    let fields = item.lead + item.dash().unwrap_or_default();
    let below = &lines[at + 1..];
    let next = |i: usize| {
        // Not one of a list inside the item, which would begin below its name.
        let beside = below[i].lead == wanted && below[i].dash().is_some();
        beside && !lines[at + i].words.ends_with(':')
    };
    let own = (0..below.len()).take_while(|i| below[*i].lead > item.lead && !next(*i));
    let whole = below.first().is_some_and(|l| l.lead == fields);
    let last = if whole { at + own.count() } else { at };
    let mut out = String::new();
    let mut end = item.start;
    for line in &lines[at..=last] {
        out.push_str(&text[end..line.start]);
        out.push_str(&" ".repeat((line.lead + wanted).saturating_sub(item.lead)));
        end = line.blanks().end;
    }
    (item.start..end, out)
}
