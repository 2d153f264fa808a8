//! The binary `parcours`.

use std::process::ExitCode;

use clap::Parser as _;
use parcours_cli::args::Cli;

fn main() -> ExitCode {
    parcours_cli::run(Cli::parse())
}
