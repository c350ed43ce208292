//! Icons that an operator puts in place of our glyphs, from a directory.
//!
//! What is in it was drawn by somebody else, and what is drawn with it is opened
//! by many: a file is taken apart and written again with nothing but shapes, and
//! one that wants more is refused by name. Nothing is read again later, so that
//! equal pictures stay equal for as long as the process runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use resvg::tiny_skia::Pixmap;
use resvg::usvg::roxmltree::{Document, Node};

use super::raster;

/// Data addresses by the name of what they stand for.
pub type Icons = Arc<BTreeMap<String, String>>;

/// Bytes of a file: every picture that shows the icon carries it.
const MOST: u64 = 64 * 1024;
/// Pixels of a side of an image, and how many levels a drawing is nested.
const SIDE: u32 = 512;
const DEPTH: usize = 32;

const SVG: &str = "http://www.w3.org/2000/svg";
const XLINK: &str = "http://www.w3.org/1999/xlink";

/// Shapes, and what gives them their looks.
const SHAPES: [&str; 18] = [
    "svg",
    "g",
    "defs",
    "symbol",
    "use",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "linearGradient",
    "radialGradient",
    "stop",
    "clipPath",
    "mask",
    "style",
];
/// What says something about the drawing and shows nothing.
const REMARKS: [&str; 3] = ["title", "desc", "metadata"];

/// Reads the icons of a directory: `NAME.svg` and `NAME.png`, where `known` tells
/// which names there are. Other files, such as a licence, are left alone.
pub fn load(directory: &Path, known: &dyn Fn(&str) -> bool) -> anyhow::Result<Icons> {
    let shown = directory.display();
    let mut paths = fs::read_dir(directory)
        .and_then(|all| all.map(|it| Ok(it?.path())).collect::<Result<Vec<_>, std::io::Error>>())
        .with_context(|| format!("cannot read the icons in {shown}"))?;
    paths.sort();
    let mut icons = BTreeMap::new();
    let mut problems = Vec::new();
    for path in paths {
        let text =
            |it: Option<&std::ffi::OsStr>| it.unwrap_or_default().to_string_lossy().to_string();
        let (name, form) = (text(path.file_stem()), text(path.extension()).to_lowercase());
        if !matches!(form.as_str(), "svg" | "png") {
            continue;
        }
        let made = if !known(&name) {
            Err(anyhow::anyhow!("no service or kind of service is called {name:?}"))
        } else if icons.contains_key(&name) {
            Err(anyhow::anyhow!("there is another icon of this name"))
        } else {
            read(&path).and_then(|bytes| address(&form, &bytes))
        };
        match made {
            Ok(made) => {
                icons.insert(name, made);
            }
            Err(err) => problems.push(format!("{}: {err:#}", text(path.file_name()))),
        }
    }
    let (count, list) = (problems.len(), problems.join("\n  "));
    ensure!(problems.is_empty(), "{count} of the icons in {shown} cannot be used:\n  {list}");
    Ok(Arc::new(icons))
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let size = fs::metadata(path)?.len();
    ensure!(size <= MOST, "it has {size} bytes; {MOST} are the most");
    Ok(fs::read(path)?)
}

/// An icon as an address that holds it.
fn address(form: &str, bytes: &[u8]) -> anyhow::Result<String> {
    let (media, bytes) = match form {
        "png" => ("image/png", image(bytes)?),
        _ => ("image/svg+xml", drawing(bytes)?),
    };
    Ok(format!("data:{media};base64,{}", STANDARD.encode(bytes)))
}

/// The pixels of a PNG and nothing else that it held.
fn image(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    // The head tells the size before anything makes room for it.
    let side = |at: usize| {
        let four = bytes.get(at..at + 4).and_then(|it| <[u8; 4]>::try_from(it).ok());
        four.map_or(0, u32::from_be_bytes)
    };
    ensure!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "it is no PNG");
    let (width, height) = (side(16), side(20));
    ensure!(
        (1..=SIDE).contains(&width) && (1..=SIDE).contains(&height),
        "it is {width} by {height} pixels; {SIDE} by {SIDE} are the most"
    );
    let image = Pixmap::decode_png(bytes).context("it cannot be decoded")?;
    Ok(image.encode_png()?)
}

