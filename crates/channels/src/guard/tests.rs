//! Where requests may lead, and where not.

use super::*;

#[test]
fn only_the_internet_is_outside() {
    let inside = [
        "0.0.0.0",
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "198.18.0.1",
        "203.0.113.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "64:ff9b::10.0.0.1",
        "2002:a00:1::",
        "2001::1",
        "2001:db8::1",
        "fec0::1",
    ];
    for ip in inside {
        assert!(!is_public(ip.parse().unwrap()), "{ip}");
    }
    let outside = [
        "1.1.1.1",
        "172.32.0.1",
        "2a00:1450:4007::200e",
        "64:ff9b::8.8.8.8",
        "2002:808:808::",
    ];
    for ip in outside {
        assert!(is_public(ip.parse().unwrap()), "{ip}");
    }
}

fn reach(allow: &[&str], private: &[&str]) -> Reach {
    let list = |all: &[&str]| all.iter().map(|t| (*t).to_owned()).collect();
    Reach::new(&ReachSettings {
        allow: list(allow),
        private: list(private),
    })
    .unwrap()
}

fn check(reach: &Reach, url: &str) -> Result<(), Barred> {
    reach.check(&Url::parse(url).unwrap())
}

#[test]
fn a_name_with_both_leads_outside() {
    let addr = |text: &str| text.parse::<SocketAddr>().unwrap();
    let mixed = [addr("10.0.0.1:0"), addr("1.1.1.1:0")];
    let any = Reach::default();
    assert_eq!(
        any.outside("x.example", mixed.into_iter()).unwrap(),
        [addr("1.1.1.1:0")]
    );
    let inside = || [addr("10.2.0.1:0")].into_iter();
    assert_eq!(
        any.outside("gateway.internal", inside()),
        Err(Barred::OwnNetwork)
    );
    for private in ["gateway.internal", "*.internal", "10.2.0.0/16", "10.2.0.1"] {
        let some = reach(&[], &[private]);
        assert!(
            some.outside("Gateway.internal.", inside()).is_ok(),
            "{private}"
        );
    }
    let other = reach(&[], &["other.internal", "10.3.0.0/16"]);
    assert!(other.outside("gateway.internal", inside()).is_err());
}

#[test]
fn addresses_are_looked_at_however_they_are_written() {
    let any = Reach::default();
    for own in [
        "https://127.0.0.1/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://017700000001/",
        "https://[::1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "http://169.254.169.254/latest",
    ] {
        assert_eq!(check(&any, own), Err(Barred::OwnNetwork), "{own}");
    }
    assert_eq!(check(&any, "https://1.1.1.1/x"), Ok(()));
    assert_eq!(check(&any, "https://shop.example/x"), Ok(()));
    let one = reach(&[], &["127.0.0.0/8"]);
    assert_eq!(check(&one, "http://127.0.0.1:81/"), Ok(()));
    assert_eq!(check(&one, "http://10.0.0.1/"), Err(Barred::OwnNetwork));
}

#[test]
fn where_hosts_are_named_no_other_is_called() {
    let some = reach(&["shop.example", "*.api.example"], &["gateway.internal"]);
    for (url, may) in [
        ("https://shop.example/", true),
        ("https://SHOP.example./", true),
        ("https://a.b.api.example/", true),
        ("https://api.example/", false),
        ("https://evil-api.example/", false),
        ("https://shop.example.evil.example/", false),
        ("https://gateway.internal/", true),
        ("https://1.1.1.1/", false),
    ] {
        assert_eq!(check(&some, url).is_ok(), may, "{url}");
    }
}

#[test]
fn what_is_no_host_is_said() {
    for wrong in [
        "https://shop.example",
        "shop.example/x",
        "*",
        "",
        "10.0.0.0/40",
        "a b",
    ] {
        for (allow, private) in [
            (vec![wrong.to_owned()], vec![]),
            (vec![], vec![wrong.to_owned()]),
        ] {
            let settings = ReachSettings { allow, private };
            assert!(Reach::new(&settings).is_err(), "{wrong}");
        }
    }
}
