//! A scene as a draw.io file, with the places and ways of our own layout.
//!
//! Frames are containers, so that what stands in them moves with them; every
//! part carries its ids as data that draw.io shows and keeps.

use super::{held, is_asynchronous, key};
use crate::engine::diagram::draw::{self, Picture};
use crate::engine::diagram::icons::{Icon, Pictures};
use crate::engine::diagram::layout::Rect;
use crate::engine::diagram::scene::{Change, Edge, GroupKind, Scene, word};
use crate::engine::diagram::svg::{escape, number};
use crate::engine::diagram::theme::Palette;
use crate::engine::diagram::{Style, Theme};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Room around the picture and for its title.
const MARGIN: f64 = 40.0;
const TITLE: f64 = 72.0;

struct Writer<'s> {
    scene: &'s Scene,
    picture: Picture,
    palette: &'static Palette,
    icons: &'s Pictures,
    out: String,
}

pub fn file<'s>(scene: &'s Scene, style: &'s Style) -> String {
    let picture = draw::picture(scene, style.direction);
    let palette = Palette::of(style.theme);
    let mut writer = Writer { scene, picture, palette, icons: &style.icons, out: String::new() };
    writer.write(style.theme);
    writer.out
}

impl Writer<'_> {
    fn write(&mut self, theme: Theme) {
        let width = number(self.picture.placed.width + 2.0 * MARGIN);
        let height = number(self.picture.placed.height + TITLE + 2.0 * MARGIN);
        let name = match theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        self.out.push_str(&format!(
            "<mxfile host=\"CloudGen\">\n <diagram id=\"architecture-{name}\" name=\"{}\">\n  \
             <mxGraphModel dx=\"0\" dy=\"0\" grid=\"1\" gridSize=\"8\" guides=\"1\" tooltips=\"1\" \
             connect=\"1\" arrows=\"1\" fold=\"0\" page=\"0\" pageWidth=\"{width}\" \
             pageHeight=\"{height}\" background=\"{}\" math=\"0\" shadow=\"0\">\n   <root>\n    \
             <mxCell id=\"0\"/>\n    <mxCell id=\"1\" parent=\"0\"/>\n",
            escape(&self.scene.title),
            self.palette.canvas
        ));
        self.heading();
        for group in 0..self.scene.groups.len() {
            self.group(group);
        }
        for node in 0..self.scene.nodes.len() {
            self.node(node);
        }
        for edge in 0..self.scene.edges.len() {
            self.edge(edge);
        }
        self.out.push_str("   </root>\n  </mxGraphModel>\n </diagram>\n</mxfile>\n");
    }

    fn heading(&mut self) {
        let ink = self.palette.ink;
        let value = format!(
            "<b style=\"font-size:24px\">{}</b><br>{}",
            escape(&draw::capital(&self.scene.title)),
            escape(&self.scene.subtitle)
        );
        let style = format!(
            "text;html=1;whiteSpace=wrap;align=left;verticalAlign=top;fontSize=13;fontColor={ink};"
        );
        let wide = self.picture.placed.width.max(640.0);
        let at = Rect::new(MARGIN, MARGIN - 8.0, wide, TITLE - 8.0);
        self.cell("title", &value, &[], &style, "1", at);
    }

    fn group(&mut self, n: usize) {
        let it = &self.scene.groups[n];
        let look = self.palette.frame(it.kind);
        let (label, note) = (escape(&it.label), escape(&it.note));
        let value = if note.is_empty() {
            format!("<b>{label}</b>")
        } else {
            let soft = self.palette.ink_soft;
            format!(
                "<b>{label}</b>&nbsp; <font color=\"{soft}\" style=\"font-size:11px\">{note}</font>"
            )
        };
        let radius = match it.kind {
            GroupKind::Cloud => 32,
            GroupKind::Region | GroupKind::Network => 24,
            _ => 20,
        };
        let style = format!(
            "rounded=1;absoluteArcSize=1;arcSize={radius};html=1;whiteSpace=wrap;container=1;\
             collapsible=0;recursiveResize=0;verticalAlign=top;align=left;spacingLeft=12;spacingTop=4;\
             fontSize=12;fillColor={};strokeColor={};fontColor={};dashed={};",
            look.fill,
            look.line,
            look.label,
            u8::from(look.dashed)
        );
        let component = it.component.as_ref().map_or("", |it| it.as_str());
        let id = key('g', &it.id);
        let parent = self.parent(it.parent);
        let at = self.within(self.picture.placed.frames[n], it.parent);
        self.cell(&id, &value, &[("component", component)], &style, &parent, at);
    }

    fn node(&mut self, n: usize) {
        let it = &self.scene.nodes[n];
        let palette = self.palette;
        let mut value = format!("<b>{}</b>", escape(&it.title));
        let soft = |text: &str| {
            format!(
                "<br><font color=\"{}\" style=\"font-size:10px\">{}</font>",
                palette.ink_soft,
                escape(text)
            )
        };
        if !it.subtitle.is_empty() && it.subtitle != it.title {
            value.push_str(&soft(&it.subtitle));
        }
        for badge in &it.badges {
            value.push_str(&soft(&badge.text));
        }
        let line = palette.change(it.change).unwrap_or(palette.card_line);
        let style = format!(
            "shape=label;rounded=1;absoluteArcSize=1;arcSize=20;html=1;whiteSpace=wrap;align=left;\
             verticalAlign=middle;spacingLeft=54;spacingRight=8;fontSize=13;imageAlign=left;\
             imageVerticalAlign=middle;imageWidth=36;imageHeight=36;spacing=10;fillColor={};\
             strokeColor={line};fontColor={};image={};",
            palette.card,
            palette.ink,
            match it.icon.picture(self.icons) {
                Some(picture) => picture.replacen(";base64", "", 1),
                None => image(it.icon.icon, palette.family(it.family), palette.on_family),
            }
        );
        let serves: Vec<String> = held(self.scene, n)
            .into_iter()
            .map(|(intent, group)| {
                format!("{} {}", word(intent), key('g', &self.scene.groups[group].id))
            })
            .collect();
        let component = it.component.as_ref().map_or("", |it| it.as_str());
        let data = [("component", component), ("within", &serves.join(", "))];
        let parent = self.parent(it.parent);
        let at = self.within(self.picture.placed.items[n], it.parent);
        self.cell(&key('c', &it.id), &value, &data, &style, &parent, at);
    }

    fn edge(&mut self, n: usize) {
        let edge: &Edge = &self.scene.edges[n];
        let palette = self.palette;
        let colour = palette.change(edge.change).unwrap_or(palette.edge);
        let dashed = edge.change == Change::Removed || is_asynchronous(edge);
        let style = format!(
            "edgeStyle=orthogonalEdgeStyle;rounded=1;html=1;endArrow=block;endFill=1;endSize=6;\
             strokeWidth=1.5;strokeColor={colour};fontColor={};fontSize=11;\
             labelBackgroundColor={};dashed={};",
            palette.edge_label,
            palette.canvas,
            u8::from(dashed)
        );
        let connections: Vec<String> = edge.connections.iter().map(usize::to_string).collect();
        let route = &self.picture.placed.routes[n].points;
        let inner = route.len().saturating_sub(2);
        let points: String = route
            .iter()
            .skip(1)
            .take(inner)
            .map(|(x, y)| {
                let (x, y) = (number(x + MARGIN), number(y + MARGIN + TITLE));
                format!("<mxPoint x=\"{x}\" y=\"{y}\"/>")
            })
            .collect();
        let points = if points.is_empty() {
            points
        } else {
            format!("<Array as=\"points\">{points}</Array>")
        };
        self.out.push_str(&format!(
            "    <object id=\"e_{n}\" label=\"{}\"{}>\n     \
             <mxCell style=\"{}\" edge=\"1\" parent=\"1\" source=\"{}\" target=\"{}\">\n      \
             <mxGeometry relative=\"1\" as=\"geometry\">{points}</mxGeometry>\n     </mxCell>\n    \
             </object>\n",
            // The label is HTML within an attribute: escaped for both.
            escape(&escape(&edge.label)),
            attribute("connections", &connections.join(" ")),
            escape(&style),
            key('c', &self.scene.nodes[edge.from].id),
            key('c', &self.scene.nodes[edge.to].id)
        ));
    }

    /// A shape; `value` is HTML.
    fn cell(
        &mut self,
        id: &str,
        value: &str,
        data: &[(&str, &str)],
        style: &str,
        parent: &str,
        at: Rect,
    ) {
        let data: String = data.iter().map(|(name, value)| attribute(name, value)).collect();
        self.out.push_str(&format!(
            "    <object id=\"{id}\" label=\"{}\"{data}>\n     \
             <mxCell style=\"{}\" vertex=\"1\" parent=\"{parent}\">\n      \
             <mxGeometry x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" as=\"geometry\"/>\n     \
             </mxCell>\n    </object>\n",
            escape(value),
            escape(style),
            number(at.x),
            number(at.y),
            number(at.w),
            number(at.h)
        ));
    }

    fn parent(&self, group: Option<usize>) -> String {
        group.map_or_else(|| "1".to_owned(), |it| key('g', &self.scene.groups[it].id))
    }

    /// A place as its container counts it.
    fn within(&self, at: Rect, group: Option<usize>) -> Rect {
        match group {
            Some(group) => {
                let frame = self.picture.placed.frames[group];
                Rect::new(at.x - frame.x, at.y - frame.y, at.w, at.h)
            }
            None => Rect::new(at.x + MARGIN, at.y + MARGIN + TITLE, at.w, at.h),
        }
    }
}

fn attribute(name: &str, value: &str) -> String {
    if value.is_empty() { String::new() } else { format!(" {name}=\"{}\"", escape(value)) }
}

/// The glyph on its tile. Styles end at semicolons, so draw.io writes data
/// addresses without the usual `;base64`.
fn image(icon: Icon, ground: &str, ink: &str) -> String {
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"36\" height=\"36\" viewBox=\"0 0 36 36\">\
         <rect width=\"36\" height=\"36\" rx=\"8\" fill=\"{ground}\"/>\
         <path transform=\"translate(7 7) scale(0.917)\" fill=\"none\" stroke=\"{ink}\" \
         stroke-width=\"1.7\" stroke-linecap=\"round\" stroke-linejoin=\"round\" d=\"{}\"/></svg>",
        icon.path()
    );
    format!("data:image/svg+xml,{}", STANDARD.encode(svg))
}
