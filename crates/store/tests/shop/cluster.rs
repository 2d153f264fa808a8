//! A private PostgreSQL that ends with the process that started it, however that ends.

use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

const SCHEMA: &str = include_str!("../../../../migrations/0001_initial.sql");

static CLUSTER: LazyLock<Cluster> = LazyLock::new(Cluster::start);
static DATABASES: AtomicU32 = AtomicU32::new(0);

struct Cluster {
    dir: PathBuf,
    // Its end tells the shell below to stop the server.
    _leash: std::process::Child,
}

/// A new database with the schema and nothing else.
pub async fn database() -> PgPool {
    let name = format!("t{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let options = PgConnectOptions::new()
        .socket(&CLUSTER.dir)
        .username("postgres");
    let admin = connect(options.clone().database("postgres")).await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("create database {name}")))
        .execute(&admin)
        .await
        .expect("create database");
    let pool = connect(options.database(&name)).await;
    sqlx::raw_sql(SCHEMA).execute(&pool).await.expect("schema");
    pool
}

async fn connect(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(4)
        .connect_with(options)
        .await
        .expect("the private server answers")
}

impl Cluster {
    fn start() -> Self {
        let dir = std::env::temp_dir().join(format!("parcours-pg-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).expect("a directory of our own");
        let owner = unprivileged();
        if let Some((uid, gid)) = owner {
            chown(&dir, Some(uid), Some(gid)).expect("root may chown");
        }
        let bin = binaries();
        // `read` returns when the other end of the pipe closes: when the tests are over or dead.
        let script = r#"
            trap '' INT TERM
            cd "$1" || exit 1
            "$2/initdb" -D data -U postgres -A trust --no-sync >log 2>&1 || exit 1
            "$2/pg_ctl" -D data -w -l server.log -o "-c fsync=off -c listen_addresses='' -k $1" start >>log 2>&1
            echo ready
            read -r _
            "$2/pg_ctl" -D data -m immediate stop >>log 2>&1
            cd / && rm -rf "$1"/*
            rmdir "$1" 2>/dev/null
        "#;
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]).arg(&dir).arg(&bin);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some((uid, gid)) = owner {
            command.uid(uid).gid(gid);
        }
        let mut leash = command.spawn().expect("sh");
        let mut line = String::new();
        let out = leash.stdout.take().expect("piped");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).expect("a pipe");
        assert_eq!(line, "ready\n", "PostgreSQL did not start: {dir:?}/log");
        Self { dir, _leash: leash }
    }
}

/// PostgreSQL refuses to run as root: then the ids of `postgres`.
fn unprivileged() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    let me = fs::metadata("/proc/self").ok()?.uid();
    let passwd = fs::read_to_string("/etc/passwd").ok()?;
    let line = passwd.lines().find(|l| l.starts_with("postgres:"))?;
    let mut ids = line.split(':').skip(2).map(str::parse);
    (me == 0).then_some((ids.next()?.ok()?, ids.next()?.ok()?))
}

fn binaries() -> PathBuf {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().unwrap_or_else(|| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .find(|bin| bin.join("initdb").exists())
            .unwrap_or_else(|| Path::new("/usr/bin").to_owned())
    })
}
