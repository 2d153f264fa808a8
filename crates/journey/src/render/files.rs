//! Pictures in a mail's HTML, and what is attached to it.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use crate::content::File;

/// The most that the files of one mail hold, in bytes: with base64 and all else it stays below what every provider and most mail servers take
/// (Postmark 10 MB, many servers of companies 10 MB), and a queue of ten thousand stays sendable.
pub(super) const CARRIED: usize = 2 * 1024 * 1024;

/// The pictures and other files of all templates, by their paths from `templates/`.
pub(super) type Files = BTreeMap<Arc<str>, File>;

/// Where a file may stand that a template in `folder` names: beside it, or from `templates/` on.
pub(super) fn paths(folder: &str, name: &str) -> impl Iterator<Item = String> {
    let name = name.strip_prefix("./").unwrap_or(name);
    let beside = (!folder.is_empty()).then(|| format!("{folder}/{name}"));
    beside.into_iter().chain([name.to_owned()])
}

/// The file that a template in `folder` means.
pub(super) fn find<'f>(
    files: &'f Files,
    folder: &str,
    name: &str,
) -> Option<(&'f Arc<str>, &'f File)> {
    paths(folder, name).find_map(|path| files.get_key_value(&*path))
}

/// Whether a source names a file of ours, and no address; not known where it is filled in.
pub(super) fn is_relative(source: &str) -> bool {
    !source.is_empty()
        && !source.starts_with(['/', '#'])
        && !source.contains([':', '{', '}', '%', '?', '\n'])
}

/// The values of `src` in quotes, with their places.
pub(super) fn sources(html: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    html.match_indices("src").filter_map(|(at, _)| {
        let before = html[..at].chars().next_back();
        let rest = &html[at + 3..];
        let value = rest.trim_start().strip_prefix('=')?.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let start = html.len() - value.len() + 1;
        let end = start + html[start..].find(quote)?;
        before
            .is_some_and(|c| c.is_whitespace() || matches!(c, '"' | '\''))
            .then(|| (start..end, &html[start..end]))
    })
}

/// The document with what it shows of ours as `cid:`, and these files, each once.
pub(super) fn embedded(html: String, folder: &str, files: &Files) -> (String, Vec<File>) {
    if files.is_empty() {
        return (html, Vec::new());
    }
    let (mut out, mut done, mut carried) = (String::new(), 0, Vec::<File>::new());
    for (range, name) in sources(&html) {
        let found = is_relative(name)
            .then(|| find(files, folder, name))
            .flatten();
        let Some((_, file)) = found.filter(|(_, f)| f.media_type.starts_with("image/")) else {
            continue;
        };
        let Some(cid) = &file.cid else { continue };
        out.extend([&html[done..range.start], "cid:", cid]);
        done = range.end;
        if carried.iter().all(|f| f.cid != file.cid) {
            carried.push(file.clone());
        }
    }
    if done == 0 {
        return (html, carried);
    }
    out.push_str(&html[done..]);
    (out, carried)
}

/// A name for a file that goes along: on one line, and nothing that could lead elsewhere. It ends as the file's own.
pub(super) fn called(name: &str, own: &str) -> String {
    let odd = |c: char| {
        c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
    };
    let name: String = name.chars().map(|c| if odd(c) { '-' } else { c }).collect();
    let name: String = name.trim_matches(['.', ' ']).chars().take(100).collect();
    let ending = own.rsplit_once('.').map_or("", |(_, ending)| ending);
    let ends = name
        .rsplit_once('.')
        .is_some_and(|(_, e)| e.eq_ignore_ascii_case(ending));
    match ends {
        true => name,
        false => format!("{name}.{ending}"),
    }
}

/// A text as a file: a calendar has the line ends that RFC 5545 asks for, and says in its type what it is sent for (RFC 6047).
pub(super) fn as_file(text: &str, media_type: &str) -> (String, Vec<u8>) {
    if !media_type.starts_with("text/calendar") {
        return (media_type.to_owned(), text.as_bytes().to_vec());
    }
    let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    let method = lines.iter().find_map(|line| line.strip_prefix("METHOD:"));
    let method = method.filter(|m| m.bytes().all(|b| b.is_ascii_alphabetic()) && !m.is_empty());
    let media_type = method.map_or_else(
        || media_type.to_owned(),
        |method| format!("{media_type}; method={method}"),
    );
    (media_type, (lines.join("\r\n") + "\r\n").into_bytes())
}
