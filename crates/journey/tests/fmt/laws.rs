//! Whatever the text: the same meaning, the same comments, and formatted once is formatted.

use journey::fmt::{Outcome, format};
use proptest::prelude::*;
use serde_json::Value;

use crate::samples::{samples, widened};

/// The laws, for one text. Whether it was formatted.
fn hold(text: &str) -> bool {
    let Outcome::Formatted(once) = format(text) else {
        return false;
    };
    assert_eq!(
        format(&once),
        Outcome::Formatted(once.clone()),
        "formatted twice:\n{text}\n---\n{once}"
    );
    assert_eq!(values(&once), values(text), "{text}\n---\n{once}");
    assert!(once.is_empty() || once.ends_with('\n') && !once.ends_with("\n\n"));
    // Blank lines within a text are a part of it.
    let text = values(&once).unwrap_or_default().to_string();
    assert!(!once.contains("\n\n\n") || text.contains("\\n\\n"));
    true
}

/// The values as another reader sees them.
fn values(text: &str) -> Option<Value> {
    serde_yaml::from_str(text).ok()
}

#[test]
fn the_samples_keep_the_laws_in_other_forms_too() {
    for (path, text) in samples() {
        for text in [
            text.clone(),
            widened(&text),
            text.replace('\n', "\r\n"),
            text.replace("\n\n", "\n\n\n\n"),
        ] {
            assert!(hold(&text), "{path}");
        }
    }
}

/// A scalar, written in one of several ways.
fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}( [a-z]{1,6}){0,3}",
        "'[a-z \"#,{}]{0,9}'",
        "\"[a-z '#,:{}]{0,9}\"",
        "[0-9]{1,4}",
        Just("= run.percent + 5".to_owned()),
        Just("event.total >= 20".to_owned()),
    ]
}

/// A value in brackets, with spaces as they come.
fn brackets() -> impl Strategy<Value = String> {
    let word = prop_oneof!["[a-z]{1,9}", "'[a-z ,#]{0,9}'", "\"[a-z {}]{0,30}\""];
    word.prop_recursive(3, 20, 4, |inner| {
        let list = (prop::collection::vec(inner.clone(), 0..5), " {0,2}")
            .prop_map(|(items, s)| format!("[{s}{}{s}]", items.join(&format!(",{s}"))));
        let map = (prop::collection::vec(inner, 0..5), " {0,2}").prop_map(|(values, s)| {
            let fields: Vec<String> = values
                .iter()
                .enumerate()
                .map(|(i, v)| format!("k{i}: {s}{v}"))
                .collect();
            format!("{{{s}{}{s}}}", fields.join(&format!(",{s} ")))
        });
        prop_oneof![list, map]
    })
}

/// What may stand at the end of a line.
fn behind() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "",
        "",
        " # why",
        "      # far",
        "\n",
        "\n\n\n",
        "\n# low",
        "\n        # deep",
    ])
}

/// A block, as lines without their indentation, at `depth`.
fn block(depth: u32) -> BoxedStrategy<Vec<String>> {
    let leaf =
        (prop_oneof![scalar(), brackets()], behind()).prop_map(|(v, b)| vec![format!(" {v}{b}")]);
    if depth == 0 {
        return leaf.boxed();
    }
    prop_oneof![2 => leaf, 1 => nested(depth - 1)].boxed()
}

/// Fields or items below each other: the first line is what stands behind the name.
fn nested(depth: u32) -> BoxedStrategy<Vec<String>> {
    let children = prop::collection::vec((block(depth), behind()), 1..4);
    (children, any::<bool>(), 1..5_usize, behind())
        .prop_map(|(children, list, indent, head)| {
            let mut lines = vec![head.to_owned()];
            for (i, (child, after)) in children.into_iter().enumerate() {
                let name = if list {
                    "-".to_owned()
                } else {
                    format!("k{i}:")
                };
                let pad = " ".repeat(indent);
                let mut rows = child.into_iter();
                lines.push(format!("{pad}{name}{}", rows.next().unwrap_or_default()));
                lines.extend(rows.map(|row| format!("{pad}{row}")));
                lines.push(after.trim_start_matches(' ').to_owned());
            }
            lines
        })
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn generated_files_keep_the_laws(fields in prop::collection::vec(block(3), 1..5)) {
        let text: String = fields
            .iter()
            .enumerate()
            .map(|(i, lines)| format!("f{i}:{}\n", lines.join("\n")))
            .collect();
        hold(&text);
    }

    #[test]
    fn broken_files_keep_the_laws(which in 0..100_usize, at in 0.0..1.0_f64, length in 0..6_usize, put in "[ \\n#:,'\"{}\\[\\]a-]{0,4}") {
        let samples = samples();
        let (_, text) = &samples[which % samples.len()];
        let chars: Vec<char> = text.chars().collect();
        let from = (at * chars.len() as f64) as usize;
        let to = (from + length).min(chars.len());
        let broken: String = chars[..from].iter().copied().chain(put.chars()).chain(chars[to..].iter().copied()).collect();
        hold(&broken);
    }
}

#[test]
fn most_generated_files_are_formatted() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let formatted = (0..200)
        .filter(|_| {
            let tree = block(3).new_tree(&mut runner).unwrap();
            hold(&format!("f:{}\n", tree.current().join("\n")))
        })
        .count();
    assert!(formatted > 150, "only {formatted} of 200");
}
