//! What a template fetches when its message leaves: `fetch` in the head of a file.

use std::{ops::Range, sync::Arc};

use super::{Compiler, Field, Pieces, SourceFile, codes, front_matter};

/// The most that one file fetches: all of a message are asked side by side.
const MOST: usize = 8;

/// What stands in the names of parameters' pieces.
pub(in crate::render) const FETCH: &str = "#fetch.";

/// One thing that is fetched.
#[derive(Clone, Debug)]
pub(in crate::render) struct Fetch {
    /// What the template calls it.
    pub name: Arc<str>,
    pub name_span: Range<usize>,
    /// The source: what `from` says, else its own name.
    pub source: Arc<str>,
    pub source_span: Range<usize>,
    pub parameters: Vec<Parameter>,
    pub file: Arc<str>,
}

/// What a source is told.
#[derive(Clone, Debug)]
pub(in crate::render) struct Parameter {
    pub name: Arc<str>,
    pub span: Range<usize>,
    /// The name of its piece.
    pub piece: String,
}

impl Compiler<'_> {
    /// Reads what a file fetches, and keeps it by `prefix`, the name of its channel and locale.
    pub(super) fn fetches(
        &mut self,
        pieces: &mut Pieces,
        prefix: &str,
        file: &SourceFile,
        fields: &[Field],
    ) {
        let Some(whole) = fields.iter().find(|f| f.key == "fetch") else {
            return;
        };
        let Ok(list) = self.read(file, front_matter::map(&file.text, whole)) else {
            return;
        };
        if list.len() > MOST {
            let message = format!("a message fetches {MOST} things at the most");
            self.report(file, whole.key_span.clone(), codes::FRONT_MATTER, message);
        }
        let mut found: Vec<Fetch> = Vec::with_capacity(list.len());
        for field in &list {
            if found.iter().any(|f| *f.name == *field.key) {
                let message = format!("`{}` is fetched twice", field.key);
                self.report(file, field.key_span.clone(), codes::FRONT_MATTER, message);
                continue;
            }
            found.extend(self.fetch(pieces, prefix, file, field));
        }
        self.fetches.insert(prefix.to_owned(), found);
    }

    fn fetch(
        &mut self,
        pieces: &mut Pieces,
        prefix: &str,
        file: &SourceFile,
        field: &Field,
    ) -> Option<Fetch> {
        let fields = self.read(file, front_matter::map(&file.text, field)).ok()?;
        let (mut source, mut source_span) = (Arc::from(&*field.key), field.key_span.clone());
        let mut parameters: Vec<Parameter> = Vec::new();
        for inner in &fields {
            if inner.key == "from" {
                (source, source_span) = (Arc::from(inner.value.trim()), inner.span.clone());
                continue;
            }
            if parameters.iter().any(|p| *p.name == *inner.key) {
                let message = format!("`{}` stands here twice", inner.key);
                self.report(file, inner.key_span.clone(), codes::FRONT_MATTER, message);
                continue;
            }
            // The ending says that nothing is escaped as HTML, whatever the parameter is called.
            let name = format!("{prefix}{FETCH}{}.{}.txt", field.key, inner.key);
            let piece = self.written(pieces, &name, file, inner).ok()?;
            parameters.push(Parameter {
                name: Arc::from(&*inner.key),
                span: inner.key_span.clone(),
                piece,
            });
        }
        Some(Fetch {
            name: Arc::from(&*field.key),
            name_span: field.key_span.clone(),
            source,
            source_span,
            parameters,
            file: file.path.clone(),
        })
    }
}
