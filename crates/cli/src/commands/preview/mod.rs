//! `parcours preview`: a template as its readers get it, in every channel and language.

mod fill;
mod find;
mod given;
mod page;
mod send;
mod words;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use engine::{Linker, Sent};
use jiff::Timestamp;
use journey::{
    content::Content,
    diagnostic::{Severity, SourceFile},
    ids::{CustomerId, MessageId},
    message::Channel,
    preview::{self, Use},
    render::RenderError,
    sms::{self, Travel},
    value::{Map, Value},
    workspace::{self as compiler, Options, Workspace},
};
use serde::Serialize;
use uuid::Uuid;

use self::fill::{Given, variants};
use crate::{
    config::Config,
    output::{self, Format, Refused},
    workspace,
};

/// What to show, and to whom.
#[derive(Args, Clone, Debug)]
pub struct PreviewArgs {
    /// The template: its name, or a path to its folder or one of its files
    template: String,
    /// The customer's traits: a file (JSON or YAML), or NAME=VALUE, as often as you like
    #[arg(long, value_name = "FILE|NAME=VALUE")]
    customer: Vec<String>,
    /// What the send passes on: a file (JSON or YAML), or NAME=VALUE; a name can be a path: cart.total=20
    #[arg(long, value_name = "FILE|NAME=VALUE")]
    with: Vec<String>,
    /// What content sources answer: a file (JSON or YAML), or SOURCE=VALUE; a name can be a path: stock.left=3
    #[arg(long, value_name = "FILE|NAME=VALUE")]
    answer: Vec<String>,
    /// Only this language
    #[arg(long)]
    locale: Option<String>,
    /// Only this channel
    #[arg(long, value_parser = channel)]
    channel: Option<Channel>,
    /// Where mails and the page with all variants are written; by default .parcours/preview/TEMPLATE
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Send it to this address, by the providers of the settings: one that `channels.test_to` names
    #[arg(long, value_name = "ADDRESS")]
    send: Option<String>,
    /// Open that page in the browser
    #[arg(long)]
    open: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

fn channel(text: &str) -> Result<Channel, String> {
    let all = Channel::ALL.map(Channel::as_str).join(", ");
    text.parse()
        .map_err(|()| format!("a channel is one of {all}"))
}

/// Everything that is shown.
#[derive(Serialize)]
struct Preview {
    template: String,
    /// Where the values come from.
    sources: Sources,
    variants: Vec<Variant>,
    /// The page with all variants.
    page: PathBuf,
    /// Who messages of each channel come from.
    #[serde(skip)]
    senders: [String; Channel::ALL.len()],
}

/// Where the values come from, in words.
#[derive(Serialize)]
struct Sources {
    customer: String,
    with: String,
}

/// One channel in one language.
#[derive(Serialize)]
struct Variant {
    channel: Channel,
    locale: String,
    #[serde(flatten)]
    outcome: Outcome,
    /// How a text message travels.
    #[serde(skip_serializing_if = "Option::is_none")]
    sms: Option<Travel>,
    /// The file of a mail's HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Content(Content),
    Error(String),
}

/// Runs the command.
///
/// # Errors
/// [`Refused`] if there is no such template or a variant cannot be filled in; any other if the
/// workspace cannot be read or the page cannot be written.
pub fn run(args: &PreviewArgs, root: &Path) -> Result<()> {
    let workspace = compile(root)?;
    let template = find::find(&args.template, root, &workspace)?;
    let (traits, customer_from) = customer(args, &workspace)?;
    let uses = uses(&template, &workspace, &traits);
    let (with, with_from) = with(args, &uses)?;
    let config = Config::load(root)?;
    let linker = Linker::sample(config.links.links(config.http())?);
    let purpose = uses
        .first()
        .map_or_else(|| Arc::from("marketing"), |u| Arc::clone(&u.purpose));
    let sent = Sent {
        customer: CustomerId::of("preview"),
        message: MessageId(Uuid::nil()),
        purpose: &purpose,
        channel: Channel::Email,
    };
    let mut variants = variants(
        args,
        &template,
        &workspace,
        &Given {
            traits,
            with,
            linker,
            sent,
            answers: given::read("--answer", &args.answer)?,
            ask: uses.first().and_then(|u| u.ask.as_ref()),
        },
    );
    if variants.is_empty() {
        bail!("{template} has no {}", asked_for(args));
    }
    let folder = folder(args, root, &template);
    name_files(&mut variants);
    let preview = Preview {
        sources: Sources {
            customer: customer_from,
            with: with_from,
        },
        page: folder.join("index.html"),
        senders: given::senders(&config)?,
        variants,
        template,
    };
    page::write(&preview, &folder)?;
    match args.format {
        Format::Json => output::json(&preview)?,
        Format::Text => output::text(words::text(&preview).trim_end()),
    }
    let wrong = words::wrong(&preview, &uses);
    if args.format == Format::Text && !wrong.is_empty() {
        output::aside(wrong.trim_end());
    }
    if args.open {
        open(&preview.page)?;
    }
    if let (Some(to), true) = (&args.send, wrong.is_empty()) {
        send::send(&preview, to, args.channel, &config)?;
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Refused.into())
    }
}

