//! J1xx and J2xx, as far as they are found by [`crate::expr`], which names them itself: the pages.

macro_rules! page {
    ($code:literal) => {
        ($code, include_str!(concat!("pages/", $code, ".md")))
    };
}

/// The codes of expressions with their pages.
pub(super) const PAGES: &[(&str, &str)] = &[
    page!("J101"),
    page!("J102"),
    page!("J103"),
    page!("J104"),
    page!("J105"),
    page!("J106"),
    page!("J107"),
    page!("J110"),
    page!("J111"),
    page!("J201"),
    page!("J202"),
    page!("J203"),
    page!("J204"),
    page!("J205"),
    page!("J206"),
    page!("J207"),
    page!("J208"),
    page!("J209"),
    page!("J210"),
    page!("J211"),
    page!("J220"),
    page!("J221"),
    page!("J223"),
    page!("J224"),
    page!("J225"),
    page!("J226"),
    page!("J227"),
    page!("J228"),
];