/// The shapes of an SVG and nothing else that it held.
fn drawing(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let text = std::str::from_utf8(bytes).context("it is no UTF-8 text")?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document = Document::parse(text).context("it is not well-formed")?;
    let root = document.root_element();
    ensure!(root.has_tag_name((SVG, "svg")), "it is no SVG");
    not_multiplied(&document)?;
    let mut out = String::new();
    write(root, 0, &mut out)?;
    raster::thumbnail(out.as_bytes(), 36).context("it cannot be drawn")?;
    Ok(out.into_bytes())
}

/// Refuses what is used by something that is used: a few lines of that unfold
/// into more shapes than any memory holds.
fn not_multiplied(document: &Document<'_>) -> anyhow::Result<()> {
    let uses = || document.descendants().filter(|it| it.has_tag_name((SVG, "use")));
    let used: BTreeSet<&str> = uses().filter_map(|it| reference(it)).collect();
    ensure!(uses().count() <= 64, "it uses its parts more than 64 times");
    for it in uses() {
        let within = it.ancestors().filter_map(|it| it.attribute("id"));
        ensure!(
            within.into_iter().all(|id| !used.contains(id)),
            "it uses a part that uses another part"
        );
    }
    Ok(())
}

fn reference<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    let href = node.attribute((XLINK, "href")).or_else(|| node.attribute("href"));
    href.and_then(|it| it.strip_prefix('#'))
}

fn write(node: Node<'_, '_>, depth: usize, out: &mut String) -> anyhow::Result<()> {
    let tag = node.tag_name();
    let name = tag.name();
    // Of programs that draw; they mean nothing to others.
    if tag.namespace() != Some(SVG) || REMARKS.contains(&name) {
        return Ok(());
    }
    ensure!(SHAPES.contains(&name), "<{name}> is not allowed: only shapes are");
    ensure!(depth < DEPTH, "it is nested more than {DEPTH} levels deep");
    out.push('<');
    out.push_str(name);
    if depth == 0 {
        out.push_str(&format!(" xmlns=\"{SVG}\" xmlns:xlink=\"{XLINK}\""));
    }
    for it in node.attributes() {
        let (name, value) = (it.name(), it.value());
        let prefix = match it.namespace() {
            None => "",
            Some(XLINK) if name == "href" => "xlink:",
            Some(_) => continue,
        };
        let lower = name.to_ascii_lowercase();
        if lower.starts_with("on") {
            bail!("the attribute {name:?} is not allowed: it is script");
        }
        if lower == "href" {
            ensure!(value.starts_with('#'), "it refers to {value:?}, outside of the file");
        } else {
            looks(value)?;
        }
        out.push_str(&format!(" {prefix}{name}=\"{}\"", escape(value)));
    }
    out.push('>');
    for child in node.children() {
        if child.is_element() {
            write(child, depth + 1, out)?;
        } else if child.is_text() && name == "style" {
            let text = child.text().unwrap_or_default();
            looks(text)?;
            out.push_str(&escape(text));
        }
    }
    out.push_str(&format!("</{name}>"));
    Ok(())
}

