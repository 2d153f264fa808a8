//! Private servers: a PostgreSQL and a RabbitMQ of our own under a directory, on free ports of the
//! loopback interface, without a system service. `parcours dev` and `demo` and the tests use them.
//!
//! - A server that is already on the machine is never touched.
//! - Data stays in the directory: a second start finds it again.
//! - They stop when they are dropped, and also when this process dies in any way: each runs under a
//!   small shell that holds a pipe of ours and stops its server when the pipe closes.
//! - Everything here blocks; call it from a blocking thread.

mod child;
mod postgres;
mod rabbitmq;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub use postgres::{Postgres, PostgresOptions};
pub use rabbitmq::{Epmd, Peer, Place, RabbitMq, RabbitMqOptions};

/// Why a private server is not there.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The programs are not on this machine.
    #[error("{server} is not installed: {cure}, or run `make demo`, which does it")]
    NotInstalled {
        /// Which server.
        server: &'static str,
        /// The commands that install it.
        cure: &'static str,
    },
    /// Another process of ours uses the directory.
    #[error("{} is in use by another parcours; stop that one first", .0.display())]
    InUse(PathBuf),
    /// A predecessor's server does not go away.
    #[error("an earlier {server} still runs and does not stop; it writes to {}", .log.display())]
    LeftBehind {
        /// Which server.
        server: &'static str,
        /// The log that it holds open.
        log: PathBuf,
    },
    /// The server ended while it was starting.
    #[error("{server} ended while it was starting:\n{log}")]
    Ended {
        /// Which server.
        server: &'static str,
        /// The end of its log.
        log: String,
    },
    /// The server did not come up.
    #[error("{server} was not ready after {seconds} s:\n{log}")]
    Slow {
        /// Which server.
        server: &'static str,
        /// How long it was waited for.
        seconds: u64,
        /// The end of its log.
        log: String,
    },
    /// A program of the server's failed.
    #[error("{program} failed:\n{output}")]
    Program {
        /// What was run.
        program: String,
        /// What it said.
        output: String,
    },
    /// A file could not be handled.
    #[error("cannot {what} {}", .path.display())]
    File {
        /// The verb.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Starts both at the same time, under `directory/postgres` and `directory/rabbitmq`.
///
/// # Errors
/// See [`ServerError`]; what was started is stopped again.
pub fn start_both(
    directory: &Path,
    postgres: &PostgresOptions,
    rabbitmq: &RabbitMqOptions,
) -> Result<(Postgres, RabbitMq), ServerError> {
    std::thread::scope(|scope| {
        let other = scope.spawn(|| RabbitMq::start(&directory.join("rabbitmq"), rabbitmq));
        let postgres = Postgres::start(&directory.join("postgres"), postgres);
        let rabbitmq = other
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok((postgres?, rabbitmq?))
    })
}

/// A directory that goes away with this process, after the servers in it, however the process ends.
#[derive(Debug)]
pub struct Ephemeral {
    janitor: std::process::Child,
}

impl Ephemeral {
    /// Watches over `directory`, in which the servers run whose `supervisors` are given
    /// ([`Postgres::supervisor`], [`RabbitMq::supervisors`]).
    ///
    /// # Errors
    /// The shell cannot be started.
    pub fn new(directory: &Path, supervisors: &[u32]) -> Result<Ephemeral, ServerError> {
        let janitor = Command::new("/bin/sh")
            .args(["-c", include_str!("janitor.sh"), "janitor"])
            .arg(directory)
            .args(supervisors.iter().map(u32::to_string))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(io_error("run", Path::new("/bin/sh")))?;
        Ok(Ephemeral { janitor })
    }
}

impl Drop for Ephemeral {
    fn drop(&mut self) {
        drop(self.janitor.stdin.take());
        // Only so that no zombie stays; the directory's removal is best effort.
        let _ = self.janitor.wait();
    }
}

/// An error about `path`.
fn io_error(what: &'static str, path: &Path) -> impl Fn(io::Error) -> ServerError {
    let path = path.to_owned();
    move |source| ServerError::File {
        what,
        path: path.clone(),
        source,
    }
}

/// Makes `path` and what is above it; only its owner may look into it.
fn private_directory(path: &Path) -> Result<(), ServerError> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(io_error("create", parent))?;
    }
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(io_error("create", path)(error))
        }
        _ => Ok(()),
    }
}

/// Takes the directory for this process; the kernel gives it back when the process ends.
fn claim(directory: &Path) -> Result<File, ServerError> {
    let path = directory.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(io_error("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ServerError::InUse(directory.to_owned())),
        Err(TryLockError::Error(error)) => Err(io_error("lock", &path)(error)),
    }
}

/// A word of 32 hexadecimal digits, made once and kept in `path` for its owner alone.
fn kept_secret(path: &Path) -> Result<String, ServerError> {
    if let Ok(secret) = std::fs::read_to_string(path)
        && secret.len() == 32
    {
        return Ok(secret);
    }
    let mut bytes = [0u8; 16];
    let source = Path::new("/dev/urandom");
    let mut random = File::open(source).map_err(io_error("open", source))?;
    random
        .read_exact(&mut bytes)
        .map_err(io_error("read", source))?;
    let secret: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    private_file(path, &secret)?;
    Ok(secret)
}

/// Writes a file that only its owner may read.
fn private_file(path: &Path, content: &str) -> Result<(), ServerError> {
    let mut file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(io_error("create", path))?;
    io::Write::write_all(&mut file, content.as_bytes()).map_err(io_error("write", path))
}

/// A port of the loopback interface that was free a moment ago.
fn free_port() -> Result<u16, ServerError> {
    let any = Path::new("127.0.0.1:0");
    let listener = TcpListener::bind("127.0.0.1:0").map_err(io_error("bind", any))?;
    Ok(listener.local_addr().map_err(io_error("read", any))?.port())
}

/// The first of `directories` (where `*` stands for any name), and then of `PATH`, that holds
/// `program`. Of several that fit one pattern, the last in order: the newest version.
fn find_program(program: &str, directories: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    directories
        .iter()
        .filter_map(|pattern| {
            expand(pattern)
                .into_iter()
                .rev()
                .find(|d| d.join(program).is_file())
        })
        .chain(std::env::split_paths(&path).filter(|d| d.join(program).is_file()))
        .map(|directory| directory.join(program))
        .next()
}

/// The directories that a pattern with at most one `*` names, oldest version first.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![PathBuf::from(pattern)];
    };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or((".", before));
    let mut names: Vec<String> = std::fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with(prefix))
        .collect();
    names.sort_by_key(|name| {
        (
            name[prefix.len()..].parse::<u32>().unwrap_or(0),
            name.clone(),
        )
    });
    names
        .iter()
        .map(|name| PathBuf::from(format!("{parent}/{name}{after}")))
        .collect()
}

/// Runs a program to its end.
fn run(command: &mut Command) -> Result<String, ServerError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(io_error("run", Path::new(&program)))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    Err(ServerError::Program {
        program,
        output: text(&output.stderr) + &text(&output.stdout),
    })
}
