//! Names of journeys: which are names, and which was meant.

/// Why a text cannot be the name of a journey (J120).
///
/// # Errors
/// What is wrong and, where one can be made from it, a name.
pub fn check_name(text: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
    if begins && text.chars().all(allowed) && text.len() <= MAX_NAME {
        return Ok(());
    }
    let mended: String = text
        .trim_start_matches(|c: char| !c.is_ascii_alphabetic())
        .to_lowercase()
        .chars()
        .map(|c| if allowed(c) { c } else { '-' })
        .take(MAX_NAME)
        .collect();
    let cure = match mended.trim_end_matches('-') {
        "" => String::new(),
        name => format!("; perhaps `{name}`"),
    };
    Err(format!(
        "`{text}` cannot be the name of a journey: it begins with a small letter and holds letters \
         a-z, digits, `_` and `-` only, {MAX_NAME} at the most{cure}"
    ))
}

/// The longest name: it becomes a folder, and every file system takes that.
const MAX_NAME: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_the_language_takes_for_one() {
        for name in ["a", "spring-cart", "nps_2", "x9"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in [
            "",
            "Spring",
            "9x",
            "a b",
            "été",
            "../x",
            "a/b",
            "-a",
            &"a".repeat(101),
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert!(
            check_name("Spring Cart!")
                .unwrap_err()
                .ends_with("perhaps `spring-cart`")
        );
    }
}
