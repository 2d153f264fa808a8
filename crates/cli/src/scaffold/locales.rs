//! The gallery speaks English and French. Files for another locale begin as copies of the English
//! ones, to be translated.

use anyhow::{Result, bail};

/// The languages of the gallery, the one for all others first.
const LANGUAGES: [&str; 2] = ["en", "fr"];

/// In which locales a journey is written; none for two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locales(Vec<String>);

impl Locales {
    /// The locales that were asked for, English and French without any, and in any case one that
    /// serves the workspace's default, if it has one.
    ///
    /// # Errors
    /// If one of them is no locale.
    pub fn choose(asked: &[String], default: Option<&str>) -> Result<Self> {
        if let Some(bad) = asked.iter().find(|l| !is_locale(l)) {
            bail!("`{bad}` is no locale: a language such as `fr`, or with its country `fr-BE`");
        }
        let mut chosen: Vec<String> = if asked.is_empty() {
            LANGUAGES.map(str::to_owned).into()
        } else {
            asked.to_vec()
        };
        if let Some(default) = default
            && !chosen
                .iter()
                .any(|l| l == default || l == language(default))
        {
            chosen.insert(0, default.to_owned());
        }
        chosen.dedup();
        Ok(Self(chosen))
    }

    /// What a new workspace takes for its default.
    pub fn first(&self) -> &str {
        self.0.first().map_or("en", String::as_str)
    }

    /// The files that a file of the gallery becomes, with whether their text is in another language:
    /// one per locale for `email.en.mjml`, none for `email.fr.mjml`, and itself for `note.txt`.
    pub fn files(&self, path: &str) -> Vec<(String, bool)> {
        let Some((stem, spoken, ending)) = parts(path) else {
            return vec![(path.to_owned(), false)];
        };
        self.0
            .iter()
            .filter(|locale| source(locale) == spoken)
            .map(|locale| {
                let name = format!("{stem}.{locale}.{ending}");
                (name, language(locale) != spoken)
            })
            .collect()
    }

    /// A text for the file at `path`, where `from` is the file of the gallery that it comes from:
    /// what it extends is there for its own locale.
    pub fn text(&self, from: &str, path: &str, text: &str) -> String {
        let (Some((_, old, _)), Some((_, new, _))) = (parts(from), parts(path)) else {
            return text.to_owned();
        };
        text.replace(&format!(".{old}.mjml\""), &format!(".{new}.mjml\""))
            .replace(
                &format!("<mjml lang=\"{old}\""),
                &format!("<mjml lang=\"{new}\""),
            )
    }

    /// The labels of answers, `{ en: "Yes", fr: "Oui" }`, in these locales.
    pub fn labels(&self, journey: &str) -> String {
        journey
            .lines()
            .flat_map(|line| [self.label(line), "\n".to_owned()])
            .collect()
    }

    fn label(&self, line: &str) -> String {
        let label = line.trim_start();
        let margin = &line[..line.len() - label.len()];
        let Some((en, fr)) = label
            .strip_prefix("label: { en: ")
            .and_then(|rest| rest.strip_suffix(" }"))
            .and_then(|rest| rest.split_once(", fr: "))
        else {
            return line.to_owned();
        };
        let one = |locale: &String| {
            let text = if source(locale) == "fr" { fr } else { en };
            format!("{locale}: {text}")
        };
        let all: Vec<String> = self.0.iter().map(one).collect();
        format!("{margin}label: {{ {} }}", all.join(", "))
    }
}

/// `email`, `fr` and `mjml` of `email.fr.mjml`, the folders with the first.
fn parts(path: &str) -> Option<(&str, &str, &str)> {
    let (rest, ending) = path.rsplit_once('.')?;
    let (stem, locale) = rest.rsplit_once('.')?;
    (!locale.contains('/')).then_some((stem, locale, ending))
}

/// The language of the gallery that a locale is written from.
fn source(locale: &str) -> &'static str {
    let spoken = language(locale);
    LANGUAGES
        .into_iter()
        .find(|l| *l == spoken)
        .unwrap_or(LANGUAGES[0])
}

fn language(locale: &str) -> &str {
    locale.split('-').next().unwrap_or(locale)
}

fn is_locale(text: &str) -> bool {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.chars().all(|c| c.is_ascii_lowercase())
        && parts.all(|p| (2..=8).contains(&p.len()) && p.chars().all(|c| c.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(asked: &[&str], default: Option<&str>) -> Vec<String> {
        let asked: Vec<String> = asked.iter().map(|l| (*l).to_owned()).collect();
        Locales::choose(&asked, default).unwrap().0
    }

    #[test]
    fn the_default_locale_is_always_served() {
        assert_eq!(chosen(&[], None), ["en", "fr"]);
        assert_eq!(chosen(&[], Some("fr-BE")), ["en", "fr"]);
        assert_eq!(chosen(&[], Some("de")), ["de", "en", "fr"]);
        assert_eq!(chosen(&["en"], Some("fr")), ["fr", "en"]);
        for bad in ["", "f", "FR", "fr_BE", "../x", "fr-"] {
            assert!(Locales::choose(&[bad.to_owned()], None).is_err(), "{bad}");
        }
    }

    #[test]
    fn another_language_begins_as_a_copy_of_the_english_text() {
        let locales = Locales(vec!["de".into(), "fr-BE".into()]);
        let files = |path| locales.files(path);
        assert_eq!(files("t/email.en.mjml"), [("t/email.de.mjml".into(), true)]);
        assert_eq!(
            files("t/email.fr.mjml"),
            [("t/email.fr-BE.mjml".into(), false)]
        );
        let text = locales.text(
            "t/email.en.mjml",
            "t/email.de.mjml",
            "{% extends \"_layouts/shop.en.mjml\" %}",
        );
        assert_eq!(text, "{% extends \"_layouts/shop.de.mjml\" %}");
        let label = "  label: { en: \"Yes, please\", fr: \"Oui\" }\n";
        assert_eq!(
            locales.labels(label),
            "  label: { de: \"Yes, please\", fr-BE: \"Oui\" }\n"
        );
    }
}
