//! How long it takes to be back, and how much is lost, when something fails.
//!
//! The worst store decides. Figures are those that the provider documents for
//! each way of recovering; where it gives none, the assumption is stated.

use super::is_single;
use crate::engine::graph::{Component, Graph, Kind, NodeId, RelationalStyle, Spec};

/// Minutes between uploads of transaction logs for point-in-time recovery.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIT.html>
const LOG_UPLOAD: f64 = 5.0;
/// Failover to a standby in another zone: 60 to 120 seconds.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZSingleStandby.html>
const STANDBY: f64 = 2.0;
/// Failover to a reader of a cluster: typically within 60 seconds.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.AuroraHighAvailability.html>
const READER: f64 = 1.0;
/// Our assumption for restoring a snapshot: half an hour, and an hour for each TB.
const RESTORE: f64 = 30.0;
const RESTORE_PER_TB: f64 = 60.0;
/// Our assumption for deploying the stack anew in another region.
const REBUILD: f64 = 120.0;
/// Daily backups: a day may be lost.
const DAILY: f64 = 1440.0;
/// Replication between regions lags seconds: counted as one minute.
const REPLICATED: f64 = 1.0;

#[derive(Clone, Debug, PartialEq)]
pub struct Recovery {
    pub scenarios: Vec<Scenario>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// `zone`, `mistake`, `region`.
    pub name: &'static str,
    pub title: &'static str,
    /// None: the option does not recover from it.
    pub rto_minutes: Option<f64>,
    pub rpo_minutes: Option<f64>,
    /// The store that decides.
    pub because: Option<NodeId>,
    pub how: &'static str,
}

pub fn recovery(graph: &Graph) -> Recovery {
    let stores: Vec<&Component> =
        graph.components.iter().filter(|it| is_store(it.spec.kind())).collect();
    let zone = worst(&stores, |it| zone(graph, it));
    let mistake = worst(&stores, |it| mistake(graph, it));
    let region = worst(&stores, |it| region(graph, it));
    let scenario = |name, title, (figures, because, how): Worst| Scenario {
        name,
        title,
        rto_minutes: figures.map(|it| it.0),
        rpo_minutes: figures.map(|it| it.1),
        because,
        how,
    };
    Recovery {
        scenarios: vec![
            scenario("zone", "A zone fails", zone),
            scenario("mistake", "Data is deleted or damaged by mistake", mistake),
            scenario("region", "The region fails", region),
        ],
    }
}

