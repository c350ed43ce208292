//! The network as a floor plan: a column for each zone, a row for each tier of
//! subnets, who stands where, where routes lead, and who may reach whom.

pub mod facts;
mod graph;

use super::icons::{Family, Icon, Pictures, Symbol};
use super::scene::GroupKind;
use super::svg::{Paint, Rect, Svg, Type, number};
use super::text::{self, Weight};
use super::theme::Palette;
use super::{Style, draw};
use crate::engine::analysis::Design;
use crate::engine::bind;
use crate::engine::graph::{Graph, NodeId};
use facts::{Network, Peer, Subnet};

pub use graph::scene;

const MARGIN: f64 = 40.0;
const TITLE: f64 = 72.0;
const CELL: f64 = 264.0;
const CARD: f64 = 40.0;
const GAP: f64 = 16.0;
const PAD: f64 = 24.0;
/// From a zone to the next.
const ZONE: f64 = CELL + 40.0;
const ROUTE: f64 = 15.0;
const TABLE: f64 = 420.0;
const ROW: f64 = 26.0;

/// Draws the network; a design without one says so.
pub fn svg(design: &Design, style: &Style) -> String {
    let stack = bind::lower(&design.graph);
    let palette = Palette::of(style.theme);
    match facts::read(&stack) {
        Some(network) => Plan::new(&design.graph, &network, style).draw(design),
        None => without(design, palette),
    }
}

fn without(design: &Design, palette: &Palette) -> String {
    let words = graph::WITHOUT;
    let wide = text::width(&title(design), 24.0, Weight::SemiBold) + 2.0 * MARGIN;
    let mut svg = Svg::new(wide.max(720.0).ceil(), 160.0, &title(design), words, palette);
    heading(&mut svg, palette, &title(design), words);
    svg.finish()
}

fn title(design: &Design) -> String {
    format!("{}: network", draw::capital(&design.title))
}

fn heading(svg: &mut Svg, palette: &Palette, title: &str, subtitle: &str) {
    svg.text(MARGIN, MARGIN + 20.0, Type::new(24.0, palette.ink).bold(), title);
    svg.text(MARGIN, MARGIN + 43.0, Type::new(13.0, palette.ink_soft), subtitle);
}

struct Plan<'p> {
    graph: &'p Graph,
    network: &'p Network,
    palette: &'p Palette,
    icons: &'p Pictures,
    /// Tiers that there are, with the height of their cells.
    rows: Vec<(GroupKind, f64)>,
    /// The frame of the network.
    frame: Rect,
    top_of_rows: f64,
}

impl<'p> Plan<'p> {
    fn new(graph: &'p Graph, network: &'p Network, style: &'p Style) -> Self {
        let tiers = [GroupKind::PublicSubnets, GroupKind::PrivateSubnets, GroupKind::DataSubnets];
        let rows: Vec<(GroupKind, f64)> = tiers
            .into_iter()
            .filter(|tier| network.subnets.iter().any(|it| it.shelf == *tier))
            .map(|tier| {
                let of_tier = network.subnets.iter().filter(|it| it.shelf == tier);
                (tier, of_tier.map(cell_height).fold(0.0, f64::max))
            })
            .collect();
        // Internet, its line, then the network with its gateways on the border.
        let top = MARGIN + TITLE + 56.0 + 72.0;
        let top_of_rows = top + 92.0;
        let inner: f64 = rows.iter().map(|it| it.1 + GAP).sum();
        let columns = network.zones.max(network.gateways.len().div_ceil(2)) as f64;
        let width = 4.0 * PAD + columns * ZONE - (ZONE - CELL);
        let endpoints =
            if network.endpoints.is_empty() { 0.0 } else { endpoint_rows(network, width) };
        let frame = Rect::new(MARGIN, top, width, 92.0 + inner + GAP + endpoints + PAD);
        let (palette, icons) = (Palette::of(style.theme), &style.icons);
        Self { graph, network, palette, icons, rows, frame, top_of_rows }
    }

