//! Pictures as PNG and PDF, made of SVG.
//!
//! Fonts come from the program, never from the machine, and files carry no time
//! of making: equal pictures give equal bytes everywhere.

mod pdf;

use anyhow::Context;
use resvg::tiny_skia::{FilterQuality, Pixmap, PixmapPaint, Transform};
use resvg::usvg::{Group, ImageHrefResolver, ImageKind, Node, Options, Tree};
use std::sync::Arc;

static REGULAR: &[u8] = include_bytes!("fonts/Inter-Regular.ttf");
static SEMIBOLD: &[u8] = include_bytes!("fonts/Inter-SemiBold.ttf");

/// No side of an image is longer, in pixels.
const MOST: f32 = 12_000.0;

/// The picture as an image with `scale` pixels for each of its own.
pub fn png(svg: &str, scale: f32) -> anyhow::Result<Vec<u8>> {
    let tree = parse(svg)?;
    let size = tree.size();
    let scale = scale.min(MOST / size.width()).min(MOST / size.height());
    let (width, height) = ((size.width() * scale).ceil(), (size.height() * scale).ceil());
    let mut image =
        Pixmap::new(width as u32, height as u32).context("the picture has no extent")?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut image.as_mut());
    icons(tree.root(), Transform::from_scale(scale, scale), &mut image)?;
    image.encode_png().context("cannot write the image")
}

/// The picture as one page, as large as the picture, with words to search for.
pub fn pdf(svg: &str, title: &str) -> anyhow::Result<Vec<u8>> {
    pdf::write(&parse(svg)?, title)
}

/// A drawing as an image with this many pixels on its longer side.
pub fn thumbnail(svg: &[u8], side: u32) -> anyhow::Result<Vec<u8>> {
    let tree = Tree::from_data(svg, &Options::default())?;
    let size = tree.size();
    let scale = side as f32 / size.width().max(size.height());
    let high = |it: f32| (it * scale).round().max(1.0) as u32;
    let mut image =
        Pixmap::new(high(size.width()), high(size.height())).context("it has no extent")?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut image.as_mut());
    image.encode_png().context("cannot write the image")
}

/// Draws the images in a picture; nothing lies above them.
fn icons(group: &Group, scale: Transform, on: &mut Pixmap) -> anyhow::Result<()> {
    for node in group.children() {
        match node {
            Node::Group(it) => icons(it, scale, on)?,
            Node::Image(it) => {
                let ImageKind::PNG(data) = it.kind() else { continue };
                let icon = Pixmap::decode_png(data).context("cannot read an icon")?;
                let at = scale.pre_concat(it.abs_transform());
                let paint = PixmapPaint { quality: FilterQuality::Bicubic, ..Default::default() };
                on.draw_pixmap(0, 0, icon.as_ref(), &paint, at, None);
            }
            Node::Path(_) | Node::Text(_) => {}
        }
    }
    Ok(())
}

/// Pixels of the longer side of a drawing within a picture.
const DRAWN: u32 = 144;

/// Images come with the picture, never from the machine. Drawings among them
/// become pixels once, so that a picture of many does not draw each on a canvas
/// as large as itself.
fn images() -> ImageHrefResolver<'static> {
    ImageHrefResolver {
        resolve_data: Box::new(|media, data, _| match media {
            "image/png" => Some(ImageKind::PNG(data)),
            "image/svg+xml" => thumbnail(&data, DRAWN).ok().map(|it| ImageKind::PNG(Arc::new(it))),
            _ => None,
        }),
        resolve_string: Box::new(|_, _| None),
    }
}

fn parse(svg: &str) -> anyhow::Result<Tree> {
    let mut options = Options {
        font_family: "Inter".to_owned(),
        image_href_resolver: images(),
        ..Options::default()
    };
    let fonts = options.fontdb_mut();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(SEMIBOLD.to_vec());
    fonts.set_sans_serif_family("Inter");
    fonts.set_monospace_family("Inter");
    Tree::from_str(svg, &options).context("cannot read the picture")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVG: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"
        font-family="Inter, sans-serif"><rect width="60" height="20" fill="#ffffff"/>
        <text x="4" y="15" font-size="14" fill="#000000">Queue</text></svg>"##;

    #[test]
    fn an_image_shows_text_without_fonts_of_the_machine() {
        let image = Pixmap::decode_png(&png(SVG, 2.0).unwrap()).unwrap();
        assert_eq!((image.width(), image.height()), (120, 40));
        assert!(image.pixels().iter().filter(|it| it.red() < 100).count() > 40);
    }

    #[test]
    fn icons_are_in_the_image_and_on_the_page() {
        let red = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 4 4\">\
                   <path d=\"M0 0h4v4h-4z\" fill=\"#ff0000\"/></svg>";
        let mut blue = Pixmap::new(6, 6).unwrap();
        blue.fill(resvg::tiny_skia::Color::from_rgba8(0, 0, 255, 255));
        let image = |media: &str, bytes: &[u8], x: u32| {
            use base64::Engine;
            let data = base64::engine::general_purpose::STANDARD.encode(bytes);
            format!(
                "<image x=\"{x}\" y=\"2\" width=\"10\" height=\"10\" \
                 href=\"data:{media};base64,{data}\"/>"
            )
        };
        let both = image("image/svg+xml", red.as_bytes(), 10)
            + &image("image/png", &blue.encode_png().unwrap(), 30)
            + "<image width=\"60\" height=\"20\" href=\"/etc/hostname\"/>";
        let svg = SVG.replace("</svg>", &format!("{both}</svg>"));
        let drawn = Pixmap::decode_png(&png(&svg, 1.0).unwrap()).unwrap();
        let at = |x, y| drawn.pixel(x, y).map(|it| (it.red(), it.green(), it.blue())).unwrap();
        assert_eq!((at(15, 7), at(35, 7), at(50, 7)), ((255, 0, 0), (0, 0, 255), (255, 255, 255)));
        let page = pdf(&svg, "two").unwrap();
        let text = String::from_utf8_lossy(&page);
        assert_eq!(text.matches("/Subtype /Image").count(), 4, "two, each with its mask");
        assert_eq!(page, pdf(&svg, "two").unwrap());
    }

    #[test]
    fn a_page_is_the_same_each_time_and_can_be_searched() {
        let page = pdf(SVG, "Queue (one)").unwrap();
        assert_eq!(page, pdf(SVG, "Queue (one)").unwrap());
        assert!(page.starts_with(b"%PDF-1.7"));
        assert!(page.ends_with(b"%%EOF\n"));
    }
}
