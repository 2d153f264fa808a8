//! `parcours health`: asks a process whether it can work, for supervisors and images that have nothing else to ask with.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::Value;

use crate::{
    config::Config,
    output::{self, Format, Refused},
};

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(8);

/// Whom to ask.
#[derive(Args, Clone, Debug)]
pub struct HealthArgs {
    /// Where it serves health [default: metrics_http of the settings, else http]
    #[arg(long, value_name = "ADDRESS")]
    at: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
/// [`Refused`] if it is not ready; any other if nobody answers.
pub async fn run(args: &HealthArgs, root: &Path) -> Result<()> {
    let address = match &args.at {
        Some(address) => address.clone(),
        None => {
            let config = Config::load(root)?;
            let own = config.metrics_http.as_deref();
            own.unwrap_or(config.http()).to_owned()
        }
    };
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
    let asked = client.build()?.get(format!("http://{address}/readyz"));
    let answer = asked.send().await;
    let answer = answer.with_context(|| format!("nobody answers at {address}"))?;
    let Ok(report) = answer.json::<Value>().await else {
        bail!("what answers at {address} is no Parcours");
    };
    match args.format {
        Format::Json => output::json(&report)?,
        Format::Text => output::text(&text(&report)),
    }
    match report["ready"].as_bool() {
        Some(true) => Ok(()),
        _ => Err(Refused.into()),
    }
}

fn text(report: &Value) -> String {
    let parts = report["parts"].as_array().into_iter().flatten();
    let lines = parts.map(|part| {
        let name = part["part"].as_str().unwrap_or_default();
        match part["ready"].as_bool() {
            Some(true) => format!("{name}: ready"),
            _ => {
                let detail = part["detail"].as_str().unwrap_or_default();
                let since = part["since"].as_str();
                let since = since.map_or_else(String::new, |at| format!(" (since {at})"));
                format!("{name}: not ready: {detail}{since}")
            }
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}
