//! Amazon Lightsail: a server with a fixed address, sold as one bundle.

use crate::engine::bind::expr::{Expr, block, blocks, join, list, map, pascal_name};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, binding};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, VirtualServer};

binding! {
    VirtualServer {
        service: "lightsail",
        title: "Amazon Lightsail",
        docs: "https://docs.aws.amazon.com/lightsail/latest/userguide/what-is-amazon-lightsail.html",
        sla: None,
        limits: &[Limit {
            what: "Instances of an account",
            value: "20",
            source: "https://docs.aws.amazon.com/general/latest/gr/lightsail.html",
        }],
        latency_ms: Some((20.0, 80.0)),
    }
}

/// Bundles of Linux by their memory in GiB and disk in GB.
const BUNDLES: [(f64, f64, &str); 7] = [
    (0.5, 20.0, "nano_3_0"),
    (1.0, 40.0, "micro_3_0"),
    (2.0, 60.0, "small_3_0"),
    (4.0, 80.0, "medium_3_0"),
    (8.0, 160.0, "large_3_0"),
    (16.0, 320.0, "xlarge_3_0"),
    (32.0, 640.0, "2xlarge_3_0"),
];

/// Answers `/health` and all else until the team puts its program there.
const START: &str = "#!/bin/sh\nset -eu\ndnf -y install nginx\nprintf 'ok\\n' > /usr/share/nginx/html/health\nsystemctl enable --now nginx\n";

/// The smallest bundle with the memory.
fn bundle(spec: &VirtualServer) -> (f64, &'static str) {
    let found = BUNDLES.iter().find(|it| it.0 >= spec.memory_gib);
    let (_, disk, name) = found.unwrap_or(&BUNDLES[BUNDLES.len() - 1]);
    (*disk, name)
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &VirtualServer) {
    let name = stack.name(it);
    // The console's terminal comes from addresses of the service; nobody else needs a shell.
    let ports = [(80, None), (443, None), (22, Some("lightsail-connect"))];
    let port = |(port, from): (i64, Option<&str>), camel: bool| {
        let key = |name: &str| if camel { pascal_name(name) } else { name.to_owned() };
        let mut fields = vec![
            (key("protocol"), Expr::from("tcp")),
            (key("from_port"), port.into()),
            (key("to_port"), port.into()),
        ];
        fields.push(match from {
            Some(alias) => (key("cidr_list_aliases"), list![alias]),
            None => (key("cidrs"), list!["0.0.0.0/0"]),
        });
        Expr::Map(fields)
    };
    let zone: Expr = join![Expr::Region, "a"];
    let snapshot = block([
        ("type", "AutoSnapshot".into()),
        ("snapshot_time", "03:00".into()),
        ("status", "Enabled".into()),
    ]);
    let add_on = map([
        ("AddOnType", "AutoSnapshot".into()),
        ("Status", "Enabled".into()),
        ("AutoSnapshotAddOnRequest", map([("SnapshotTimeOfDay", "03:00".into())])),
    ]);
    let server = stack
        .add(it, "", "aws_lightsail_instance", "AWS::Lightsail::Instance")
        .set("name", "InstanceName", name)
        .set("availability_zone", "AvailabilityZone", zone)
        .set("blueprint_id", "BlueprintId", "amazon_linux_2023")
        .set("bundle_id", "BundleId", bundle(spec).1)
        .set("user_data", "UserData", START)
        .tf("add_on", snapshot)
        .cfn("AddOns", list![add_on])
        .cfn(
            "Networking",
            map([("Ports", Expr::List(ports.map(|it| port(it, true)).into()))]),
        )
        .comment("Has no role: what it does in AWS needs keys, so prefer EC2 once it needs other services.")
        .done();
    stack
        .tf_only(it, "ports", "aws_lightsail_instance_public_ports")
        .tf("instance_name", server.by_ref("name"))
        .tf("port_info", blocks(ports.map(|it| port(it, false)).into()))
        .done();
    let name = stack.name_with(it, "address");
    let address = stack
        .add(it, "address", "aws_lightsail_static_ip", "AWS::Lightsail::StaticIp")
        .set("name", "StaticIpName", name)
        .cfn("AttachedTo", server.by_ref("name"))
        .done();
    stack
        .tf_only(it, "attached", "aws_lightsail_static_ip_attachment")
        .tf("static_ip_name", address.by_ref("name"))
        .tf("instance_name", server.by_ref("name"))
        .done();
    let ip = address.att("ip_address", "IpAddress");
    stack.output(
        &format!("{}_address", it.id.snake()),
        &format!("Address of {}.", it.title),
        ip.clone(),
    );
    stack.facet(it, Facet::default().handle("server", &server).value("public_ip", ip));
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &VirtualServer) {
    let (disk, bundle) = bundle(spec);
    bill.unpriced(it, "Server", 1.0, &format!("lightsail {bundle} month"));
    bill.unpriced(it, "Snapshots", disk, "lightsail snapshot-gb-month");
}

#[cfg(test)]
mod tests {
    use crate::engine::bind::testing::{cloudformation, graph, terraform};
    use crate::engine::cost::bill::Bill;
    use crate::engine::graph::VirtualServer;

    #[test]
    fn the_bundle_has_the_memory_and_no_shell_is_open_to_all() {
        let spec = VirtualServer { memory_gib: 3.0 };
        let text = terraform("blog", spec.clone());
        assert!(text.contains("bundle_id         = \"medium_3_0\""), "{text}");
        assert!(text.contains("cidr_list_aliases = [\"lightsail-connect\"]"), "{text}");
        let template = cloudformation("blog", spec.clone());
        assert!(template.contains("AttachedTo: !Ref Blog\n"), "{template}");
        let graph = graph("blog", spec);
        let mut bill = Bill::new(&graph);
        (super::BINDING.cost)(&mut bill, &graph.components[0]);
        assert!(bill.lines.is_empty() && bill.unpriced.len() == 2, "no price is known");
    }
}
