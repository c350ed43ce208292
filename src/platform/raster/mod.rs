//! Pictures as PNG and PDF, made of SVG.
//!
//! Fonts come from the program, never from the machine, and files carry no time
//! of making: equal pictures give equal bytes everywhere.

mod pdf;

use anyhow::Context;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

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
    image.encode_png().context("cannot write the image")
}

/// The picture as one page, as large as the picture, with words to search for.
pub fn pdf(svg: &str, title: &str) -> anyhow::Result<Vec<u8>> {
    pdf::write(&parse(svg)?, title)
}

fn parse(svg: &str) -> anyhow::Result<Tree> {
    let mut options = Options { font_family: "Inter".to_owned(), ..Options::default() };
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
    fn a_page_is_the_same_each_time_and_can_be_searched() {
        let page = pdf(SVG, "Queue (one)").unwrap();
        assert_eq!(page, pdf(SVG, "Queue (one)").unwrap());
        assert!(page.starts_with(b"%PDF-1.7"));
        assert!(page.ends_with(b"%%EOF\n"));
    }
}
