//! Amazon WorkSpaces: desktops for people of a directory.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block};
use crate::engine::bind::stack::{Facet, Handle, Stack, Variable, VariableKind};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, Desktops, Kind};

binding! {
    Desktops {
        service: "workspaces",
        title: "Amazon WorkSpaces",
        docs: "https://docs.aws.amazon.com/workspaces/latest/adminguide/amazon-workspaces.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/workspaces/sla/",
        }),
        limits: &[Limit {
            what: "Desktops of a new account in a region",
            value: "1, more on request",
            source: "https://docs.aws.amazon.com/workspaces/latest/adminguide/workspaces-limits.html",
        }],
        latency_ms: None,
    }
}

/// Sizes of a desktop as AWS names them.
fn compute(bundle: &str) -> &'static str {
    match bundle {
        "value" => "VALUE",
        "performance" => "PERFORMANCE",
        "power" => "POWER",
        "powerpro" | "power-pro" => "POWERPRO",
        "graphics" => "GRAPHICS_G4DN",
        _ => "STANDARD",
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &Desktops) {
    let Some(group) = kit::security_group(stack, it, "") else {
        stack.diagnose(kit::needs_network(it));
        return;
    };
    let group_id = kit::group_id(&group);
    kit::egress(
        stack,
        it,
        "https_out",
        &group_id,
        Some((443, 443)),
        kit::Peer::Cidr("0.0.0.0/0".into()),
        "HTTPS to services and partners",
    );
    // Desktops are registered with a directory; one of the design comes first.
    let directory = stack
        .graph
        .components
        .iter()
        .find(|other| other.spec.kind() == Kind::Directory)
        .map(|other| Handle(other.id.snake()).id());
    let directory = directory.unwrap_or_else(|| {
        stack.variable(
            "directory_id",
            Variable {
                kind: VariableKind::String,
                description: "Id of the directory that people of the desktops are in.".to_owned(),
                default: None,
                pattern: Some((
                    "^d-[0-9a-f]{10}$".to_owned(),
                    "The directory's id looks like d-0123456789.".to_owned(),
                )),
            },
        )
    });
    let bundle = stack.variable(
        "workspace_bundle_id",
        Variable {
            kind: VariableKind::String,
            description: "Id of the bundle; `aws workspaces describe-workspace-bundles --owner AMAZON` lists them.".to_owned(),
            default: None,
            pattern: Some((
                "^wsb-[0-9a-z]{8,63}$".to_owned(),
                "The bundle's id looks like wsb-0123456789.".to_owned(),
            )),
        },
    );
    let person = stack.variable(
        "workspace_user",
        Variable {
            kind: VariableKind::String,
            description: "Person in the directory who gets the first desktop.".to_owned(),
            default: Some("Administrator".into()),
            pattern: None,
        },
    );
    let private = stack.net.as_ref().map(|net| net.private.clone()).unwrap_or_default();
    let registration = stack
        .tf_only(it, "directory", "aws_workspaces_directory")
        .tf("directory_id", directory.clone())
        .tf("subnet_ids", Expr::List(private.into_iter().take(2).collect()))
        .tf(
            "self_service_permissions",
            block([("restart_workspace", true.into()), ("rebuild_workspace", false.into())]),
        )
        .tf(
            "workspace_creation_properties",
            block([
                ("custom_security_group_id", group_id.clone()),
                ("enable_internet_access", false.into()),
                ("user_enabled_as_local_administrator", false.into()),
            ]),
        )
        .done();
    let key = stack.key_arn.clone();
    let properties = block([
        ("compute_type_name", compute(spec.bundle).into()),
        ("running_mode", "AUTO_STOP".into()),
        ("running_mode_auto_stop_timeout_in_minutes", 60.into()),
        ("root_volume_size_gib", 80.into()),
        ("user_volume_size_gib", 50.into()),
    ]);
    let desktop = stack
        .add(it, "", "aws_workspaces_workspace", "AWS::WorkSpaces::Workspace")
        .tf("directory_id", registration.by_ref("id"))
        .cfn("DirectoryId", directory)
        .set("bundle_id", "BundleId", bundle)
        .set("user_name", "UserName", person)
        .set("root_volume_encryption_enabled", "RootVolumeEncryptionEnabled", true)
        .set("user_volume_encryption_enabled", "UserVolumeEncryptionEnabled", true)
        .set(
            "volume_encryption_key",
            "VolumeEncryptionKey",
            key.unwrap_or_else(|| "alias/aws/workspaces".into()),
        )
        .nested("workspace_properties", "WorkspaceProperties", properties)
        .comment("The first of the desktops; each person of the directory gets one like it.")
        .done();
    let facet = Facet::default()
        .handle("desktop", &desktop)
        .handle("registration", &registration)
        .value("group", group_id);
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Desktops) {
    let key = format!("workspaces {} month", spec.bundle);
    bill.unpriced(it, "Desktops", f64::from(spec.count), &key);
}

#[cfg(test)]
mod tests {
    use super::compute;

    #[test]
    fn sizes_have_the_names_of_aws() {
        assert_eq!(compute("standard"), "STANDARD");
        assert_eq!(compute("power-pro"), "POWERPRO");
    }
}
