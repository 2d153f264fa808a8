//! The console over a small shop that is made up: `cargo run -p parcours-api --example console`.
//! For those who work on the pages; it ends with Ctrl-C and leaves nothing behind.
#![allow(clippy::print_stdout, reason = "it says where it listens")]

#[allow(dead_code, reason = "shared with the tests")]
#[path = "../tests/kit/mod.rs"]
mod kit;

use std::sync::Arc;

use store::read::Reader;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let pool = kit::shop::database().await;
    let empty = std::env::args().any(|a| a == "--empty");
    let nudge = if empty {
        None
    } else {
        Some(kit::shop::fill(&pool, 120).await.nudge)
    };
    let drawer = if empty {
        kit::Drawer::default()
    } else {
        kit::drawer(nudge)
    };
    let state = kit::state(Reader::new(pool), Arc::default(), Some(drawer));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    api::serve(listener, api::router(state), stop).await
}
