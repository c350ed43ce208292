//! Amazon GameLift Servers: a fleet for game sessions, and matches of players.

use super::{kit, sizing};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, json, list, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::emit::package;
use crate::engine::graph::{Arch, Component, GameFleet};
use crate::engine::requirements::Intent;

binding! {
    GameFleet {
        service: "gamelift",
        title: "Amazon GameLift Servers",
        docs: "https://docs.aws.amazon.com/gameliftservers/latest/developerguide/gamelift-intro.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/gamelift/sla/",
        }),
        limits: &[Limit {
            what: "Server processes of an instance",
            value: "50",
            source: "https://docs.aws.amazon.com/general/latest/gr/gamelift.html",
        }],
        latency_ms: Some((30.0, 80.0)),
    }
}

/// The port that players reach their game session on.
const PORT: u16 = 7777;

/// A realtime server that starts a session and ends it when nobody is left.
const SCRIPT: &str = "// A realtime server that lets players join; replace it with your own.\n\"use strict\";\n\nlet session;\n\nfunction init(rtSession) {\n  session = rtSession;\n}\n\nfunction onProcessStarted() {\n  return true;\n}\n\nfunction onStartGameSession() {\n  session.getLogger().info(\"session started\");\n}\n\nfunction onPlayerConnect() {\n  return true;\n}\n\nfunction onPlayerDisconnect() {\n  if (session.getPlayers().length === 0) {\n    session.processEnding().then(() => process.exit(0));\n  }\n}\n\nfunction onHealthCheck() {\n  return true;\n}\n\nexports.ssExports = { init, onProcessStarted, onStartGameSession, onPlayerConnect, onPlayerDisconnect, onHealthCheck };\n";

fn machine_type(spec: &GameFleet, region: &str) -> String {
    spec.instance_type.clone().unwrap_or_else(|| {
        sizing::instance(&["c5.", "c6i.", "m5."], 2.0, 4.0, Arch::X86, region).to_owned()
    })
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &GameFleet) {
    let name = stack.name(it);
    let folder = format!("games/{}", it.id);
    let archive = format!("{folder}.zip");
    stack.files.insert(format!("{folder}/server.js"), SCRIPT.into());
    stack.files.insert(archive.clone(), package::zip([("server.js", SCRIPT.as_bytes())]));
    // CloudFormation takes scripts from a bucket only; Terraform uploads the archive.
    let storage = kit::role(stack, it, "script_role", "gamelift.amazonaws.com", &[]);
    let bucket = kit::text_input(
        stack,
        &format!("{}_script_bucket", it.id.snake()),
        "Bucket that holds the archive of the server script; only the CloudFormation template reads it.",
        Some("scripts"),
    );
    let statement = kit::allow(
        &["s3:GetObject", "s3:GetObjectVersion"],
        vec![join!["arn:", Expr::Partition, ":s3:::", bucket.clone(), "/*"]],
    );
    kit::role_policy(stack, it, "script_policy", &storage, &[statement]);
    let script = stack
        .add(it, "script", "aws_gamelift_script", "AWS::GameLift::Script")
        .set("name", "Name", name.clone())
        .tf("zip_file", join![Expr::Hcl("path.module".to_owned()), format!("/{archive}")])
        .cfn(
            "StorageLocation",
            block([
                ("Bucket", bucket),
                ("Key", format!("{}.zip", it.id).into()),
                ("RoleArn", storage.arn()),
            ]),
        )
        .done();
    let role =
        kit::role(stack, it, "role", "gamelift.amazonaws.com", &["CloudWatchAgentServerPolicy"]);
    let machine = machine_type(spec, &stack.graph.region);
    let most = spec.instances_max.max(spec.instances_min).max(1);
    let open = block([
        ("from_port", PORT.into()),
        ("to_port", PORT.into()),
        ("ip_range", "0.0.0.0/0".into()),
        ("protocol", "UDP".into()),
    ]);
    let process = block([
        ("concurrent_executions", 1.into()),
        ("launch_path", "/local/game/server.js".into()),
    ]);
    let fleet = stack
        .add(it, "", "aws_gamelift_fleet", "AWS::GameLift::Fleet")
        .set("name", "Name", name.clone())
        .set("script_id", "ScriptId", script.id())
        .set("ec2_instance_type", "EC2InstanceType", machine)
        .set("fleet_type", "FleetType", if spec.spot { "SPOT" } else { "ON_DEMAND" })
        .set("instance_role_arn", "InstanceRoleARN", role.arn())
        .set(
            "new_game_session_protection_policy",
            "NewGameSessionProtectionPolicy",
            "FullProtection",
        )
        .tf("ec2_inbound_permission", open.clone())
        .cfn("EC2InboundPermissions", list![kit::pascal(open)])
        .tf(
            "runtime_configuration",
            block([
                ("game_session_activation_timeout_seconds", 60.into()),
                ("server_process", process.clone()),
            ]),
        )
        .cfn(
            "RuntimeConfiguration",
            block([
                ("GameSessionActivationTimeoutSeconds", 60.into()),
                ("ServerProcesses", list![kit::pascal(process)]),
            ]),
        )
        .cfn("MinSize", spec.instances_min)
        .cfn("MaxSize", most)
        .cfn("DesiredEC2Instances", spec.instances_min.max(1))
        .done();
    let queue = stack
        .add(it, "queue", "aws_gamelift_game_session_queue", "AWS::GameLift::GameSessionQueue")
        .set("name", "Name", name)
        .tf("destinations", list![fleet.by_ref("arn")])
        .cfn("Destinations", list![map([("DestinationArn", fleet.att("arn", "FleetArn"))])])
        .set("timeout_in_seconds", "TimeoutInSeconds", 60)
        .done();
    if spec.matchmaking {
        matchmaking(stack, it, &queue);
    }
    let fleet_arn = fleet.att("arn", "FleetArn");
    let facet = Facet::default()
        .handle("fleet", &fleet)
        .handle("queue", &queue)
        .handle("role", &role)
        .value("arn", fleet_arn.clone())
        .value("queue_arn", queue.arn())
        .reference("FLEET_ID", fleet.id())
        .reference("SESSION_QUEUE", queue.by_ref("name"))
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &["gamelift:StartGameSessionPlacement", "gamelift:CreateGameSession"],
            vec![fleet_arn, queue.arn()],
        )
        // Reads of sessions and matches have no permissions on single resources.
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &[
                "gamelift:DescribeGameSessions",
                "gamelift:DescribeGameSessionPlacement",
                "gamelift:StartMatchmaking",
                "gamelift:DescribeMatchmaking",
            ],
            vec!["*".into()],
        )
        .principal(&role, None, false);
    stack.facet(it, facet);
}

