//! Segments: conditions over traits alone.

use crate::{
    expr::{Root, types::Env},
    parse::{Reader, ast::Formula},
    schema::Schemas,
};

/// Checks the condition of a segment.
pub(crate) fn check(formula: &Formula, schemas: &Schemas, r: &mut Reader<'_>) {
    let mut env = Env::default();
    env.roots.insert(Root::Customer, schemas.traits());
    for root in Root::ALL.into_iter().filter(|r| *r != Root::Customer) {
        let why = match root {
            Root::Now => {
                "a segment changes when traits do; the passage of time alone changes nothing"
            }
            _ => "a segment is a condition over the customer's traits alone: `customer.NAME`",
        };
        env.absent.insert(root, why.to_owned());
    }
    let problems = formula.expr.check_condition(&env);
    if problems.is_empty() {
        super::proofs::segment(formula, r.sink);
    }
    for problem in problems {
        r.problem(&formula.node, formula.offset, problem);
    }
}
