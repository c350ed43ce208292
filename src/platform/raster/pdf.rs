//! Writes a parsed SVG as a PDF of one page.
//!
//! Shapes and letters are paths, so that they look the same in every reader; the
//! words lie invisibly on top for searching, selecting and reading aloud.

use anyhow::Context;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use resvg::tiny_skia::{PathSegment, Pixmap, Transform};
use resvg::usvg::{
    Fill, FillRule, Group, Image, ImageKind, LineCap, LineJoin, Node, Paint, Path, Stroke, Text,
    Tree,
};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

/// Points for each pixel.
const POINT: f32 = 0.75;

pub fn write(tree: &Tree, title: &str) -> anyhow::Result<Vec<u8>> {
    let (width, height) = (tree.size().width() * POINT, tree.size().height() * POINT);
    let mut page = Page::default();
    // Pixels go down from the top, points up from the bottom.
    page.line(format_args!("{POINT} 0 0 -{POINT} 0 {} cm", num(height)));
    page.group(tree.root(), 1.0);
    let content = packed(page.out.as_bytes())?;
    let mut states = String::new();
    for it in &page.opacities {
        let alpha = f64::from(*it) / 1000.0;
        let _ = write!(states, "/A{it} << /ca {alpha} /CA {alpha} >> ");
    }
    // Each image and its mask stand behind the five objects of every file.
    let images: String =
        (0..page.images.len()).map(|n| format!("/I{n} {} 0 R ", 6 + 2 * n)).collect();
    let mut file = File { out: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), places: Vec::new() };
    file.object(
        "<< /Type /Catalog /Pages 2 0 R /Lang (en) /ViewerPreferences << /DisplayDocTitle true >> >>",
    );
    file.object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>");
    file.object(&format!(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {} {}] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> /ExtGState << {states}>> /XObject << {images}>> >> >>",
        num(width),
        num(height)
    ));
    file.stream("", &content);
    file.object(
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    );
    for (n, data) in page.images.iter().enumerate() {
        let image = Pixmap::decode_png(data).context("cannot read an icon")?;
        let (mut colours, mut mask) = (Vec::new(), Vec::new());
        for it in image.pixels().iter().map(|it| it.demultiply()) {
            colours.extend([it.red(), it.green(), it.blue()]);
            mask.push(it.alpha());
        }
        let kind = |space: &str, more: &str| {
            let (width, height) = (image.width(), image.height());
            format!(
                "/Type /XObject /Subtype /Image /Width {width} /Height {height} \
                 /ColorSpace /{space} /BitsPerComponent 8 {more}"
            )
        };
        let behind = format!("/SMask {} 0 R ", 7 + 2 * n);
        file.stream(&kind("DeviceRGB", &behind), &packed(&colours)?);
        file.stream(&kind("DeviceGray", ""), &packed(&mask)?);
    }
    file.object(&format!("<< /Title <{}> /Producer (CloudGen) >>", utf16(title)));
    Ok(file.finish())
}

fn packed(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).context("cannot compress")?;
    packed.finish().context("cannot compress")
}

#[derive(Default)]
struct Page {
    out: String,
    /// PNG files, each once.
    images: Vec<Arc<Vec<u8>>>,
    /// In thousandths.
    opacities: BTreeSet<u32>,
}

impl Page {
    fn line(&mut self, words: std::fmt::Arguments<'_>) {
        let _ = self.out.write_fmt(words);
        self.out.push('\n');
    }

    fn group(&mut self, group: &Group, opacity: f32) {
        let opacity = opacity * group.opacity().get();
        for node in group.children() {
            match node {
                Node::Group(it) => self.group(it, opacity),
                Node::Path(it) => self.path(it, opacity),
                Node::Text(it) => {
                    self.group(it.flattened(), opacity);
                    self.words(it);
                }
                Node::Image(it) => self.image(it, opacity),
            }
        }
    }

    fn image(&mut self, image: &Image, opacity: f32) {
        let ImageKind::PNG(data) = image.kind() else { return };
        let n = self.images.iter().position(|it| it == data).unwrap_or_else(|| {
            self.images.push(data.clone());
            self.images.len() - 1
        });
        self.begin(image.abs_transform(), opacity);
        // Images fill a square of one that stands upright.
        let (width, height) = (num(image.size().width()), num(image.size().height()));
        self.line(format_args!("{width} 0 0 -{height} 0 {height} cm /I{n} Do Q"));
    }

    fn path(&mut self, path: &Path, opacity: f32) {
        if !path.is_visible() {
            return;
        }
        if let Some(fill) = path.fill() {
            self.fill(path, fill, opacity);
        }
        if let Some(stroke) = path.stroke() {
            self.stroke(path, stroke, opacity);
        }
    }

    fn fill(&mut self, path: &Path, fill: &Fill, opacity: f32) {
        let Paint::Color(colour) = fill.paint() else { return };
        self.begin(path.abs_transform(), opacity * fill.opacity().get());
        self.colour([colour.red, colour.green, colour.blue], "rg");
        self.outline(path);
        self.line(format_args!("{} Q", if fill.rule() == FillRule::EvenOdd { "f*" } else { "f" }));
    }

