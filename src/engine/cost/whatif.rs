//! What an option costs at other loads, over time, and where the money goes.

use super::bill::Line;
use crate::engine::analysis::{Cost, price_at};
use crate::engine::diagram::icons::Family;
use crate::engine::graph::Graph;

/// The loads of the curve, as multiples of the expected one: even steps on a
/// logarithmic scale.
pub const LOADS: [f64; 13] = [0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0];

/// The least and the greatest load that is priced.
pub const RANGE: (f64, f64) = (0.1, 10.0);

/// Load and US dollars a month at it.
pub fn curve(graph: &Graph) -> Vec<(f64, f64)> {
    LOADS.into_iter().map(|load| (load, price_at(graph, load).monthly)).collect()
}

/// What a curve says of a load; beyond its ends, what it says there.
pub fn on_curve(curve: &[(f64, f64)], load: f64) -> f64 {
    let Some(right) = curve.iter().position(|it| it.0 >= load) else {
        return curve.last().map_or(0.0, |it| it.1);
    };
    let Some(left) = right.checked_sub(1) else { return curve[0].1 };
    let ((x0, y0), (x1, y1)) = (curve[left], curve[right]);
    y0 + (load - x0) / (x1 - x0) * (y1 - y0)
}

/// A month of a forecast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Month {
    /// Counted from 1.
    pub month: u32,
    /// Multiple of the load that the design is for.
    pub load: f64,
    pub monthly: f64,
    pub total: f64,
}

/// What it costs month by month when load grows by a share every month. Loads
/// beyond the curve cost what its end costs.
pub fn forecast(curve: &[(f64, f64)], growth: f64, months: u32) -> Vec<Month> {
    let mut total = 0.0;
    (1..=months)
        .map(|month| {
            let exponent = f64::from(month - 1);
            let load = (1.0 + growth).powf(exponent).clamp(RANGE.0, RANGE.1);
            let monthly = on_curve(curve, load);
            total += monthly;
            Month { month, load, monthly, total }
        })
        .collect()
}

/// The part of a bill that belongs together.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum {
    /// Id of a component, or name of a kind.
    pub key: String,
    pub title: String,
    pub monthly: f64,
    pub low: f64,
    pub high: f64,
    pub lines: usize,
}

/// By component, the dearest first; components that cost nothing are left out.
pub fn by_component(graph: &Graph, cost: &Cost) -> Vec<Sum> {
    sums(cost, |line| {
        let title = graph.component(&line.component).map(|it| it.title.clone());
        (line.component.to_string(), title.unwrap_or_else(|| line.component.to_string()))
    })
}

/// By what the money is for, the dearest first.
pub fn by_kind(graph: &Graph, cost: &Cost) -> Vec<Sum> {
    sums(cost, |line| {
        let title = kind(graph, line);
        (title.to_lowercase().replace(' ', "-"), title.to_owned())
    })
}

/// Bytes that leave are paid for by whatever component they leave; for the
/// reader they are network.
fn kind(graph: &Graph, line: &Line) -> &'static str {
    let item = line.item.to_lowercase();
    if ["transfer", "traffic", "egress"].iter().any(|it| item.contains(it)) {
        return Family::Network.title();
    }
    match graph.component(&line.component) {
        Some(it) => Family::of(it.spec.kind()).title(),
        None => Family::Operations.title(),
    }
}

fn sums(cost: &Cost, of: impl Fn(&Line) -> (String, String)) -> Vec<Sum> {
    let mut out: Vec<Sum> = Vec::new();
    for line in &cost.lines {
        let (key, title) = of(line);
        let at = out.iter().position(|it| it.key == key).unwrap_or_else(|| {
            out.push(Sum { key, title, monthly: 0.0, low: 0.0, high: 0.0, lines: 0 });
            out.len() - 1
        });
        let sum = &mut out[at];
        sum.monthly += line.monthly;
        sum.low += line.low;
        sum.high += line.high;
        sum.lines += 1;
    }
    out.sort_by(|a, b| b.monthly.total_cmp(&a.monthly).then_with(|| a.key.cmp(&b.key)));
    out
}

/// What a promise to pay for a year or more would change.
#[derive(Clone, Debug, PartialEq)]
pub struct Commitment {
    pub key: &'static str,
    pub title: &'static str,
    /// What of the bill it covers, on demand: what runs at low load too.
    pub covers: f64,
    pub saves: f64,
    /// The whole bill with it.
    pub monthly: f64,
    pub formula: String,
    pub source: &'static str,
    pub source_date: &'static str,
}

/// A commitment whose price is known for one size of what it covers. Other sizes
/// differ by some percent, so what follows from it is an estimate.
struct Rate {
    key: &'static str,
    title: &'static str,
    /// What it covers, in words and on the bill.
    what: &'static str,
    covers: fn(&Line) -> bool,
    /// Dollars an hour reserved and on demand, in us-east-1.
    price: (f64, f64),
    source_date: &'static str,
}

