//! Schemas as programs that make clients read them best: the same, said in the plainest way.

use serde_json::{Map, Value, json};

/// Keys whose values are schemas by name.
const NAMED: [&str; 1] = ["properties"];

/// Makes a schema, and those inside it, plain.
pub(super) fn schema(schema: &mut Value) {
    let Value::Object(fields) = schema else {
        // Anything: not every program knows that `true` is a schema as well.
        if *schema == json!(true) {
            *schema = json!({});
        }
        return;
    };
    // What a type is by default is no promise.
    fields.remove("default");
    if let Some(Value::String(about)) = fields.get_mut("description") {
        *about = about.replace("[`", "`").replace("`]", "`");
    }
    words(fields);
    for (key, inner) in fields.iter_mut() {
        match inner {
            Value::Object(named) if NAMED.contains(&&**key) => {
                named.values_mut().for_each(self::schema);
            }
            Value::Object(_) if matches!(&**key, "items" | "additionalProperties") => {
                self::schema(inner);
            }
            Value::Bool(true) if key == "items" => *inner = json!({}),
            Value::Array(all) if matches!(&**key, "oneOf" | "anyOf" | "allOf" | "prefixItems") => {
                all.iter_mut().for_each(self::schema);
            }
            _ => {}
        }
    }
}

/// One of several words, each with its sentence: an `enum`, with the sentences in its description.
fn words(fields: &mut Map<String, Value>) {
    let Some(Value::Array(all)) = fields.get("oneOf") else {
        return;
    };
    let (mut words, mut says) = (Vec::new(), Vec::new());
    for one in all {
        let about = one["description"].as_str();
        let several = one["enum"].as_array().into_iter().flatten();
        let known = words.len();
        words.extend(one.get("const").into_iter().chain(several).cloned());
        if words.len() == known || !words.iter().all(Value::is_string) {
            return;
        }
        let told = words[known..].iter().filter_map(Value::as_str);
        says.extend(told.filter_map(|word| Some(format!("- `{word}`: {}", about?))));
    }
    let about = fields.get("description").and_then(Value::as_str);
    let about: Vec<String> = about.map(str::to_owned).into_iter().chain(says).collect();
    fields.remove("oneOf");
    fields.insert("type".into(), json!("string"));
    fields.insert("enum".into(), Value::Array(words));
    fields.insert("description".into(), json!(about.join("\n")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_an_enum_and_anything_stays_anything() {
        let mut told = json!({
            "description": "See [`Channel`].",
            "properties": {
                "default": true,
                "by": { "oneOf": [
                    { "const": "sms", "type": "string", "description": "Text message." },
                    { "enum": ["chat", "push"], "type": "string" },
                ] },
                "either": { "oneOf": [{ "const": "x" }, { "type": "object" }], "default": "x" },
            },
        });
        schema(&mut told);
        let plain = json!({
            "description": "See `Channel`.",
            "properties": {
                "default": {},
                "by": { "type": "string", "enum": ["sms", "chat", "push"], "description": "- `sms`: Text message." },
                "either": { "oneOf": [{ "const": "x" }, { "type": "object" }] },
            },
        });
        assert_eq!(told, plain);
    }
}
