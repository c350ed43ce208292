//! The network in the region that takes over, for databases that stand by there.
//!
//! Its subnets have no way out and nobody may call in: what is deployed there when
//! the region is lost brings the rules that it needs. Nothing here refers to the
//! main network, so that in CloudFormation both regions have stacks of their own.

use super::ec2_network::subnet_cidr;
use super::kit;
use crate::engine::bind::expr::{Expr, map};
use crate::engine::bind::stack::{Handle, Stack, Variable, VariableKind};
use crate::engine::graph::{Component, Kind, Network, Spec};

/// Where a database can stand by.
pub struct Net {
    pub vpc_id: Expr,
    pub data: Vec<Expr>,
}

/// Handles of subnets that several databases share, by zone.
const SUBNETS: [&str; 3] = ["standby_data_a", "standby_data_b", "standby_data_c"];

/// The network, made once; none where the design has none either.
pub fn network(stack: &mut Stack<'_>, it: &Component) -> Option<Net> {
    stack.net.as_ref()?;
    let spec = match &stack.graph.of_kind(Kind::Network).next()?.spec {
        Spec::Network(spec) => spec,
        _ => return None,
    };
    if spec.existing {
        return Some(existing(stack));
    }
    if let Some(vpc) = stack.shared.get("standby_vpc") {
        let data = SUBNETS.iter().filter_map(|it| stack.shared.get(it)).map(Handle::id).collect();
        return Some(Net { vpc_id: vpc.id(), data });
    }
    Some(make(stack, it, spec))
}

fn make(stack: &mut Stack<'_>, it: &Component, spec: &Network) -> Net {
    let name = stack.name_with(it, "standby");
    let cidr = beside(&spec.cidr);
    let vpc = stack
        .add(it, "standby_vpc", "aws_vpc", "AWS::EC2::VPC")
        .standby()
        .set("cidr_block", "CidrBlock", cidr.as_str())
        .set("enable_dns_support", "EnableDnsSupport", true)
        .set("enable_dns_hostnames", "EnableDnsHostnames", true)
        .tf("tags", map([("Name", name.clone())]))
        .cfn("Tags", kit::tag_list(&[("Name", name)]))
        .comment("Apart from the main network's addresses, so that both can be connected.")
        .skip(
            "CKV2_AWS_11",
            "Only the database's replication lives here until the region takes over",
        )
        .done();
    stack
        .tf_only(it, "standby_default", "aws_default_security_group")
        .standby()
        .tf("vpc_id", vpc.id())
        .done();
    let mut data = Vec::new();
    // A database wants two zones at least.
    let zones = (spec.zones as usize).clamp(2, SUBNETS.len());
    for (zone, shared) in SUBNETS.into_iter().enumerate().take(zones) {
        let letter = char::from(b'a' + zone as u8);
        let name = stack.name_with(it, &format!("standby-data-{letter}"));
        let there = format!("data.aws_availability_zones.recovery.names[{zone}]");
        let subnet = stack
            .add(it, &format!("standby_data_{letter}"), "aws_subnet", "AWS::EC2::Subnet")
            .standby()
            .set("vpc_id", "VpcId", vpc.id())
            .set("cidr_block", "CidrBlock", subnet_cidr(&cidr, 12 + zone))
            .set(
                "availability_zone",
                "AvailabilityZone",
                Expr::Either(there, Box::new(Expr::Zone(zone))),
            )
            .set("map_public_ip_on_launch", "MapPublicIpOnLaunch", false)
            .tf("tags", map([("Name", name.clone()), ("Tier", "data".into())]))
            .cfn("Tags", kit::tag_list(&[("Name", name), ("Tier", "data".into())]))
            .done();
        data.push(subnet.id());
        stack.shared.insert(shared, subnet);
    }
    stack.shared.insert("standby_vpc", vpc.clone());
    Net { vpc_id: vpc.id(), data }
}