    fn draw(&self, design: &Design) -> String {
        let network = self.network;
        let table = if network.rules.is_empty() { 0.0 } else { TABLE + 48.0 };
        let width = self.frame.right() + table + MARGIN;
        let rules = 64.0 + network.rules.len() as f64 * ROW;
        let bottom = self.frame.bottom().max(self.frame.y + rules);
        let subtitle = format!(
            "{}, {} zones, {} subnets, {} rules between security groups",
            if network.existing {
                "Existing network".to_owned()
            } else {
                format!("VPC {}", network.cidr)
            },
            network.zones,
            network.subnets.len(),
            network.rules.len()
        );
        let mut svg = Svg::new(width, bottom + MARGIN, &title(design), &subtitle, self.palette);
        let name = text::fit(&title(design), 24.0, Weight::SemiBold, width - 2.0 * MARGIN);
        heading(&mut svg, self.palette, &name, &subtitle);
        self.shell(&mut svg);
        self.ways_in(&mut svg);
        let mut y = self.top_of_rows;
        for (tier, height) in &self.rows {
            for subnet in network.subnets.iter().filter(|it| it.shelf == *tier) {
                let x = self.frame.x + 2.0 * PAD + subnet.zone as f64 * ZONE;
                self.cell(&mut svg, subnet, Rect::new(x, y, CELL, *height));
            }
            y += height + GAP;
        }
        self.endpoints(&mut svg, y + GAP);
        if !network.rules.is_empty() {
            self.rules(&mut svg, self.frame.right() + 48.0);
        }
        svg.finish()
    }

    fn shell(&self, svg: &mut Svg) {
        let look = self.palette.frame(GroupKind::Network);
        let id = self.network.id.as_ref().map_or("", NodeId::as_str);
        let spoken = format!("VPC {}, {} zones", self.network.cidr, self.network.zones);
        svg.open(
            "g",
            &[
                ("class", "group"),
                ("data-component", id),
                ("tabindex", "0"),
                ("role", "img"),
                ("aria-label", &spoken),
            ],
        );
        svg.rect(self.frame, 12.0, Paint::fill(look.fill).and_line(look.line, 1.25));
        svg.glyph(Icon::Tree.path(), self.frame.x + 16.0, self.frame.y + 30.0, 17.0, look.label);
        let base = self.frame.y + 43.0;
        svg.text(self.frame.x + 40.0, base, Type::new(12.0, look.label).bold(), "VPC");
        let set = Type::new(10.5, self.palette.ink_soft);
        svg.text(self.frame.x + 72.0, base, set, &self.network.cidr);
        svg.close();
        let zone = self.palette.frame(GroupKind::Zone);
        let height: f64 = self.rows.iter().map(|it| it.1 + GAP).sum::<f64>() + 36.0;
        for n in 0..self.network.zones {
            let x = self.frame.x + 2.0 * PAD + n as f64 * ZONE - 12.0;
            let at = Rect::new(x, self.top_of_rows - 36.0, CELL + 24.0, height);
            svg.rect(at, 10.0, Paint::line(zone.line, 1.25).dashed("5 4"));
            let name = format!("Zone {}", char::from(b'a' + n as u8));
            let place = (at.x + 14.0, at.y + 22.0);
            svg.text(place.0, place.1, Type::new(12.0, zone.label).bold(), &name);
        }
    }

    /// The internet, other places, and the gateways that lead there.
    fn ways_in(&self, svg: &mut Svg) {
        let wide = 200.0;
        let mut x = self.frame.right() - PAD - wide;
        // The internet comes first, above the first zone; others follow to the right.
        let count = self.network.gateways.len();
        if count > 0 {
            x = self.frame.x + 2.0 * PAD + (CELL - wide) / 2.0;
        }
        for gateway in &self.network.gateways {
            let at = Rect::new(x, self.frame.y - CARD / 2.0, wide, CARD);
            let outside = Rect::new(x, self.frame.y - 128.0, wide, CARD);
            let (name, icon, mark) = if gateway.internet {
                ("Internet", Icon::Globe, Icon::Globe)
            } else {
                ("Other networks", Icon::Server, Icon::Tunnel)
            };
            let line = if gateway.internet {
                self.palette.chip(super::scene::Tone::Danger).ink
            } else {
                self.palette.edge
            };
            let (from, tip) = ((x + wide / 2.0, outside.bottom()), (x + wide / 2.0, at.y));
            svg.path(&draw::rounded(&[from, tip]), Paint::line(line, 1.75));
            svg.path(&draw::arrow(from, tip), Paint::fill(line));
            self.card(svg, outside, name, (icon.into(), Family::People), None, false);
            self.card(
                svg,
                at,
                &gateway.title,
                (mark.into(), Family::Network),
                Some(&gateway.component),
                false,
            );
            x += wide + PAD;
        }
    }

