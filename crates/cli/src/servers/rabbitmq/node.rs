//! One node: its files, its environment, and how it is started.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{CURE, NAME, OWNER, Place, RabbitMqOptions, START, TRIES, is_plain};
use crate::servers::child::{Child, Plan};
use crate::servers::{ServerError, find_program, free_port, private_directory, private_file};

/// A node that sees too few of the others stops until it sees them again, so that two halves never
/// take different decisions.
const CLUSTER: &str = "cluster_partition_handling = pause_minority\n\
    cluster_formation.peer_discovery_backend = classic_config\n";
/// A silent node is given up after some five seconds instead of a minute.
const TICKS: &str = " -kernel net_ticktime 5";

pub(super) struct Launched {
    pub child: Child,
    pub epmd: Option<Child>,
    pub ports: Ports,
}

pub(super) struct Ports {
    pub amqp: u16,
    distribution: u16,
    epmd: u16,
}

/// Those that everybody knows; a namespace has them to itself.
const OWN: Ports = Ports {
    amqp: 5672,
    distribution: 25672,
    epmd: 4369,
};

pub(super) struct Node<'a> {
    pub server: PathBuf,
    pub home: &'a Path,
    pub name: &'a str,
    pub options: &'a RabbitMqOptions,
}

impl Node<'_> {
    /// Writes what the node reads at start.
    pub(super) fn write_files(&self, password: &str) -> Result<(), ServerError> {
        let definitions = self.home.join("definitions.json");
        let is_alone = !matches!(self.place(), Some(Place::Namespace(_)));
        let mut config = format!(
            "loopback_users.{OWNER} = {is_alone}\nlog.file = false\nlog.console = true\n\
             log.console.level = warning\nload_definitions = {}\n",
            definitions.display()
        );
        if let Some(peer) = &self.options.peer {
            config.push_str(CLUSTER);
            let first = &peer.first;
            let _ = writeln!(config, "cluster_formation.classic_config.nodes.1 = {first}");
            let cookie = self.home.join(".erlang.cookie");
            if !cookie.exists() {
                private_file(&cookie, &peer.secret)?;
            }
        }
        private_file(&self.home.join("rabbitmq.conf"), &config)?;
        private_file(&definitions, &definitions_json(password, self.options))?;
        let plugins = format!("[{}].\n", self.options.plugins.join(","));
        private_file(&self.home.join("enabled_plugins"), &plugins)?;
        private_file(&self.home.join("env.conf"), "")?;
        private_directory(&self.home.join("conf.d"))
    }

    fn place(&self) -> Option<&Place> {
        self.options.peer.as_ref().map(|peer| &peer.place)
    }

    /// Where it listens.
    pub(super) fn address(&self) -> &str {
        let peer = self.options.peer.as_ref();
        peer.map_or("127.0.0.1", |peer| &peer.address)
    }

    /// A program of RabbitMQ's, run where the node lives.
    pub(super) fn command(&self, program: &str) -> Vec<String> {
        let program = self.server.with_file_name(program).display().to_string();
        self.enter().into_iter().chain([program]).collect()
    }

    /// What has to stand before a command that is to run where the node lives.
    fn enter(&self) -> Vec<String> {
        match self.place() {
            Some(Place::Namespace(name)) => ["ip", "netns", "exec", name].map(str::to_owned).into(),
            _ => Vec::new(),
        }
    }

    pub(super) fn environment(&self, ports: &Ports) -> Vec<(String, String)> {
        let path = |name: &str| self.home.join(name).display().to_string();
        let address = self.address();
        let interface = address.replace('.', ",");
        let mut arguments = format!("-kernel inet_dist_use_interface {{{interface}}}");
        if self.options.peer.is_some() {
            arguments.push_str(TICKS);
        }
        [
            ("HOME", path("")),
            ("ERL_EPMD_PORT", ports.epmd.to_string()),
            ("ERL_EPMD_ADDRESS", address.to_owned()),
            ("RABBITMQ_NODENAME", self.name.to_owned()),
            ("RABBITMQ_NODE_IP_ADDRESS", address.to_owned()),
            ("RABBITMQ_NODE_PORT", ports.amqp.to_string()),
            ("RABBITMQ_DIST_PORT", ports.distribution.to_string()),
            ("RABBITMQ_MNESIA_BASE", path("data")),
            ("RABBITMQ_LOG_BASE", path("log")),
            ("RABBITMQ_LOGS", "-".to_owned()),
            ("RABBITMQ_SCHEMA_DIR", path("schema")),
            ("RABBITMQ_PID_FILE", path("server.pid")),
            ("RABBITMQ_CONFIG_FILE", path("rabbitmq.conf")),
            // The machine's own settings are not for this node.
            ("RABBITMQ_CONFIG_FILES", path("conf.d")),
            ("RABBITMQ_ADVANCED_CONFIG_FILE", path("advanced.config")),
            ("RABBITMQ_CONF_ENV_FILE", path("env.conf")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", path("enabled_plugins")),
            ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", arguments),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    pub(super) fn launch(&self) -> Result<Launched, ServerError> {
        let mut tries = TRIES;
        loop {
            tries -= 1;
            match self.launch_once() {
                Err(ServerError::Ended { .. }) if tries > 0 => {}
                other => return other,
            }
        }
    }

    fn launch_once(&self) -> Result<Launched, ServerError> {
        let amqp = || self.options.port.map_or_else(free_port, Ok);
        let ports = match self.place() {
            Some(Place::Namespace(_)) => OWN,
            Some(Place::Shared { epmd }) => Ports {
                amqp: amqp()?,
                distribution: free_port()?,
                epmd: *epmd,
            },
            None => Ports {
                amqp: amqp()?,
                distribution: free_port()?,
                epmd: free_port()?,
            },
        };
        let epmd = match self.place() {
            Some(Place::Shared { .. }) => None,
            _ => Some(launch_epmd(
                self.home,
                self.address(),
                ports.epmd,
                &self.enter(),
            )?),
        };
        let plan = plan(
            NAME,
            self.home,
            self.command("rabbitmq-server"),
            self.environment(&ports),
            Duration::from_secs(20),
        );
        let mut child = Child::start(&plan, &self.home.join("server.log"))?;
        child.wait_until(START, || speaks_amqp(self.address(), ports.amqp))?;
        Ok(Launched { child, epmd, ports })
    }
}

/// Erlang's name service, started by us: one that a node starts would outlive it. `enter` stands before its command.
pub(super) fn launch_epmd(
    home: &Path,
    address: &str,
    port: u16,
    enter: &[String],
) -> Result<Child, ServerError> {
    let places = [
        "/usr/bin",
        "/opt/homebrew/bin",
        "/usr/local/bin",
        "/usr/lib/erlang/bin",
    ];
    let missing = ServerError::NotInstalled {
        server: "epmd (Erlang)",
        cure: CURE,
    };
    let epmd = find_program("epmd", &places).ok_or(missing)?;
    let (epmd, number) = (epmd.display().to_string(), port.to_string());
    let command = [&epmd, "-address", address, "-port", &number].map(str::to_owned);
    let command = enter.iter().cloned().chain(command).collect();
    let environment = vec![("HOME".to_owned(), home.display().to_string())];
    let plan = plan("epmd", home, command, environment, Duration::from_secs(25));
    let mut child = Child::start(&plan, &home.join("epmd.log"))?;
    child.wait_until(START, || TcpStream::connect((address, port)).is_ok())?;
    Ok(child)
}

fn plan(
    name: &'static str,
    home: &Path,
    command: Vec<String>,
    environment: Vec<(String, String)>,
    patience: Duration,
) -> Plan {
    Plan {
        name,
        command,
        environment,
        directory: home.to_owned(),
        user: None,
        signal: "TERM",
        patience,
    }
}

/// The users and virtual hosts of a fresh node. A node with definitions makes no `guest`.
fn definitions_json(password: &str, options: &RabbitMqOptions) -> String {
    let vhosts: Vec<&str> = std::iter::once("/")
        .chain(
            options
                .vhosts
                .iter()
                .map(String::as_str)
                .filter(|name| name.bytes().all(is_plain)),
        )
        .collect();
    let list = |item: &dyn Fn(&str) -> String| {
        vhosts
            .iter()
            .map(|name| item(name))
            .collect::<Vec<_>>()
            .join(",")
    };
    let names = list(&|name| format!(r#"{{"name":"{name}"}}"#));
    let permissions = list(&|name| {
        format!(
            r#"{{"user":"{OWNER}","vhost":"{name}","configure":".*","write":".*","read":".*"}}"#
        )
    });
    format!(
        r#"{{"users":[{{"name":"{OWNER}","password":"{password}","tags":["administrator"]}}],"vhosts":[{names}],"permissions":[{permissions}]}}"#
    )
}

/// True once the node answers the protocol's greeting with a method frame.
fn speaks_amqp(address: &str, port: u16) -> bool {
    let greet = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect((address, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(b"AMQP\x00\x00\x09\x01")?;
        let mut first = [0u8; 1];
        stream.read_exact(&mut first)?;
        Ok(first == [1])
    };
    greet().unwrap_or(false)
}
