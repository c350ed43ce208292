//! A small writer of SVG.
//!
//! What it writes stands alone: no script, no references to elsewhere. Looks are
//! presentation attributes, so that a strict content security policy, an office
//! program and a rasteriser all show the same; classes are there to be hooked on.

use super::text::Weight;
use super::theme::Palette;

/// Typefaces in order; all are within the widths that [`super::text`] measures.
pub const FONTS: &str =
    "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif";

/// A document that is being written.
pub struct Svg {
    out: String,
    open: Vec<&'static str>,
}

/// Fill and stroke of a shape.
#[derive(Clone, Copy, Debug, Default)]
pub struct Paint<'a> {
    pub fill: Option<&'a str>,
    pub line: Option<&'a str>,
    pub width: f64,
    pub dash: Option<&'a str>,
    pub opacity: Option<f64>,
}

impl<'a> Paint<'a> {
    pub fn fill(colour: &'a str) -> Self {
        Self { fill: Some(colour), ..Self::default() }
    }

    pub fn line(colour: &'a str, width: f64) -> Self {
        Self { line: Some(colour), width, ..Self::default() }
    }

    pub fn and_line(self, colour: &'a str, width: f64) -> Self {
        Self { line: Some(colour), width, ..self }
    }

    pub fn dashed(self, dash: &'a str) -> Self {
        Self { dash: Some(dash), ..self }
    }

    pub fn opacity(self, opacity: f64) -> Self {
        Self { opacity: Some(opacity), ..self }
    }
}

/// How a line of text is set.
#[derive(Clone, Copy, Debug)]
pub struct Type<'a> {
    pub size: f64,
    pub weight: Weight,
    pub colour: &'a str,
    pub anchor: Anchor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

impl<'a> Type<'a> {
    pub fn new(size: f64, colour: &'a str) -> Self {
        Self { size, weight: Weight::Regular, colour, anchor: Anchor::Start }
    }

    pub fn bold(self) -> Self {
        Self { weight: Weight::SemiBold, ..self }
    }

    pub fn middle(self) -> Self {
        Self { anchor: Anchor::Middle, ..self }
    }

    pub fn end(self) -> Self {
        Self { anchor: Anchor::End, ..self }
    }
}

/// A rectangle with its top left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Rect {
    pub fn new(x: f64, y: f64, w: f64, h: f64) -> Self {
        Self { x, y, w, h }
    }

    pub fn right(&self) -> f64 {
        self.x + self.w
    }

    pub fn bottom(&self) -> f64 {
        self.y + self.h
    }

    pub fn middle(&self) -> (f64, f64) {
        (self.x + self.w / 2.0, self.y + self.h / 2.0)
    }

    /// Whether both share more than an edge.
    pub fn overlaps(&self, other: &Self) -> bool {
        let touch = 0.01;
        self.x + touch < other.right()
            && other.x + touch < self.right()
            && self.y + touch < other.bottom()
            && other.y + touch < self.bottom()
    }

    pub fn contains(&self, other: &Self) -> bool {
        let touch = 0.01;
        other.x >= self.x - touch
            && other.y >= self.y - touch
            && other.right() <= self.right() + touch
            && other.bottom() <= self.bottom() + touch
    }

    /// The same with a margin on all sides.
    pub fn grown(&self, by: f64) -> Self {
        Self::new(self.x - by, self.y - by, self.w + 2.0 * by, self.h + 2.0 * by)
    }
}

impl Svg {
    /// Begins a document with its name and what it shows, on the canvas colour.
    pub fn new(width: f64, height: f64, title: &str, description: &str, palette: &Palette) -> Self {
        let mut svg = Self { out: String::new(), open: Vec::new() };
        let (width, height) = (number(width), number(height));
        svg.open(
            "svg",
            &[
                ("xmlns", "http://www.w3.org/2000/svg"),
                ("class", "diagram"),
                ("viewBox", &format!("0 0 {width} {height}")),
                ("width", &width),
                ("height", &height),
                ("role", "group"),
                ("aria-label", title),
                ("font-family", FONTS),
                ("stroke-linecap", "round"),
                ("stroke-linejoin", "round"),
            ],
        );
        svg.words("title", title);
        svg.words("desc", description);
        svg.leaf(
            "rect",
            &[
                ("class", "canvas"),
                ("width", &width),
                ("height", &height),
                ("fill", palette.canvas),
            ],
        );
        svg
    }

    /// Opens an element; attributes with an empty value are left out.
    pub fn open(&mut self, tag: &'static str, attributes: &[(&str, &str)]) {
        self.start(tag, attributes);
        self.out.push_str(">\n");
        self.open.push(tag);
    }

    pub fn close(&mut self) {
        if let Some(tag) = self.open.pop() {
            self.indent();
            self.out.push_str(&format!("</{tag}>\n"));
        }
    }

    /// An element without content.
    pub fn leaf(&mut self, tag: &str, attributes: &[(&str, &str)]) {
        self.start(tag, attributes);
        self.out.push_str("/>\n");
    }

    /// An element that holds words only, such as a title.
    pub fn words(&mut self, tag: &str, words: &str) {
        self.indent();
        self.out.push_str(&format!("<{tag}>{}</{tag}>\n", escape(words)));
    }

    pub fn rect(&mut self, at: Rect, radius: f64, paint: Paint<'_>) {
        let (x, y, w, h) = (number(at.x), number(at.y), number(at.w), number(at.h));
        let radius = if radius > 0.0 { number(radius) } else { String::new() };
        self.shape(
            "rect",
            &[("x", &x), ("y", &y), ("width", &w), ("height", &h), ("rx", &radius)],
            paint,
        );
    }

