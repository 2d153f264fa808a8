//! Private servers: they keep their data, they die with their process, and they share nothing.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cli::servers::{Ephemeral, Postgres, PostgresOptions, RabbitMq, RabbitMqOptions, ServerError};
use parcours_tests::kit;
use sqlx::{Connection, Executor, PgConnection, Row};

/// Long enough for both servers to start on a busy machine.
const SOON: Duration = Duration::from_secs(120);

/// A directory that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        Scratch(kit::scratch(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn quick() -> PostgresOptions {
    PostgresOptions {
        durable: false,
        ..PostgresOptions::default()
    }
}

async fn start(directory: &Path) -> Result<Postgres, ServerError> {
    let directory = directory.to_owned();
    tokio::task::spawn_blocking(move || Postgres::start(&directory, &quick()))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_second_start_finds_its_data_again() {
    let scratch = Scratch::new("parcours-again");
    let first = start(&scratch.0).await.unwrap();
    let mut connection = PgConnection::connect(&first.url()).await.unwrap();
    connection
        .execute("create table kept as select 42 as answer")
        .await
        .unwrap();
    connection.close().await.unwrap();
    tokio::task::spawn_blocking(move || first.stop())
        .await
        .unwrap();

    let second = start(&scratch.0).await.unwrap();
    let mut connection = PgConnection::connect(&second.url()).await.unwrap();
    let row = connection
        .fetch_one("select answer from kept")
        .await
        .unwrap();
    assert_eq!(row.get::<i32, _>(0), 42);
}

/// What `--reset` is for, also where the server's user cannot reach the project and its data
/// lies elsewhere: a checkout in root's home.
#[tokio::test]
async fn what_was_forgotten_is_gone_wherever_it_lay() {
    let scratch = Scratch::new("parcours-forgotten");
    let hidden = scratch.0.join("hidden");
    std::fs::create_dir_all(&hidden).unwrap();
    std::fs::set_permissions(&hidden, std::fs::Permissions::from_mode(0o700)).unwrap();
    let directory = hidden.join("postgres");
    for _ in 0..2 {
        let server = start(&directory).await.unwrap();
        let mut connection = PgConnection::connect(&server.url()).await.unwrap();
        // Fails if the table of the first round is still there.
        connection.execute("create table kept ()").await.unwrap();
        connection.close().await.unwrap();
        let moved = server.moved_to().map(Path::to_owned);
        let as_root = std::fs::metadata(&hidden).unwrap().uid() == 0;
        assert_eq!(moved.is_some(), as_root, "{moved:?}");
        let asked = directory.clone();
        tokio::task::spawn_blocking(move || {
            let used = Postgres::forget(&asked);
            assert!(matches!(used, Err(ServerError::InUse(_))), "{used:?}");
            server.stop();
            Postgres::forget(&asked).unwrap();
        })
        .await
        .unwrap();
        assert!(moved.is_none_or(|place| !place.exists()));
    }
}

#[tokio::test]
async fn a_directory_serves_one_at_a_time() {
    let scratch = Scratch::new("parcours-twice");
    let _first = start(&scratch.0).await.unwrap();
    let second = start(&scratch.0).await;
    assert!(matches!(second, Err(ServerError::InUse(_))), "{second:?}");
}

#[tokio::test]
async fn a_stranger_is_not_let_in() {
    let scratch = Scratch::new("parcours-stranger");
    let server = start(&scratch.0).await.unwrap();
    let (before, after) = server
        .url()
        .split_once(':')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let address = after.split_once('@').unwrap().1;
    let url = format!("{before}://parcours:guess@{address}");
    assert!(PgConnection::connect(&url).await.is_err());
}

/// The other process of [`a_killed_process_takes_its_servers_along`]; alone it does nothing.
#[test]
fn child_that_holds_servers() {
    let Ok(directory) = std::env::var("PARCOURS_TEST_SERVERS") else {
        return;
    };
    let directory = PathBuf::from(directory);
    let postgres = Postgres::start(&directory.join("postgres"), &quick()).unwrap();
    let rabbitmq = RabbitMq::start(&directory.join("rabbitmq"), &RabbitMqOptions::default());
    let rabbitmq = rabbitmq.unwrap();
    let mut all = rabbitmq.supervisors();
    all.push(postgres.supervisor());
    let _janitor = Ephemeral::new(&directory, &all).unwrap();
    // The test reads these lines; libtest would swallow `println!`.
    let lines = format!("{}\n{}\n", postgres.url(), rabbitmq.url());
    std::fs::write(directory.join("urls.new"), lines).unwrap();
    std::fs::rename(directory.join("urls.new"), directory.join("urls")).unwrap();
    let mut forever = String::new();
    let _ = BufReader::new(std::io::stdin()).read_line(&mut forever);
}

#[test]
fn a_killed_process_takes_its_servers_along() {
    let scratch = Scratch::new("parcours-killed");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "servers::child_that_holds_servers"])
        .env("PARCOURS_TEST_SERVERS", &scratch.0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let urls = scratch.0.join("urls");
    wait_for("the servers are up", || urls.exists());
    let urls = std::fs::read_to_string(urls).unwrap();
    let addresses: Vec<&str> = urls.lines().map(address).collect();
    assert_eq!(addresses.len(), 2);
    assert!(
        addresses
            .iter()
            .all(|address| TcpStream::connect(address).is_ok())
    );

    child.kill().unwrap();
    child.wait().unwrap();
    wait_for("the servers are gone", || {
        addresses
            .iter()
            .all(|address| TcpStream::connect(address).is_err())
    });
    wait_for("the directory is gone", || !scratch.0.exists());
}

/// `host:port` of a URL with a password.
fn address(url: &str) -> &str {
    let after = url.split_once('@').unwrap().1;
    after.split_once('/').unwrap().0
}

fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < SOON, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn every_test_has_its_own_migrated_database() {
    let (one, two) = tokio::join!(kit::database(), kit::database());
    assert_ne!(one.url, two.url);
    let mut connection = PgConnection::connect(&one.url).await.unwrap();
    let insert =
        "insert into customer (id, seen_at, key) values (gen_random_uuid(), now(), 'anna')";
    connection.execute(insert).await.unwrap();
    let mut other = PgConnection::connect(&two.url).await.unwrap();
    let row = other
        .fetch_one("select count(*) from customer")
        .await
        .unwrap();
    assert_eq!(row.get::<i64, _>(0), 0);

    let (url, gone) = (one.url.clone(), one);
    drop(gone);
    assert!(
        PgConnection::connect(&url).await.is_err(),
        "it is dropped with the test"
    );
}