    fn cell(&self, svg: &mut Svg, subnet: &Subnet, at: Rect) {
        let look = self.palette.frame(subnet.shelf);
        svg.open("g", &[("class", "subnet"), ("data-subnet", &subnet.key)]);
        svg.rect(at, 10.0, Paint::fill(look.fill).and_line(look.line, 1.25));
        let name = match subnet.shelf {
            GroupKind::PublicSubnets => "Public subnet",
            GroupKind::DataSubnets => "Data subnet",
            _ => "Private subnet",
        };
        svg.text(at.x + 14.0, at.y + 22.0, Type::new(12.0, look.label).bold(), name);
        let set = Type::new(10.5, self.palette.ink_soft).end();
        svg.text(at.right() - 14.0, at.y + 22.0, set, &subnet.cidr);
        let mut y = at.y + 34.0;
        for id in &subnet.components {
            let Some(component) = self.graph.component(id) else { continue };
            let place = Rect::new(at.x + 12.0, y, at.w - 24.0, CARD);
            self.card(
                svg,
                place,
                &component.title,
                (Symbol::of(&component.spec), Family::of(component.spec.kind())),
                Some(id),
                self.network.is_open(id),
            );
            y += CARD + 8.0;
        }
        let mut y = at.bottom() - 10.0 - (subnet.routes.len() as f64 - 1.0) * ROUTE;
        for route in &subnet.routes {
            let words = text::fit(route, 10.0, Weight::Regular, at.w - 28.0);
            svg.text(at.x + 14.0, y, Type::new(10.0, self.palette.ink_soft), &words);
            y += ROUTE;
        }
        svg.close();
    }

    fn card(
        &self,
        svg: &mut Svg,
        at: Rect,
        name: &str,
        symbol: (Symbol, Family),
        component: Option<&NodeId>,
        open: bool,
    ) {
        let palette = self.palette;
        let id = component.map_or("", NodeId::as_str);
        let chip = "internet";
        let taken = if open { text::width(chip, 9.5, Weight::SemiBold) + 20.0 } else { 8.0 };
        let words = text::fit(name, 12.0, Weight::SemiBold, at.w - 42.0 - taken);
        // What can be read comes first, in the same words.
        let mut spoken = words.clone();
        if open {
            spoken.push_str(&format!(", {chip}: open to it"));
        }
        if words != name {
            spoken.push_str(&format!("; {name}"));
        }
        svg.open(
            "g",
            &[
                ("class", "node"),
                ("data-component", id),
                ("tabindex", "0"),
                ("role", "img"),
                ("aria-label", &spoken),
            ],
        );
        let danger = palette.chip(super::scene::Tone::Danger);
        let line = if open { danger.ink } else { palette.card_line };
        svg.rect(at, 8.0, Paint::fill(palette.card).and_line(line, if open { 1.75 } else { 1.0 }));
        let tile = Rect::new(at.x + 7.0, at.y + 7.0, 26.0, 26.0);
        draw::tile(svg, palette, self.icons, symbol, tile);
        svg.text(at.x + 42.0, at.y + 24.3, Type::new(12.0, palette.ink).bold(), &words);
        if open {
            let place = Rect::new(at.right() - taken, at.y + 12.0, taken - 8.0, 16.0);
            svg.rect(place, 8.0, Paint::fill(danger.fill));
            let set = Type::new(9.5, danger.ink).bold().middle();
            svg.text(place.middle().0, place.y + 11.5, set, chip);
        }
        svg.close();
    }

