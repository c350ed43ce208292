//! Networks: what joins them is made by the bindings; here it is told apart from what is not.

use super::Ends;
use crate::engine::bind::stack::Stack;
use crate::engine::graph::Kind;
use crate::engine::requirements::Intent;

pub fn wire(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    match (ends.from.spec.kind(), ends.to.spec.kind(), ends.connection.intent) {
        (
            Kind::Vpn
            | Kind::DirectConnect
            | Kind::TransitGateway
            | Kind::NetworkPeering
            | Kind::NatGateway
            | Kind::NetworkEndpoints
            | Kind::NetworkFirewall,
            Kind::Network,
            Intent::Serves,
        ) => {
            // Their routes are in the tables of this very network, or there is none.
            stack.net.as_ref()?;
            Some(())
        }
        _ => None,
    }
}
