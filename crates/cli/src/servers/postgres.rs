//! A private PostgreSQL.

use std::fs::File;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::child::{Child, Plan, User, clean_command};
use super::{
    ServerError, claim, find_program, free_port, io_error, kept_secret, private_directory,
    private_file, run,
};

const NAME: &str = "PostgreSQL";
const CURE: &str = "`apt-get install postgresql` or `brew install postgresql@16`";
/// Where packages put the programs; the newest version wins.
const PLACES: [&str; 3] = [
    "/usr/lib/postgresql/*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
];
/// The superuser of the private cluster.
const OWNER: &str = "parcours";
/// A start replays what a kill left behind, so it may take a while.
const START: Duration = Duration::from_secs(120);
/// The port was free a moment ago; somebody else may have taken it.
const TRIES: usize = 3;

/// How a private PostgreSQL is set up.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    /// Whether a commit is on the disk when it returns. Tests turn it off.
    pub durable: bool,
    /// The most connections at one time.
    pub max_connections: u16,
    /// Memory for pages of tables, in megabytes (`shared_buffers`).
    pub buffers_mb: u32,
    /// The most write-ahead log between two checkpoints, in megabytes (`max_wal_size`).
    pub log_mb: u32,
    /// The database that is made with the cluster.
    pub database: String,
    /// The port to listen on; none: any that is free.
    pub port: Option<u16>,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        PostgresOptions {
            durable: true,
            max_connections: 100,
            buffers_mb: 128,
            log_mb: 1_024,
            database: "parcours".to_owned(),
            port: None,
        }
    }
}

/// A running private PostgreSQL; it stops when it is dropped.
#[derive(Debug)]
pub struct Postgres {
    child: Child,
    directory: PathBuf,
    moved: bool,
    port: u16,
    password: String,
    database: String,
    /// Held so that no second process uses the directory.
    _claim: File,
}

impl Postgres {
    /// Starts the server whose data is in `directory`, and makes the data at the first time.
    /// As root, the server runs as user `postgres` or `nobody`; if that user cannot reach
    /// `directory`, the data lies under `/var/tmp` instead (see [`Postgres::moved_to`]).
    ///
    /// # Errors
    /// PostgreSQL is not installed, another process uses the directory, or it does not start.
    pub fn start(directory: &Path, options: &PostgresOptions) -> Result<Postgres, ServerError> {
        let server = find_program("postgres", &PLACES);
        let server = server.ok_or(ServerError::NotInstalled {
            server: NAME,
            cure: CURE,
        })?;
        // A symbolic link in PATH may point at the real place, where initdb is too.
        let server = server.canonicalize().map_err(io_error("find", &server))?;
        private_directory(directory)?;
        let given = directory
            .canonicalize()
            .map_err(io_error("find", directory))?;
        let user = server_user(&given)?;
        let home = reachable(&given, user)?;
        let claim = claim(&home)?;
        let password = kept_secret(&home.join("password"))?;
        let cluster = Cluster {
            server,
            home: &home,
            user,
            password: &password,
            options,
        };
        cluster.initialize()?;
        let (child, port) = cluster.launch()?;
        let moved = home != given;
        let database = options.database.clone();
        Ok(Postgres {
            child,
            directory: home,
            moved,
            port,
            password,
            database,
            _claim: claim,
        })
    }

    /// Removes the data of the server whose data is in `directory`, wherever it lies.
    ///
    /// # Errors
    /// A process uses it, or it cannot be removed.
    pub fn forget(directory: &Path) -> Result<(), ServerError> {
        private_directory(directory)?;
        let given = directory
            .canonicalize()
            .map_err(io_error("find", directory))?;
        let other = elsewhere(&given);
        let user = server_user(&given)?;
        let mut homes = Vec::new();
        // First where a server may be at work.
        if other.symlink_metadata().is_ok() && is_ours(&other, user)? {
            homes.push(other);
        }
        homes.push(given);
        for home in homes {
            // Held until the directory is gone: nobody may start a server in it meanwhile.
            let _claim = claim(&home)?;
            std::fs::remove_dir_all(&home).map_err(io_error("remove", &home))?;
        }
        Ok(())
    }

