//! The command line at a terminal and in a pipe: what is drawn, what is not, and
//! what happens when somebody presses Ctrl-C or stops reading.
//!
//! `script` is the terminal. What is typed into it reaches the program as from a
//! keyboard, signals included.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::cli::PROGRAM;
use crate::cli_remote::{Shell, TEXT, Then, faulty, signed_in};

/// What rewrites a line.
const AGAIN: &str = "\r\u{1b}[K";

impl Shell {
    /// A command line, run on a terminal. Whoever starts the tests in the background
    /// has them ignore interrupts, and all that they start.
    fn terminal(&self, line: &str) -> tokio::process::Command {
        let interrupts = "--default-signal=INT";
        self.command("env", &[interrupts, "script", "-qec", line, "/dev/null"])
    }
}

/// A session whose better option is generated.
async fn generated(shell: &Shell) -> String {
    let id = shell.ok(&["analyze", TEXT, "--field", "session_id"]).await;
    shell.ok(&["generate", "--option", "better", "--out", "whole"]).await;
    id.trim().to_owned()
}

#[tokio::test]
async fn progress_is_drawn_on_a_terminal_and_nowhere_else() {
    let (_app, base, shell) = signed_in("progress").await;
    let id = generated(&shell).await;
    let (proxy, _seen) = faulty(&base, 3000, Then::Ends).await;
    let line = |out: &str| {
        format!("{PROGRAM} download --session-id {id} --option better --server {proxy} --out {out}")
    };
    let drawn = async |term: &str, out: &str| {
        let done = shell.terminal(&line(out)).env("TERM", term).output().await.unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap()
    };
    let seen = drawn("xterm", "drawn").await;
    let lines: Vec<&str> = seen.split(AGAIN).collect();
    let bars: Vec<&str> =
        lines.iter().copied().filter(|it| it.starts_with("Downloading [")).collect();
    assert!(bars.iter().any(|it| it.contains(" ] 3 of ")), "{bars:?}");
    let last = bars.last().unwrap();
    assert!(last.starts_with("Downloading [====================] "), "{bars:?}");
    let (done, total) = last.split_once("] ").unwrap().1.split_once(" of ").unwrap();
    assert_eq!(format!("{done} KB"), total, "it ends with all of it");
    // Of the bar nothing is left when the result is printed.
    assert!(lines.last().unwrap().contains("versions.tf"), "{seen}");
    assert!(!lines.last().unwrap().contains('='), "{seen}");

    let dumb = drawn("dumb", "dumb").await;
    assert!(!dumb.contains("Downloading") && !dumb.contains('\u{1b}'), "{dumb}");
    let words = line("piped");
    let piped = shell.run(&words.split(' ').skip(1).collect::<Vec<_>>()).await;
    assert!(piped.code == 0 && piped.err.is_empty(), "{piped:?}");
    assert!(!piped.out.contains("Downloading") && !piped.out.contains('\u{1b}'), "{piped:?}");
}

#[tokio::test]
async fn a_download_that_somebody_interrupts_goes_on_where_it_was() {
    let (_app, base, shell) = signed_in("interrupted").await;
    let id = generated(&shell).await;
    let (proxy, _seen) = faulty(&base, 4000, Then::Hangs).await;
    let line = |server: &str| {
        format!("{PROGRAM} download --session-id {id} --option better --server {server} --out got")
    };
    let mut command = shell.terminal(&line(&proxy));
    let mut running = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut screen = running.stdout.take().unwrap();
    let mut seen = String::new();
    let shown = async {
        while !seen.contains("] 4 of ") {
            let mut part = [0; 1000];
            let count = screen.read(&mut part).await.unwrap();
            assert_ne!(count, 0, "it has ended: {seen}");
            seen.push_str(&String::from_utf8_lossy(&part[..count]));
        }
    };
    tokio::time::timeout(Duration::from_secs(30), shown).await.expect("a bar");
    let mut keyboard = running.stdin.take().unwrap();
    keyboard.write_all(b"\x03").await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(30), running.wait()).await;
    // Until here it is there: its end would be another thing that was typed.
    drop(keyboard);
    assert_eq!(ended.expect("Ctrl-C ends it").unwrap().code(), Some(130));
    let left: Vec<_> = std::fs::read_dir(shell.place.0.join("got")).unwrap().collect();
    assert_eq!(left.len(), 1, "only what has arrived is there: {left:?}");
    assert_eq!(left[0].as_ref().unwrap().metadata().unwrap().len(), 4000);

    let (proxy, seen) = faulty(&base, usize::MAX / 2, Then::Ends).await;
    let words = line(&proxy);
    let done = shell.run(&words.split(' ').skip(1).collect::<Vec<_>>()).await;
    assert_eq!(done.code, 0, "{done:?}");
    let requests = seen.lock().unwrap();
    assert!(requests.len() == 1 && requests[0].contains("range: bytes=4000-"), "{requests:?}");
    assert_eq!(shell.read("got/versions.tf"), shell.read("whole/versions.tf"));
}

#[tokio::test]
async fn what_cannot_be_written_is_said_and_what_nobody_reads_is_not() {
    let (_app, _base, shell) = signed_in("unwritable").await;
    let id = generated(&shell).await;
    std::fs::write(shell.place.0.join("file"), "mine").unwrap();
    for out in ["file", "file/below"] {
        let done = shell.run(&["download", "--session-id", &id, "--out", out]).await;
        assert!(done.code == 1 && done.err.contains("cannot make file"), "{done:?}");
        let done = shell.run(&["generate", "--out", out]).await;
        assert!(done.code == 1 && done.err.contains("cannot make file"), "{done:?}");
    }
    assert_eq!(shell.read("file"), "mine");
    let in_bash = async |line: String| {
        let done = shell.command("bash", &["-o", "pipefail", "-c", &line]).output().await.unwrap();
        (done.status.code().unwrap(), String::from_utf8(done.stderr).unwrap())
    };
    let (code, said) = in_bash(format!("{PROGRAM} cost > /dev/full")).await;
    assert!(code == 1 && said.contains("No space left"), "{said}");
    // `head` has enough after some bytes of what is more than a pipe holds.
    for command in ["openapi", "api openapi.json", "analyze --local --json 'a queue'"] {
        let enough = in_bash(format!("{PROGRAM} {command} | head -c 9 > /dev/null")).await;
        assert_eq!(enough, (0, String::new()), "{command}");
    }
}
