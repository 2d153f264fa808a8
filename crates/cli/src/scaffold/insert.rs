//! Adding named blocks to a YAML file of somebody else's, without touching what stands there.
//!
//! The file is edited as text, so that comments and layout stay, and read again afterwards: unless
//! it then says exactly what it said before and the new names, nothing is changed.

use serde_json::Value;

use crate::gallery::data;

/// A named block of a YAML file: its lines, without the indentation of the place it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The name.
    pub name: String,
    /// The lines, comments above the name included.
    pub text: String,
}

/// The blocks under a name at the left margin (`properties`), or at the margin itself.
pub fn blocks(text: &str, under: Option<&str>) -> Vec<Block> {
    let lines: Vec<&str> = text.lines().collect();
    let Some((from, to)) = range(&lines, under) else {
        return Vec::new();
    };
    let indent = indentation(&lines[from..to]);
    let mut found: Vec<Block> = Vec::new();
    let mut comments = String::new();
    for line in &lines[from..to] {
        let bare = line.get(indent..).unwrap_or_default();
        if bare.starts_with('#') {
            comments += bare;
            comments.push('\n');
        } else if let Some(name) = named(bare) {
            found.push(Block {
                name: name.to_owned(),
                text: std::mem::take(&mut comments) + bare + "\n",
            });
        } else if let Some(block) = found.last_mut().filter(|_| !bare.trim().is_empty()) {
            block.text += bare;
            block.text.push('\n');
        }
    }
    found
}

/// What stands above the first block: the comment at the head, and the name that holds the blocks.
pub fn head(text: &str, under: Option<&str>) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let from = match under {
        Some(_) => range(&lines, under).map_or(0, |(from, _)| from),
        None => lines.iter().take_while(|l| l.starts_with('#')).count(),
    };
    lines[..from].iter().flat_map(|l| [*l, "\n"]).collect()
}

/// `blocks`, moved to the right by `by` columns.
pub fn indented(blocks: &[Block], by: usize) -> String {
    let margin = " ".repeat(by);
    blocks
        .iter()
        .flat_map(|block| block.text.lines())
        .flat_map(|line| [&margin, line, "\n"])
        .collect()
}

/// The file with the blocks at the end of what stands under that name; `None` where the file is
/// written in a way that does not let them be added safely.
pub fn insert(text: &str, under: Option<&str>, new: &[Block]) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let (from, to) = range(&lines, under)?;
    let added = indented(new, indentation(&lines[from..to]));
    let mut result: String = lines[..to].iter().flat_map(|l| [*l, "\n"]).collect();
    result += &added;
    result.extend(lines[to..].iter().flat_map(|l| [*l, "\n"]));
    only_added(text, &result, under, new).then_some(result)
}

/// Whether a file says what it said before, and the new names.
fn only_added(before: &str, after: &str, under: Option<&str>, new: &[Block]) -> bool {
    let mut expected = data(before);
    let place = match under {
        Some(name) => expected.get_mut(name),
        None => Some(&mut expected),
    };
    let Some(place) = place.and_then(Value::as_object_mut) else {
        return false;
    };
    for block in new {
        let value = data(&block.text)[&block.name].take();
        if value.is_null() || place.insert(block.name.clone(), value).is_some() {
            return false;
        }
    }
    data(after) == expected
}

/// The lines of what stands under a name, from the first to behind the last that is not empty.
fn range(lines: &[&str], under: Option<&str>) -> Option<(usize, usize)> {
    let from = match under {
        Some(name) => 1 + lines.iter().position(|line| is_head(line, name))?,
        None => 0,
    };
    let inside = |line: &str| under.is_none() || line.starts_with([' ', '#']) || line.is_empty();
    let length = lines[from..].iter().take_while(|l| inside(l)).count();
    let filled = lines[from..from + length]
        .iter()
        .rposition(|l| !l.trim().is_empty() && (under.is_none() || l.starts_with(' ')))?;
    Some((from, from + filled + 1))
}

/// `name:` with nothing but a comment behind it.
fn is_head(line: &str, name: &str) -> bool {
    line.strip_prefix(name)
        .and_then(|rest| rest.strip_prefix(':'))
        .map(str::trim)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
}

fn indentation(lines: &[&str]) -> usize {
    let first = lines
        .iter()
        .find(|l| !l.trim().is_empty() && !l.trim_start().starts_with('#'));
    first.map_or(0, |line| line.len() - line.trim_start().len())
}

/// The name that a line at the margin begins with.
fn named(line: &str) -> Option<&str> {
    let (name, _) = line.split_once(':')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    (!name.is_empty() && name.chars().all(plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAITS: &str = "# Ours.\ntype: object\nproperties:\n    email: { type: string }  # where mail goes\n    age:\n        type: integer\n\n# The end.\nstrict: true\n";

    fn points() -> Vec<Block> {
        blocks(
            "properties:\n  # Kept by us.\n  points:\n    type: integer\n  other: {}\n",
            Some("properties"),
        )
        .into_iter()
        .take(1)
        .collect()
    }

    #[test]
    fn a_block_goes_to_the_end_of_its_place_in_the_files_own_indentation() {
        let after = insert(TRAITS, Some("properties"), &points()).unwrap();
        let expected = TRAITS.replace(
            "type: integer\n",
            "type: integer\n    # Kept by us.\n    points:\n      type: integer\n",
        );
        assert_eq!(after, expected);
    }

    #[test]
    fn what_cannot_be_added_safely_is_left_alone() {
        for file in [
            "type: object\n",
            "type: object\nproperties: { email: { type: string } }\n",
            "properties:\n  points: { type: number }\n",
            "properties: &p\n  email: {}\n",
            "properties:\n",
            ": not YAML [",
            "",
        ] {
            assert_eq!(insert(file, Some("properties"), &points()), None, "{file}");
        }
    }

    #[test]
    fn at_the_margin_too() {
        let file = "# Endpoints.\nvouchers: { url: a }\n";
        let new = blocks("stock:\n  url: b\n", None);
        let after = insert(file, None, &new).unwrap();
        assert_eq!(
            after,
            "# Endpoints.\nvouchers: { url: a }\nstock:\n  url: b\n"
        );
        assert_eq!(head(file, None), "# Endpoints.\n");
    }
}
