//! Where requests come in.

use super::{choice, spec};

choice! {
    /// What a load balancer understands.
    Layer { Http = "http", Tcp = "tcp", Gateway = "gateway" }
    /// How clients speak to an API gateway.
    ApiProtocol { Http = "http", Rest = "rest", WebSocket = "websocket" }
    /// What a web application firewall stands before.
    FirewallScope { Regional = "regional", Global = "global" }
}

spec! {
    LoadBalancer {
        layer: Layer = Layer::Http,
        internal: bool = false,
        requests_per_second: f64 = 1.0,
        gb_per_month: f64 = 10.0,
        /// Port that it listens on; 443 with a certificate, else 80.
        port: u32 = 443,
    }
    HttpApi {
        protocol: ApiProtocol = ApiProtocol::Http,
        requests_per_month: f64 = 100_000.0,
        /// Connection minutes in a month, of a WebSocket API.
        connection_minutes: f64 = 0.0,
        request_kb: f64 = 8.0,
        /// Requests a second that are let through, and at once.
        rate_limit: u32 = 100,
        burst_limit: u32 = 200,
        private: bool = false,
    }
    GraphqlApi { requests_per_month: f64 = 100_000.0, realtime_minutes: f64 = 0.0 }
    Cdn {
        gb_per_month: f64 = 50.0,
        requests_per_month: f64 = 500_000.0,
        /// Everywhere, or North America and Europe only.
        all_locations: bool = false,
        /// Falls back to index.html, as single-page applications need.
        single_page: bool = false,
    }
    DnsZone {
        domain: String = "example.com".to_owned(),
        queries_per_month: f64 = 1_000_000.0,
        private: bool = false,
        health_checks: u32 = 0,
    }
    Certificate { domain: String = "example.com".to_owned() }
    WebFirewall {
        scope: FirewallScope = FirewallScope::Regional,
        rules: u32 = 4,
        requests_per_month: f64 = 1_000_000.0,
        /// Requests from one address in five minutes.
        rate_limit: u32 = 2000,
    }
    GlobalAccelerator { gb_per_month: f64 = 50.0 }
    DdosProtection { advanced: bool = true }
}
