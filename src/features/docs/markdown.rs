//! Markdown as HTML for the manual: headings that can be linked to, code with a
//! way to copy it, and fences that follow each other as one block with a choice.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd, html};
use serde::Serialize;

/// A page's text, taken apart for its layout.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Text {
    pub title: String,
    /// The first paragraph, for search and for lists of pages.
    pub lead: String,
    pub sections: Vec<Section>,
    /// All of it as plain words, for search.
    #[serde(skip)]
    pub words: String,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Section {
    pub id: String,
    pub title: String,
    pub html: String,
    /// Blocks of code, to stand beside the prose.
    pub code: Vec<Block>,
}

/// Code that says the same in several ways.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Block {
    pub id: String,
    pub ways: Vec<Way>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Way {
    pub label: String,
    pub code: String,
}

/// What shells are mostly used for here.
const CURL: &str = "curl";

fn label(language: &str) -> &str {
    match language {
        "sh" | "bash" => CURL,
        "python" => "Python",
        "ts" => "TypeScript",
        "yaml" => "GitHub Actions",
        "json" => "JSON",
        "http" => "HTTP",
        "text" => "Output",
        other => other,
    }
}

/// An address for a heading: its words with hyphens between.
pub fn slug(title: &str) -> String {
    let words = title.split(|it: char| !it.is_ascii_alphanumeric()).filter(|it| !it.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

/// Where a link of the repository leads on the site.
fn resolve(target: &str) -> String {
    let (path, rest) = target.split_at(target.find('#').unwrap_or(target.len()));
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.strip_suffix(".md").filter(|_| !path.contains("://")) {
        Some(page) => format!("/docs/{}{rest}", page.to_ascii_lowercase()),
        None => target.to_owned(),
    }
}

/// Reads Markdown. With `beside`, code leaves the prose to stand next to it.
pub fn read(source: &str, beside: bool) -> Text {
    let mut text = Text { sections: vec![Section::default()], ..Text::default() };
    let mut prose: Vec<Event> = Vec::new();
    let mut heading: Option<(u8, String)> = None;
    let mut fence: Option<Way> = None;
    let mut blocks = 0;
    let mut after_code = false;
    let options = Options::ENABLE_TABLES;
    for event in Parser::new_ext(source, options) {
        if let Event::Text(it) | Event::Code(it) = &event {
            text.words.push_str(it);
            text.words.push(' ');
        }
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                heading = Some((level as u8, String::new()))
            }
            Event::Text(it) | Event::Code(it) if heading.is_some() => {
                if let Some((_, title)) = &mut heading {
                    title.push_str(&it);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let (level, title) = heading.take().unwrap_or_default();
                after_code = false;
                match level {
                    1 => text.title = title,
                    2 => {
                        finish(&mut text, &mut prose);
                        let section = Section { id: slug(&title), title, ..Section::default() };
                        text.sections.push(section);
                    }
                    _ => {
                        let html = format!("<h3 id=\"{}\">{}</h3>\n", slug(&title), escape(&title));
                        prose.push(Event::Html(html.into()));
                    }
                }
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                let language = match &kind {
                    CodeBlockKind::Fenced(it) => it.split_whitespace().next().unwrap_or("text"),
                    CodeBlockKind::Indented => "text",
                };
                fence = Some(Way { label: label(language).to_owned(), code: String::new() });
            }
            Event::Text(it) if fence.is_some() => {
                if let Some(way) = &mut fence {
                    way.code.push_str(&it);
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                let Some(mut way) = fence.take() else { continue };
                if way.label == CURL && !way.code.contains(CURL) {
                    way.label = "Shell".to_owned();
                }
                let section = text.sections.last_mut().expect("there is one from the start");
                let joins =
                    |it: &Block| after_code && it.ways.iter().all(|it| it.label != way.label);
                match section.code.last_mut().filter(|it| joins(it)) {
                    Some(block) => block.ways.push(way),
                    None => {
                        blocks += 1;
                        let id = format!("code-{blocks}");
                        if !beside {
                            // Its place in the prose; the template has no say in it.
                            prose.push(Event::Html(CowStr::from(format!("<!--{id}-->"))));
                        }
                        section.code.push(Block { id, ways: vec![way] });
                    }
                }
                after_code = true;
            }
            Event::Html(_) | Event::InlineHtml(_) => {}
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let dest_url = CowStr::from(resolve(&dest_url));
                prose.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
            }
            // A wide table is scrolled, also with the keyboard.
            Event::Start(Tag::Table(alignment)) => {
                after_code = false;
                let region = "<div class=\"table-wrap\" tabindex=\"0\" role=\"region\" aria-label=\"Table\">";
                prose.push(Event::Html(region.into()));
                prose.push(Event::Start(Tag::Table(alignment)));
            }
            Event::End(TagEnd::Table) => {
                prose.push(Event::End(TagEnd::Table));
                prose.push(Event::Html("</div>\n".into()));
            }
            other => {
                after_code = false;
                prose.push(other);
            }
        }
    }
    finish(&mut text, &mut prose);
    text.lead = lead(source);
    text
}

/// Turns the prose so far into the HTML of the current section.
fn finish(text: &mut Text, prose: &mut Vec<Event>) {
    let section = text.sections.last_mut().expect("there is one from the start");
    let mut out = String::new();
    html::push_html(&mut out, prose.drain(..));
    section.html =
        out.replace("<table>", "<table class=\"table\">").replace("<th>", "<th scope=\"col\">");
}

fn lead(source: &str) -> String {
    let first = source.split("\n\n").find(|it| !it.trim().is_empty() && !it.starts_with('#'));
    let plain = first.unwrap_or_default().replace(['`', '*'], "");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "# Title\n\nThe *lead*.\n\n## First part\n\nWords.\n\n```sh\ncurl x\n```\n\n```python\nprint(1)\n```\n\nMore <b>words</b>.\n\n```sh\ncurl y\n```\n";

    #[test]
    fn fences_in_a_row_are_one_block() {
        let text = read(SOURCE, true);
        assert_eq!((text.title.as_str(), text.lead.as_str()), ("Title", "The lead."));
        let section = &text.sections[1];
        assert_eq!((section.id.as_str(), section.title.as_str()), ("first-part", "First part"));
        let labels: Vec<Vec<_>> = section
            .code
            .iter()
            .map(|it| it.ways.iter().map(|it| it.label.as_str()).collect())
            .collect();
        assert_eq!(labels, [vec!["curl", "Python"], vec!["curl"]]);
    }

    #[test]
    fn a_shell_that_calls_nothing_is_no_curl() {
        let text = read("# Title\n\n```sh\ncloudgen login\n```\n", false);
        assert_eq!(text.sections[0].code[0].ways[0].label, "Shell");
    }

    #[test]
    fn markup_in_the_source_is_not_taken_over() {
        let text = read(SOURCE, true);
        assert_eq!(text.sections[1].html, "<p>Words.</p>\n<p>More words.</p>\n");
    }

    #[test]
    fn links_between_documents_are_links_between_pages() {
        assert_eq!(resolve("../cli.md#sign-in"), "/docs/cli#sign-in");
        assert_eq!(resolve("https://example.com/a.md"), "https://example.com/a.md");
        assert_eq!(resolve("/docs/problems"), "/docs/problems");
    }
}
