//! A server as a child process that cannot outlive us.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{ServerError, io_error};

/// Runs a server and stops it when standard input ends, that is when whoever holds the other end of
/// the pipe closes it or dies, kill -9 included. Its arguments: the signal that stops the server in
/// order, the tenths of a second until it is killed, and the command.
const SUPERVISE: &str = include_str!("supervise.sh");
/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(20);
/// How long a predecessor's server may take to go.
const PREDECESSOR: Duration = Duration::from_secs(30);
/// How much of a log an error shows, in bytes.
const LOG_TAIL: u64 = 2_000;

/// A user to run as: its ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub uid: u32,
    pub gid: u32,
}

/// What to run and how to end it.
pub(super) struct Plan {
    /// For messages: `PostgreSQL`, `RabbitMQ`.
    pub name: &'static str,
    pub command: Vec<String>,
    /// The whole environment beside `PATH` and the locale.
    pub environment: Vec<(String, String)>,
    pub directory: PathBuf,
    pub user: Option<User>,
    /// The signal that stops it in order.
    pub signal: &'static str,
    /// How long it may take to stop before it is killed.
    pub patience: Duration,
}

/// A running server under its supervisor.
#[derive(Debug)]
pub(super) struct Child {
    name: &'static str,
    log: PathBuf,
    patience: Duration,
    process: std::process::Child,
}

impl Child {
    /// Starts `plan` with its output going to `log`. The log is locked by everything that writes
    /// to it, so a server that a killed predecessor left behind is waited for here.
    pub(super) fn start(plan: &Plan, log: &Path) -> Result<Child, ServerError> {
        let file = own_log(plan.name, log)?;
        let copy = file.try_clone().map_err(io_error("duplicate", log))?;
        let tenths = plan.patience.as_millis() / 100;
        let mut command = clean_command("/bin/sh", plan.user);
        command
            .args(["-c", SUPERVISE, "supervise", plan.signal])
            .arg(tenths.to_string())
            .args(&plan.command)
            .envs(plan.environment.iter().cloned())
            .current_dir(&plan.directory)
            .stdin(Stdio::piped())
            .stdout(file)
            .stderr(copy)
            .process_group(0);
        let process = command
            .spawn()
            .map_err(io_error("run", Path::new("/bin/sh")))?;
        Ok(Child {
            name: plan.name,
            log: log.to_owned(),
            patience: plan.patience,
            process,
        })
    }

    /// The supervisor's process id.
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until `ready` says so.
    ///
    /// # Errors
    /// The server ended, or `deadline` passed; both with the end of its log.
    pub(super) fn wait_until(
        &mut self,
        deadline: Duration,
        mut ready: impl FnMut() -> bool,
    ) -> Result<(), ServerError> {
        let start = Instant::now();
        while !ready() {
            if self.has_ended() {
                return Err(ServerError::Ended {
                    server: self.name,
                    log: tail(&self.log),
                });
            }
            if start.elapsed() > deadline {
                let seconds = deadline.as_secs();
                return Err(ServerError::Slow {
                    server: self.name,
                    seconds,
                    log: tail(&self.log),
                });
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }

    /// True when the server is no longer there.
    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.process.try_wait(), Ok(None))
    }

    /// `kill -9` of the server and all that it has started.
    pub(super) fn kill(&mut self) {
        // Its group is its own: see `start`.
        let group = format!("-{}", self.process.id());
        let killed = Command::new("kill")
            .args(["-s", "KILL", "--", &group])
            .status();
        if killed.is_ok_and(|status| status.success()) {
            let _ = self.process.wait();
        }
    }

    /// Asks the server to stop and waits until it has.
    pub(super) fn stop(&mut self) {
        drop(self.process.stdin.take());
        // The supervisor kills its whole group at the end of its patience; a little more for itself.
        let deadline = Instant::now() + self.patience + Duration::from_secs(5);
        while !self.has_ended() && Instant::now() < deadline {
            std::thread::sleep(POLL);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A command with nothing of our environment but the path and the locale, as `user`.
pub(super) fn clean_command(program: impl AsRef<std::ffi::OsStr>, user: Option<User>) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    for name in ["PATH", "LANG", "LC_ALL", "TZ"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
    command
}

/// Opens and empties the log once nobody else writes to it.
fn own_log(server: &'static str, path: &Path) -> Result<File, ServerError> {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(io_error("open", path))?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(io_error("lock", path)(error)),
            Err(TryLockError::WouldBlock) if start.elapsed() > PREDECESSOR => {
                return Err(ServerError::LeftBehind {
                    server,
                    log: path.to_owned(),
                });
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(POLL),
        }
    }
    file.set_len(0).map_err(io_error("empty", path))?;
    Ok(file)
}

/// The end of a log, or why there is none.
pub(super) fn tail(path: &Path) -> String {
    let read = || -> io::Result<String> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().unwrap_or_else(|error| format!("({} cannot be read: {error})", path.display()))
}