    /// The address of the database that was made with the cluster.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of(&self.database)
    }

    /// The address of `database`, which need not exist.
    #[must_use]
    pub fn url_of(&self, database: &str) -> String {
        let Postgres { password, port, .. } = self;
        format!("postgres://{OWNER}:{password}@127.0.0.1:{port}/{database}")
    }

    /// Where the data lies.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where the data lies, if that is not where it was asked for.
    #[must_use]
    pub fn moved_to(&self) -> Option<&Path> {
        self.moved.then_some(self.directory.as_path())
    }

    /// The process id of the shell that stops the server when this process ends.
    #[must_use]
    pub fn supervisor(&self) -> u32 {
        self.child.id()
    }

    /// Stops the server: transactions under way are rolled back.
    pub fn stop(mut self) {
        self.child.stop();
    }
}

/// What making and starting a cluster needs to know.
struct Cluster<'a> {
    server: PathBuf,
    home: &'a Path,
    user: Option<User>,
    password: &'a str,
    options: &'a PostgresOptions,
}

impl Cluster<'_> {
    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// Makes the data directory, once. It gets its name when it is whole, so that a kill in the
    /// middle leaves nothing that looks like data.
    fn initialize(&self) -> Result<(), ServerError> {
        if self.data().exists() {
            return Ok(());
        }
        let fresh = self.home.join("data.new");
        if fresh.exists() {
            std::fs::remove_dir_all(&fresh).map_err(io_error("remove", &fresh))?;
        }
        private_directory(&fresh)?;
        self.give(&fresh)?;
        let password = self.home.join("password.initdb");
        private_file(&password, self.password)?;
        self.give(&password)?;
        let made = self
            .initdb(&fresh, &password)
            .and_then(|_| self.create_database(&fresh));
        std::fs::remove_file(&password).map_err(io_error("remove", &password))?;
        made?;
        std::fs::rename(&fresh, self.data()).map_err(io_error("rename", &fresh))
    }

    fn initdb(&self, data: &Path, password: &Path) -> Result<String, ServerError> {
        let mut command = clean_command(self.server.with_file_name("initdb"), self.user);
        command
            .args([
                "--username",
                OWNER,
                "--auth",
                "scram-sha-256",
                "--encoding",
                "UTF8",
            ])
            .args([
                "--locale",
                "C",
                "--no-sync",
                "--no-instructions",
                "--pwfile",
            ])
            .arg(password)
            .arg("--pgdata")
            .arg(data)
            .current_dir("/");
        run(&mut command)
    }

    /// Makes the database in single-user mode: no server needs to run for it.
    fn create_database(&self, data: &Path) -> Result<String, ServerError> {
        let name = self.options.database.replace('"', "\"\"");
        let mut command = clean_command("/bin/sh", self.user);
        command
            .args([
                "-c",
                "printf '%s\\n' \"$1\" | exec \"$2\" --single -D \"$3\" postgres",
                "sh",
            ])
            .arg(format!("create database \"{name}\""))
            .arg(&self.server)
            .arg(data)
            .current_dir("/");
        run(&mut command)
    }

    /// Starts the server on a free port and waits until it answers.
    fn launch(&self) -> Result<(Child, u16), ServerError> {
        let log = self.home.join("server.log");
        let mut tries = TRIES;
        loop {
            let port = self.options.port.map_or_else(free_port, Ok)?;
            let mut child = Child::start(&self.plan(port), &log)?;
            tries -= 1;
            match child.wait_until(START, || self.is_ready(port)) {
                Ok(()) => return Ok((child, port)),
                Err(ServerError::Ended { .. }) if tries > 0 => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn plan(&self, port: u16) -> Plan {
        let durable = if self.options.durable { "on" } else { "off" };
        let settings = [
            ("port", port.to_string()),
            ("listen_addresses", "127.0.0.1".to_owned()),
            // Sockets would need a path of under 108 bytes, and loopback is as private.
            ("unix_socket_directories", String::new()),
            ("max_connections", self.options.max_connections.to_string()),
            ("fsync", durable.to_owned()),
            ("synchronous_commit", durable.to_owned()),
            ("full_page_writes", durable.to_owned()),
            ("shared_buffers", format!("{}MB", self.options.buffers_mb)),
            ("max_wal_size", format!("{}MB", self.options.log_mb)),
            ("log_min_messages", "warning".to_owned()),
            // The server is often younger than a minute; statistics of new tables matter early.
            ("autovacuum_naptime", "10s".to_owned()),
        ];
        let mut command = vec![self.server.display().to_string(), "-D".to_owned()];
        command.push(self.data().display().to_string());
        for (name, value) in settings {
            command.extend(["-c".to_owned(), format!("{name}={value}")]);
        }
        Plan {
            name: NAME,
            command,
            environment: Vec::new(),
            directory: PathBuf::from("/"),
            user: self.user,
            signal: "INT",
            patience: Duration::from_secs(20),
        }
    }

    /// The server says in its pid file when it takes connections; what a predecessor left there
    /// names another port.
    fn is_ready(&self, port: u16) -> bool {
        let file = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        let line = |n: usize| file.lines().nth(n).map(str::trim);
        line(3) == Some(port.to_string().as_str()) && line(7) == Some("ready")
    }

    fn give(&self, path: &Path) -> Result<(), ServerError> {
        give(path, self.user)
    }
}

/// Makes `user` the owner of `path`, if another user is to run the server.
fn give(path: &Path, user: Option<User>) -> Result<(), ServerError> {
    user.map_or(Ok(()), |user| chown(path, Some(user.uid), Some(user.gid)))
        .map_err(io_error("give away", path))
}

/// PostgreSQL refuses to run as root: then another user is needed.
fn server_user(directory: &Path) -> Result<Option<User>, ServerError> {
    let id = |flag: &str, name: &str| -> Option<u32> {
        run(Command::new("id").args([flag, name]))
            .ok()?
            .trim()
            .parse()
            .ok()
    };
    let me = run(Command::new("id").arg("-u"))?;
    if me.trim() != "0" {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let (Some(uid), Some(gid)) = (id("-u", name), id("-g", name)) {
            return Ok(Some(User { uid, gid }));
        }
    }
    Err(ServerError::Program {
        program: "id".to_owned(),
        output: format!(
            "PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody` \
             to run the one in {}",
            directory.display()
        ),
    })
}

/// `directory` if the server's user can get there, else a place under `/var/tmp` that belongs to it.
fn reachable(directory: &Path, user: Option<User>) -> Result<PathBuf, ServerError> {
    if can_use(directory, user)? {
        return Ok(directory.to_owned());
    }
    let other = elsewhere(directory);
    private_directory(&other)?;
    if !is_ours(&other, user)? || !can_use(&other, user)? {
        return Err(ServerError::Program {
            program: NAME.to_owned(),
            output: format!("no place for the data: neither {directory:?} nor {other:?} will do"),
        });
    }
    tracing::info!(postgres.directory = %other.display(), "the server's user cannot reach the project");
    Ok(other)
}

/// Where the data of `directory` lies if the server's user cannot reach it.
fn elsewhere(directory: &Path) -> PathBuf {
    PathBuf::from(format!("/var/tmp/parcours-{:016x}", fingerprint(directory)))
}

/// /var/tmp is everybody's: a directory, or a link, that somebody else put there is not ours.
fn is_ours(place: &Path, user: Option<User>) -> Result<bool, ServerError> {
    let owner = std::fs::symlink_metadata(place).map_err(io_error("look at", place))?;
    let ours = user.is_none_or(|user| owner.uid() == 0 || owner.uid() == user.uid);
    Ok(owner.is_dir() && ours)
}

/// Gives the directory to the server's user, and tries whether that user can write there.
fn can_use(directory: &Path, user: Option<User>) -> Result<bool, ServerError> {
    give(directory, user)?;
    let mut probe = clean_command("/bin/sh", user);
    probe
        .args(["-c", "test -w \"$1/.\"", "sh"])
        .arg(directory)
        .current_dir("/");
    Ok(run(&mut probe).is_ok())
}

/// FNV-1a, so that a directory keeps its place whatever built us.
fn fingerprint(path: &Path) -> u64 {
    path.as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
}
