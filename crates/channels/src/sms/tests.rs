//! Numbers as customers write them, and senders.

use std::collections::BTreeMap;

use super::{Number, Senders, number};

fn e164(text: &str, country: &str) -> Result<String, String> {
    let country = Some(country).filter(|c| !c.is_empty());
    let number = number(text, country);
    number.map(|n| n.e164).map_err(|e| e.to_string())
}

#[test]
fn a_number_is_dialled_by_the_rules_of_its_country() {
    for (text, country, expected) in [
        ("+33612345678", "", "+33612345678"),
        ("+33 6 12 34 56 78", "FR", "+33612345678"),
        ("+33 (0)6.12.34.56.78", "", "+33612345678"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("06-12-34-56-78", "fr", "+33612345678"),
        ("0033612345678", "FR", "+33612345678"),
        ("0033 6 12 34 56 78", "DE", "+33612345678"),
        ("33612345678", "FR", "+33612345678"),
        ("0471 12 34 56", "BE", "+32471123456"),
        ("0151 23456789", "DE", "+4915123456789"),
        ("07400 123456", "GB", "+447400123456"),
        ("07400 123456", "JE", "+447400123456"),
        ("(201) 555-0123", "US", "+12015550123"),
        ("1 201 555 0123", "US", "+12015550123"),
        // Abroad from there: what follows is no number of theirs, though it begins like one.
        ("011 33 1 23 45 67 89", "US", "+33123456789"),
        ("+33123456789", "US", "+33123456789"),
        ("+447400123456", "FR", "+447400123456"),
        // Their zero is part of the number.
        ("06 1234 5678", "IT", "+390612345678"),
        ("312 345 6789", "IT", "+393123456789"),
        ("+7 800 555 35 35", "", "+78005553535"),
        ("8 912 345-67-89", "RU", "+79123456789"),
        ("+49 (0)151 23456789", "", "+4915123456789"),
        ("+36 20 123 4567", "", "+36201234567"),
        ("06 20 123 4567", "HU", "+36201234567"),
        ("+55 (11) 91234-5678", "", "+5511912345678"),
        ("+54 9 11 2345-6789", "", "+5491123456789"),
        ("+225 01 23 45 67 89", "", "+2250123456789"),
        ("+1 268 464 1234", "", "+12684641234"),
        // In no plan, and as long as one: whether it is there is for others to say.
        ("+1 555 000 1234", "", "+15550001234"),
        ("+7 912 345-67-89", "KZ", "+79123456789"),
    ] {
        assert_eq!(
            e164(text, country).as_deref(),
            Ok(expected),
            "{text} {country}"
        );
    }
}

#[test]
fn what_cannot_be_a_number_is_refused() {
    for (text, country, said) in [
        ("0612345678", "", "the customer's country is not known"),
        (
            "0612345678",
            "France",
            "the customer's country is not known",
        ),
        ("", "FR", "cannot be used"),
        ("+", "FR", "cannot be used"),
        ("+33", "", "cannot be used"),
        ("+0612345678", "", "cannot be used"),
        ("+999123456789", "", "cannot be used"),
        ("+336123", "", "that long"),
        ("+3361234567890", "", "that long"),
        ("061234567", "FR", "that long"),
        ("zoe@example.com", "FR", "no telephone number"),
        ("1-800-FLOWERS", "US", "no telephone number"),
        ("+33612345678 ext. 3", "FR", "no telephone number"),
        ("6+33612345678", "FR", "no telephone number"),
    ] {
        let refused = e164(text, country).unwrap_err();
        assert!(refused.contains(said), "{text} {country}: {refused}");
        assert!(text.len() < 4 || !refused.contains(text), "{refused}");
    }
    let long = "1".repeat(5_000);
    assert!(e164(&long, "FR").is_err() && e164(&format!("+{long}"), "").is_err());
}

#[test]
fn a_sender_goes_by_the_country_of_the_number() {
    let all = [("FR", "Tilleul"), ("US", "+12015550199")];
    let all: BTreeMap<String, String> = all
        .into_iter()
        .map(|(c, s)| (c.to_owned(), s.to_owned()))
        .collect();
    let senders = Senders::new(&all, Some("38000")).unwrap();
    let of = |text: &str, country: &str| {
        let number: Number = number(text, Some(country)).unwrap();
        senders.of(&number).map(str::to_owned)
    };
    assert_eq!(of("+33612345678", "US").as_deref(), Some("Tilleul"));
    assert_eq!(of("201 555 0123", "US").as_deref(), Some("+12015550199"));
    // Canada's, with the same code.
    assert_eq!(of("+1 613 555 0123", "FR").as_deref(), Some("38000"));
    assert_eq!(of("+15550001234", "US").as_deref(), Some("+12015550199"));
    assert_eq!(of("+32471123456", "BE").as_deref(), Some("38000"));
    let nobody = Senders::new(&all, None).unwrap();
    let belgian = number("+32471123456", None).unwrap();
    assert_eq!(nobody.of(&belgian), None);
}

#[test]
fn senders_that_nobody_can_be_are_refused() {
    let problem = |country: &str, sender: &str, otherwise: Option<&str>| {
        let all = [(country.to_owned(), sender.to_owned())].into();
        Senders::new(&all, otherwise).unwrap_err()
    };
    for sender in [
        "",
        "+33",
        "12",
        "123456789",
        "Maison Tilleul",
        "Été",
        " Shop",
        "+33 612345678",
    ] {
        let (setting, said) = problem("FR", sender, None);
        assert_eq!(setting, "senders");
        assert!(said.contains("which is no number"), "{said}");
        let (setting, _) = problem("FR", "Shop", Some(sender));
        assert_eq!(setting, "from");
    }
    for country in ["France", "fr", "XX", ""] {
        let (_, said) = problem(country, "Shop", None);
        assert!(said.contains("no country by its two letters"), "{said}");
    }
}
