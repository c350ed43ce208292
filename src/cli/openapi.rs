//! `cloudgen openapi`: the description of the API, without a server.

use std::io::Write;
use std::process::ExitCode;

pub fn run() -> anyhow::Result<ExitCode> {
    std::io::stdout().write_all(crate::app::openapi().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
