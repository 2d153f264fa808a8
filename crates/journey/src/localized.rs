//! A text for people of several languages.

use std::{collections::BTreeMap, sync::Arc};

/// By locale, or under the empty locale for all.
pub type Localized = BTreeMap<Arc<str>, Arc<str>>;

/// What a reader of that locale reads: in their language, else the one for all, else in the default
/// locale, else whatever there is.
pub fn read<'t>(text: &'t Localized, locale: &str, default: &str) -> Option<&'t Arc<str>> {
    let locale = locale.to_lowercase().replace('_', "-");
    let language = locale.split('-').next().unwrap_or_default();
    let wanted = [locale.as_str(), language, "", default];
    let found = wanted.iter().find_map(|l| text.get(*l));
    found.or_else(|| text.values().next())
}
