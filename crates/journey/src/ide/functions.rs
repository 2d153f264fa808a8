//! The functions of expressions and the filters of templates, with a sentence each.

/// A function of expressions.
pub(super) struct Function {
    pub name: &'static str,
    pub example: &'static str,
    pub about: &'static str,
    /// Whether it is written `f(x)`.
    pub alone: bool,
    /// Whether it is written `x.f(…)`.
    pub method: bool,
}

const fn function(name: &'static str, example: &'static str, about: &'static str) -> Function {
    Function {
        name,
        example,
        about,
        alone: false,
        method: true,
    }
}

const fn alone(name: &'static str, example: &'static str, about: &'static str) -> Function {
    Function {
        name,
        example,
        about,
        alone: true,
        method: false,
    }
}

/// Every function of expressions.
pub(super) const ALL: &[Function] = &[
    alone(
        "size",
        "size(event.items)",
        "How many items a list has, or characters a text",
    ),
    alone(
        "has",
        "has(event.coupon)",
        "Whether it is there and not null",
    ),
    function(
        "exists",
        "event.items.exists(i, i.price > 50)",
        "Whether it holds for at least one item",
    ),
    function(
        "all",
        "event.items.all(i, i.price > 50)",
        "Whether it holds for every item",
    ),
    function(
        "contains",
        "event.name.contains(\"gift\")",
        "Whether the text holds the other",
    ),
    function(
        "startsWith",
        "event.sku.startsWith(\"A-\")",
        "Whether the text begins with the other",
    ),
    function(
        "endsWith",
        "customer.email.endsWith(\".fr\")",
        "Whether the text ends with the other",
    ),
    function(
        "lower",
        "customer.city.lower()",
        "The text in small letters",
    ),
    function("upper", "customer.city.upper()", "The text in capitals"),
];

/// Every filter that templates have, with an example.
pub(super) const FILTERS: &[(&str, &str, &str)] = &[
    (
        "money",
        "cart.total | money(\"EUR\")",
        "An amount as the reader's language writes it",
    ),
    (
        "date",
        "order.at | date(\"full\", zone=\"Europe/Paris\")",
        "A date: `short`, `long`, `full` or `time`",
    ),
    (
        "default",
        "customer.first_name | default(\"there\")",
        "Something else where there is no value",
    ),
    ("upper", "code | upper", "In capitals"),
    ("lower", "code | lower", "In small letters"),
    (
        "capitalize",
        "name | capitalize",
        "With a capital at the beginning",
    ),
    ("title", "name | title", "Every word with a capital"),
    ("trim", "name | trim", "Without white space around it"),
    (
        "length",
        "cart.items | length",
        "How many items or characters",
    ),
    ("first", "cart.items | first", "The first item"),
    ("last", "cart.items | last", "The last item"),
    ("join", "names | join(\", \")", "The items as one text"),
    (
        "replace",
        "name | replace(\"-\", \" \")",
        "With one text in place of another",
    ),
    ("round", "price | round(2)", "Rounded to so many places"),
    ("abs", "n | abs", "Without its sign"),
    ("int", "n | int", "As a whole number"),
    ("float", "n | float", "As a number"),
    ("string", "n | string", "As text"),
    ("sort", "cart.items | sort(attribute=\"price\")", "In order"),
    ("reverse", "names | reverse", "The other way round"),
    ("unique", "names | unique", "Each once"),
    ("sum", "prices | sum", "The sum of all"),
    ("min", "prices | min", "The least"),
    ("max", "prices | max", "The greatest"),
    (
        "map",
        "cart.items | map(attribute=\"name\")",
        "One field of each item",
    ),
    ("select", "flags | select", "Only the items that hold"),
    (
        "reject",
        "flags | reject",
        "Only the items that do not hold",
    ),
    (
        "selectattr",
        "cart.items | selectattr(\"gift\")",
        "Only the items whose field holds",
    ),
    (
        "rejectattr",
        "cart.items | rejectattr(\"gift\")",
        "Only the items whose field does not hold",
    ),
    ("list", "name | list", "As a list"),
    ("items", "prices | items", "Names and values of a map"),
    ("split", "tags | split(\",\")", "A text cut into a list"),
    ("lines", "note | lines", "The lines of a text"),
    (
        "escape",
        "name | escape",
        "Escaped for HTML, as layouts do by themselves",
    ),
    (
        "safe",
        "html | safe",
        "Not escaped: only for texts of your own",
    ),
];

/// Every statement that templates have.
pub(super) const STATEMENTS: &[(&str, &str)] = &[
    ("if", "{% if code %} … {% endif %}"),
    ("elif", "{% elif customer.loyalty == \"gold\" %}"),
    ("else", "{% else %}"),
    ("endif", "ends `if`"),
    ("for", "{% for item in cart.items %} … {% endfor %}"),
    ("endfor", "ends `for`"),
    ("set", "{% set total = cart.total %}"),
    ("extends", "{% extends \"_layouts/shop.en.mjml\" %}"),
    ("block", "{% block content %} … {% endblock %}"),
    ("endblock", "ends `block`"),
    ("include", "{% include \"_parts/footer.en.mjml\" %}"),
    ("import", "{% import \"_parts/macros.txt\" as parts %}"),
    ("from", "{% from \"_parts/macros.txt\" import price %}"),
    ("macro", "{% macro price(item) %} … {% endmacro %}"),
    ("endmacro", "ends `macro`"),
    ("with", "{% with total = cart.total %} … {% endwith %}"),
    ("endwith", "ends `with`"),
    ("filter", "{% filter upper %} … {% endfilter %}"),
    ("endfilter", "ends `filter`"),
    ("raw", "{% raw %} … {% endraw %}"),
    ("endraw", "ends `raw`"),
];

#[cfg(test)]
mod tests {
    use crate::{
        diagnostic::SourceFile,
        expr::Expr,
        message::Channel,
        render::{Context, Templates},
        value::{Map, Value},
    };

    fn fault(filter: &str) -> String {
        let file = SourceFile {
            path: "templates/t/sms.en.txt".into(),
            text: format!("{{{{ \"a\" | {filter} }}}}").into(),
        };
        let (templates, found) = Templates::compile(&[file], "en");
        if let Some(first) = found.first() {
            return first.message.clone();
        }
        let nothing = Map::default();
        let context = Context {
            with: &Value::Null,
            customer: &nothing,
            links: &nothing,
            options: &[],
            more: &nothing,
        };
        let rendered = templates.render("t", Channel::Sms, None, &context);
        rendered.err().map_or(String::new(), |e| e.message())
    }

    #[test]
    fn every_filter_and_function_that_is_offered_exists() {
        assert!(
            fault("no_such").contains("no filter is called"),
            "{}",
            fault("no_such")
        );
        for (filter, ..) in super::FILTERS {
            assert!(
                !fault(filter).contains("no filter is called"),
                "{filter}: {}",
                fault(filter)
            );
        }
        for function in super::ALL {
            assert!(
                Expr::parse(function.example).is_ok(),
                "{}",
                function.example
            );
        }
    }
}
