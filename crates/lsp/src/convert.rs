//! From what the language says to what the protocol says.

use std::{path::Path, str::FromStr};

use journey::{
    diagnostic::{Diagnostic, Elsewhere, Severity},
    diagnostics::{flow, templates},
    ide::{self, CompletionKind, PartKind},
};
use lsp_types::{
    CodeDescription, CompletionItem, CompletionItemKind, CompletionTextEdit,
    DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, DocumentSymbol, Documentation,
    Location, MarkupContent, MarkupKind, NumberOrString, SymbolKind, TextEdit, Uri,
};

use crate::position::Lines;

/// What marks our diagnostics.
pub const SOURCE: &str = "parcours";

/// The address of a file.
pub fn uri(path: &Path) -> Option<Uri> {
    let url = url::Url::from_file_path(path).ok()?;
    Uri::from_str(url.as_str()).ok()
}

/// The path of an address, if it is one of a file.
pub fn path(uri: &Uri) -> Option<std::path::PathBuf> {
    let url = url::Url::parse(uri.as_str()).ok()?;
    (url.scheme() == "file").then(|| url.to_file_path().ok())?
}

/// Markdown.
pub fn markdown(value: String) -> MarkupContent {
    MarkupContent {
        kind: MarkupKind::Markdown,
        value,
    }
}

/// A diagnostic; `docs` is where the pages of the codes are, `elsewhere` finds places in other
/// files.
pub fn diagnostic(
    d: &Diagnostic,
    lines: &Lines<'_>,
    uri: &Uri,
    docs: Option<&str>,
    elsewhere: impl Fn(&Elsewhere) -> Option<Location>,
) -> lsp_types::Diagnostic {
    let also = d
        .also
        .iter()
        .map(|(span, label)| DiagnosticRelatedInformation {
            location: Location::new(uri.clone(), lines.range(span)),
            message: label.clone(),
        });
    let elsewhere = d.elsewhere.iter().filter_map(|other| {
        Some(DiagnosticRelatedInformation {
            location: elsewhere(other)?,
            message: other.label.clone(),
        })
    });
    let also: Vec<_> = also.chain(elsewhere).collect();
    lsp_types::Diagnostic {
        range: lines.range(&d.span),
        severity: Some(match d.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
        }),
        code: Some(NumberOrString::String(d.code.to_owned())),
        code_description: docs.and_then(|docs| page(docs, d.code)),
        source: Some(SOURCE.to_owned()),
        message: words(d),
        related_information: (!also.is_empty()).then_some(also),
        tags: unnecessary(d.code).then(|| vec![DiagnosticTag::UNNECESSARY]),
        data: None,
    }
}

/// The page of a code.
fn page(docs: &str, code: &str) -> Option<CodeDescription> {
    let href = Uri::from_str(&docs.replace("{code}", code)).ok()?;
    Some(CodeDescription { href })
}

/// What is wrong, what stands under the caret, and the cure; each a line.
fn words(d: &Diagnostic) -> String {
    let words = [&d.message, &d.label].into_iter().chain(&d.notes);
    let words: Vec<&str> = words
        .map(String::as_str)
        .filter(|w| !w.is_empty())
        .collect();
    words.join("\n")
}

/// Whether the code is about something that is there for nothing.
fn unnecessary(code: &str) -> bool {
    [flow::UNREACHABLE, flow::NEVER_ELSE, templates::UNUSED].contains(&code)
}

/// A completion; `index` keeps the order in which they come.
pub fn completion(c: ide::Completion, lines: &Lines<'_>, index: usize) -> CompletionItem {
    let range = lines.range(&c.replace);
    CompletionItem {
        kind: Some(kind(c.kind)),
        detail: (!c.detail.is_empty()).then_some(c.detail),
        documentation: (!c.docs.is_empty()).then(|| Documentation::MarkupContent(markdown(c.docs))),
        sort_text: Some(format!("{index:04}")),
        filter_text: Some(c.insert.trim_start_matches([' ', '-']).to_owned()),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(range, c.insert))),
        label: c.label,
        ..CompletionItem::default()
    }
}

fn kind(kind: CompletionKind) -> CompletionItemKind {
    match kind {
        CompletionKind::Word => CompletionItemKind::PROPERTY,
        CompletionKind::Step => CompletionItemKind::CLASS,
        CompletionKind::Field => CompletionItemKind::FIELD,
        CompletionKind::Variable => CompletionItemKind::VARIABLE,
        CompletionKind::Value => CompletionItemKind::ENUM_MEMBER,
        CompletionKind::Event => CompletionItemKind::EVENT,
        CompletionKind::File => CompletionItemKind::FILE,
        CompletionKind::Reference => CompletionItemKind::REFERENCE,
        CompletionKind::Function => CompletionItemKind::FUNCTION,
        CompletionKind::Keyword => CompletionItemKind::KEYWORD,
    }
}

/// A part of a file's outline.
#[expect(
    deprecated,
    reason = "the protocol's type has a field that nobody uses any more"
)]
pub fn symbol(part: ide::Part, lines: &Lines<'_>) -> DocumentSymbol {
    let children: Vec<_> = part
        .children
        .into_iter()
        .map(|p| symbol(p, lines))
        .collect();
    DocumentSymbol {
        name: part.name,
        detail: (!part.detail.is_empty()).then_some(part.detail),
        kind: match part.kind {
            PartKind::Step => SymbolKind::METHOD,
            PartKind::Branch => SymbolKind::NAMESPACE,
            PartKind::Field => SymbolKind::PROPERTY,
        },
        tags: None,
        deprecated: None,
        range: lines.range(&part.span),
        selection_range: lines.range(&part.name_span),
        children: (!children.is_empty()).then_some(children),
    }
}
