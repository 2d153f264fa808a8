//! `parcours new`.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Result, bail};
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::json;

use crate::{
    gallery::{self, Entry},
    output::{self, Format, Refused},
    scaffold::{self, Plan, locales::Locales, place::Place},
};

/// What to begin from.
#[derive(Args, Clone, Debug)]
pub struct NewArgs {
    /// The name of the new journey, as `spring-cart`
    #[arg(required_unless_present = "list")]
    name: Option<String>,
    /// A journey of the gallery; `--list` shows them
    #[arg(long, value_name = "TEMPLATE", default_value = gallery::STARTER)]
    from: String,
    /// Show the gallery
    #[arg(long, conflicts_with_all = ["name", "from", "locale"])]
    list: bool,
    /// In which locales to write the templates, the first being the default of a new workspace;
    /// without it, those that the workspace has, else English and French
    #[arg(long, value_delimiter = ',', value_name = "LOCALE,…")]
    locale: Vec<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs `parcours new`.
///
/// # Errors
/// [`Refused`] if there is no such entry, or the name is taken; any other if the name is no name,
/// or files cannot be read or written.
pub fn run(args: &NewArgs, root: &Path) -> Result<()> {
    let Some(name) = args.name.as_deref().filter(|_| !args.list) else {
        return list(args.format);
    };
    if let Err(why) = scaffold::check_name(name) {
        bail!(why);
    }
    let Some(entry) = gallery::find(&args.from) else {
        output::aside(&unknown(&args.from));
        return Err(Refused.into());
    };
    let place = Place::read(root)?;
    let default = (!place.is_fresh()).then(|| place.default_locale());
    let asked = if args.locale.is_empty() {
        place.locales()
    } else {
        args.locale.clone()
    };
    let locales = Locales::choose(&asked, default.as_deref())?;
    let plan = match scaffold::plan(&entry, name, &locales, &place) {
        Ok(plan) => plan,
        Err(taken) => {
            output::aside(&format!("{taken}; nothing was written"));
            return Err(Refused.into());
        }
    };
    scaffold::write(&plan, root)?;
    let (files, found) = scaffold::check(&plan, &place);
    match args.format {
        Format::Json => {
            let mut said = serde_json::to_value(&plan)?;
            said["errors"] = found.len().into();
            output::json(&said)
        }
        Format::Text => {
            output::text(&told(&plan, root));
            if !found.is_empty() {
                output::aside(
                    "\nYour workspace differs from the one that this journey was written for:\n",
                );
                output::diagnostics(&files, &found, Format::Text);
            }
            Ok(())
        }
    }
}

fn unknown(name: &str) -> String {
    let all = gallery::all();
    let near = journey::diagnostics::nearest(name, all.iter().map(|e| e.name))
        .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    format!("the gallery has no `{name}`{near}\n`parcours new --list` shows what it has")
}

/// What was done, and what comes next.
fn told(plan: &Plan, root: &Path) -> String {
    let mut text = format!("`{}` is made from `{}`.\n", plan.journey, plan.from);
    text += "\nCreated:\n";
    text += &tree(plan.created.iter().map(|f| &f.path));
    if !plan.companions.is_empty() {
        let names: Vec<&str> = plan.companions.iter().map(String::as_str).collect();
        text += &format!(
            "({} came along, because `{}` starts or stops it)\n",
            names.join(", "),
            plan.journey
        );
    }
    for addition in &plan.additions {
        text += &format!(
            "\nAdded to {}: {}\n",
            addition.path,
            addition.names.join(", ")
        );
    }
    if !plan.kept.is_empty() {
        text += "\nLeft as it was:\n";
        text += &tree(plan.kept.iter());
    }
    for paste in &plan.pasted {
        let place = paste
            .under
            .as_ref()
            .map_or(String::new(), |u| format!(", under `{u}:`"));
        text += &format!(
            "\nPlease paste into {}{place}:\n\n{}",
            paste.path, paste.text
        );
    }
    if !plan.left_out.is_empty() {
        text += "\nTests left out, because they do not hold under your policies or in these languages:\n";
        plan.left_out
            .iter()
            .for_each(|name| text += &format!("  {name}\n"));
    }
    if !plan.untranslated.is_empty() {
        text += "\nIn English, to be translated:\n";
        text += &tree(plan.untranslated.iter());
    }
    text + &next(plan, root)
}

/// Folders with their files.
fn tree<'p>(paths: impl Iterator<Item = &'p String>) -> String {
    let mut folders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in paths {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        folders.entry(folder).or_default().push(name);
    }
    folders
        .iter()
        .map(|(folder, names)| format!("  {folder}/  {}\n", names.join(" ")))
        .collect()
}

fn next(plan: &Plan, root: &Path) -> String {
    let here = if root == Path::new(".") {
        String::new()
    } else {
        format!(" -C {}", root.display())
    };
    let name = &plan.journey;
    format!(
        "\nNext:\n  1. read journeys/{name}/journey.yaml, and change what is not yours\n  2. parcours{here} check\n  3. parcours{here} test"
    )
}

fn list(format: Format) -> Result<()> {
    let all = gallery::all();
    if format == Format::Json {
        let row = |e: &Entry| json!({ "name": e.name, "title": e.title, "words": e.words, "about": e.about });
        return output::json(&all.iter().map(row).collect::<Vec<_>>());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["NAME", "WHAT IT DOES", "WORDS IT SHOWS"]);
    for entry in &all {
        let words = entry.words.join(" ");
        table.add_row([entry.name, &entry.title, &words]);
    }
    output::text(&table.to_string());
    output::text("\nBegin from one: parcours new my-journey --from NAME");
    Ok(())
}
