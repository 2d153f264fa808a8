//! Values that are given on the command line: files, and `NAME=VALUE`; and who messages come from by the settings.

use std::{fs, path::Path, sync::Arc};

use anyhow::{Context, Result, bail};
use channels::AdapterSettings;
use journey::{
    message::Channel,
    value::{Map, Value},
};

use crate::{config::Config, workspace::MAX_FILE};

/// All of `given` in one map; what comes later wins.
///
/// # Errors
/// If something is neither a file that holds named values nor `NAME=VALUE`.
pub fn read(option: &str, given: &[String]) -> Result<Map> {
    let mut map = Map::new();
    for one in given {
        if Path::new(one).is_file() {
            map.extend(file(option, Path::new(one))?);
        } else if let Some((name, value)) = one.split_once('=').filter(|(n, _)| !n.is_empty()) {
            let path: Vec<&str> = name.split('.').collect();
            set(&mut map, &path, plain(value));
        } else {
            bail!("{option} {one}: neither a file nor NAME=VALUE");
        }
    }
    Ok(map)
}

/// Who messages of each channel come from: as the first provider has it, else the name on the pages.
///
/// # Errors
/// If the settings of the pages cannot be used.
pub fn senders(config: &Config) -> Result<[String; Channel::ALL.len()]> {
    let name = config.look()?.name;
    Ok(Channel::ALL.map(|channel| {
        let from = match config.channels.of(channel).first() {
            Some(AdapterSettings::Smtp(smtp)) => Some(&smtp.from),
            Some(AdapterSettings::Postmark(postmark)) => Some(&postmark.from),
            Some(AdapterSettings::Twilio(twilio)) => twilio.from.as_ref(),
            Some(AdapterSettings::Vonage(vonage)) => Some(&vonage.from),
            _ => None,
        };
        from.unwrap_or(&name).clone()
    }))
}

/// A file of JSON or YAML with named values.
fn file(option: &str, path: &Path) -> Result<Map> {
    let size = fs::metadata(path).map(|m| m.len()).unwrap_or_default();
    if size > MAX_FILE {
        bail!(
            "{option} {}: {size} bytes; a file has {MAX_FILE} at the most",
            path.display()
        );
    }
    let text = fs::read_to_string(path).with_context(|| format!("{option} {}", path.display()))?;
    let json: serde_json::Value = serde_json::from_str(&text)
        .or_else(|_| serde_yaml::from_str(&text))
        .with_context(|| format!("{option} {}: neither JSON nor YAML", path.display()))?;
    match Value::from(json) {
        Value::Map(map) => Ok(map.as_ref().clone()),
        _ => bail!(
            "{option} {}: named values should stand here",
            path.display()
        ),
    }
}

/// A number, a truth value, or JSON where it is that; else text.
fn plain(text: &str) -> Value {
    // A telephone number or a postcode is no number.
    let code = text.len() > 1 && text.starts_with('0') && !text.starts_with("0.");
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(json) if !code => Value::from(json),
        _ => Value::text(text),
    }
}

/// Sets the value at a path, making the maps on the way.
fn set(map: &mut Map, path: &[&str], value: Value) {
    match path {
        [] => {}
        [name] => {
            map.insert(Arc::from(*name), value);
        }
        [name, rest @ ..] => {
            let inner = map.get(*name).and_then(Value::as_map);
            let mut inner = inner.cloned().unwrap_or_default();
            set(&mut inner, rest, value);
            map.insert(Arc::from(*name), Value::Map(Arc::new(inner)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn values_are_what_they_look_like_and_paths_make_maps() {
        let given = [
            "cart.total=20.5",
            "cart.id=c-1",
            "vip=true",
            "zip=01234",
            "items=[1]",
            "a=b=c",
        ];
        let map = read("--with", &given.map(str::to_owned)).unwrap();
        let json = serde_json::to_value(map).unwrap();
        assert_eq!(
            json,
            serde_json::json!({ "cart": { "total": 20.5, "id": "c-1" }, "vip": true, "zip": "01234", "items": [1], "a": "b=c" })
        );
        let error = read("--with", &["nothing".to_owned()]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "--with nothing: neither a file nor NAME=VALUE"
        );
    }
}
