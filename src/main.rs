//! The `cloudgen` command.

fn main() -> std::process::ExitCode {
    cloudgen::cli::main()
}
