//! What the program says of itself: help, completions, manual pages, exit codes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A directory of its own for a test, and the program run in it.
pub struct Place(pub PathBuf);

impl Place {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cloudgen-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The environment that commands are run in, with nothing of ours.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let below = |name: &str| self.0.join(name).display().to_string();
        vec![
            ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("HOME", below("home")),
            ("XDG_STATE_HOME", below("state")),
            ("XDG_CONFIG_HOME", below("config")),
        ]
    }

    fn output(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(self.environment()).current_dir(&self.0);
        command.stdin(Stdio::null()).output().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.output(PROGRAM, arguments)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_cloudgen");

fn printed(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The help of a command and of all below it, as chapters.
fn help(place: &Place, path: &[&str], text: &mut String) {
    let arguments: Vec<&str> = path.iter().copied().chain(["--help"]).collect();
    let help = printed(place.run(&arguments));
    let name: Vec<&str> = ["cloudgen"].into_iter().chain(path.iter().copied()).collect();
    let plain: Vec<&str> = help.lines().map(str::trim_end).collect();
    text.push_str(&format!(
        "### {}\n\n```text\n{}\n```\n\n",
        name.join(" "),
        plain.join("\n").trim()
    ));
    let commands = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    for line in commands.lines().take_while(|it| !it.is_empty()) {
        let inner = line.split_whitespace().next().unwrap_or_default();
        if line.starts_with("  ") && !line.starts_with("   ") && inner != "help" {
            help_of(place, path, inner, text);
        }
    }
}

fn help_of(place: &Place, path: &[&str], inner: &str, text: &mut String) {
    help(place, &path.iter().copied().chain([inner]).collect::<Vec<_>>(), text);
}

/// `UPDATE=1` writes the chapter anew; a person reads the difference.
#[test]
fn the_help_of_every_command_is_in_the_manual() {
    const MARK: &str = "<!-- What follows is written by tests/it/cli.rs. -->\n\n";
    let place = Place::new("help");
    let mut reference = String::new();
    help(&place, &[], &mut reference);
    let reference = format!("{}\n", reference.trim_end());
    assert!(reference.contains("### cloudgen sessions rename\n"), "the chapters nest");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md");
    let manual = std::fs::read_to_string(&path).unwrap();
    let (by_hand, kept) = manual.split_once(MARK).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, format!("{by_hand}{MARK}{reference}")).unwrap();
    } else {
        assert!(kept == reference, "help has changed: run with UPDATE=1 and read the difference");
    }
}

#[test]
fn bash_completes_commands() {
    let place = Place::new("completions");
    let script = format!(
        "source <({PROGRAM} completions bash)\n\
         complete -p cloudgen\n\
         COMP_WORDS=(cloudgen sess); COMP_CWORD=1; _cloudgen cloudgen sess cloudgen\n\
         echo \"${{COMPREPLY[*]}}\"\n\
         COMP_WORDS=(cloudgen auth ''); COMP_CWORD=2; _cloudgen cloudgen '' auth\n\
         echo \"${{COMPREPLY[*]}}\"\n"
    );
    let said = printed(place.output("bash", &["-euc", &script]));
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].ends_with("-F _cloudgen cloudgen"), "{said}");
    assert_eq!(lines[1], "sessions");
    assert!(lines[2].contains("status") && lines[2].contains("logout"), "{said}");
    for shell in ["zsh", "fish", "powershell", "elvish"] {
        let script = printed(place.run(&["completions", shell]));
        assert!(script.contains("sessions") && script.contains("webhooks"), "{shell}");
    }
}

#[test]
fn manual_pages_render() {
    let place = Place::new("man");
    printed(place.run(&["man", "--out", "man1"]));
    for page in ["cloudgen", "cloudgen-analyze", "cloudgen-sessions-rename", "cloudgen-api"] {
        let file = place.0.join(format!("man1/{page}.1"));
        let file = file.to_str().unwrap();
        let output = place.output("groff", &["-Kutf8", "-man", "-Tutf8", "-ww", "-P-cbou", file]);
        assert!(output.stderr.is_empty(), "{page}: {}", String::from_utf8_lossy(&output.stderr));
        let text = printed(output);
        assert!(text.contains("SYNOPSIS") && text.contains(page), "{page}: {text}");
    }
}

#[test]
fn exit_codes_tell_what_went_wrong() {
    let place = Place::new("codes");
    let code = |arguments: &[&str]| place.run(arguments).status.code().unwrap();
    assert_eq!(code(&["--version"]), 0);
    assert_eq!(code(&["no-such-command"]), 2);
    assert_eq!(code(&["edit", "make it cheaper"]), 4, "there is nothing to edit");
    assert_eq!(code(&["analyze", " "]), 2);
    assert_eq!(code(&["analyze", "a queue", "--set", "region"]), 2);
    for refused in
        [["--set", "region=Mars"], ["--region", "mars-1"], ["--cloud", "gcp"], ["--budget", "-1"]]
    {
        assert_eq!(code(&[&["analyze", "a queue"][..], &refused].concat()), 6, "{refused:?}");
    }
    assert_eq!(code(&["analyze", "a queue and a function"]), 0);
    assert_eq!(code(&["explain", "nothing-of-ours"]), 4);
    assert_eq!(code(&["analyze", "hello there"]), 6);
    assert_eq!(code(&["sessions"]), 3);
    assert_eq!(code(&["sessions", "show", "../../me"]), 3);
    assert_eq!(code(&["login", "--server", "ftp://host"]), 2);
    assert_eq!(code(&["cost", "--field", "options[9]"]), 2);
    let apart = place.run(&["analyze", "a queue", "--server", "http://127.0.0.1:9"]);
    assert_eq!(apart.status.code(), Some(3), "a server that is named is meant");
}

#[test]
fn one_value_can_be_asked_for() {
    let place = Place::new("field");
    printed(place.run(&["analyze", "a queue and a function", "--json"]));
    let field = |path| printed(place.run(&["cost", "--field", path]));
    assert_eq!(field("options[].tier"), "good\nbetter\nbest\n");
    assert!(field("options[0].cost.monthly").trim().parse::<f64>().is_ok());
}

/// On a terminal with colour, in a pipe and with NO_COLOR without.
#[test]
fn colour_is_for_terminals() {
    let place = Place::new("colour");
    let on_terminal = |before: &str| {
        let command = format!("{before} {PROGRAM} analyze 'a queue and a function'");
        printed(place.output("script", &["-qec", &command, "/dev/null"]))
    };
    assert!(on_terminal("TERM=xterm").contains("\u{1b}[1mOptions"));
    assert!(!on_terminal("TERM=xterm NO_COLOR=1").contains('\u{1b}'));
    assert!(!on_terminal("TERM=dumb").contains('\u{1b}'));
    assert!(!printed(place.run(&["analyze", "a queue and a function"])).contains('\u{1b}'));
}
