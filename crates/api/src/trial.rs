//! What is tried out in the server: the tests of journeys, and simulations. The code of production on a recorded clock;
//! nothing is stored, and nothing leaves. One at a time in a process, off the threads that answer, and bounded.

mod sample;
mod told;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use journey::{
    diagnostic::SourceFile,
    testing::{
        self,
        play::Played,
        show,
        simulate::{self, Once, Wrong},
    },
    workspace::{self, Options, Workspace},
};
use store::read::{ReadError, Reader};
use tokio::sync::Semaphore;

use self::told::{coverage, test};
pub(crate) use self::{sample::Sample, told::TestsTold};

/// How long tests of one journey run; those that are left then are not run.
const LONGEST: Duration = Duration::from_secs(10);
/// How long somebody waits for an answer, and for their turn.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why nothing was tried out.
#[derive(Debug)]
pub(crate) enum NotTried {
    /// No workspace was ever published, or not with this journey.
    NoSuchJourney,
    /// The published workspace cannot be compiled by this version.
    Unreadable,
    /// Others are at it, or it takes too long.
    Busy,
    /// What was filled in is wrong.
    Wrong(Vec<Wrong>),
    /// The database.
    Read(ReadError),
}

impl From<ReadError> for NotTried {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// The workspace that was published last, compiled.
#[derive(Debug)]
struct Published {
    revision: i64,
    files: Vec<SourceFile>,
    workspace: Option<Workspace>,
    /// What is wrong with tests, by their file.
    wrong: BTreeMap<Arc<str>, Vec<String>>,
    told: Mutex<BTreeMap<Arc<str>, Arc<TestsTold>>>,
}

/// Where it is tried out. Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct Bench {
    one: Arc<Semaphore>,
    kept: Arc<Mutex<Option<Arc<Published>>>>,
}

impl Default for Bench {
    fn default() -> Self {
        Self {
            one: Arc::new(Semaphore::new(1)),
            kept: Arc::default(),
        }
    }
}

impl Bench {
    /// The results of a journey's tests, run once for each revision.
    pub(crate) async fn tests(
        &self,
        reader: &Reader,
        journey: &str,
        now: Timestamp,
    ) -> Result<Arc<TestsTold>, NotTried> {
        let journey = Arc::from(journey);
        self.try_out(reader, move |published| published.tests(&journey, now))
            .await
    }

    /// One simulation.
    pub(crate) async fn simulate(&self, reader: &Reader, asked: Asked) -> Result<Played, NotTried> {
        let play = move |published: &Published| {
            let workspace = published.workspace.as_ref().ok_or(NotTried::Unreadable)?;
            let once = Once {
                journey: &asked.journey,
                customer: &asked.customer,
                events: &asked.events,
                at: &asked.at,
                run_for: &asked.run_for,
                arms: &asked.arms,
            };
            simulate::once(workspace, &once).map_err(NotTried::Wrong)
        };
        self.try_out(reader, play).await
    }

    /// Customers and events that fit a journey: of its first test, else of the schemas.
    pub(crate) async fn sample(&self, reader: &Reader, journey: &str) -> Result<Sample, NotTried> {
        let journey: Arc<str> = Arc::from(journey);
        self.try_out(reader, move |published| {
            let workspace = published.workspace.as_ref().ok_or(NotTried::Unreadable)?;
            Sample::of(workspace, &published.files, &journey).ok_or(NotTried::NoSuchJourney)
        })
        .await
    }

