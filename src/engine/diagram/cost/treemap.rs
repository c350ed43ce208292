//! Where the money goes, as areas: rows of tiles that are as square as can be.

use super::{Figures, plot};
use crate::engine::analysis::Design;
use crate::engine::diagram::icons::Family;
use crate::engine::diagram::scene::dollars;
use crate::engine::diagram::svg::{Paint, Rect, Svg, Type};
use crate::engine::diagram::text::{self, Weight};
use crate::engine::diagram::theme::Palette;
use crate::engine::graph::NodeId;

/// Tiles for values, largest first, that fill a rectangle.
pub fn tiles(values: &[f64], room: Rect) -> Vec<Rect> {
    let total: f64 = values.iter().sum();
    if total <= 0.0 {
        return Vec::new();
    }
    let scale = room.w * room.h / total;
    let areas: Vec<f64> = values.iter().map(|it| it * scale).collect();
    let mut out = Vec::with_capacity(areas.len());
    let mut left = room;
    let mut at = 0;
    while at < areas.len() {
        let side = left.w.min(left.h).max(1e-9);
        // How far the worst tile of a row is from a square.
        let worst = |row: &[f64]| {
            let sum: f64 = row.iter().sum();
            let (least, most) =
                row.iter().fold((f64::MAX, 0.0_f64), |(a, b), it| (a.min(*it), b.max(*it)));
            let square = sum * sum;
            (side * side * most / square).max(square / (side * side * least.max(1e-9)))
        };
        let mut end = at + 1;
        while end < areas.len() && worst(&areas[at..=end]) <= worst(&areas[at..end]) {
            end += 1;
        }
        let sum: f64 = areas[at..end].iter().sum();
        let thick = sum / side;
        let upright = left.w >= left.h;
        let mut offset = 0.0;
        for area in &areas[at..end] {
            let length = area / thick.max(1e-9);
            out.push(if upright {
                Rect::new(left.x, left.y + offset, thick, length)
            } else {
                Rect::new(left.x + offset, left.y, length, thick)
            });
            offset += length;
        }
        left = if upright {
            Rect::new(left.x + thick, left.y, (left.w - thick).max(0.0), left.h)
        } else {
            Rect::new(left.x, left.y + thick, left.w, (left.h - thick).max(0.0))
        };
        at = end;
    }
    out
}

pub fn draw(svg: &mut Svg, palette: &Palette, design: &Design, figures: &Figures, at: Rect) {
    let (dearest, rest) = figures.dearest(24);
    let mut parts: Vec<(String, f64, Family)> = dearest
        .iter()
        .map(|it| {
            let component = NodeId::parse(&it.key).and_then(|id| design.graph.component(&id));
            let family = component.map_or(Family::Operations, |it| Family::of(it.spec.kind()));
            (it.title.clone(), it.monthly, family)
        })
        .collect();
    if let Some((count, sum)) = rest {
        parts.push((format!("{count} others"), sum, Family::People));
    }
    let description = "Areas are US dollars a month; colours are those of the kinds of service";
    plot::open(svg, palette, at, "Shares", description);
    let room = Rect::new(at.x + 24.0, at.y + 68.0, at.w - 48.0, at.h - 92.0);
    let values: Vec<f64> = parts.iter().map(|it| it.1).collect();
    for ((title, value, family), tile) in parts.iter().zip(tiles(&values, room)) {
        let tile = tile.grown(-(tile.w.min(tile.h) / 4.0).min(1.0));
        svg.open("g", &[("class", "tile")]);
        svg.words("title", &format!("{title}: {}", dollars(*value)));
        svg.rect(tile, 4.0, Paint::fill(palette.family(*family)));
        if tile.w > 46.0 && tile.h > 20.0 {
            let ink = Type::new(11.0, palette.on_family);
            let lines = if tile.h > 52.0 { 2 } else { 1 };
            let mut words = text::wrap(title, 11.0, Weight::SemiBold, tile.w - 14.0, lines);
            // A name that does not fit is told by the tile's title and the table.
            if words.iter().any(|it| it.ends_with('…')) {
                words.clear();
            }
            for (n, line) in words.iter().enumerate() {
                svg.text(tile.x + 7.0, tile.y + 16.0 + n as f64 * 13.0, ink.bold(), line);
            }
            let below = tile.y + 16.0 + words.len() as f64 * 13.0;
            if below < tile.bottom() - 4.0 {
                let words = text::fit(&dollars(*value), 10.5, Weight::Regular, tile.w - 14.0);
                svg.text(tile.x + 7.0, below, Type::new(10.5, palette.on_family), &words);
            }
        }
        svg.close();
    }
    svg.close();
}
