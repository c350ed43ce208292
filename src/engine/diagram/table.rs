//! Tables below a picture: what it shows, in words and figures.

use super::svg::{Paint, Rect, Svg, Type};
use super::text::{self, Weight};
use super::theme::Palette;

const SIZE: f64 = 11.0;
const LINE: f64 = 14.0;
const GAP: f64 = 20.0;
const HEAD: f64 = 56.0;
/// Widest column.
const MOST: f64 = 260.0;

pub struct Table {
    pub title: &'static str,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

/// Widths of the columns, and the lines of every cell.
type Grid = (Vec<f64>, Vec<Vec<Vec<String>>>);

fn grid(table: &Table) -> Grid {
    let mut widths: Vec<f64> =
        table.columns.iter().map(|it| text::width(it, SIZE, Weight::SemiBold)).collect();
    for row in &table.rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = width.max(text::width(cell, SIZE, Weight::Regular));
        }
    }
    // A table of two columns has room for sentences.
    let most = if table.columns.len() == 2 { 3.0 * MOST } else { MOST };
    widths.iter_mut().for_each(|it| *it = it.min(most) + 1.0);
    let lines = table
        .rows
        .iter()
        .map(|row| {
            row.iter()
                .zip(&widths)
                .map(|(cell, room)| text::wrap(cell, SIZE, Weight::Regular, *room, 3))
                .collect()
        })
        .collect();
    (widths, lines)
}

fn row_height(cells: &[Vec<String>]) -> f64 {
    cells.iter().map(Vec::len).max().unwrap_or(1).max(1) as f64 * LINE + 10.0
}

fn extent(table: &Table) -> (f64, f64) {
    let (widths, lines) = grid(table);
    let wide = widths.iter().map(|it| it + GAP).sum::<f64>() - GAP;
    (wide, HEAD + 24.0 + lines.iter().map(|it| row_height(it)).sum::<f64>())
}

/// Where each table stands: all but the last one below each other, and the last,
/// which is the longest, beside them.
fn places(tables: &[Table]) -> Vec<Rect> {
    let mut places: Vec<Rect> = Vec::new();
    let (mut wide, mut y) = (0.0_f64, 0.0);
    for (n, table) in tables.iter().enumerate() {
        let (w, h) = extent(table);
        if n > 0 && n + 1 == tables.len() {
            places.push(Rect::new(wide + 3.0 * GAP, 0.0, w, h));
        } else {
            places.push(Rect::new(0.0, y, w, h));
            wide = wide.max(w);
            y += h;
        }
    }
    places
}

/// Width and height of all tables.
pub fn size(tables: &[Table]) -> (f64, f64) {
    let places = places(tables);
    let wide = places.iter().map(Rect::right).fold(0.0, f64::max);
    (wide, places.iter().map(Rect::bottom).fold(0.0, f64::max))
}

pub fn draw(svg: &mut Svg, palette: &Palette, tables: &[Table], at: Rect) {
    for (table, place) in tables.iter().zip(places(tables)) {
        one(svg, palette, table, at.x + place.x, at.y + place.y);
    }
}

fn one(svg: &mut Svg, palette: &Palette, table: &Table, left: f64, top: f64) {
    let (widths, lines) = grid(table);
    let wide: f64 = widths.iter().map(|it| it + GAP).sum::<f64>() - GAP;
    svg.open("g", &[("class", "table"), ("role", "table"), ("aria-label", table.title)]);
    svg.text(left, top + 38.0, Type::new(15.0, palette.ink).bold(), table.title);
    let mut y = top + HEAD;
    svg.open("g", &[("role", "row")]);
    let mut x = left;
    for (name, width) in table.columns.iter().zip(&widths) {
        svg.open("g", &[("role", "columnheader")]);
        svg.text(x, y + 10.0, Type::new(SIZE, palette.ink_soft).bold(), name);
        svg.close();
        x += width + GAP;
    }
    svg.close();
    y += 18.0;
    for cells in &lines {
        svg.line((left, y), (left + wide, y), Paint::line(palette.grid, 1.0));
        svg.open("g", &[("role", "row")]);
        let mut x = left;
        for (cell, width) in cells.iter().zip(&widths) {
            svg.open("g", &[("role", "cell")]);
            for (n, line) in cell.iter().enumerate() {
                let base = y + 16.0 + n as f64 * LINE;
                svg.text(x, base, Type::new(SIZE, palette.ink), line);
            }
            svg.close();
            x += width + GAP;
        }
        svg.close();
        y += row_height(cells);
    }
    svg.close();
}