    fn stroke(&mut self, path: &Path, stroke: &Stroke, opacity: f32) {
        let Paint::Color(colour) = stroke.paint() else { return };
        self.begin(path.abs_transform(), opacity * stroke.opacity().get());
        self.colour([colour.red, colour.green, colour.blue], "RG");
        let cap = match stroke.linecap() {
            LineCap::Butt => 0,
            LineCap::Round => 1,
            LineCap::Square => 2,
        };
        let join = match stroke.linejoin() {
            LineJoin::Round => 1,
            LineJoin::Bevel => 2,
            LineJoin::Miter | LineJoin::MiterClip => 0,
        };
        self.line(format_args!("{} w {cap} J {join} j", num(stroke.width().get())));
        if let Some(dashes) = stroke.dasharray() {
            let dashes: Vec<String> = dashes.iter().map(|it| num(*it)).collect();
            self.line(format_args!("[{}] {} d", dashes.join(" "), num(stroke.dashoffset())));
        }
        self.outline(path);
        self.line(format_args!("S Q"));
    }

    fn begin(&mut self, at: Transform, opacity: f32) {
        self.line(format_args!("q"));
        if at != Transform::identity() {
            let m = [at.sx, at.ky, at.kx, at.sy, at.tx, at.ty].map(num);
            self.line(format_args!("{} cm", m.join(" ")));
        }
        let opacity = (opacity * 1000.0).round() as u32;
        if opacity < 1000 {
            self.opacities.insert(opacity);
            self.line(format_args!("/A{opacity} gs"));
        }
    }

    fn colour(&mut self, colour: [u8; 3], operator: &str) {
        let parts = colour.map(|it| num(f32::from(it) / 255.0));
        self.line(format_args!("{} {operator}", parts.join(" ")));
    }

    fn outline(&mut self, path: &Path) {
        let mut at = (0.0, 0.0);
        for segment in path.data().segments() {
            match segment {
                PathSegment::MoveTo(p) => {
                    self.line(format_args!("{} {} m", num(p.x), num(p.y)));
                    at = (p.x, p.y);
                }
                PathSegment::LineTo(p) => {
                    self.line(format_args!("{} {} l", num(p.x), num(p.y)));
                    at = (p.x, p.y);
                }
                PathSegment::QuadTo(c, p) => {
                    // A quadratic curve as the cubic one that it is.
                    let third = |from: f32, to: f32| from + (to - from) * 2.0 / 3.0;
                    self.curve(
                        (third(at.0, c.x), third(at.1, c.y)),
                        (third(p.x, c.x), third(p.y, c.y)),
                        (p.x, p.y),
                    );
                    at = (p.x, p.y);
                }
                PathSegment::CubicTo(a, b, p) => {
                    self.curve((a.x, a.y), (b.x, b.y), (p.x, p.y));
                    at = (p.x, p.y);
                }
                PathSegment::Close => self.line(format_args!("h")),
            }
        }
    }

    fn curve(&mut self, a: (f32, f32), b: (f32, f32), to: (f32, f32)) {
        let parts = [a.0, a.1, b.0, b.1, to.0, to.1].map(num);
        self.line(format_args!("{} c", parts.join(" ")));
    }

    /// The words of a text, invisible, where its letters are drawn.
    fn words(&mut self, text: &Text) {
        let at = text.abs_transform();
        let bounds = text.abs_bounding_box();
        for chunk in text.chunks() {
            let size = chunk.spans().first().map_or(10.0, |it| it.font_size().get()) * at.sy;
            let base = at.ty + chunk.y().unwrap_or(0.0) * at.sy;
            self.line(format_args!(
                "BT 3 Tr /F {} Tf 1 0 0 -1 {} {} Tm <{}> Tj ET",
                num(size),
                num(bounds.x()),
                num(base),
                latin(chunk.text())
            ));
        }
    }
}

/// Numbered objects, and where each begins.
struct File {
    out: Vec<u8>,
    places: Vec<usize>,
}

impl File {
    fn object(&mut self, body: &str) {
        self.places.push(self.out.len());
        let number = self.places.len();
        self.out.extend(format!("{number} 0 obj\n{body}\nendobj\n").into_bytes());
    }

    fn stream(&mut self, kind: &str, content: &[u8]) {
        self.places.push(self.out.len());
        let number = self.places.len();
        let head = format!(
            "{number} 0 obj\n<< {kind}/Length {} /Filter /FlateDecode >>\nstream\n",
            content.len()
        );
        self.out.extend(head.into_bytes());
        self.out.extend(content);
        self.out.extend(b"\nendstream\nendobj\n");
    }

    fn finish(mut self) -> Vec<u8> {
        let start = self.out.len();
        let count = self.places.len() + 1;
        let mut tail = format!("xref\n0 {count}\n0000000000 65535 f \n");
        for place in &self.places {
            let _ = writeln!(tail, "{place:010} 00000 n ");
        }
        let _ = write!(
            tail,
            "trailer\n<< /Size {count} /Root 1 0 R /Info {} 0 R >>\nstartxref\n{start}\n%%EOF\n",
            self.places.len()
        );
        self.out.extend(tail.into_bytes());
        self.out
    }
}

/// At most three decimals, as PDF takes numbers.
fn num(it: f32) -> String {
    let rounded = (f64::from(it) * 1000.0).round() / 1000.0;
    format!("{}", if rounded == 0.0 { 0.0 } else { rounded })
}

/// Hexadecimal Windows-1252, with a question mark for what it does not have.
fn latin(text: &str) -> String {
    let byte = |c: char| match c {
        '…' => 0x85,
        '–' => 0x96,
        '—' => 0x97,
        '’' => 0x92,
        '€' => 0x80,
        '•' => 0x95,
        c if (' '..='~').contains(&c) || ('\u{a0}'..='\u{ff}').contains(&c) => c as u32,
        _ => u32::from(b'?'),
    };
    text.chars().map(|c| format!("{:02x}", byte(c))).collect()
}

fn utf16(text: &str) -> String {
    let units: String = text.encode_utf16().map(|it| format!("{it:04x}")).collect();
    format!("feff{units}")
}
