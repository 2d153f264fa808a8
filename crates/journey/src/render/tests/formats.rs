//! Money and dates, as each language writes them.

use serde_json::json;

use super::{in_locale, sms};

#[test]
fn money_in_english_and_french() {
    for (locale, source, expected) in [
        ("en", "{{ 1234.5 | money('EUR') }}", "€1,234.50"),
        ("en", "{{ 1234567 | money('usd') }}", "$1,234,567.00"),
        ("en", "{{ -3 | money('GBP') }}", "-£3.00"),
        ("en", "{{ -0.001 | money('GBP') }}", "£0.00"),
        ("en", "{{ 999.9 | money('JPY') }}", "¥1,000"),
        ("en", "{{ 12 | money('CHF') }}", "CHF\u{a0}12.00"),
        (
            "fr",
            "{{ 1234.5 | money('EUR') }}",
            "1\u{202f}234,50\u{a0}€",
        ),
        ("fr-BE", "{{ '12.3' | money('EUR') }}", "12,30\u{a0}€"),
        ("fr", "{{ 12 | money('CHF') }}", "12,00\u{a0}CHF"),
        (
            "fr",
            "{{ 1500 | money('TND') }}",
            "1\u{202f}500,000\u{a0}TND",
        ),
    ] {
        assert_eq!(in_locale(source, locale, json!({})).unwrap(), expected);
    }
    assert!(sms("{{ 'x' | money('EUR') }}", json!({})).is_err());
    assert!(sms("{{ nothing | money('EUR') }}", json!({})).is_err());
}

#[test]
fn dates_in_english_and_french() {
    let with = json!({"at": "2026-01-05T23:30:00Z", "there": "2026-08-01T09:05:00+02:00", "day": "2026-02-14"});
    for (locale, source, expected) in [
        ("en", "{{ at | date }}", "January 5, 2026"),
        (
            "en-US",
            "{{ at | date('full') }}",
            "Monday, January 5, 2026",
        ),
        ("en-GB", "{{ at | date('full') }}", "Monday 5 January 2026"),
        ("en", "{{ day | date('short') }}", "2/14/2026"),
        ("en-GB", "{{ day | date('short') }}", "14/02/2026"),
        ("en", "{{ there | date('time') }}", "09:05"),
        ("fr", "{{ there | date }}", "1er août 2026"),
        ("fr", "{{ day | date('full') }}", "samedi 14 février 2026"),
        ("fr-BE", "{{ at | date('short') }}", "05/01/2026"),
        (
            "fr",
            "{{ at | date('full', zone='Europe/Paris') }}",
            "mardi 6 janvier 2026",
        ),
        (
            "en",
            "{{ at | date('time', zone='America/New_York') }}",
            "18:30",
        ),
    ] {
        assert_eq!(
            in_locale(source, locale, with.clone()).unwrap(),
            expected,
            "{source}"
        );
    }
    for (source, message) in [
        ("{{ 'soon' | date }}", "this is no date and no moment"),
        ("{{ '2026-02-30' | date }}", "this is no date"),
        (
            "{{ day | date('medium') }}",
            "the styles of `date` are short, long, full and time",
        ),
        (
            "{{ at | date('long', zone='Mars/Olympus') }}",
            "no such time zone",
        ),
    ] {
        let error = sms(source, with.clone()).unwrap_err();
        assert!(error.message().ends_with(message), "{error}");
    }
}
