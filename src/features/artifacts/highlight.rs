//! Colours for code, without script: text goes in, tokens come out, line by line.
//!
//! The tokens of a line always join to that line again, whatever the text is;
//! colour is a help to the eye and never changes a byte. The template escapes
//! every token, so hostile text stays text.

use serde::Serialize;

/// What a token is; its class in the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Class {
    #[serde(rename = "")]
    Plain,
    /// Keywords and block types.
    #[serde(rename = "k")]
    Keyword,
    #[serde(rename = "s")]
    Text,
    #[serde(rename = "c")]
    Comment,
    /// Numbers, booleans, null.
    #[serde(rename = "n")]
    Value,
    /// Names of attributes and keys.
    #[serde(rename = "a")]
    Name,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Token {
    pub class: Class,
    pub text: String,
}

pub type Line = Vec<Token>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Hcl,
    Yaml,
    Json,
    Python,
    Script,
    Shell,
    Markdown,
    Plain,
}

impl Language {
    fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let name = name.strip_suffix(".example").unwrap_or(name);
        match name.rsplit_once('.').map_or("", |it| it.1) {
            "tf" | "tfvars" | "hcl" => Self::Hcl,
            "yaml" | "yml" => Self::Yaml,
            "json" => Self::Json,
            "py" => Self::Python,
            "js" | "mjs" | "ts" => Self::Script,
            "gitignore" => Self::Shell,
            _ if name.ends_with(".sh") => Self::Shell,
            "md" => Self::Markdown,
            _ => Self::Plain,
        }
    }

    fn comment(self) -> &'static [&'static str] {
        match self {
            Self::Hcl => &["#", "//"],
            Self::Yaml | Self::Python | Self::Shell => &["#"],
            Self::Script => &["//"],
            Self::Json | Self::Markdown | Self::Plain => &[],
        }
    }

    fn keywords(self) -> &'static [&'static str] {
        match self {
            Self::Hcl => &[
                "resource",
                "data",
                "variable",
                "output",
                "locals",
                "provider",
                "terraform",
                "module",
                "backend",
                "required_providers",
                "for",
                "in",
                "if",
                "dynamic",
                "lifecycle",
            ],
            Self::Python => &[
                "def", "return", "import", "from", "if", "else", "elif", "for", "in", "while",
                "try", "except", "raise", "with", "as", "class", "not", "and", "or", "is",
                "lambda", "pass",
            ],
            Self::Script => &[
                "const", "let", "var", "function", "return", "if", "else", "for", "while",
                "import", "export", "from", "async", "await", "new", "throw", "try", "catch", "of",
                "in",
            ],
            Self::Shell => &[
                "if", "then", "else", "fi", "for", "do", "done", "while", "case", "esac", "export",
                "set", "function", "exit",
            ],
            Self::Yaml | Self::Json | Self::Markdown | Self::Plain => &[],
        }
    }
}

/// The lines of a file, by the name that it has.
pub fn lines(path: &str, text: &str) -> Vec<Line> {
    let language = Language::of(path);
    let mut fence = false;
    text.lines()
        .map(|line| match language {
            Language::Plain => vec![token(Class::Plain, line)],
            Language::Markdown => markdown(line, &mut fence),
            Language::Yaml => yaml(line),
            _ => code(line, language),
        })
        .collect()
}

fn token(class: Class, text: &str) -> Token {
    Token { class, text: text.to_owned() }
}

fn markdown(line: &str, fence: &mut bool) -> Line {
    if line.trim_start().starts_with("```") {
        *fence = !*fence;
        return vec![token(Class::Comment, line)];
    }
    if *fence {
        return vec![token(Class::Text, line)];
    }
    if line.starts_with('#') {
        return vec![token(Class::Keyword, line)];
    }
    // Code between backticks; an odd one out is a backtick.
    let pieces: Vec<&str> = line.split('`').collect();
    if pieces.len().is_multiple_of(2) {
        return vec![token(Class::Plain, line)];
    }
    let mut out = Vec::new();
    for (n, piece) in pieces.iter().enumerate() {
        match n % 2 {
            0 => out.push(token(Class::Plain, piece)),
            _ => out.push(token(Class::Text, &format!("`{piece}`"))),
        }
    }
    merged(out)
}

/// The key up to its colon, then the value.
fn yaml(line: &str) -> Line {
    let start = line.len() - line.trim_start_matches([' ', '-']).len();
    let (lead, rest) = line.split_at(start);
    let end = rest
        .char_indices()
        .find(|(at, c)| *c == ':' && matches!(rest.as_bytes().get(at + 1), None | Some(b' ')));
    let key = |it: &str| !it.is_empty() && !it.starts_with(['"', '\'', '#', '!', '[', '{']);
    let mut out = vec![token(Class::Plain, lead)];
    match end {
        Some((at, _)) if key(&rest[..at]) => {
            out.push(token(Class::Name, &rest[..at]));
            out.push(token(Class::Plain, ":"));
            out.extend(scalar(&rest[at + 1..]));
        }
        _ => out.extend(scalar(rest)),
    }
    merged(out)
}

fn scalar(text: &str) -> Line {
    let start = text.len() - text.trim_start().len();
    let (space, word) = text.split_at(start);
    let class = match word {
        _ if word.starts_with('#') => Class::Comment,
        "true" | "false" | "null" | "[]" | "{}" => Class::Value,
        _ if word.parse::<f64>().is_ok() => Class::Value,
        _ if word.starts_with('!') => {
            let (tag, rest) = word.split_at(word.find(' ').unwrap_or(word.len()));
            return vec![
                token(Class::Plain, space),
                token(Class::Keyword, tag),
                token(Class::Text, rest),
            ];
        }
        "" | "|" | ">" | "|-" | ">-" => Class::Plain,
        _ => Class::Text,
    };
    vec![token(Class::Plain, space), token(class, word)]
}