/// A network that is there already in both regions.
fn existing(stack: &mut Stack<'_>) -> Net {
    let vpc_id = stack.variable(
        "standby_vpc_id",
        Variable {
            kind: VariableKind::String,
            description: "Id of the existing network in the region that takes over.".to_owned(),
            default: None,
            pattern: Some((
                "^vpc-[0-9a-f]+$".to_owned(),
                "The network's id looks like vpc-0abc123.".to_owned(),
            )),
        },
    );
    let list = stack.variable(
        "standby_subnet_ids",
        Variable {
            kind: VariableKind::List,
            description: "Ids of two existing subnets there, in different zones.".to_owned(),
            default: None,
            pattern: Some((
                "^subnet-[0-9a-f]+$".to_owned(),
                "A subnet's id looks like subnet-0abc123.".to_owned(),
            )),
        },
    );
    Net { vpc_id, data: (0..2).map(|n| Expr::Index(Box::new(list.clone()), n)).collect() }
}

/// A security group without rules.
pub fn group(stack: &mut Stack<'_>, it: &Component, net: &Net) -> Handle {
    let name = stack.name_with(it, "standby");
    let text = format!("Traffic of the standby of {}", kit::ascii(&it.title));
    stack
        .add(it, "standby_sg", "aws_security_group", "AWS::EC2::SecurityGroup")
        .standby()
        .set("name", "GroupName", name.clone())
        .set("description", "GroupDescription", text)
        .set("vpc_id", "VpcId", net.vpc_id.clone())
        .tf("tags", map([("Name", name.clone())]))
        .cfn("Tags", kit::tag_list(&[("Name", name)]))
        .done()
}

/// The subnets as RDS wants them.
pub fn subnet_group(stack: &mut Stack<'_>, it: &Component, net: &Net) -> Handle {
    let name = stack.name_with(it, "standby");
    let text = format!("Subnets of the standby of {}", kit::ascii(&it.title));
    stack
        .add(it, "standby_subnets", "aws_db_subnet_group", "AWS::RDS::DBSubnetGroup")
        .standby()
        .set("name", "DBSubnetGroupName", name)
        .set("description", "DBSubnetGroupDescription", text)
        .set("subnet_ids", "SubnetIds", Expr::List(net.data.clone()))
        .done()
}

/// The private block of the same size that follows this one, or else precedes it.
fn beside(cidr: &str) -> String {
    /// First address and bits of the ranges for private use (RFC 1918).
    const PRIVATE: [([u8; 4], u32); 3] =
        [([10, 0, 0, 0], 8), ([172, 16, 0, 0], 12), ([192, 168, 0, 0], 16)];
    let (address, bits) = cidr.split_once('/').unwrap_or((cidr, "16"));
    let bits: u32 = bits.parse().unwrap_or(16).clamp(8, 28);
    let mask = |bits: u32| u32::MAX << (32 - bits);
    let start = address
        .split('.')
        .fold(0u32, |sum, part| (sum << 8) | u32::from(part.parse::<u8>().unwrap_or(0)))
        & mask(bits);
    let size = 1u32 << (32 - bits);
    let range = |at: u32| {
        PRIVATE.iter().position(|(first, bits)| at & mask(*bits) == u32::from_be_bytes(*first))
    };
    let other = [start.wrapping_add(size), start.wrapping_sub(size)]
        .into_iter()
        .find(|it| range(*it).is_some() && range(*it) == range(start));
    // Where the block fills its range, another range has room.
    let other = other.unwrap_or(match range(start) {
        Some(0) => u32::from_be_bytes([172, 16, 0, 0]),
        _ => u32::from_be_bytes([10, 0, 0, 0]),
    });
    let [a, b, c, d] = other.to_be_bytes();
    format!("{a}.{b}.{c}.{d}/{bits}")
}

#[cfg(test)]
mod tests {
    use super::beside;

    #[test]
    fn the_other_network_has_private_addresses_of_its_own() {
        assert_eq!(beside("10.0.0.0/16"), "10.1.0.0/16");
        assert_eq!(beside("10.255.0.0/16"), "10.254.0.0/16");
        assert_eq!(beside("172.31.0.0/16"), "172.30.0.0/16");
        assert_eq!(beside("192.168.0.0/16"), "10.0.0.0/16");
        assert_eq!(beside("192.168.4.0/22"), "192.168.8.0/22");
    }
}
