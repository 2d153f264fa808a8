//! `parcours preview --send ADDRESS`: what is shown, sent to somebody who tries it out.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use channels::{Channels, Outcome, Outgoing, Turn, Wish};
use jiff::Timestamp;
use journey::{content::Content, message::Channel};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Outcome as Filled, Preview, Variant};
use crate::{config::Config, output};

/// The longest that a provider is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends every variant of the channel that the address is of, one after the other, by the providers of the settings.
///
/// # Errors
/// If the settings do not allow that address, nothing can be sent to it, or a provider refuses.
pub fn send(preview: &Preview, to: &str, channel: Option<Channel>, config: &Config) -> Result<()> {
    let channels = Channels::new(&config.channels)?;
    let mut found = preview.variants.iter().map(|v| v.channel);
    let channel = match channel {
        Some(channel) => channel,
        None if to.contains('@') => Channel::Email,
        None if to.starts_with('+') => Channel::Sms,
        None => bail!("say by which channel `{to}` is written to: --channel"),
    };
    if !found.any(|c| c == channel) {
        bail!("{} has no {channel}", preview.template);
    }
    if !channels.may_be_tried_at(channel, to) {
        bail!(
            "tests may not go to {to}: name it under `channels.test_to` in {}",
            journey::settings::FILE
        );
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime")?;
    for variant in preview.variants.iter().filter(|v| v.channel == channel) {
        let Filled::Content(content) = &variant.outcome else {
            bail!("what could not be filled in is not sent");
        };
        let provider = runtime.block_on(one(&channels, variant, content, to))?;
        let locale = &variant.locale;
        output::text(&format!("sent by {provider} to {to}: {channel} {locale}"));
    }
    Ok(())
}

async fn one(
    channels: &Channels,
    variant: &Variant,
    content: &Content,
    to: &str,
) -> Result<String> {
    let channel = variant.channel;
    let (named, rest) = channels.route(channel, to);
    let stop = CancellationToken::new();
    let wish = Wish {
        channel,
        to: rest,
        tied_to: named,
        passed: &[],
        until: Instant::now() + PATIENCE,
        stop: &stop,
    };
    let place = match channels.place(&wish).await {
        Turn::Place(place) => place,
        Turn::Later(_) => bail!("the provider has no room at the moment"),
        Turn::Nobody => bail!(
            "nobody is set up for {channel}: see `channels` in {}",
            journey::settings::FILE
        ),
    };
    let outgoing = Outgoing {
        // Each test is a message of its own.
        id: Uuid::new_v4(),
        at: Timestamp::now(),
        channel,
        to: rest,
        content,
        purpose: "test",
        journey: "preview",
        locale: Some(&variant.locale),
        unsubscribe_url: None,
        unsubscribe_mailto: None,
        report: None,
        country: None,
        traceparent: None,
    };
    let provider = place.provider().to_string();
    match place.send(&outgoing, PATIENCE, &stop, PATIENCE).await {
        Outcome::Accepted { .. } => Ok(provider),
        Outcome::RefusedForGood { detail, .. } | Outcome::RefusedForNow { detail, .. } => {
            bail!("{provider} did not take it: {detail}")
        }
    }
}
