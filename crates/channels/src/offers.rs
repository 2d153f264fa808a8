//! The answers that a question offers, where a provider cannot show them as buttons.

use journey::content::Offer;

/// The text, and below it the offers by number: a reply may be the number, or the words.
pub(crate) fn numbered(text: &str, options: &[Offer]) -> String {
    let mut whole = format!("{text}\n");
    for (n, offer) in (1..).zip(options) {
        whole.push_str(&format!("\n{n}. {}", label(offer)));
    }
    whole
}

/// What the customer reads, on one line; the name, where there is no label.
pub(crate) fn label(offer: &Offer) -> String {
    let words: Vec<&str> = offer.label.split_whitespace().collect();
    match words.is_empty() {
        true => offer.name.clone(),
        false => words.join(" "),
    }
}

/// At most so many characters, the last of which is an ellipsis where the text is longer.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Whether no two are the same.
pub(crate) fn distinct(texts: &[String]) -> bool {
    let mut sorted: Vec<&String> = texts.iter().collect();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair[0] != pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_in_words() {
        let offer = |name: &str, label: &str| Offer {
            name: name.into(),
            label: label.into(),
        };
        let offers = [offer("yes", "Oui,\n merci"), offer("no", " ")];
        assert_eq!(
            numbered("Alors ?", &offers),
            "Alors ?\n\n1. Oui, merci\n2. no"
        );
        assert_eq!(cut("été", 3), "été");
        assert_eq!(cut("un été long", 4), "un…");
        assert!(distinct(&["a".into(), "b".into()]));
        assert!(!distinct(&["a".into(), "b".into(), "a".into()]));
    }
}
