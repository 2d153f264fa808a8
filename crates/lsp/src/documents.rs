//! The documents that are open, with their unsaved text.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use lsp_types::TextDocumentContentChangeEvent as Change;

use crate::position::{Encoding, Lines};

/// The most documents that are open at once.
const MAX_OPEN: usize = 1_000;
/// The longest text that is kept, in bytes; the compiler refuses files of a quarter of that.
const MAX_TEXT: usize = 4 << 20;

/// A document that is open.
#[derive(Clone, Debug)]
pub struct Document {
    /// As the editor writes it.
    pub uri: String,
    /// The editor's number of this text.
    pub version: i32,
    /// Its text.
    pub text: Arc<str>,
}

/// Every document that is open, by its path.
#[derive(Debug, Default)]
pub struct Documents {
    open: BTreeMap<PathBuf, Document>,
}

impl Documents {
    /// Opens a document; false where too many are open.
    pub fn open(&mut self, path: PathBuf, uri: String, version: i32, text: &str) -> bool {
        if self.open.len() >= MAX_OPEN && !self.open.contains_key(&path) {
            return false;
        }
        let text = Arc::from(cut(text));
        self.open.insert(path, Document { uri, version, text });
        true
    }

    /// Changes a document that is open.
    pub fn change(&mut self, path: &PathBuf, version: i32, changes: &[Change], encoding: Encoding) {
        let Some(document) = self.open.get_mut(path) else {
            return;
        };
        let mut text = String::from(&*document.text);
        for change in changes {
            match change.range {
                None => change.text.clone_into(&mut text),
                Some(range) => {
                    let bytes = Lines::new(&text, encoding).bytes(range);
                    text.replace_range(bytes, &change.text);
                }
            }
            text.truncate(cut(&text).len());
        }
        document.text = Arc::from(text);
        document.version = version;
    }

    /// Closes a document.
    pub fn close(&mut self, path: &PathBuf) {
        self.open.remove(path);
    }

    /// The document at that path, if it is open.
    pub fn get(&self, path: &PathBuf) -> Option<&Document> {
        self.open.get(path)
    }

    /// Every document with its path.
    pub fn iter(&self) -> impl Iterator<Item = (&PathBuf, &Document)> {
        self.open.iter()
    }
}

/// The text, cut at a character where it is too long: the compiler refuses it anyway.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use lsp_types::{Position, Range, TextDocumentContentChangeEvent as Change};

    use super::Documents;
    use crate::position::Encoding;

    #[test]
    fn changes_apply_one_after_the_other() {
        let (mut open, path) = (Documents::default(), PathBuf::from("/a"));
        open.open(path.clone(), "file:///a".into(), 1, "é🎁x\r\nb\r\n");
        let change = |line: u32, from: u32, to: u32, text: &str| Change {
            range: Some(Range::new(
                Position::new(line, from),
                Position::new(line, to),
            )),
            range_length: None,
            text: text.into(),
        };
        let changes = [
            change(0, 3, 4, "y"),
            change(1, 0, 1, "cd"),
            change(1, 2, 2, "!"),
        ];
        open.change(&path, 2, &changes, Encoding::Utf16);
        let document = open.get(&path).unwrap();
        assert_eq!((&*document.text, document.version), ("é🎁y\r\ncd!\r\n", 2));
    }
}
