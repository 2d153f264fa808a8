//! Languages that some messages of a template have, and others lack.

use std::collections::{BTreeMap, BTreeSet};

use super::{Compiler, Group, SourceFile, codes, local};
use crate::{diagnostic::Severity, message::Channel};

impl Compiler<'_> {
    /// Warns of a language that a template has in one channel and not in another: those who speak it
    /// would get both.
    pub(super) fn check_languages(
        &mut self,
        groups: &BTreeMap<(String, Channel, String), Group<'_>>,
        default: &str,
    ) {
        type Spoken<'g> = BTreeMap<Channel, (&'g SourceFile, BTreeSet<&'g str>)>;
        let mut templates = BTreeMap::<&str, Spoken<'_>>::new();
        for ((template, channel, locale), group) in groups {
            let Some(file) = group.values().next() else {
                continue;
            };
            let spoken = templates.entry(template).or_default();
            let (_, languages) = spoken.entry(*channel).or_insert((*file, BTreeSet::new()));
            languages.insert(local::language(locale));
        }
        for (template, channels) in templates {
            let all: BTreeSet<&str> = channels.values().flat_map(|c| &c.1).copied().collect();
            for (channel, (file, languages)) in &channels {
                let missing = all.difference(languages);
                for language in missing.filter(|l| **l != local::language(default)) {
                    let has = channels.iter().find(|c| c.1.1.contains(language));
                    let has = has.map_or("", |c| c.0.as_str());
                    let message = format!(
                        "template `{template}` speaks `{language}` by {has}, and not by {channel}"
                    );
                    let found = self.report(file, 0..0, codes::NO_LANGUAGE, message);
                    found.severity = Severity::Warning;
                    found.notes.push(format!("customers of that language get the {channel} in `{default}`: add templates/{template}/{channel}.{language}.…"));
                }
            }
        }
    }

    /// Every channel of a template needs the default locale, in which all others end.
    pub(super) fn check_locales(
        &mut self,
        groups: &BTreeMap<(String, Channel, String), Group<'_>>,
        default: &str,
    ) {
        let mut by_channel = BTreeMap::<_, Vec<(&str, &SourceFile)>>::new();
        for ((template, channel, locale), group) in groups {
            let file = group.values().next();
            let locales = by_channel.entry((template, channel)).or_default();
            locales.extend(file.map(|f| (locale.as_str(), *f)));
        }
        for ((template, channel), locales) in by_channel {
            let last: Vec<_> = local::chain(default, default).collect();
            if locales.iter().any(|(locale, _)| last.contains(locale)) {
                continue;
            }
            let Some((_, file)) = locales.first() else {
                continue;
            };
            let message =
                format!("template `{template}` has no {channel} in the default locale `{default}`");
            self.report(file, 0..0, codes::NO_LOCALE, message).notes.push(format!(
                "customers of every other locale get that one: add templates/{template}/{channel}.{default}.{}", file.path.rsplit('.').next().unwrap_or_default()
            ));
        }
    }
}