/// Refuses values and styles that would fetch or run something.
fn looks(value: &str) -> anyhow::Result<()> {
    let lower = value.to_ascii_lowercase();
    for word in
        ["@import", "@font-face", "javascript:", "expression(", "image(", "image-set(", "\\"]
    {
        ensure!(!lower.contains(word), "{word:?} is not allowed in it");
    }
    for it in lower.split("url(").skip(1) {
        let inside = it.trim_start().trim_start_matches(['"', '\'']);
        ensure!(inside.starts_with('#'), "it refers to what is outside of the file");
    }
    Ok(())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(inside: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><svg xmlns=\"{SVG}\" xmlns:xlink=\"{XLINK}\" \
             xmlns:e=\"urn:e\" e:x=\"1\" viewBox=\"0 0 48 48\"><title>S3</title>{inside}</svg>"
        )
    }

    fn drawn(inside: &str) -> Result<String, String> {
        let made = drawing(svg(inside).as_bytes()).map_err(|err| format!("{err:#}"))?;
        Ok(String::from_utf8(made).unwrap())
    }

    #[test]
    fn shapes_stay_and_the_rest_goes() {
        let made = drawn(
            "<!-- by hand --><style>.a{fill:#8c4fff}</style><e:view zoom=\"2\"/><defs>\
             <linearGradient id=\"g\"><stop offset=\"0\" stop-color=\"#fff\"/></linearGradient>\
             <path id=\"p\" d=\"M0 0h48v48z\"/></defs><rect fill='url(#g)' width=\"9\" height=\"9\"/>\
             <use xlink:href=\"#p\" class=\"a\"/>",
        );
        let made = made.unwrap();
        assert!(made.contains("url(#g)") && made.contains("<use xlink:href=\"#p\""), "{made}");
        for gone in ["by hand", "<title", "zoom", "urn:e"] {
            assert!(!made.contains(gone), "{gone}: {made}");
        }
        assert_eq!(drawing(made.as_bytes()).unwrap(), made.as_bytes(), "it is as it should be");
    }

    #[test]
    fn what_could_run_fetch_or_multiply_is_refused() {
        for (inside, words) in [
            ("<script>alert(1)</script>", "<script> is not allowed"),
            ("<foreignObject/>", "<foreignObject> is not allowed"),
            ("<image href=\"https://e.example/x.png\"/>", "<image> is not allowed"),
            ("<a href=\"#x\"><path d=\"M0 0h9\"/></a>", "<a> is not allowed"),
            ("<animate attributeName=\"href\"/>", "<animate> is not allowed"),
            ("<rect width=\"9\" height=\"9\" onload=\"alert(1)\"/>", "it is script"),
            ("<use href=\"https://e.example/x.svg#a\"/>", "outside of the file"),
            ("<use xlink:href=\"data:image/svg+xml,x\"/>", "outside of the file"),
            ("<rect width=\"9\" height=\"9\" fill=\"url( 'https://e.example')\"/>", "outside"),
            ("<style>@import 'https://e.example';</style>", "@import"),
            ("<style>a{b:u\\72l(x)}</style>", "\\\\"),
            (
                "<g id=\"a\"><use href=\"#b\"/></g><g id=\"b\"><use href=\"#a\"/></g>",
                "uses another",
            ),
            ("<g>", "not well-formed"),
        ] {
            let err = drawn(inside).unwrap_err();
            assert!(err.contains(words), "{inside}: {err}");
        }
        let deep = format!("{}{}", "<g>".repeat(40), "</g>".repeat(40));
        assert!(drawn(&deep).unwrap_err().contains("levels"));
        let bomb = format!("<!DOCTYPE svg [<!ENTITY a \"b\">]>{}", svg("&a;"));
        assert!(drawing(bomb.replace("<?xml version=\"1.0\"?>", "").as_bytes()).is_err());
        assert!(drawing(b"<svg/>").is_err(), "it is of no namespace");
    }

    #[test]
    fn an_image_is_measured_before_it_is_decoded() {
        let small = Pixmap::new(8, 8).unwrap().encode_png().unwrap();
        assert_eq!(image(&small).unwrap(), image(&small).unwrap());
        let mut large = small.clone();
        large[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        assert!(image(&large).unwrap_err().to_string().contains("60000 by 8 pixels"));
        assert!(image(&small[..40]).is_err() && image(b"GIF89a").is_err());
    }

    #[test]
    fn all_problems_of_a_directory_are_told_with_the_files() {
        let directory = std::env::temp_dir().join(format!("cloudgen-icons-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let put = |name: &str, bytes: &[u8]| fs::write(directory.join(name), bytes).unwrap();
        put("queue.svg", svg("<path d=\"M0 0h9v9z\"/>").as_bytes());
        put("LICENCE.txt", b"theirs");
        let known = |name: &str| matches!(name, "queue" | "topic" | "cache");
        let icons = load(&directory, &known).unwrap();
        assert_eq!(icons.keys().collect::<Vec<_>>(), ["queue"]);
        assert!(icons["queue"].starts_with("data:image/svg+xml;base64,"));
        put("topic.svg", svg("<script/>").as_bytes());
        put("cache.png", &vec![0; 70_000]);
        put("tpoic.svg", b"");
        let err = load(&directory, &known).unwrap_err().to_string();
        for words in
            ["3 of the icons", "topic.svg: <script>", "cache.png: it has 70000", "\"tpoic\""]
        {
            assert!(err.contains(words), "{words}: {err}");
        }
        fs::remove_dir_all(&directory).unwrap();
        assert!(load(&directory, &known).is_err(), "there is no such directory");
    }
}