/// The workspace. Journeys with errors are left out: the templates are what is looked at.
fn compile(root: &Path) -> Result<Workspace> {
    let files = workspace::read(root)?;
    if let (Some(workspace), _) = compiler::compile(&files, &Options::default()) {
        return Ok(workspace);
    }
    let files: Vec<SourceFile> = files
        .into_iter()
        .filter(|f| !f.path.starts_with("journeys/"))
        .collect();
    let options = Options {
        alone: true,
        ..Options::default()
    };
    let (workspace, mut found) = compiler::compile(&files, &options);
    match workspace {
        Some(workspace) => {
            output::aside(
                "a journey has errors (parcours check): what journeys pass on is not known\n",
            );
            Ok(workspace)
        }
        None => {
            found.retain(|d| d.severity == Severity::Error);
            output::diagnostics(&files, &found, Format::Text);
            Err(Refused.into())
        }
    }
}

fn customer(args: &PreviewArgs, workspace: &Workspace) -> Result<(Map, String)> {
    if args.customer.is_empty() {
        let traits = workspace.schemas.sample_traits();
        let from = if traits.is_empty() {
            "nothing known (config/traits.yaml gives no examples)"
        } else {
            "invented, from the examples in config/traits.yaml"
        };
        return Ok((traits, from.into()));
    }
    let given = given::read("--customer", &args.customer)?;
    Ok((given, "as given".into()))
}

/// Every send that would use the template.
fn uses(template: &str, workspace: &Workspace, traits: &Map) -> Vec<Use> {
    let machines = workspace.machines.iter().map(|c| &*c.machine);
    preview::uses(
        template,
        machines,
        &workspace.schemas,
        traits,
        Timestamp::now(),
    )
}

fn with(args: &PreviewArgs, uses: &[Use]) -> Result<(Value, String)> {
    if !args.with.is_empty() {
        let given = given::read("--with", &args.with)?;
        return Ok((Value::Map(Arc::new(given)), "as given".into()));
    }
    Ok(match uses.first() {
        Some(one) if one.with.is_null() => (
            Value::Null,
            format!("nothing: {} of {} passes nothing on", one.step, one.journey),
        ),
        Some(one) => (
            one.with.clone(),
            format!(
                "invented, as {} of {} would pass it on, from the examples in config/events/",
                one.step, one.journey
            ),
        ),
        None => (Value::Null, "nothing: no journey uses this template".into()),
    })
}

fn variant(channel: Channel, locale: String, rendered: Result<Content, RenderError>) -> Variant {
    let sms = match &rendered {
        Ok(Content::Sms { text }) => Some(sms::travel(text)),
        _ => None,
    };
    let outcome = match rendered {
        Ok(content) => Outcome::Content(content),
        Err(error) => Outcome::Error(error.to_string()),
    };
    Variant {
        channel,
        locale,
        outcome,
        sms,
        file: None,
    }
}

/// The files that hold the HTML of mails, by safe names.
fn name_files(variants: &mut [Variant]) {
    for variant in variants {
        if let Outcome::Content(Content::Email { .. }) = variant.outcome {
            let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
            let locale: String = variant.locale.chars().map(plain).collect();
            variant.file = Some(format!("email.{locale}.html"));
        }
    }
}

fn asked_for(args: &PreviewArgs) -> String {
    let channel = args.channel.map_or("variant", Channel::as_str);
    match &args.locale {
        Some(locale) => format!("{channel} for {locale}"),
        None => channel.to_owned(),
    }
}

fn folder(args: &PreviewArgs, root: &Path, template: &str) -> PathBuf {
    let usual = || root.join(".parcours/preview").join(template);
    args.output.clone().unwrap_or_else(usual)
}

/// Opens the page with whatever this system opens pages with.
fn open(page: &Path) -> Result<()> {
    let page = fs::canonicalize(page).unwrap_or_else(|_| page.to_owned());
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let status = Command::new(program)
        .arg(&page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => bail!("{program} could not open {}", page.display()),
        Err(error) => Err(error)
            .with_context(|| format!("{program} cannot be run; open {} yourself", page.display())),
    }
}
