//! What is done about them: an engine submits, so that it works without a way to RabbitMQ from here.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use engine::{Loaded, NotEdited};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use journey::ids::LetterId;
use serde_json::json;
use store::{
    JobBegun, LetterFilter, NewJob, Sender, Store,
    access::NewAudit,
    read::{LetterJob, Reader},
};
use uuid::Uuid;

use super::refused;
use crate::output::{self, Format};

/// How often it is looked how far a replay is.
const LOOK: Duration = Duration::from_millis(200);
/// After how long it is said that nobody is at it.
const PATIENCE: Duration = Duration::from_secs(10);

/// A replay that is wished for.
pub(super) struct Wish<'a> {
    /// The only letter; `None`: those of the filter.
    pub letter: Option<LetterId>,
    /// A file that is submitted instead.
    pub with: Option<&'a Path>,
    pub filter: LetterFilter,
    pub note: &'a str,
    pub waits: bool,
    pub format: Format,
}

fn by(note: &str) -> Sender {
    Sender {
        who: "cli".to_owned(),
        note: note.to_owned(),
    }
}

async fn audited(store: &Store, action: &str, what: &str, reason: &str) -> Result<()> {
    let entry = NewAudit {
        at: Timestamp::now(),
        who: "cli",
        action,
        what,
        reason,
        ok: true,
    };
    Ok(store.access().write_audit(&entry).await?)
}

/// Has an engine submit letters again, and waits for it if that is wished.
pub(super) async fn replay(store: &Store, reader: &Reader, wish: Wish<'_>) -> Result<()> {
    if let (Some(letter), Some(file)) = (wish.letter, wish.with) {
        edit(store, letter, file).await?;
    }
    let id = Uuid::new_v4();
    let job = NewJob {
        id,
        filter: match wish.letter {
            Some(_) => LetterFilter::default(),
            None => wish.filter,
        },
        letter: wish.letter,
        by: by(wish.note),
    };
    let total = match store.begin_letter_job(&job, Timestamp::now()).await? {
        JobBegun::Running => {
            return refused(
                "another replay is under way: wait, or end it with `parcours dead-letters cancel`",
            );
        }
        JobBegun::Begun { total } => total,
    };
    let letter = wish.letter.map(|l| format!(" letter={l}"));
    let what = format!("job={id}{}", letter.unwrap_or_default());
    audited(store, "dead-letters replay", &what, wish.note).await?;
    if !wish.waits {
        return match wish.format {
            Format::Json => output::json(&json!({ "id": id, "total": total })),
            Format::Text => {
                output::text(&format!(
                    "{} left to the engines",
                    letters(u64::from(total))
                ));
                Ok(())
            }
        };
    }
    let job = wait(reader, id, total).await?;
    told(reader, &job, wish.format).await
}

/// Puts the file beside the letter's body, if it is the same event and fits its schema.
async fn edit(store: &Store, letter: LetterId, file: &Path) -> Result<()> {
    let body = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let Some(original) = store.letter_body(letter).await? else {
        return refused(&format!("there is no dead letter {letter}"));
    };
    let loaded = Loaded::from_store(store).await?;
    match engine::edited(&original, body, &loaded.schemas, Timestamp::now()) {
        Err(NotEdited(cause)) => {
            let field = cause.field.map(|field| format!(" ({field})"));
            let (why, field) = (cause.sentence, field.unwrap_or_default());
            refused(&format!(
                "{}: {why}{field}; nothing was changed",
                file.display()
            ))
        }
        Ok(edited) if !store.edit_letter(letter, &edited).await? => {
            refused(&format!("the dead letter {letter} is not open"))
        }
        Ok(_) => Ok(()),
    }
}

/// Until it is over.
async fn wait(reader: &Reader, id: Uuid, total: u32) -> Result<LetterJob> {
    let style = ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} letters  {eta}");
    let bar = ProgressBar::new(u64::from(total));
    let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let (mut moved, mut over, mut said) = (Instant::now(), 0, false);
    loop {
        let job = reader.letter_job(id).await?;
        let job = job.context("the replay is no longer kept")?;
        let now = job.done + job.failed;
        bar.set_position(u64::from(now.unsigned_abs()));
        if &*job.status != "running" {
            bar.finish_and_clear();
            return Ok(job);
        }
        if now > over {
            (moved, over) = (Instant::now(), now);
        }
        if !said && moved.elapsed() >= PATIENCE {
            said = true;
            let why = job.trouble.as_deref().unwrap_or("no engine is at it");
            bar.suspend(|| {
                output::aside(&format!("it waits: {why}; Ctrl-C leaves it to the engines"));
            });
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn letters(n: u64) -> String {
    match n {
        1 => "1 letter".to_owned(),
        n => format!("{n} letters"),
    }
}

async fn told(reader: &Reader, job: &LetterJob, format: Format) -> Result<()> {
    let number = |n: i32| u64::from(n.unsigned_abs());
    match format {
        Format::Json => output::json(job)?,
        Format::Text => output::text(&format!(
            "{}{} submitted again, {} refused again",
            if &*job.status == "cancelled" {
                "cancelled: "
            } else {
                ""
            },
            letters(number(job.done)),
            number(job.failed)
        )),
    }
    let Some(letter) = job.letter else {
        return Ok(());
    };
    if job.done + job.failed == 0 {
        return refused("it is not open, or somebody else is submitting it at this moment");
    }
    if job.failed > 0 {
        let why = reader
            .letter(letter)
            .await?
            .map(|l| l.row.reason.to_string());
        return refused(&why.unwrap_or_else(|| "it was refused again".to_owned()));
    }
    Ok(())
}

/// Discards one, or those of the filter that are open.
pub(super) async fn discard(
    store: &Store,
    letter: Option<LetterId>,
    filter: &LetterFilter,
    reason: &str,
    format: Format,
) -> Result<()> {
    if reason.trim().is_empty() {
        return refused("say why, with --reason: it is kept");
    }
    let (by, now) = (by(reason.trim()), Timestamp::now());
    let (count, what) = match letter {
        Some(id) => match store.discard_letter(id, &by, now).await? {
            true => (1, format!("letter={id}")),
            false => return refused(&format!("the dead letter {id} is not open")),
        },
        None => {
            let filter = LetterFilter {
                status: None,
                ..filter.clone()
            };
            let count = store.discard_letters(&filter, &by, now).await?;
            (count, format!("letters={count}"))
        }
    };
    audited(store, "dead-letters discard", &what, &by.note).await?;
    match format {
        Format::Json => output::json(&json!({ "discarded": count })),
        Format::Text => {
            output::text(&format!("{} discarded", letters(count)));
            Ok(())
        }
    }
}

/// Has the replay of many end where it is.
pub(super) async fn cancel(store: &Store, reader: &Reader, format: Format) -> Result<()> {
    let job = reader.latest_letter_job().await?;
    let Some(job) = job.filter(|job| &*job.status == "running") else {
        return refused("no replay is under way");
    };
    store.cancel_letter_job(job.id, Timestamp::now()).await?;
    audited(store, "dead-letters cancel", &format!("job={}", job.id), "").await?;
    match reader.letter_job(job.id).await? {
        Some(job) => told(reader, &job, format).await,
        None => Ok(()),
    }
}