/// Puts players into matches of two. Terraform's provider has no FlexMatch, so
/// there the same is a call after deployment, which the README of the code tells.
fn matchmaking(stack: &mut Stack<'_>, it: &Component, queue: &crate::engine::bind::stack::Handle) {
    let rules = json(map([
        ("name", "pairs".into()),
        ("ruleLanguageVersion", "1.0".into()),
        (
            "teams",
            list![map([
                ("name", "players".into()),
                ("minPlayers", 2.into()),
                ("maxPlayers", 2.into()),
            ])],
        ),
    ]));
    let name = stack.name_with(it, "match");
    let set = stack
        .cfn_only(it, "rules", "AWS::GameLift::MatchmakingRuleSet")
        .cfn("Name", name.clone())
        .cfn("RuleSetBody", rules)
        .done();
    stack
        .cfn_only(it, "matches", "AWS::GameLift::MatchmakingConfiguration")
        .cfn("Name", name)
        .cfn("AcceptanceRequired", false)
        .cfn("RequestTimeoutSeconds", 60)
        .cfn("RuleSetName", set.by_ref("name"))
        .cfn("FlexMatchMode", "WITH_QUEUE")
        .cfn("GameSessionQueueArns", list![queue.arn()])
        .done();
    stack.files.insert(
        format!("games/{}/matchmaking.sh", it.id),
        "#!/bin/bash\n# Terraform has no resource for FlexMatch: run this once after it.\n# usage: matchmaking.sh NAME QUEUE_ARN\nset -eu\naws gamelift create-matchmaking-rule-set --name \"$1\" --rule-set-body \\\n  '{\"name\":\"pairs\",\"ruleLanguageVersion\":\"1.0\",\"teams\":[{\"name\":\"players\",\"minPlayers\":2,\"maxPlayers\":2}]}'\naws gamelift create-matchmaking-configuration --name \"$1\" --rule-set-name \"$1\" \\\n  --game-session-queue-arns \"$2\" --request-timeout-seconds 60 --no-acceptance-required \\\n  --flex-match-mode WITH_QUEUE\n"
            .into(),
    );
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &GameFleet) {
    let machine = machine_type(spec, &bill.graph.region);
    let machines = Quantity::range(
        f64::from(spec.instances_min),
        spec.instances_average,
        f64::from(spec.instances_max),
    );
    // GameLift's own price of an instance is not published per type here: EC2's is the least.
    bill.add(
        it,
        "Instances",
        "ec2",
        &machine,
        machines.times(HOURS),
        format!("{} instances × 730 h, {machine} at the price of EC2", spec.instances_average),
    );
    bill.unpriced(
        it,
        "What GameLift adds to the price of EC2",
        spec.instances_average * HOURS,
        "gamelift instance-hour",
    );
}