    pub fn circle(&mut self, x: f64, y: f64, radius: f64, paint: Paint<'_>) {
        let (x, y, r) = (number(x), number(y), number(radius));
        self.shape("circle", &[("cx", &x), ("cy", &y), ("r", &r)], paint);
    }

    pub fn path(&mut self, d: &str, paint: Paint<'_>) {
        self.shape("path", &[("d", d)], paint);
    }

    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), paint: Paint<'_>) {
        let d = format!("M{} {}L{} {}", number(from.0), number(from.1), number(to.0), number(to.1));
        self.path(&d, paint);
    }

    /// A glyph of the 24 by 24 grid, scaled to `size`.
    pub fn glyph(&mut self, path: &str, x: f64, y: f64, size: f64, colour: &str) {
        let scale = size / 24.0;
        let place = format!("translate({} {}) scale({})", number(x), number(y), number(scale));
        self.leaf(
            "path",
            &[
                ("d", path),
                ("transform", &place),
                ("fill", "none"),
                ("stroke", colour),
                ("stroke-width", "1.7"),
            ],
        );
    }

    /// A picture that is held by its own address, as large as the place allows.
    pub fn image(&mut self, at: Rect, address: &str) {
        let (x, y, w, h) = (number(at.x), number(at.y), number(at.w), number(at.h));
        self.leaf(
            "image",
            &[("x", &x), ("y", &y), ("width", &w), ("height", &h), ("href", address)],
        );
    }

    /// A line of text whose baseline is at `y`.
    pub fn text(&mut self, x: f64, y: f64, set: Type<'_>, words: &str) {
        let anchor = match set.anchor {
            Anchor::Start => "",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = match set.weight {
            Weight::Regular => "",
            Weight::SemiBold => "600",
        };
        self.start(
            "text",
            &[
                ("x", &number(x)),
                ("y", &number(y)),
                ("font-size", &number(set.size)),
                ("font-weight", weight),
                ("text-anchor", anchor),
                ("fill", set.colour),
            ],
        );
        self.out.push_str(&format!(">{}</text>\n", escape(words)));
    }

    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out
    }

    fn shape(&mut self, tag: &str, place: &[(&str, &str)], paint: Paint<'_>) {
        let width = if paint.width > 0.0 { number(paint.width) } else { String::new() };
        let opacity = paint.opacity.map(number).unwrap_or_default();
        let mut attributes = place.to_vec();
        attributes.extend([
            ("fill", paint.fill.unwrap_or("none")),
            ("stroke", paint.line.unwrap_or_default()),
            ("stroke-width", width.as_str()),
            ("stroke-dasharray", paint.dash.unwrap_or_default()),
            ("opacity", opacity.as_str()),
        ]);
        self.leaf(tag, &attributes);
    }

    fn start(&mut self, tag: &str, attributes: &[(&str, &str)]) {
        self.indent();
        self.out.push('<');
        self.out.push_str(tag);
        for (name, value) in attributes.iter().filter(|it| !it.1.is_empty()) {
            self.out.push_str(&format!(" {name}=\"{}\"", escape(value)));
        }
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n(' ', self.open.len()));
    }
}

/// At most two decimals, without trailing zeros.
pub fn number(it: f64) -> String {
    let rounded = (it * 100.0).round() / 100.0;
    // What rounds to minus zero is zero.
    format!("{}", if rounded == 0.0 { 0.0 } else { rounded })
}

/// Text as XML takes it, in content and in attributes; what XML forbids is left out.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if (c as u32) < 0x20 || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

/// The same picture with everything that stands for a component as a link, for
/// pages that hold it; `chosen` is marked as the current one.
pub fn linked(svg: &str, chosen: &str, href: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(svg.len() + 4096);
    let mut open: Vec<bool> = Vec::new();
    for line in svg.lines() {
        let tag = line.trim_start();
        if tag.starts_with("</g>") {
            let link = open.pop().unwrap_or(false);
            out.push_str(&if link { line.replace("</g>", "</a>") } else { line.to_owned() });
        } else if tag.starts_with("<g") && !tag.contains("/>") && !tag.contains("</g>") {
            let component = part(tag, " data-component=\"");
            let link = !component.is_empty();
            open.push(link);
            if link {
                let current = if component == chosen { " aria-current=\"true\"" } else { "" };
                let start = format!("<a href=\"{}\"{current}", escape(&href(component)));
                let line = line.replacen("<g", &start, 1).replacen(" role=\"img\"", "", 1);
                out.push_str(&line.replacen(" tabindex=\"0\"", "", 1));
            } else {
                out.push_str(line);
            }
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

/// The value of an attribute.
fn part<'a>(tag: &'a str, name: &str) -> &'a str {
    let rest = tag.split_once(name).map_or("", |it| it.1);
    rest.split_once('"').map_or("", |it| it.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_an_attribute_or_the_document_is_escaped() {
        assert_eq!(escape("<a b=\"c\"> & \u{1}d"), "&lt;a b=&quot;c&quot;&gt; &amp; d");
    }

    #[test]
    fn components_become_links() {
        let svg = "<svg>\n<g class=\"node\" data-component=\"a-1\" tabindex=\"0\" role=\"img\">\n<g class=\"x\">\n</g>\n</g>\n</svg>";
        let made = linked(svg, "a-1", |id| format!("?kind=x&component={id}"));
        assert_eq!(
            made,
            "<svg>\n<a href=\"?kind=x&amp;component=a-1\" aria-current=\"true\" class=\"node\" data-component=\"a-1\">\n<g class=\"x\">\n</g>\n</a>\n</svg>\n"
        );
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([number(1.0), number(2.345), number(-0.001)], ["1", "2.35", "0"]);
    }
}
