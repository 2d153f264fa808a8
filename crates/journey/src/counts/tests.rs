use super::*;

#[test]
fn words_are_read_back() {
    for what in What::ALL {
        assert_eq!(What::of(what.as_str()), Some(what));
    }
    assert_eq!(What::of("else"), None);
}

#[test]
fn a_day_is_that_of_utc() {
    let at = |text: &str| day(text.parse().unwrap()).to_string();
    assert_eq!(at("2026-03-01T23:59:59Z"), "2026-03-01");
    assert_eq!(at("2026-03-02T00:30:00+02:00"), "2026-03-01");
}
