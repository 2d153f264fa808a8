//! A PostgreSQL and a RabbitMQ of one's own, which keep what they have confirmed, and can be killed.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
};

use cli::servers::{Postgres, PostgresOptions, RabbitMq, RabbitMqOptions, ServerError};
use parcours_tests::kit;

/// Both, in a directory that goes away with the last clone.
#[derive(Clone)]
pub struct Pair(Arc<Held>);

struct Held {
    servers: Mutex<Servers>,
    directory: PathBuf,
}

#[derive(Default)]
struct Servers {
    postgres: Option<Postgres>,
    rabbitmq: Option<RabbitMq>,
}

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    Postgres,
    RabbitMq,
}

impl Pair {
    /// Starts both.
    pub async fn start() -> Self {
        let held = Held {
            servers: Mutex::default(),
            directory: kit::scratch("parcours-pair"),
        };
        let pair = Self(Arc::new(held));
        pair.blocking(|held| {
            held.start_postgres(None).unwrap();
            held.start_rabbitmq(None).unwrap();
        })
        .await;
        pair
    }

    pub fn database_url(&self) -> String {
        self.0
            .servers
            .lock()
            .unwrap()
            .postgres
            .as_ref()
            .unwrap()
            .url()
    }

    pub fn amqp_url(&self) -> String {
        self.0
            .servers
            .lock()
            .unwrap()
            .rabbitmq
            .as_ref()
            .unwrap()
            .url()
    }

    /// Where PostgreSQL's data lies.
    pub fn postgres_data(&self) -> PathBuf {
        let servers = self.0.servers.lock().unwrap();
        servers.postgres.as_ref().unwrap().directory().join("data")
    }

    /// `rabbitmqctl ARGUMENTS…`.
    pub async fn ctl(&self, arguments: &'static [&'static str]) -> String {
        self.blocking(move |held| {
            let servers = held.servers.lock().unwrap();
            servers.rabbitmq.as_ref().unwrap().ctl(arguments).unwrap()
        })
        .await
    }

    /// `kill -9`, and a start on the same data and port.
    pub async fn kill(&self, server: Server) {
        self.while_stopped(server, || ()).await;
    }

    /// The same, with something done in between.
    pub async fn while_stopped<T: Send + 'static>(
        &self,
        server: Server,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        self.blocking(move |held| match server {
            Server::Postgres => {
                let url = held
                    .servers
                    .lock()
                    .unwrap()
                    .postgres
                    .as_ref()
                    .unwrap()
                    .url();
                held.kill_postgres();
                let done = work();
                held.start_postgres(Some(port(&url))).unwrap();
                done
            }
            Server::RabbitMq => {
                let url = held
                    .servers
                    .lock()
                    .unwrap()
                    .rabbitmq
                    .as_ref()
                    .unwrap()
                    .url();
                held.kill_rabbitmq();
                let done = work();
                held.start_rabbitmq(Some(port(&url))).unwrap();
                done
            }
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Held) -> T + Send + 'static,
    ) -> T {
        let held = self.0.clone();
        tokio::task::spawn_blocking(move || work(&held))
            .await
            .unwrap()
    }
}

impl Held {
    fn start_postgres(&self, port: Option<u16>) -> Result<(), ServerError> {
        let options = PostgresOptions {
            port,
            ..PostgresOptions::default()
        };
        let server = Postgres::start(&self.directory.join("postgres"), &options)?;
        self.servers.lock().unwrap().postgres = Some(server);
        Ok(())
    }

    fn start_rabbitmq(&self, port: Option<u16>) -> Result<(), ServerError> {
        let options = RabbitMqOptions {
            port,
            ..RabbitMqOptions::default()
        };
        let server = RabbitMq::start(&self.directory.join("rabbitmq"), &options)?;
        self.servers.lock().unwrap().rabbitmq = Some(server);
        Ok(())
    }

    /// Its processes go with the first: they notice, and the next start waits for them.
    fn kill_postgres(&self) {
        let server = self.servers.lock().unwrap().postgres.take().unwrap();
        kill(&server.directory().join("data/postmaster.pid"));
        drop(server);
    }

    fn kill_rabbitmq(&self) {
        let server = self.servers.lock().unwrap().rabbitmq.take().unwrap();
        kill(&self.directory.join("rabbitmq/server.pid"));
        drop(server);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let servers = std::mem::take(&mut *self.servers.lock().unwrap());
        let moved = servers
            .postgres
            .as_ref()
            .and_then(|p| p.moved_to().map(Path::to_owned));
        drop(servers);
        for directory in moved.iter().chain([&self.directory]) {
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}

/// `kill -9` of the process whose id is in the first line.
fn kill(file: &Path) {
    let text = std::fs::read_to_string(file).unwrap();
    let id = text.lines().next().unwrap().trim();
    let done = Command::new("kill").args(["-9", id]).status().unwrap();
    assert!(done.success(), "{id} is not there");
}

fn port(url: &str) -> u16 {
    let address = url.split_once('@').unwrap().1.split_once('/').unwrap().0;
    address.rsplit_once(':').unwrap().1.parse().unwrap()
}