    fn endpoints(&self, svg: &mut Svg, top: f64) {
        if self.network.endpoints.is_empty() {
            return;
        }
        let palette = self.palette;
        let set = Type::new(12.0, palette.frame(GroupKind::Network).label).bold();
        svg.text(self.frame.x + 2.0 * PAD - 12.0, top + 12.0, set, "Private endpoints");
        let (mut x, mut y) = (self.frame.x + 2.0 * PAD - 12.0, top + 22.0);
        for it in &self.network.endpoints {
            let words = chip_words(it);
            let wide = text::width(&words, 10.5, Weight::Regular) + 20.0;
            if x + wide > self.frame.right() - PAD {
                x = self.frame.x + 2.0 * PAD - 12.0;
                y += 28.0;
            }
            let at = Rect::new(x, y, wide, 22.0);
            svg.rect(at, 11.0, Paint::fill(palette.card).and_line(palette.card_line, 1.0));
            let set = Type::new(10.5, palette.ink).middle();
            svg.text(at.middle().0, at.y + 15.0, set, &words);
            x += wide + 8.0;
        }
    }

    fn rules(&self, svg: &mut Svg, x: f64) {
        let palette = self.palette;
        let top = self.frame.y;
        let set = Type::new(14.0, palette.ink).bold();
        svg.text(x, top + 16.0, set, "Who may reach whom");
        let head = Type::new(10.5, palette.ink_soft);
        let columns = [x, x + 160.0, x + 250.0];
        for (at, name) in columns.iter().zip(["From", "Port", "To"]) {
            svg.text(*at, top + 42.0, head, name);
        }
        let danger = palette.chip(super::scene::Tone::Danger);
        let mut y = top + 52.0;
        for rule in &self.network.rules {
            svg.line((x, y), (x + TABLE, y), Paint::line(palette.grid, 1.0));
            let base = y + 17.5;
            let from = match &rule.from {
                Peer::Internet => "Internet".to_owned(),
                Peer::Block(it) => it.clone(),
                Peer::Component(id) => self.name(id),
            };
            if rule.from == Peer::Internet {
                let wide = text::width(&from, 11.5, Weight::SemiBold) + 16.0;
                svg.rect(Rect::new(x, y + 4.0, wide, 18.0), 9.0, Paint::fill(danger.fill));
                svg.text(x + 8.0, base, Type::new(11.5, danger.ink).bold(), &from);
            } else {
                let from = text::fit(&from, 11.5, Weight::Regular, 150.0);
                svg.text(x, base, Type::new(11.5, palette.ink), &from);
            }
            let ports = text::fit(&rule.ports, 11.5, Weight::SemiBold, 84.0);
            svg.text(columns[1], base, Type::new(11.5, palette.accent).bold(), &ports);
            let to = text::fit(&self.name(&rule.to), 11.5, Weight::Regular, TABLE - 250.0);
            svg.text(columns[2], base, Type::new(11.5, palette.ink), &to);
            y += ROW;
        }
        svg.leaf(
            "path",
            &[
                ("d", &format!("M{} {}h{}", number(x), number(y), number(TABLE))),
                ("stroke", palette.grid),
            ],
        );
    }

    fn name(&self, id: &NodeId) -> String {
        self.graph.component(id).map_or_else(|| id.to_string(), |it| it.title.clone())
    }
}

fn cell_height(subnet: &Subnet) -> f64 {
    let cards = subnet.components.len() as f64 * (CARD + 8.0);
    let routes = subnet.routes.len() as f64 * ROUTE;
    34.0 + cards + routes + if routes > 0.0 { 14.0 } else { 10.0 }
}

fn chip_words(it: &facts::Endpoint) -> String {
    format!("{} ({})", it.service, if it.interface { "address" } else { "route" })
}

/// Height of the rows of endpoints in a frame of this width.
fn endpoint_rows(network: &Network, width: f64) -> f64 {
    let (mut x, mut rows) = (0.0, 1.0);
    for it in &network.endpoints {
        let wide = text::width(&chip_words(it), 10.5, Weight::Regular) + 28.0;
        if x > 0.0 && x + wide - 8.0 > width - 3.0 * PAD + 12.0 {
            x = 0.0;
            rows += 1.0;
        }
        x += wide;
    }
    22.0 + rows * 28.0 + GAP
}
