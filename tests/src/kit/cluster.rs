//! Three nodes of RabbitMQ on this machine, which can be killed and come back.

use std::path::PathBuf;
use std::time::Duration;

use cli::servers::{Ephemeral, Epmd, Peer, Place, RabbitMq, RabbitMqOptions};

use super::{Network, blocking, eventually, scratch};

/// How many nodes: one may be missing.
pub const NODES: usize = 3;
/// How long a node may take to be one of three again.
const REJOIN: Duration = Duration::from_secs(60);

/// A cluster of one test. Its nodes are killed when it is dropped, and its directory goes with it.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Option<RabbitMq>>,
    options: Vec<RabbitMqOptions>,
    directory: PathBuf,
    url: String,
    epmd: Option<Epmd>,
    network: Option<Network>,
    _janitor: Ephemeral,
}

impl Cluster {
    /// Nodes beside each other, or on that network.
    ///
    /// # Panics
    /// They do not start.
    pub async fn start(network: Option<Network>) -> Self {
        let directory = scratch("parcours-cluster");
        std::fs::create_dir_all(&directory).expect("a directory can be made");
        let home = directory.clone();
        let (mut options, epmd) = blocking(move || {
            let epmd = match &network {
                None => Some(Epmd::start(&home).unwrap_or_else(|e| panic!("{e}"))),
                Some(_) => None,
            };
            let options = options(network.as_ref(), epmd.as_ref());
            (options, (epmd, network))
        })
        .await;
        let (epmd, network) = epmd;
        let mut nodes = Vec::new();
        for (number, options) in options.iter_mut().enumerate() {
            let node = launch(directory.join(number.to_string()), options.clone()).await;
            // It comes back at the same place.
            options.port = node
                .place()
                .rsplit_once(':')
                .and_then(|(_, p)| p.parse().ok());
            nodes.push(Some(node));
        }
        let supervisors: Vec<u32> = nodes
            .iter()
            .flatten()
            .flat_map(RabbitMq::supervisors)
            .chain(epmd.as_ref().map(Epmd::supervisor))
            .collect();
        let janitor = Ephemeral::new(&directory, &supervisors).unwrap_or_else(|e| panic!("{e}"));
        Self {
            url: url(&nodes),
            nodes,
            options,
            directory,
            epmd,
            network,
            _janitor: janitor,
        }
    }

    /// The address of all nodes.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The network that the nodes are on.
    ///
    /// # Panics
    /// They are beside each other.
    #[must_use]
    pub fn network(&self) -> &Network {
        self.network.as_ref().expect("it was started on a network")
    }

    /// `kill -9` of a node.
    ///
    /// # Panics
    /// It is not there.
    pub async fn kill(&mut self, node: usize) {
        let server = self.nodes[node].take().expect("the node is there");
        blocking(move || server.kill()).await;
    }

    /// Starts a node that was killed, and waits until it has a copy of every queue again.
    ///
    /// # Panics
    /// It does not start.
    pub async fn restart(&mut self, node: usize) {
        let directory = self.directory.join(node.to_string());
        self.nodes[node] = Some(launch(directory, self.options[node].clone()).await);
        self.is_whole().await;
    }

    /// Waits until every queue has all its copies.
    ///
    /// # Panics
    /// It has not within a minute.
    pub async fn is_whole(&self) {
        eventually(REJOIN, "every queue has all its copies", async || {
            let said = self.list("members,online");
            let whole = said.lines().all(|line| {
                let mut columns = line.split('\t').map(|names| names.matches('@').count());
                columns.next() == columns.next()
            });
            !said.is_empty() && whole
        })
        .await;
    }

    /// Which node leads that queue.
    ///
    /// # Panics
    /// None does.
    #[must_use]
    pub fn leader(&self, queue: &str) -> usize {
        let said = self.list("name,leader");
        let line = said.lines().find(|l| l.split('\t').next() == Some(queue));
        let leader = line.and_then(|line| line.split('\t').nth(1));
        let name = |o: &RabbitMqOptions| o.peer.as_ref().map(|peer| peer.name.clone());
        let mut names = self.options.iter().map(name);
        let place = names.position(|name| name.as_deref() == leader);
        place.unwrap_or_else(|| panic!("nobody leads {queue}: {said}"))
    }

    /// Columns of all quorum queues, as a node that is there knows them.
    ///
    /// # Panics
    /// No node is there.
    #[must_use]
    pub fn list(&self, columns: &str) -> String {
        let mut arguments = vec!["list_queues", "--silent", "--no-table-headers", "type"];
        arguments.extend(columns.split(','));
        let node = self.nodes.iter().flatten().next().expect("a node is there");
        let said = node.ctl(&arguments).unwrap_or_default();
        let quorum = said
            .lines()
            .filter_map(|line| line.strip_prefix("quorum\t"));
        quorum.map(|line| format!("{line}\n")).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.nodes
            .iter_mut()
            .filter_map(Option::take)
            .for_each(RabbitMq::kill);
        drop(self.epmd.take());
    }
}

async fn launch(directory: PathBuf, options: RabbitMqOptions) -> RabbitMq {
    blocking(move || RabbitMq::start(&directory, &options).unwrap_or_else(|e| panic!("{e}"))).await
}

fn options(network: Option<&Network>, epmd: Option<&Epmd>) -> Vec<RabbitMqOptions> {
    let host = |node| network.map_or("localhost".to_owned(), |network| network.host(node));
    let all: Vec<String> = (0..NODES)
        .map(|n| format!("node-{n}@{}", host(n)))
        .collect();
    let secret = super::unique("secret").replace('_', "x");
    let secret: String = secret.chars().cycle().take(32).collect();
    let peer = |node: usize| Peer {
        name: all[node].clone(),
        first: all[0].clone(),
        secret: secret.clone(),
        address: network.map_or("127.0.0.1".to_owned(), |network| network.address(node)),
        place: match (network, epmd) {
            (Some(network), _) => Place::Namespace(network.namespace(node)),
            (None, epmd) => Place::Shared {
                epmd: epmd.map_or(0, Epmd::port),
            },
        },
    };
    let options = |node| RabbitMqOptions {
        plugins: vec!["rabbitmq_consistent_hash_exchange".to_owned()],
        peer: Some(peer(node)),
        ..RabbitMqOptions::default()
    };
    (0..NODES).map(options).collect()
}

/// One address with every node in it; a silent one is given up after a few seconds.
fn url(nodes: &[Option<RabbitMq>]) -> String {
    let mut nodes = nodes.iter().flatten();
    let url = nodes.next().map(RabbitMq::url).unwrap_or_default();
    let (first, vhost) = url.rsplit_once('/').unwrap_or_default();
    let rest: String = nodes.map(|node| format!(",{}", node.place())).collect();
    format!("{first}{rest}/{vhost}?heartbeat=2")
}
