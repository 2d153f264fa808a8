//! The real binary: started, watched, stopped and killed.

use std::{
    ffi::OsStr,
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use parcours_tests::kit;

/// Long enough for whatever a process does on a busy machine.
pub const SOON: Duration = Duration::from_secs(90);
/// What a process must not inherit from whoever runs the tests.
const FOREIGN: [&str; 14] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "NOTIFY_SOCKET",
    "PARCOURS_LOG_FORMAT",
    "PARCOURS_METRICS_HTTP",
    "PARCOURS_PRIVACY_SECRET",
    "DATABASE_URL",
    "AMQP_URL",
    "PARCOURS_HTTP",
    "PARCOURS_INTAKE_SHARDS",
    "PARCOURS_LEASE_SECONDS",
    "PARCOURS_LINKS_UNSUBSCRIBE",
    "PARCOURS_LINKS_PREFERENCES",
    "RUST_LOG",
    "NO_COLOR",
];

/// The binary that was built with these tests: `crates/cli/tests` makes Cargo build it, beside the
/// directory of the test's own executable.
///
/// # Panics
/// It is not there, or older than one of its sources.
fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let own = std::env::current_exe().unwrap();
        let profile = own.parent().and_then(Path::parent).unwrap();
        let path = profile.join("parcours");
        let built = std::fs::metadata(&path).and_then(|m| m.modified());
        let built =
            built.unwrap_or_else(|_| panic!("{} is not built: cargo build", path.display()));
        // Cargo lists the sources beside it: `target: source source …`.
        let sources = std::fs::read_to_string(path.with_extension("d")).unwrap_or_default();
        for source in sources.split_whitespace().skip(1) {
            let changed = std::fs::metadata(source).and_then(|m| m.modified());
            assert!(
                changed.is_ok_and(|changed| changed <= built),
                "{} is older than {source}: cargo build",
                path.display()
            );
        }
        path
    })
}

/// A command line of `parcours`, with nothing of the caller's own configuration.
pub struct Parcours(Command);

impl Parcours {
    /// `parcours ARGS…` in `workspace`.
    pub fn new<A: AsRef<OsStr>>(workspace: &Path, args: impl IntoIterator<Item = A>) -> Self {
        let mut command = Command::new(path());
        command
            .arg("-C")
            .arg(workspace)
            .args(args)
            .current_dir(workspace)
            .stdin(Stdio::null());
        for name in FOREIGN {
            command.env_remove(name);
        }
        Self(command)
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    /// From that folder instead of the workspace.
    pub fn at(mut self, folder: &Path) -> Self {
        self.0.current_dir(folder);
        self
    }

    /// Runs it to its end.
    pub fn output(mut self) -> Finished {
        Finished(self.0.output().unwrap())
    }

    /// Runs it to its end with `input` on standard input.
    pub fn fed(mut self, input: &str) -> Finished {
        use std::io::Write as _;
        let command = self.0.stdin(Stdio::piped());
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        let writer = std::thread::spawn(move || {
            // A process that refuses its arguments does not read.
            let _ = stdin.write_all(input.as_bytes());
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Finished(output)
    }

    /// Starts it; what it prints goes to files in `directory` named `name`.
    pub fn start(mut self, directory: &Path, name: &str) -> Running {
        let file = |kind: &str| directory.join(format!("{name}.{kind}"));
        let create = |kind: &str| File::create(file(kind)).unwrap();
        self.0.stdout(create("out")).stderr(create("err"));
        Running {
            child: self.0.spawn().unwrap(),
            out: file("out"),
            err: file("err"),
        }
    }
}

/// A process that has ended.
pub struct Finished(Output);

impl Finished {
    pub fn code(&self) -> Option<i32> {
        self.0.status.code()
    }

    pub fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    /// What it printed, if its status is `code`.
    ///
    /// # Panics
    /// It is not; with all that it said.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        let (out, err) = (self.out(), self.err());
        assert_eq!(self.code(), Some(code), "{out}\n{err}");
        self
    }

    /// The last line, as JSON.
    pub fn json(&self) -> serde_json::Value {
        let out = self.out();
        let last = out.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|e| panic!("{e}: {out}"))
    }
}

/// A process at work. Killed when it is dropped.
pub struct Running {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Running {
    pub fn out(&self) -> String {
        std::fs::read_to_string(&self.out).unwrap()
    }

    pub fn err(&self) -> String {
        std::fs::read_to_string(&self.err).unwrap()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal by its name: `TERM`, `INT`.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// It does not end within `deadline`.
    #[track_caller]
    pub fn ends(&mut self, deadline: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            let waited = start.elapsed();
            assert!(
                waited < deadline,
                "still there after {waited:?}: {}",
                self.err()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until its output holds what `look` finds.
    pub async fn says<T>(&mut self, what: &str, look: impl Fn(&str) -> Option<T>) -> T {
        kit::eventually_some(SOON, what, async || {
            let out = self.out();
            let found = look(&out);
            assert!(
                found.is_some() || self.is_running(),
                "it ended: {out}\n{}",
                self.err()
            );
            found
        })
        .await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A workspace of a test; its directory goes away with it.
pub struct Workspace(PathBuf);

impl Workspace {
    /// With these files.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let workspace = Self(kit::scratch("parcours-workspace"));
        std::fs::create_dir_all(&workspace.0).unwrap();
        for (path, text) in files {
            workspace.write(path, text);
        }
        workspace
    }

    /// A copy of the repository's own: the samples.
    pub fn of_samples() -> Self {
        let workspace = Self::new(&[]);
        for part in ["journeys", "templates", "config"] {
            copy(&kit::workspace_root().join(part), &workspace.0.join(part));
        }
        workspace
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, path: &str, text: &str) -> PathBuf {
        let file = self.0.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        file
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.0.join(path)).unwrap()
    }

    /// `parcours ARGS…` in it.
    pub fn parcours<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Parcours {
        Parcours::new(&self.0, args)
    }

    /// Processes that work in it, by what `/proc` knows; none where there is no `/proc`.
    pub fn processes(&self) -> Vec<String> {
        let needle = self.0.to_string_lossy().into_owned();
        let Ok(all) = std::fs::read_dir("/proc") else {
            return Vec::new();
        };
        let of_us = |process: PathBuf| {
            let read = |name| std::fs::read(process.join(name)).unwrap_or_default();
            let command = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
            let environment = String::from_utf8_lossy(&read("environ")).into_owned();
            let place = std::fs::read_link(process.join("cwd")).unwrap_or_default();
            let hit = command.contains(&needle)
                || environment.contains(&needle)
                || place.starts_with(&needle);
            hit.then_some(command)
        };
        all.filter_map(|entry| of_us(entry.ok()?.path())).collect()
    }

    /// Waits until nothing works in it any longer.
    pub async fn is_left(&self) {
        kit::eventually(SOON, "no process is left behind", async || {
            self.processes().is_empty()
        })
        .await;
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        let to = to.join(from.file_name().unwrap());
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(&from, &to).unwrap();
        }
    }
}