/// Words, texts, numbers and comments.
fn code(line: &str, language: Language) -> Line {
    let mut out: Line = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        if language.comment().iter().any(|it| rest.starts_with(it)) {
            out.push(token(Class::Comment, rest));
            break;
        }
        let quotes = match language {
            Language::Python | Language::Shell => "\"'",
            Language::Script => "\"'`",
            _ => "\"",
        };
        let (class, length) = if quotes.contains(first) {
            let length = quoted(rest, first);
            let after = rest[length..].trim_start();
            let is_key = language == Language::Json && after.starts_with(':');
            (if is_key { Class::Name } else { Class::Text }, length)
        } else if first.is_ascii_digit() {
            (Class::Value, span(rest, |c| c.is_ascii_alphanumeric() || ".-_".contains(c)))
        } else if first.is_alphabetic() || first == '_' {
            let length = span(rest, |c| {
                c.is_alphanumeric() || c == '_' || c == '-' && language == Language::Hcl
            });
            (word(&rest[..length], line, &rest[length..], language), length)
        } else {
            (Class::Plain, first.len_utf8())
        };
        out.push(token(class, &rest[..length]));
        rest = &rest[length..];
    }
    merged(out)
}

fn word(word: &str, line: &str, after: &str, language: Language) -> Class {
    if matches!(word, "true" | "false" | "null" | "None" | "True" | "False" | "undefined") {
        return Class::Value;
    }
    let leads = line.trim_start().starts_with(word);
    if language == Language::Hcl {
        // `name =` sets an attribute; `name {` and `name "label" {` begin a block.
        let after = after.trim_start();
        if leads && after.starts_with('=') && !after.starts_with("==") {
            return Class::Name;
        }
        if leads && (after.starts_with('{') || after.starts_with('"') && line.ends_with('{')) {
            return Class::Keyword;
        }
        return if ["for", "in", "if"].contains(&word) { Class::Keyword } else { Class::Plain };
    }
    if language.keywords().contains(&word) { Class::Keyword } else { Class::Plain }
}

/// Bytes up to and with the closing quote, or to the end of the line. In HCL a
/// quote within `${…}` belongs to what is inserted.
fn quoted(text: &str, quote: char) -> usize {
    let mut depth = 0usize;
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '$' if quote == '"' && chars.peek().is_some_and(|it| it.1 == '{') => depth += 1,
            '}' if depth > 0 => depth -= 1,
            _ if c == quote && depth == 0 => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

fn span(text: &str, inside: impl Fn(char) -> bool) -> usize {
    text.find(|c| !inside(c)).unwrap_or(text.len())
}

/// Neighbours of the same class become one.
fn merged(line: Line) -> Line {
    let mut out: Line = Vec::new();
    for token in line.into_iter().filter(|it| !it.text.is_empty()) {
        match out.last_mut() {
            Some(last) if last.class == token.class => last.text.push_str(&token.text),
            _ => out.push(token),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(path: &str, text: &str) -> String {
        let letter = |it: &Token| match it.class {
            Class::Plain => it.text.clone(),
            class => {
                format!("{}‹{}›", serde_json::to_value(class).unwrap().as_str().unwrap(), it.text)
            }
        };
        lines(path, text)
            .iter()
            .map(|it| it.iter().map(letter).collect::<String>() + "\n")
            .collect()
    }

    #[test]
    fn each_language_has_its_colours() {
        insta::assert_snapshot!(shown("main.tf", "# Why\nresource \"aws_sqs_queue\" \"q\" {\n  name = \"${var.a[\"b\"]}-x\"\n  size = 12\n  ok   = true\n}"), @r#"
        c‹# Why›
        k‹resource› s‹"aws_sqs_queue"› s‹"q"› {
          a‹name› = s‹"${var.a["b"]}-x"›
          a‹size› = n‹12›
          a‹ok›   = n‹true›
        }
        "#);
        insta::assert_snapshot!(shown("t.yaml", "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Size: 3\n    - !Ref Other # no\n"), @r"
        a‹Resources›:
          a‹Q›:
            a‹Type›: s‹AWS::SQS::Queue›
            a‹Size›: n‹3›
            - k‹!Ref›s‹ Other # no›
        ");
        insta::assert_snapshot!(shown("a.json", "{\"a\": [1, \"b\", null]}"), @r#"{a‹"a"›: [n‹1›, s‹"b"›, n‹null›]}"#);
        insta::assert_snapshot!(shown("src/a.py", "def f(x): return 'y'  # z"), @"k‹def› f(x): k‹return› s‹'y'›  c‹# z›");
        insta::assert_snapshot!(shown("README.md", "# A\nRun `make`."), @r"
        k‹# A›
        Run s‹`make`›.
        ");
    }

    proptest! {
        #[test]
        fn tokens_always_join_to_the_text(text in "[ -~äß\"'`#{}$:\\\\\\n\u{202e}]{0,200}") {
            for name in ["a.tf", "a.yaml", "a.json", "a.py", "a.js", "a.sh", "a.md", "a"] {
                let joined: Vec<String> = lines(name, &text)
                    .iter()
                    .map(|it| it.iter().map(|it| it.text.as_str()).collect())
                    .collect();
                prop_assert_eq!(joined, text.lines().map(str::to_owned).collect::<Vec<_>>());
            }
        }
    }
}
