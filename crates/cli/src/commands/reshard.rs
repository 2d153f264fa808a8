//! `parcours reshard`: another number of queues shares the customers.

use std::{path::Path, time::Duration};

use anyhow::Result;
use broker::{Broker, Error, Plan};
use clap::Args;
use serde_json::json;

use crate::{
    config::Config,
    output::{self, Format, Refused},
    service,
};

/// How often it is looked how far it is.
const LOOK: Duration = Duration::from_millis(500);

/// How many shards.
#[derive(Args, Clone, Debug)]
pub struct ReshardArgs {
    /// How many shards there are to be, from 1 to 64
    #[arg(long, value_name = "SHARDS")]
    to: u32,
    /// Order it, and leave it to the engines that run
    #[arg(long)]
    no_wait: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Orders it, and watches the engines do it.
///
/// # Errors
/// [`Refused`] if another number is being moved to, or there cannot be so many; any other if RabbitMQ is away, or lacks
/// the plug-in.
pub async fn run(args: &ReshardArgs, root: &Path) -> Result<()> {
    // What the file says of a fresh RabbitMQ is not what is asked for here.
    let settings = broker::Settings {
        shards: None,
        ..Config::load(root)?.broker()?
    };
    let broker = Broker::connect(&settings).await?;
    let result = with_broker(args, &broker).await;
    broker.close().await;
    result
}

async fn with_broker(args: &ReshardArgs, broker: &Broker) -> Result<()> {
    let before = broker.plan().await?;
    let plan = match broker.reshard(args.to).await {
        Err(error @ (Error::Moving(_) | Error::Shards(_))) => {
            output::aside(&format!("error: {error}"));
            return Err(Refused.into());
        }
        other => other?,
    };
    let changes = before.next.is_some() || before.current.shards != args.to;
    if changes && args.no_wait {
        return say(args, &plan, "ordered; the engines that run do it");
    }
    if changes && !watch(broker, plan.current.number).await? {
        output::aside("the engines go on with it; the same command watches again");
        return say(args, &broker.plan().await?, "under way");
    }
    let done = if changes { "done" } else { "nothing to change" };
    say(args, &broker.plan().await?, done)
}

/// Waits until that generation is gone, and says how far it is; false if it was interrupted.
async fn watch(broker: &Broker, generation: u32) -> Result<bool> {
    let stop = service::stop_on_signals()?;
    let mut said = String::new();
    loop {
        let plan = broker.plan().await?;
        let Some(next) = plan.next.filter(|_| plan.current.number == generation) else {
            return Ok(true);
        };
        let line = format!(
            "from {} to {}: {} of {} old shards are empty",
            shards(plan.current.shards),
            shards(next.shards),
            plan.drained.len(),
            plan.current.shards
        );
        if line != said {
            output::aside(&line);
            said = line;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stop.cancelled() => return Ok(false),
        }
    }
}

fn say(args: &ReshardArgs, plan: &Plan, done: &str) -> Result<()> {
    if args.format == Format::Json {
        return output::json(&json!({
            "shards": plan.current.shards,
            "next": plan.next.map(|next| next.shards),
            "drained": plan.drained,
        }));
    }
    output::text(&format!("{}: {done}", shards(args.to)));
    Ok(())
}

fn shards(number: u32) -> String {
    match number {
        1 => "1 shard".to_owned(),
        n => format!("{n} shards"),
    }
}
