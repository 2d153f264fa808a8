//! A network of its own for the nodes of a cluster, which can be cut: a namespace for each, on a bridge.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Namespaces with an address each, which this process and they among themselves reach.
#[derive(Debug)]
pub struct Network {
    name: String,
    subnet: String,
    nodes: usize,
}

impl Network {
    /// One with that many namespaces.
    ///
    /// # Errors
    /// Why it cannot be made: no rights, no `ip`, or a kernel without bridges.
    pub fn new(nodes: usize) -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        remove_leftovers();
        let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let network = Self {
            // An interface's name has at most 15 letters, and two more follow.
            name: format!("pc{process:x}-{count}"),
            subnet: format!("10.213.{}", (process + count) % 250),
            nodes,
        };
        // What was made before it failed goes when this is dropped.
        network.make()?;
        Ok(network)
    }

    fn make(&self) -> Result<(), String> {
        let (bridge, subnet) = (&self.name, &self.subnet);
        ip(&format!("link add {bridge} type bridge"))?;
        ip(&format!("addr add {subnet}.254/24 dev {bridge}"))?;
        ip(&format!("link set {bridge} up"))?;
        for node in 0..self.nodes {
            let (namespace, link) = (self.namespace(node), self.link(node));
            ip(&format!("netns add {namespace}"))?;
            ip(&format!(
                "link add {link} type veth peer name eth0 netns {namespace}"
            ))?;
            ip(&format!("link set {link} master {bridge} up"))?;
            let address = self.address(node);
            ip(&format!("-n {namespace} addr add {address}/24 dev eth0"))?;
            ip(&format!("-n {namespace} link set eth0 up"))?;
            ip(&format!("-n {namespace} link set lo up"))?;
            let hosts = hosts(&namespace);
            std::fs::create_dir_all(&hosts).map_err(|e| e.to_string())?;
            std::fs::write(hosts.join("hosts"), self.names()).map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// What `/etc/hosts` says in every namespace.
    fn names(&self) -> String {
        let own = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
        let nodes = (0..self.nodes).map(|n| format!("{} {}\n", self.address(n), self.host(n)));
        format!(
            "127.0.0.1 localhost {}\n{}",
            own.trim(),
            nodes.collect::<String>()
        )
    }

    /// The name of a node's namespace.
    #[must_use]
    pub fn namespace(&self, node: usize) -> String {
        format!("{}-{node}", self.name)
    }

    /// The address in a node's namespace.
    #[must_use]
    pub fn address(&self, node: usize) -> String {
        format!("{}.{}", self.subnet, node + 1)
    }

    /// What the nodes call one another.
    #[must_use]
    pub fn host(&self, node: usize) -> String {
        format!("rabbit-{node}")
    }

    fn link(&self, node: usize) -> String {
        format!("{}v{node}", self.name)
    }

    /// Cuts a node off, from the others and from us: nothing arrives, and nobody is told.
    ///
    /// # Panics
    /// It cannot be done.
    pub fn cut(&self, node: usize) {
        ip(&format!("link set {} down", self.link(node))).unwrap_or_else(|e| panic!("{e}"));
    }

    /// Puts a cut right.
    ///
    /// # Panics
    /// It cannot be done.
    pub fn heal(&self, node: usize) {
        ip(&format!("link set {} up", self.link(node))).unwrap_or_else(|e| panic!("{e}"));
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for node in 0..self.nodes {
            remove(&self.namespace(node));
        }
        let _ = ip(&format!("link del {}", self.name));
    }
}

fn hosts(namespace: &str) -> PathBuf {
    Path::new("/etc/netns").join(namespace)
}

fn remove(namespace: &str) {
    let _ = ip(&format!("netns del {namespace}"));
    let _ = std::fs::remove_dir_all(hosts(namespace));
}

/// Removes what processes that were killed could not.
fn remove_leftovers() {
    let all = std::fs::read_dir("/run/netns");
    let names = all.into_iter().flatten().flatten();
    for name in names.filter_map(|entry| entry.file_name().into_string().ok()) {
        let mut parts = name.strip_prefix("pc").unwrap_or_default().split('-');
        let process = parts.next().and_then(|id| u32::from_str_radix(id, 16).ok());
        if process.is_some_and(|id| !Path::new(&format!("/proc/{id}")).exists()) {
            remove(&name);
            let bridge = name.rsplit_once('-').map_or("", |(bridge, _)| bridge);
            let _ = ip(&format!("link del {bridge}"));
        }
    }
}

fn ip(arguments: &str) -> Result<(), String> {
    let output = Command::new("ip")
        .args(arguments.split(' '))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("ip: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!(
            "ip {arguments}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
    }
}
