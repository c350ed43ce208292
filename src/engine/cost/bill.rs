//! Cost lines of one option: quantity × unit price, each with its source.

use super::catalogue::{self, Confidence};
use crate::engine::graph::{Component, Graph, NodeId};

/// Hours in an average month, as cloud price lists count them (8,760 / 12).
pub const HOURS: f64 = 730.0;
/// Usage at low and at high load, relative to expected load.
pub const LOW: f64 = 0.5;
pub const HIGH: f64 = 2.0;

/// One priced quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub component: NodeId,
    /// For people: "Requests".
    pub item: String,
    pub quantity: f64,
    pub unit: &'static str,
    /// US dollars per unit; of the expected quantity where there are tiers.
    pub unit_price: f64,
    /// US dollars a month at expected, low and high load.
    pub monthly: f64,
    pub low: f64,
    pub high: f64,
    /// How the quantity comes about.
    pub formula: String,
    pub service: &'static str,
    pub sku: String,
    pub source: &'static str,
    pub source_date: &'static str,
    pub confidence: Confidence,
}

/// Something that costs money and whose price is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct Unpriced {
    pub component: NodeId,
    pub item: String,
    pub quantity: f64,
    /// Service and key that no price was found for.
    pub key: String,
}

/// The bill of one option while it is being written.
pub struct Bill<'g> {
    pub graph: &'g Graph,
    /// How many times the expected load it is written for.
    load: f64,
    pub lines: Vec<Line>,
    pub unpriced: Vec<Unpriced>,
}

/// How a quantity moves with load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    pub low: f64,
    pub expected: f64,
    pub high: f64,
    /// The same three before what is free is taken off.
    gross: [f64; 3],
    free: f64,
}

impl Quantity {
    /// The same at every load: hours, nodes, stored data.
    pub fn fixed(expected: f64) -> Self {
        Self::range(expected, expected, expected)
    }

    /// In proportion to load: requests, bytes.
    pub fn usage(expected: f64) -> Self {
        Self::range(expected * LOW, expected, expected * HIGH)
    }

    pub fn range(low: f64, expected: f64, high: f64) -> Self {
        Self { low, expected, high, gross: [low, expected, high], free: 0.0 }
    }

    /// What is left after a quantity that is free each month.
    pub fn beyond(self, free: f64) -> Self {
        Self { free: self.free + free, ..self }.net()
    }

    pub fn times(self, factor: f64) -> Self {
        Self { gross: self.gross.map(|it| it * factor), free: self.free * factor, ..self }.net()
    }

    fn net(self) -> Self {
        let [low, expected, high] = self.gross.map(|it| (it - self.free).max(0.0));
        Self { low, expected, high, ..self }
    }

    /// The quantity at a multiple of the expected load. What is in proportion to
    /// load stays so; what scales between bounds does not shrink below the lower
    /// one, and goes on beyond the upper one as it got there.
    pub fn at(&self, load: f64) -> f64 {
        let [low, expected, high] = self.gross;
        let between =
            |(x0, y0): (f64, f64), (x1, y1): (f64, f64)| y0 + (load - x0) / (x1 - x0) * (y1 - y0);
        let gross = if load >= 1.0 {
            between((1.0, expected), (HIGH, high))
        } else if load >= LOW {
            between((LOW, low), (1.0, expected))
        } else if (low - expected * LOW).abs() <= expected.abs() * 1e-9 {
            expected * load
        } else {
            low
        };
        (gross - self.free).max(0.0)
    }

    /// The same around another load.
    fn around(self, load: f64) -> Self {
        let gross = Self { free: 0.0, ..self };
        let gross = [LOW, 1.0, HIGH].map(|it| gross.at(load * it));
        Self { gross, ..self }.net()
    }
}

impl<'g> Bill<'g> {
    pub fn new(graph: &'g Graph) -> Self {
        Self::at(graph, 1.0)
    }

    /// For a multiple of the expected load: sizes stay as they are designed,
    /// usage and what scales by itself move.
    pub fn at(graph: &'g Graph, load: f64) -> Self {
        Self { graph, load, lines: Vec::new(), unpriced: Vec::new() }
    }

    /// Adds a quantity of a priced key in the graph's region. The quantity is
    /// in the unit of the price; a quantity of zero adds nothing.
    pub fn add(
        &mut self,
        component: &Component,
        item: &str,
        service: &'static str,
        sku: &str,
        quantity: Quantity,
        formula: impl Into<String>,
    ) {
        let region = self.graph.region.clone();
        self.add_in(&region, component, item, service, sku, quantity, formula);
    }

    /// The same in another region.
    #[expect(clippy::too_many_arguments, reason = "a cost line has this many parts")]
    pub fn add_in(
        &mut self,
        region: &str,
        component: &Component,
        item: &str,
        service: &'static str,
        sku: &str,
        quantity: Quantity,
        formula: impl Into<String>,
    ) {
        // At the expected load nothing is computed anew, so that nothing is rounded anew.
        let quantity = if self.load == 1.0 { quantity } else { quantity.around(self.load) };
        if quantity.high <= 0.0 {
            return;
        }
        let tiers = catalogue::tiers("aws", service, sku, region);
        let Some(first) = tiers.first() else {
            self.unpriced.push(Unpriced {
                component: component.id.clone(),
                item: item.to_owned(),
                quantity: quantity.expected,
                key: format!("{service} {sku} {region}"),
            });
            return;
        };
        let sum = |quantity: f64| catalogue::charge(&tiers, quantity).map_or(0.0, |it| it.0);
        let (monthly, confidence) =
            catalogue::charge(&tiers, quantity.expected).unwrap_or((0.0, Confidence::Estimate));
        let unit_price = if quantity.expected > 0.0 && tiers.len() > 1 {
            monthly / quantity.expected
        } else {
            first.price.usd
        };
        self.lines.push(Line {
            component: component.id.clone(),
            item: item.to_owned(),
            quantity: quantity.expected,
            unit: first.price.unit,
            unit_price,
            monthly,
            low: sum(quantity.low),
            high: sum(quantity.high),
            formula: formula.into(),
            service,
            sku: sku.to_owned(),
            source: first.price.source,
            source_date: first.price.source_date,
            confidence,
        });
    }

    /// Says that something costs money without a known price.
    pub fn unpriced(&mut self, component: &Component, item: &str, quantity: f64, key: &str) {
        self.unpriced.push(Unpriced {
            component: component.id.clone(),
            item: item.to_owned(),
            quantity,
            key: key.to_owned(),
        });
    }

    pub fn monthly(&self) -> f64 {
        self.lines.iter().map(|it| it.monthly).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_moves_with_load_as_it_says() {
        let requests = Quantity::usage(3_000_000.0).beyond(1_000_000.0).times(1e-6);
        assert_eq!(requests.expected, 2.0);
        for (load, expected) in [(0.1, 0.0), (0.5, 0.5), (1.0, 2.0), (2.0, 5.0), (10.0, 29.0)] {
            assert!((requests.at(load) - expected).abs() < 1e-9, "{load}: {}", requests.at(load));
        }
        let nodes = Quantity::fixed(3.0);
        assert!([0.1, 1.0, 10.0].iter().all(|it| nodes.at(*it) == 3.0));
        let tasks = Quantity::range(2.0, 2.0, 6.0);
        assert_eq!([0.1, 0.75, 1.5, 2.0, 3.0].map(|it| tasks.at(it)), [2.0, 2.0, 4.0, 6.0, 10.0]);
    }
}