/// One year with nothing upfront. Savings plans for containers and functions, and
/// reservations of search domains, have no figure with a source.
const RATES: [Rate; 3] = [
    Rate {
        // A t3.medium; on demand after karpenter 2026-07-20.
        key: "ec2-reserved-1y-no-upfront",
        title: "Reserved machines: one year, nothing upfront",
        what: "machines",
        covers: |it| it.service == "ec2",
        price: (0.0261, 0.0416),
        source_date: "2025-07-07",
    },
    Rate {
        // A db.t3.large of MySQL in one zone.
        key: "rds-reserved-1y-no-upfront",
        title: "Reserved databases: one year, nothing upfront",
        what: "database instances without a licence",
        covers: |it| {
            let mut parts = it.sku.split('|');
            let is_instance = parts.next().is_some_and(|it| it.starts_with("db."));
            let open = ["mysql", "mariadb", "postgres", "aurora"];
            let engine = parts.next().unwrap_or_default();
            it.service == "rds" && is_instance && open.iter().any(|it| engine.starts_with(it))
        },
        price: (0.0957, 0.136),
        source_date: "2026-05-03",
    },
    Rate {
        // A cache.m6g.12xlarge of Redis.
        key: "elasticache-reserved-1y-no-upfront",
        title: "Reserved cache nodes: one year, nothing upfront",
        what: "cache nodes",
        covers: |it| it.service == "elasticache" && it.sku.starts_with("cache."),
        price: (2.428, 3.557),
        source_date: "2024-07-01",
    },
];

/// Commitments that would pay, given what runs all the time.
pub fn commitments(cost: &Cost) -> Vec<Commitment> {
    let made = RATES.iter().filter_map(|rate| {
        let covers: f64 = cost.lines.iter().filter(|it| (rate.covers)(it)).map(|it| it.low).sum();
        let (reserved, on_demand) = rate.price;
        let saves = covers * (1.0 - reserved / on_demand);
        (saves >= 0.01).then(|| Commitment {
            key: rate.key,
            title: rate.title,
            covers,
            saves,
            monthly: cost.monthly - saves,
            formula: format!("{} that run at low load × (1 - {reserved} ÷ {on_demand})", rate.what),
            source: "infracost",
            source_date: rate.source_date,
        })
    });
    made.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::analysis;
    use crate::engine::plan::Policy;
    use crate::engine::requirements::Hints;

    fn graphs() -> Vec<Graph> {
        let text = "A web shop on AWS for 20,000 visitors a day with PostgreSQL and images on a CDN, in Frankfurt.";
        let made = analysis::analyze(text, &Hints::default(), &Policy::default());
        made.options.into_iter().map(|it| it.graph).collect()
    }

    #[test]
    fn the_curve_agrees_with_the_bill_and_never_falls() {
        for graph in graphs() {
            let cost = analysis::price(&graph);
            let curve = curve(&graph);
            let near = |a: f64, b: f64| (a - b).abs() < 1e-6 * b.max(1.0);
            assert!(near(on_curve(&curve, 0.5), cost.low), "{curve:?} {}", cost.low);
            assert!(near(on_curve(&curve, 1.0), cost.monthly));
            assert!(near(on_curve(&curve, 2.0), cost.high));
            assert!(curve.windows(2).all(|it| it[0].1 <= it[1].1 + 1e-9), "{curve:?}");
            assert!(curve[12].1 > curve[0].1, "something moves with load");
        }
    }

    #[test]
    fn commitments_cover_what_always_runs() {
        let text = "EC2 auto scaling group of web servers behind an ALB with RDS MySQL and ElastiCache Redis, 50,000 users a month";
        let made = analysis::analyze(text, &Hints::default(), &Policy::default());
        let cost = &made.options[1].cost;
        let low = |service: &str, sku: &str| -> f64 {
            let lines = cost.lines.iter();
            let lines = lines.filter(|it| it.service == service && it.sku.starts_with(sku));
            lines.map(|it| it.low).sum()
        };
        let found = commitments(cost);
        let [machines, databases, nodes] = &found[..] else { panic!("{found:?}") };
        for (it, covers, share) in [
            (machines, low("ec2", ""), 0.3726),
            (databases, low("rds", "db."), 0.2963),
            (nodes, low("elasticache", "cache."), 0.3174),
        ] {
            assert!((it.covers - covers).abs() < 1e-9 && it.covers > 0.0, "{it:?}");
            assert!((it.saves / it.covers - share).abs() < 1e-3, "{it:?}");
            assert!((it.monthly + it.saves - cost.monthly).abs() < 1e-9);
        }
        let made = analysis::analyze("S3 to Lambda", &Hints::default(), &Policy::default());
        assert!(commitments(&made.options[0].cost).is_empty());
    }

    /// A licence is rented by the hour in either case.
    #[test]
    fn a_database_with_a_licence_is_not_covered() {
        let text = "RDS SQL Server for 50,000 users a month";
        let made = analysis::analyze(text, &Hints::default(), &Policy::default());
        let cost = &made.options[1].cost;
        assert!(cost.lines.iter().any(|it| it.service == "rds" && it.sku.starts_with("db.")));
        assert!(commitments(cost).iter().all(|it| !it.key.starts_with("rds")));
    }

    #[test]
    fn groups_add_up_to_the_bill() {
        for graph in graphs() {
            let cost = analysis::price(&graph);
            for sums in [by_component(&graph, &cost), by_kind(&graph, &cost)] {
                let total: f64 = sums.iter().map(|it| it.monthly).sum();
                assert!((total - cost.monthly).abs() < 1e-6);
                assert!(sums.windows(2).all(|it| it[0].monthly >= it[1].monthly));
            }
        }
    }

    #[test]
    fn growth_is_compounded_and_stops_at_the_end_of_the_curve() {
        let curve = [(0.1, 10.0), (1.0, 100.0), (10.0, 1000.0)];
        let flat = forecast(&curve, 0.0, 36);
        assert_eq!(flat[35].total, 3600.0);
        let doubling = forecast(&curve, 1.0, 6);
        let monthly: Vec<f64> = doubling.iter().map(|it| it.monthly).collect();
        assert_eq!(monthly, [100.0, 200.0, 400.0, 800.0, 1000.0, 1000.0]);
        assert_eq!(forecast(&curve, -0.5, 2)[1].monthly, 50.0);
    }
}