/// RTO and RPO in minutes.
type Figures = (f64, f64);
type Worst = (Option<Figures>, Option<NodeId>, &'static str);

fn worst(
    stores: &[&Component],
    figure: impl Fn(&Component) -> (Option<Figures>, &'static str),
) -> Worst {
    let mut result: Worst = (Some((0.0, 0.0)), None, "Nothing here keeps data or state.");
    let weight = |it: Option<Figures>| it.map_or(f64::INFINITY, |(rto, rpo)| rto + rpo);
    for store in stores {
        let (figures, how) = figure(store);
        if result.1.is_none() || weight(figures) > weight(result.0) {
            result = (figures, Some(store.id.clone()), how);
        }
    }
    result
}

fn is_store(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        RelationalDatabase
            | KeyValueStore
            | DocumentDatabase
            | GraphDatabase
            | WideColumnStore
            | TimeSeriesStore
            | DurableCache
            | SearchIndex
            | Warehouse
            | ObjectStore
            | FileSystem
            | FileServer
            | VirtualMachines
    )
}

fn restore(storage_gb: f64) -> f64 {
    RESTORE + RESTORE_PER_TB * storage_gb / 1000.0
}

fn backed_up(graph: &Graph, store: &Component) -> bool {
    graph.sources(&store.id).any(|(_, from)| from.spec.kind() == Kind::BackupPlan)
}

fn copied_away(graph: &Graph, store: &Component) -> bool {
    graph.sources(&store.id).any(|(_, from)| match &from.spec {
        Spec::BackupPlan(it) => it.copy_to_region,
        _ => false,
    })
}

fn size(store: &Component) -> f64 {
    match &store.spec {
        Spec::RelationalDatabase(it) => it.storage_gb,
        Spec::DocumentDatabase(it) => it.storage_gb,
        Spec::GraphDatabase(it) => it.storage_gb,
        Spec::KeyValueStore(it) => it.storage_gb,
        Spec::FileSystem(it) => it.storage_gb,
        Spec::FileServer(it) => it.storage_gb,
        Spec::Warehouse(it) => it.storage_gb,
        Spec::VirtualMachines(it) => f64::from(it.disk_gb),
        _ => 0.0,
    }
}

fn zone(graph: &Graph, store: &Component) -> (Option<Figures>, &'static str) {
    if !is_single(graph, store) {
        return match &store.spec {
            Spec::RelationalDatabase(it) if it.style == RelationalStyle::MultiZone => {
                (Some((STANDBY, 0.0)), "Failover to the standby in another zone.")
            }
            Spec::RelationalDatabase(_) | Spec::DocumentDatabase(_) | Spec::GraphDatabase(_) => {
                (Some((READER, 0.0)), "Failover to a reader in another zone.")
            }
            _ => (Some((0.0, 0.0)), "Runs in several zones at once."),
        };
    }
    match &store.spec {
        // Stored in several zones by the service itself.
        Spec::KeyValueStore(_) => (Some((0.0, 0.0)), "The service runs in several zones at once."),
        Spec::RelationalDatabase(it) if it.style != RelationalStyle::Single => (
            Some((10.0, 0.0)),
            "The service starts a new instance in another zone on the shared storage.",
        ),
        Spec::DocumentDatabase(_) | Spec::GraphDatabase(_) => (
            Some((10.0, 0.0)),
            "The service starts a new instance in another zone on the shared storage.",
        ),
        Spec::RelationalDatabase(it) => (
            Some((restore(it.storage_gb), LOG_UPLOAD)),
            "Restored from backup to the latest point in time.",
        ),
        _ if backed_up(graph, store) => {
            (Some((restore(size(store)), DAILY)), "Restored from the daily backup.")
        }
        Spec::VirtualMachines(_) => {
            (Some((REBUILD, DAILY)), "Deployed anew; what was only on its disk is lost.")
        }
        _ => (None, "Its data is in one zone without a backup."),
    }
}

fn mistake(graph: &Graph, store: &Component) -> (Option<Figures>, &'static str) {
    match &store.spec {
        Spec::RelationalDatabase(it) if it.backup_days > 0 => (
            Some((restore(it.storage_gb), LOG_UPLOAD)),
            "Restored to the latest point in time before it.",
        ),
        Spec::KeyValueStore(it) if it.point_in_time_recovery => (
            Some((restore(it.storage_gb), LOG_UPLOAD)),
            "Restored to the latest point in time before it.",
        ),
        Spec::DocumentDatabase(_) | Spec::GraphDatabase(_) => (
            Some((restore(size(store)), LOG_UPLOAD)),
            "Restored to the latest point in time before it.",
        ),
        Spec::ObjectStore(it) if it.versioned => {
            (Some((10.0, 0.0)), "The earlier version of each object is brought back.")
        }
        _ if backed_up(graph, store) => {
            (Some((restore(size(store)), DAILY)), "Restored from the daily backup.")
        }
        Spec::WideColumnStore(_) | Spec::TimeSeriesStore(_) => {
            (Some((RESTORE, LOG_UPLOAD)), "Restored to the latest point in time before it.")
        }
        Spec::SearchIndex(_) | Spec::Warehouse(_) | Spec::DurableCache(_) => {
            (Some((RESTORE, DAILY)), "Restored from the service's own daily snapshot.")
        }
        Spec::VirtualMachines(_) => {
            (Some((REBUILD, DAILY)), "Deployed anew; what was only on its disk is lost.")
        }
        _ => (None, "Nothing keeps an earlier state of it."),
    }
}

fn region(graph: &Graph, store: &Component) -> (Option<Figures>, &'static str) {
    match &store.spec {
        Spec::KeyValueStore(it) if !it.replicas.is_empty() => {
            (Some((STANDBY, REPLICATED)), "The replica in the other region takes over.")
        }
        Spec::RelationalDatabase(it) if it.global => {
            (Some((READER, REPLICATED)), "The copy in the other region is promoted.")
        }
        Spec::ObjectStore(it) if it.replicate => {
            (Some((STANDBY, 15.0)), "The copy in the other region is used.")
        }
        _ if copied_away(graph, store) => (
            Some((REBUILD + restore(size(store)), DAILY)),
            "Deployed anew in another region from the copied backup.",
        ),
        _ => (None, "Its data is in this region only."),
    }
}
