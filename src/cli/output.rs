//! What commands print: a report for people, or JSON for programs.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::failure::{Failure, Kind};
use super::report::Paper;

#[derive(Args, Default)]
pub struct Output {
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    // Not a comment of documentation, which would take the brackets for links.
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        help = "Print one value of the JSON, such as options[1].cost.monthly; [] for each of a list"
    )]
    field: Option<String>,
}

impl Output {
    /// Prints `value` as asked; `report` writes it for people.
    pub fn print(
        &self,
        value: &Value,
        report: impl FnOnce(&mut Paper),
    ) -> anyhow::Result<ExitCode> {
        if let Some(path) = &self.field {
            let mut text = String::new();
            for found in select(value, path)? {
                match found {
                    Value::String(it) => text.push_str(it),
                    Value::Array(_) | Value::Object(_) => {
                        text.push_str(&serde_json::to_string_pretty(found)?);
                    }
                    other => text.push_str(&other.to_string()),
                }
                text.push('\n');
            }
            std::io::stdout().lock().write_all(text.as_bytes())?;
        } else if self.json {
            print_json(value)?;
        } else {
            let mut out = Paper::stdout();
            report(&mut out);
            out.print()?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

pub fn print_json(value: &Value) -> anyhow::Result<()> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    std::io::stdout().lock().write_all(&text)?;
    Ok(())
}

/// What a path such as `a.b[0].c` leads to; `a[].b` leads to one for each of a list.
fn select<'a>(value: &'a Value, path: &str) -> Result<Vec<&'a Value>, Failure> {
    let mut found = vec![value];
    let mut gone = String::new();
    let usage = |message: String| Failure::new(Kind::Usage, message);
    for step in path.trim_start_matches('.').split('.').filter(|it| !it.is_empty()) {
        let (name, indices) = step.split_once('[').map_or((step, None), |(a, b)| (a, Some(b)));
        let mut steps = Vec::new();
        if !name.is_empty() {
            steps.push(Step::Name(name));
        }
        for index in indices.into_iter().flat_map(|it| it.split('[')) {
            let inner = index.strip_suffix(']');
            steps.push(match inner.map(|it| (it, it.parse::<i64>())) {
                Some(("", _)) => Step::Each,
                Some((_, Ok(n))) => Step::At(n),
                _ => return Err(usage(format!("--field {path}: [{index} is no place in a list"))),
            });
        }
        for step in steps {
            gone.push_str(&step.to_string());
            found =
                found.into_iter().map(|it| step.take(it)).collect::<Option<Vec<_>>>().map_or_else(
                    || Err(usage(format!("--field {path}: there is nothing at {gone}"))),
                    |it| Ok(it.into_iter().flatten().collect()),
                )?;
        }
    }
    Ok(found)
}

enum Step<'a> {
    Name(&'a str),
    /// From the end when negative.
    At(i64),
    Each,
}

impl Step<'_> {
    fn take<'v>(&self, value: &'v Value) -> Option<Vec<&'v Value>> {
        match self {
            Self::Name(name) => value.get(name).map(|it| vec![it]),
            Self::Each => value.as_array().map(|it| it.iter().collect()),
            Self::At(n) => {
                let all = value.as_array()?;
                let n =
                    if *n < 0 { all.len().checked_add_signed(*n as isize)? } else { *n as usize };
                all.get(n).map(|it| vec![it])
            }
        }
    }
}

impl std::fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Self::Name(name) => write!(f, ".{name}"),
            Self::At(n) => write!(f, "[{n}]"),
            Self::Each => f.write_str("[]"),
        }
    }
}

/// A line on standard error for who sits at a terminal, rewritten as work goes on.
pub struct Progress {
    shown: bool,
}

impl Progress {
    pub fn new() -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|it| it == "dumb");
        Self { shown: std::io::stderr().is_terminal() && !dumb }
    }

    pub fn say(&self, text: &str) {
        if self.shown {
            eprint!("\r\x1b[K{text}");
        }
    }

    /// A bar of twenty steps.
    pub fn bar(&self, label: &str, done: u64, total: u64) {
        let filled = (done * 20).checked_div(total).unwrap_or(0).min(20) as usize;
        let bar = format!("{}{}", "=".repeat(filled), " ".repeat(20 - filled));
        self.say(&format!(
            "{label} [{bar}] {} of {} KB",
            done.div_ceil(1000),
            total.div_ceil(1000)
        ));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.say("");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_leads_to_values() {
        let value = json!({ "a": [{ "b": 1 }, { "b": "two" }], "c": { "d": null } });
        let at = |path| select(&value, path).unwrap().into_iter().cloned().collect::<Value>();
        assert_eq!(at("a[0].b"), json!([1]));
        assert_eq!(at(".a[-1].b"), json!(["two"]));
        assert_eq!(at("a[].b"), json!([1, "two"]));
        assert_eq!(at("c.d"), json!([null]));
        assert_eq!(at("."), json!([value]));
        for (path, complaint) in [
            ("a[2]", "--field a[2]: there is nothing at .a[2]"),
            ("c.x.y", "--field c.x.y: there is nothing at .c.x"),
            ("a[-3]", "--field a[-3]: there is nothing at .a[-3]"),
            ("a[b]", "--field a[b]: [b] is no place in a list"),
            ("a[0", "--field a[0: [0 is no place in a list"),
        ] {
            assert_eq!(select(&value, path).unwrap_err().message, complaint);
        }
    }
}