    /// Does it with the published workspace, when it is this one's turn.
    async fn try_out<T: Send + 'static>(
        &self,
        reader: &Reader,
        what: impl FnOnce(&Published) -> Result<T, NotTried> + Send + 'static,
    ) -> Result<T, NotTried> {
        let revision = reader.revision().await?.ok_or(NotTried::NoSuchJourney)?;
        let known = self.known().filter(|p| p.revision == revision);
        let files = match &known {
            Some(_) => Vec::new(),
            None => reader.files(revision).await?,
        };
        let turn = self.one.clone().acquire_owned();
        let turn = tokio::time::timeout(PATIENCE, turn).await;
        let Ok(Ok(turn)) = turn else {
            return Err(NotTried::Busy);
        };
        let bench = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            // Whoever gives up waiting leaves the work to its end; until then nobody else begins.
            let _turn = turn;
            what(&known.unwrap_or_else(|| bench.keep(Published::of(revision, files))))
        });
        match tokio::time::timeout(PATIENCE, done).await {
            Ok(Ok(done)) => done,
            Ok(Err(error)) => {
                tracing::error!(%error, "what was tried out did not come to its end");
                Err(NotTried::Unreadable)
            }
            Err(_) => Err(NotTried::Busy),
        }
    }

    fn known(&self) -> Option<Arc<Published>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clone()
    }

    fn keep(&self, published: Published) -> Arc<Published> {
        let published = Arc::new(published);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(published.clone());
        published
    }
}

/// A simulation that is asked for: see [`Once`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) journey: String,
    pub(crate) customer: String,
    pub(crate) events: String,
    pub(crate) at: String,
    pub(crate) run_for: String,
    pub(crate) arms: Vec<(String, String)>,
}

impl Published {
    fn of(revision: i64, files: Vec<SourceFile>) -> Self {
        let (compiled, found) = workspace::compile(&files, &Options::default());
        let mut wrong: BTreeMap<Arc<str>, Vec<String>> = BTreeMap::new();
        let mut workspace = compiled;
        if workspace.is_none() {
            // Of tests that are wrong the journeys can be tried out all the same.
            let tests = |d: &&journey::diagnostic::Diagnostic| d.file.ends_with("/tests.yaml");
            for diagnostic in found.iter().filter(tests) {
                let line = show::line_of(&files, diagnostic);
                let said = format!("line {line}: {}", diagnostic.message);
                wrong.entry(diagnostic.file.clone()).or_default().push(said);
            }
            let checked = workspace::without_tests(&files);
            let right = files
                .iter()
                .filter(|f| f.path.ends_with("/tests.yaml") && !wrong.contains_key(&f.path));
            let checked: Vec<_> = checked.into_iter().chain(right.cloned()).collect();
            workspace = workspace::compile(&checked, &Options::default()).0;
        }
        Self {
            revision,
            files,
            workspace,
            wrong,
            told: Mutex::default(),
        }
    }

    fn tests(&self, journey: &Arc<str>, now: Timestamp) -> Result<Arc<TestsTold>, NotTried> {
        let told = || self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = told().get(journey) {
            return Ok(known.clone());
        }
        let run = Arc::new(self.run(journey, now)?);
        told().insert(journey.clone(), run.clone());
        Ok(run)
    }

    fn run(&self, journey: &str, now: Timestamp) -> Result<TestsTold, NotTried> {
        let workspace = self.workspace.as_ref().ok_or(NotTried::Unreadable)?;
        let mut told = TestsTold {
            revision: self.revision,
            ran_at: now,
            passed: 0,
            failed: 0,
            left_out: 0,
            wrong: Vec::new(),
            tests: Vec::new(),
            coverage: None,
        };
        let path = format!("journeys/{journey}/tests.yaml");
        told.wrong = self.wrong.get(&*path).cloned().unwrap_or_default();
        let Some(file) = workspace.tests.iter().find(|t| *t.journey == *journey) else {
            let uncovered = testing::uncovered(workspace, journey);
            told.coverage = Some(coverage(&uncovered.ok_or(NotTried::NoSuchJourney)?));
            return Ok(told);
        };
        let source = self.files.iter().find(|f| f.path == file.path);
        let text = source.map_or("", |f| &*f.text);
        let begun = Instant::now();
        let report = testing::run(workspace, file, text, &|_| begun.elapsed() < LONGEST);
        let report = report.ok_or(NotTried::NoSuchJourney)?;
        told.left_out = file.tests.len() - report.verdicts.len();
        told.passed = report.verdicts.iter().filter(|v| v.passed()).count();
        told.failed = report.verdicts.len() - told.passed;
        told.tests = report
            .verdicts
            .iter()
            .map(|v| test(v, &self.files))
            .collect();
        told.coverage = Some(coverage(&report.coverage));
        Ok(told)
    }
}
