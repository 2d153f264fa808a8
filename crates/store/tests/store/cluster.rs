//! A throw-away PostgreSQL for this test binary, and a database for each test.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use store::{Settings, Store};

/// The server lives as long as this process: a shell holds it, and reads our end of a pipe.
struct Cluster {
    directory: PathBuf,
    port: u16,
    _shell: Child,
}

/// Runs the server until standard input ends, then removes what is left of it.
const HOLD: &str = r#"
"$1/postgres" -D "$2/data" -k "$2" -p "$3" -c listen_addresses=127.0.0.1 \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off \
    -c shared_buffers=32MB -c max_connections=200 >"$2/log" 2>&1 &
until "$1/pg_isready" -q -h "$2" -p "$3"; do kill -0 $! || exit 1; sleep 0.05; done
echo ready
read -r _
kill -QUIT $!
wait
rm -rf "$2"
"#;

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(Cluster::start)
}

impl Cluster {
    fn start() -> Self {
        let bin = binaries();
        let directory = std::env::temp_dir().join(format!("parcours-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        // PostgreSQL refuses to run as root.
        let user = (fs::metadata(&directory).unwrap().uid() == 0).then(|| user("postgres"));
        if let Some((uid, gid)) = user {
            chown(&directory, Some(uid), Some(gid)).unwrap();
        }
        let as_user = |command: &mut Command| {
            if let Some((uid, gid)) = user {
                command.uid(uid).gid(gid);
            }
            command.current_dir(&directory);
        };

        let mut initdb = Command::new(bin.join("initdb"));
        initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]);
        initdb
            .args(["--locale", "C", "-D"])
            .arg(directory.join("data"));
        as_user(&mut initdb);
        let made = initdb.output().unwrap();
        assert!(made.status.success(), "{made:?}");

        let port = free_port();
        let mut shell = Command::new("sh");
        shell.args(["-c", HOLD, "hold"]).arg(&bin).arg(&directory);
        shell.arg(port.to_string());
        shell.stdin(Stdio::piped()).stdout(Stdio::piped());
        as_user(&mut shell);
        let mut shell = shell.spawn().unwrap();
        let mut line = String::new();
        let stdout = shell.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let log = || fs::read_to_string(directory.join("log")).unwrap_or_default();
        assert_eq!(line, "ready\n", "{}", log());
        Self {
            directory,
            port,
            _shell: shell,
        }
    }

    fn url(&self, database: &str) -> String {
        let host = self.directory.display();
        let port = self.port;
        format!("postgres://postgres@localhost:{port}/{database}?host={host}")
    }
}

/// Where `postgres` and its tools are.
fn binaries() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let debian = versions.filter_map(|v| v.ok().map(|v| v.path().join("bin")));
    let path = std::env::var_os("PATH").unwrap_or_default();
    debian
        .chain(std::env::split_paths(&path))
        .find(|d| d.join("initdb").exists() && d.join("pg_isready").exists())
        .expect("PostgreSQL is installed in /usr/lib/postgresql or in PATH")
}

fn user(name: &str) -> (u32, u32) {
    let users = fs::read_to_string(Path::new("/etc/passwd")).unwrap();
    let fields = users
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields[0] == name)
        .expect("the user exists");
    (fields[2].parse().unwrap(), fields[3].parse().unwrap())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// An empty database of this schema.
pub async fn store() -> Store {
    let store = Store::connect(&settings().await).await.unwrap();
    store.migrate().await.unwrap();
    store
}

/// How to reach a new database without any schema.
pub async fn settings() -> Settings {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let cluster = tokio::task::spawn_blocking(cluster).await.unwrap();
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let mut admin = PgConnection::connect(&cluster.url("postgres"))
        .await
        .unwrap();
    sqlx::query(AssertSqlSafe(format!("create database {name}")))
        .execute(&mut admin)
        .await
        .unwrap();
    Settings {
        max_connections: 12,
        ..Settings::new(cluster.url(&name))
    }
}
