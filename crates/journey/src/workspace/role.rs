//! What a file of a workspace is for.

use crate::diagnostic::SourceFile;

/// What a file is for.
pub(super) enum Role<'p> {
    Journey,
    Policies,
    Event(&'p str),
    Traits,
    Template,
    Tests,
    Segment(&'p str),
    Endpoints,
    Content,
    Vouchers,
    Fragment(&'p str),
    Settings,
    Other,
}

impl<'p> Role<'p> {
    pub(super) fn of(path: &'p str) -> Self {
        let yaml = |p: &'p str| p.strip_suffix(".yaml").or_else(|| p.strip_suffix(".yml"));
        if path.starts_with("templates/") {
            return Self::Template;
        }
        match (yaml(path), path.strip_prefix("config/").and_then(yaml)) {
            (_, Some("policies")) => Self::Policies,
            (_, Some("traits")) => Self::Traits,
            (_, Some("endpoints")) => Self::Endpoints,
            (_, Some("content")) => Self::Content,
            (_, Some("vouchers")) => Self::Vouchers,
            (_, Some("parcours")) => Self::Settings,
            (_, Some(config)) => match config.split_once('/') {
                Some(("events", name)) => Self::Event(name),
                Some(("segments", name)) => Self::Segment(name),
                _ => Self::Other,
            },
            (Some(path), None) if path.starts_with("journeys/_fragments/") => {
                Self::Fragment(path.trim_start_matches("journeys/_fragments/"))
            }
            (Some(_), None) if path.starts_with("config/") => Self::Other,
            (Some(stem), None) if stem.rsplit('/').next() == Some("tests") => Self::Tests,
            (Some(_), None) => Self::Journey,
            _ => Self::Other,
        }
    }
}

/// The files that are for that, in their order.
pub(super) fn of_role(
    files: &[SourceFile],
    wanted: impl Fn(&Role<'_>) -> bool,
) -> impl Iterator<Item = &SourceFile> {
    files.iter().filter(move |f| wanted(&Role::of(&f.path)))
}
