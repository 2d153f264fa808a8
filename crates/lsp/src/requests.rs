//! Answers to what the editor asks.

use std::collections::HashMap;

use journey::ide::{self, Place};
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CompletionItem,
    CompletionList, CompletionParams, DocumentSymbol, DocumentSymbolParams, GotoDefinitionParams,
    Hover, HoverContents, HoverParams, Location, LocationLink, PrepareRenameResponse,
    ReferenceParams, RenameParams, TextDocumentPositionParams, TextEdit, Uri, WorkspaceEdit,
};

use crate::{
    convert,
    position::Lines,
    state::{Asked, State},
};

/// Why a request has no answer, for the author.
pub type Refused = String;

pub fn completion(state: &mut State, params: &CompletionParams) -> CompletionList {
    let items = state.place(&params.text_document_position).map(|asked| {
        let found = ide::complete(&state.roots[asked.root].project, &asked.path, asked.at);
        let lines = Lines::new(&asked.text, state.encoding);
        let items = found.into_iter().enumerate();
        items
            .map(|(i, c)| convert::completion(c, &lines, i))
            .collect::<Vec<CompletionItem>>()
    });
    CompletionList {
        is_incomplete: false,
        items: items.unwrap_or_default(),
    }
}

pub fn hover(state: &mut State, params: &HoverParams) -> Option<Hover> {
    let asked = state.place(&params.text_document_position_params)?;
    let found = ide::hover(&state.roots[asked.root].project, &asked.path, asked.at)?;
    let lines = Lines::new(&asked.text, state.encoding);
    Some(Hover {
        contents: HoverContents::Markup(convert::markdown(found.text)),
        range: Some(lines.range(&found.span)),
    })
}

pub fn definition(state: &mut State, params: &GotoDefinitionParams) -> Vec<LocationLink> {
    let Some(asked) = state.place(&params.text_document_position_params) else {
        return Vec::new();
    };
    let project = &state.roots[asked.root].project;
    let Some((origin, places)) = ide::definition(project, &asked.path, asked.at) else {
        return Vec::new();
    };
    let origin = Lines::new(&asked.text, state.encoding).range(&origin);
    let locations = locations(state, &asked, &places).into_iter();
    locations
        .map(|location| LocationLink {
            origin_selection_range: Some(origin),
            target_uri: location.uri,
            target_range: location.range,
            target_selection_range: location.range,
        })
        .collect()
}

pub fn references(state: &mut State, params: &ReferenceParams) -> Vec<Location> {
    let Some(asked) = state.place(&params.text_document_position) else {
        return Vec::new();
    };
    let declared = params.context.include_declaration;
    let project = &state.roots[asked.root].project;
    let places = ide::references(project, &asked.path, asked.at, declared);
    locations(state, &asked, &places)
}

/// Places as the protocol has them.
fn locations(state: &State, asked: &Asked, places: &[Place]) -> Vec<Location> {
    let root = &state.roots[asked.root];
    let location = |place: &Place| {
        let text = root.project.text(&place.path)?;
        state.location(root, &place.path, text, &(place.start..place.end))
    };
    places.iter().filter_map(location).collect()
}

pub fn prepare_rename(
    state: &mut State,
    params: &TextDocumentPositionParams,
) -> Result<Option<PrepareRenameResponse>, Refused> {
    let Some(asked) = state.place(params) else {
        return Ok(None);
    };
    let project = &state.roots[asked.root].project;
    let (span, name) = ide::can_rename(project, &asked.path, asked.at)?;
    let range = Lines::new(&asked.text, state.encoding).range(&span);
    Ok(Some(PrepareRenameResponse::RangeWithPlaceholder {
        range,
        placeholder: name.to_string(),
    }))
}

pub fn rename(state: &mut State, params: &RenameParams) -> Result<Option<WorkspaceEdit>, Refused> {
    let Some(asked) = state.place(&params.text_document_position) else {
        return Ok(None);
    };
    let project = &state.roots[asked.root].project;
    let places = ide::rename(project, &asked.path, asked.at, &params.new_name)?;
    let edits = locations(state, &asked, &places).into_iter();
    let edits = edits.map(|l| (l.uri, TextEdit::new(l.range, params.new_name.clone())));
    Ok(Some(workspace_edit(edits)))
}

#[expect(
    clippy::mutable_key_type,
    reason = "the protocol's own type; nobody changes a key"
)]
fn workspace_edit(edits: impl Iterator<Item = (Uri, TextEdit)>) -> WorkspaceEdit {
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for (uri, edit) in edits {
        changes.entry(uri).or_default().push(edit);
    }
    WorkspaceEdit::new(changes)
}

pub fn symbols(state: &mut State, params: &DocumentSymbolParams) -> Vec<DocumentSymbol> {
    let Some(asked) = state.file(&params.text_document.uri) else {
        return Vec::new();
    };
    let lines = Lines::new(&asked.text, state.encoding);
    let parts = ide::outline(&state.roots[asked.root].project, &asked.path);
    parts
        .into_iter()
        .map(|p| convert::symbol(p, &lines))
        .collect()
}

/// What diagnostics in a range say to write instead.
pub fn actions(state: &mut State, params: &CodeActionParams) -> Vec<CodeActionOrCommand> {
    let wanted = params.context.only.as_ref();
    if wanted.is_some_and(|only| {
        !only
            .iter()
            .any(|k| k.as_str().is_empty() || k.as_str().starts_with("quickfix"))
    }) {
        return Vec::new();
    }
    let Some(asked) = state.file(&params.text_document.uri) else {
        return Vec::new();
    };
    state.check_now(asked.root);
    let lines = Lines::new(&asked.text, state.encoding);
    let range = lines.bytes(params.range);
    let root = &state.roots[asked.root];
    let Some(checked) = &root.checked else {
        return Vec::new();
    };
    let here = checked.found.iter().filter(|d| {
        *d.file == *asked.path && d.span.start <= range.end && range.start <= d.span.end
    });
    let action = |d: &journey::diagnostic::Diagnostic| {
        let (span, text) = d.replacement.as_ref()?;
        let edit = TextEdit::new(lines.range(span), text.clone());
        let uri = params.text_document.uri.clone();
        Some(CodeActionOrCommand::CodeAction(CodeAction {
            title: title(&asked.text[span.clone()], text),
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(vec![convert::diagnostic(
                d,
                &lines,
                &uri,
                state.docs.as_deref(),
                |other| state.elsewhere(root, &checked.files, other),
            )]),
            is_preferred: Some(true),
            edit: Some(workspace_edit(std::iter::once((uri, edit)))),
            ..CodeAction::default()
        }))
    };
    here.filter_map(action).collect()
}

/// What a replacement does, in a few words.
fn title(old: &str, new: &str) -> String {
    let short = |text: &str| {
        let line = text.lines().next().unwrap_or_default();
        let cut: String = line.chars().take(40).collect();
        if cut.len() < text.trim_end().len() {
            format!("{cut}…")
        } else {
            cut
        }
    };
    match (old.is_empty(), new.is_empty()) {
        (_, true) => format!("Remove `{}`", short(old)),
        (true, _) => format!("Insert `{}`", short(new)),
        _ => format!("Change `{}` to `{}`", short(old), short(new)),
    }
}
