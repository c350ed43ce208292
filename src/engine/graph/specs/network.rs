//! The network and its ways in and out.

use super::spec;

spec! {
    /// A private network with public, private and data subnets in each zone.
    Network {
        cidr: String = "10.0.0.0/16".to_owned(),
        zones: u32 = 2,
        /// Use this network instead of making one.
        existing: bool = false,
        public_subnets: bool = true,
        flow_logs: bool = true,
        flow_log_gb_per_month: f64 = 1.0,
    }
    /// The private subnets' way to the internet.
    NatGateway {
        /// One per zone, or a single one for all.
        per_zone: bool = false,
        count: u32 = 1,
        gb_per_month: f64 = 20.0,
    }
    /// Private addresses of the cloud's own services.
    NetworkEndpoints {
        /// `s3`, `dynamodb`: routes, without charge.
        gateway: Vec<&'static str> = vec!["s3"],
        /// `secretsmanager`, `logs` …: interfaces, charged by the hour.
        interface: Vec<&'static str> = Vec::new(),
        zones: u32 = 2,
        gb_per_month: f64 = 10.0,
    }
    /// Offers a service behind a network load balancer to other networks.
    PrivateLink { gb_per_month: f64 = 10.0 }
    Vpn {
        connections: u32 = 1,
        customer_asn: u32 = 65000,
        gb_per_month: f64 = 50.0,
        /// For people with laptops instead of a site.
        client: bool = false,
        /// Clients connected at once.
        clients: u32 = 0,
    }
    DirectConnect { gbps: u32 = 1, redundant: bool = false, gb_per_month: f64 = 1000.0 }
    TransitGateway { attachments: u32 = 2, gb_per_month: f64 = 100.0 }
    NetworkPeering { gb_per_month: f64 = 10.0 }
    NetworkFirewall { endpoints: u32 = 2, gb_per_month: f64 = 100.0 }
    ServiceNetwork { services: u32 = 1, gb_per_month: f64 = 10.0, requests_per_month: f64 = 1_000_000.0 }
    ServiceDiscovery { instances: u32 = 4, queries_per_month: f64 = 1_000_000.0 }
}
