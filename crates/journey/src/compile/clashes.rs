//! Names that a template has from elsewhere than the send that uses it.

use crate::{
    diagnostics::templates,
    message::Channel,
    parse::{Reader, ast::Word},
    render::{Part, VOUCHERS},
};

/// Whether a part has that name from elsewhere than the send.
pub(super) fn besides(part: &Part, root: &str) -> bool {
    root == VOUCHERS || part.fetched.iter().any(|name| **name == *root)
}

/// Fields of `with` that the template would never see.
pub(super) fn clashes(parts: &[(Channel, Part)], fields: &[Word], r: &mut Reader<'_>) {
    for field in fields {
        let Some((_, part)) = parts.iter().find(|(_, p)| besides(p, &field.text)) else {
            continue;
        };
        let message = format!("the template does not see this `{}`", field.text);
        let label = match *field.text == *VOUCHERS {
            true => "codes of vouchers have that name".to_owned(),
            false => format!("{} fetches something of that name", part.file),
        };
        r.sink
            .error(templates::TAKEN_NAME, field.span.clone(), message)
            .labelled(label)
            .noted("call one of the two otherwise");
    }
}
