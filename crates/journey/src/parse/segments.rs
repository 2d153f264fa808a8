//! `config/segments/NAME.yaml`: named conditions over traits.

use super::{Fields, Reader, ast::Formula};
use crate::source::Node;

/// The condition of a segment file; `None` where it cannot be read.
pub(crate) fn segment(root: &Node, r: &mut Reader<'_>) -> Option<Formula> {
    let mut f = Fields::of(root, "a segment", r)?;
    f.get("title").map(|n| r.text(n, "a title"));
    let condition = f
        .need(
            "if",
            "it says who belongs to it: `if: customer.orders_count >= 5`",
            r,
        )
        .and_then(|n| r.formula(n));
    f.finish(r);
    condition
}
