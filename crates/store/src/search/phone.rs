//! Telephone numbers as people write them, and as they may be kept.

/// The calling codes of the world (ITU-T E.164): a national number is looked for under each.
const CODES: [&str; 205] = [
    "1", "7", "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45",
    "46", "47", "48", "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63",
    "64", "65", "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98", "211",
    "212", "213", "216", "218", "220", "221", "222", "223", "224", "225", "226", "227", "228",
    "229", "230", "231", "232", "233", "234", "235", "236", "237", "238", "239", "240", "241",
    "242", "243", "244", "245", "246", "248", "249", "250", "251", "252", "253", "254", "255",
    "256", "257", "258", "260", "261", "262", "263", "264", "265", "266", "267", "268", "269",
    "290", "291", "297", "298", "299", "350", "351", "352", "353", "354", "355", "356", "357",
    "358", "359", "370", "371", "372", "373", "374", "375", "376", "377", "378", "380", "381",
    "382", "383", "385", "386", "387", "389", "420", "421", "423", "500", "501", "502", "503",
    "504", "505", "506", "507", "508", "509", "590", "591", "592", "593", "594", "595", "596",
    "597", "598", "599", "670", "672", "673", "674", "675", "676", "677", "678", "679", "680",
    "681", "682", "683", "685", "686", "687", "688", "689", "690", "691", "692", "850", "852",
    "853", "855", "856", "880", "886", "960", "961", "962", "963", "964", "965", "966", "967",
    "968", "970", "971", "972", "973", "974", "975", "976", "977", "992", "993", "994", "995",
    "996", "998",
];

/// The fewest digits of a number.
const FEWEST: usize = 5;
/// The most (E.164, with two zeros before).
const MOST: usize = 17;

/// How the number may be kept: as it is written, without spaces and signs; and, of a national one, under every calling
/// code, with the zero before it and without. Empty: it is no number.
///
/// ```
/// let kept = store::search::numbers("0470 12 34 81");
/// assert!(kept.contains(&"+32470123481".to_owned()) && kept.contains(&"0470123481".to_owned()));
/// ```
pub fn numbers(written: &str) -> Vec<String> {
    let bare: String = written
        .trim()
        .chars()
        .filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')' | '/' | '\u{a0}' | '\u{202f}'))
        .collect();
    let digits = bare.strip_prefix('+').unwrap_or(&bare);
    let is_number = digits.chars().all(|c| c.is_ascii_digit());
    if !is_number || !(FEWEST..=MOST).contains(&digits.len()) {
        return Vec::new();
    }
    if bare.starts_with('+') {
        return vec![bare.clone(), format!("00{digits}")];
    }
    if let Some(abroad) = digits.strip_prefix("00") {
        return vec![bare.clone(), format!("+{abroad}")];
    }
    let mut kept = vec![bare.clone(), format!("+{digits}")];
    // `+44 (0)20 …` is written with its zero as well.
    let national = digits.strip_prefix('0');
    let both = [Some(digits), national];
    let both = both.into_iter().flatten();
    kept.extend(both.flat_map(|number| CODES.map(|code| format!("+{code}{number}"))));
    kept
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn a_number_is_looked_for_as_it_may_be_kept() {
        for (written, kept) in [
            ("+33 6 12.34-56(78)", "+33612345678"),
            ("0033612345678", "+33612345678"),
            ("33612345678", "+33612345678"),
            ("06 12 34 56 78", "+33612345678"),
            ("(415) 555-0132", "+14155550132"),
            ("06 1234 5678", "+390612345678"),
            ("0612345678", "0612345678"),
        ] {
            assert!(numbers(written).iter().any(|n| n == kept), "{written}");
        }
        for none in ["", "lea", "1234", "+12 34", "0612345678901234567", "7000.a"] {
            assert!(numbers(none).is_empty(), "{none}");
        }
    }
}
