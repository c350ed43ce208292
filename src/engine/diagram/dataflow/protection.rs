//! How data is protected where it is kept and on its way: read from the lowered
//! resources, so that it says of the code what the code says.

use super::classes::{Classes, keeps};
use crate::engine::bind::expr::Expr;
use crate::engine::bind::stack::{Resource, Stack};
use crate::engine::diagram::scene::Tone;
use crate::engine::graph::{Connection, Kind, NodeId};

/// A store and how it keeps data.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub component: NodeId,
    pub rest: Rest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// With a key of one's own, which can be taken away.
    OwnKey,
    /// With a key of the provider, as the code sets it.
    ProviderKey,
    /// The provider encrypts all of it, without being told.
    Always,
    /// The code does not say.
    NotSet,
}

impl Rest {
    pub fn short(self) -> &'static str {
        match self {
            Self::OwnKey => "own key",
            Self::ProviderKey | Self::Always => "encrypted",
            Self::NotSet => "not set",
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::OwnKey => "encrypted with a key of one's own",
            Self::ProviderKey => "encrypted with the provider's key",
            Self::Always => "always encrypted by the provider",
            Self::NotSet => "not set in the code",
        }
    }

    pub fn tone(self) -> Tone {
        match self {
            Self::OwnKey => Tone::Good,
            Self::ProviderKey | Self::Always => Tone::Plain,
            Self::NotSet => Tone::Warning,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transit {
    /// Encrypted, and by what.
    Tls(&'static str),
    /// Not encrypted by the code, within the network.
    Plain(&'static str),
    /// Moved by the provider, on ways that no code sets.
    Provider(&'static str),
    /// The code does not say.
    NotSet,
}

impl Transit {
    pub fn short(&self) -> &'static str {
        match self {
            Self::Tls(_) => "TLS",
            Self::Plain(_) => "plain",
            Self::Provider(_) => "by the provider",
            Self::NotSet => "not set",
        }
    }

    pub fn words(&self) -> String {
        match self {
            Self::Tls(how) => format!("TLS: {how}"),
            Self::Plain(how) => format!("not encrypted: {how}"),
            Self::Provider(how) => format!("by the provider: {how}"),
            Self::NotSet => "not set in the code".to_owned(),
        }
    }
}

/// The stores of a design.
pub fn kept(stack: &Stack<'_>, classes: &Classes) -> Vec<Kept> {
    stack
        .graph
        .components
        .iter()
        .filter(|it| keeps(it.spec.kind()) && classes.stores.contains_key(&it.id))
        .map(|it| Kept { component: it.id.clone(), rest: rest(stack, &it.id, it.spec.kind()) })
        .collect()
}

/// Every field of a component's resources, with those inside them.
fn fields<'s>(
    stack: &'s Stack<'_>,
    id: &NodeId,
    see: &mut dyn FnMut(&'s Resource, &'s str, &'s Expr),
) {
    fn inside<'s>(
        of: &'s Resource,
        value: &'s Expr,
        see: &mut dyn FnMut(&'s Resource, &'s str, &'s Expr),
    ) {
        match value {
            Expr::Map(fields) | Expr::Block(fields) => {
                for (name, value) in fields {
                    see(of, name, value);
                    inside(of, value, see);
                }
            }
            Expr::Blocks(blocks) => {
                for (name, value) in blocks.iter().flatten() {
                    see(of, name, value);
                    inside(of, value, see);
                }
            }
            Expr::List(items) => items.iter().for_each(|it| inside(of, it, see)),
            Expr::Document(it) | Expr::Json(it) | Expr::Either(_, it) => inside(of, it, see),
            _ => {}
        }
    }
    for resource in stack.resources.iter().filter(|it| it.component == *id) {
        for (name, value) in resource.tf.iter().flat_map(|it| &it.fields) {
            see(resource, name, value);
            inside(resource, value, see);
        }
    }
}

/// Names of the fields that take a key.
const KEYS: [&str; 13] = [
    "kms_key_id",
    "kms_key_arn",
    "kms_key",
    "kms_master_key_id",
    "kms_key_identifier",
    "kms_master_key_arn",
    "encryption_key",
    "encryption_key_arn",
    "customer_encryption_key_arn",
    "encryption_at_rest_kms_key_arn",
    "volume_kms_key_id",
    "aws_kms_key_id",
    "key_arn",
];

/// Names of the fields that turn encryption on.
const SWITCHES: [&str; 8] = [
    "storage_encrypted",
    "encrypted",
    "at_rest_encryption_enabled",
    "encrypt_at_rest",
    "encryption_at_rest_options",
    "server_side_encryption_configuration",
    "server_side_encryption",
    "sqs_managed_sse_enabled",
];

fn rest(stack: &Stack<'_>, id: &NodeId, kind: Kind) -> Rest {
    let (mut own, mut on) = (false, false);
    fields(stack, id, &mut |_, name, value| {
        own |= KEYS.contains(&name) && is_own_key(stack, value);
        on |= SWITCHES.contains(&name) && *value != Expr::Bool(false);
        on |= name == "encryption_type" && !matches!(value, Expr::Str(it) if it == "NONE");
    });
    match (own, on) {
        (true, _) => Rest::OwnKey,
        (false, true) => Rest::ProviderKey,
        (false, false) if is_always_encrypted(kind) => Rest::Always,
        (false, false) => Rest::NotSet,
    }
}

/// Whether it is a key that the same code makes.
fn is_own_key(stack: &Stack<'_>, value: &Expr) -> bool {
    let mut own = stack.key_arn.as_ref() == Some(value);
    crate::engine::diagram::groups::visit(value, &mut |it| {
        if let Expr::Attr(attr) = it {
            own |= stack.resources.iter().any(|it| {
                it.key == attr.resource && it.tf.as_ref().is_some_and(|it| it.kind == "aws_kms_key")
            });
        }
    });
    own
}

/// Services whose documentation says that all data is encrypted at rest with no
/// way to turn it off.
fn is_always_encrypted(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::ObjectStore
            | Kind::ExpressStore
            | Kind::TableStore
            | Kind::KeyValueStore
            | Kind::WideColumnStore
            | Kind::TimeSeriesStore
            | Kind::LogStore
            | Kind::UserDirectory
            | Kind::Queue
            | Kind::BackupPlan
            | Kind::EnterpriseSearch
            | Kind::VideoStream
    )
}

/// How a connection is protected, by what its target's resources say.
pub fn transit(stack: &Stack<'_>, connection: &Connection) -> Transit {
    let Some(target) = stack.graph.component(&connection.to) else { return Transit::NotSet };
    // What a balancer passes on goes the way that its target group says.
    let from = stack.graph.component(&connection.from);
    if from.is_some_and(|it| it.spec.kind() == Kind::LoadBalancer) {
        return behind(stack, &connection.from);
    }
    if from.is_some_and(|it| it.spec.kind() == Kind::BackupPlan) {
        return Transit::Provider("copies of volumes and tables");
    }
    by_target(stack, &target.id, target.spec.kind())
}

/// How who comes from outside is let in.
pub fn entry(stack: &Stack<'_>, to: &NodeId) -> Transit {
    stack.graph.component(to).map_or(Transit::NotSet, |it| by_target(stack, &it.id, it.spec.kind()))
}

fn behind(stack: &Stack<'_>, balancer: &NodeId) -> Transit {
    let mut found = Transit::NotSet;
    let members: Vec<NodeId> = std::iter::once(balancer.clone())
        .chain(stack.graph.targets(balancer).map(|(_, it)| it.id.clone()))
        .collect();
    for id in &members {
        fields(stack, id, &mut |resource, name, value| {
            let group = resource.tf.as_ref().is_some_and(|it| it.kind == "aws_lb_target_group");
            if group && name == "protocol" && found == Transit::NotSet {
                found = match value {
                    Expr::Str(it) if it == "HTTPS" || it == "TLS" => {
                        Transit::Tls("protocol of the target group")
                    }
                    Expr::Str(_) => Transit::Plain("target group, inside the network"),
                    _ => Transit::NotSet,
                };
            }
        });
    }
    found
}

fn by_target(stack: &Stack<'_>, id: &NodeId, kind: Kind) -> Transit {
    let mut found: Option<Transit> = None;
    let mut parameter: Option<&str> = None;
    let mut plain_listener = false;
    fields(stack, id, &mut |resource, name, value| {
        let of = resource.tf.as_ref().map_or("", |it| it.kind);
        let text = match value {
            Expr::Str(it) => it.as_str(),
            _ => "",
        };
        let tls = |how| Some(Transit::Tls(how));
        let now = match (name, value) {
            ("transit_encryption_enabled", Expr::Bool(true)) => tls("the cache asks for it"),
            ("tls_enabled", Expr::Bool(true)) => tls("the cache asks for it"),
            ("viewer_protocol_policy", _) if text.contains("https") => {
                tls("visitors are sent to HTTPS")
            }
            ("enforce_https", Expr::Bool(true)) => tls("the domain asks for HTTPS"),
            ("client_broker", _) if text == "TLS" => tls("the brokers ask for it"),
            ("transit_encryption", _) if text == "ENABLED" => tls("the mount asks for it"),
            ("cluster_endpoint_encryption_type", _) if text == "TLS" => {
                tls("the cluster asks for it")
            }
            ("require_tls" | "tls_policy", _) if text.eq_ignore_ascii_case("require") => {
                tls("delivery asks for it")
            }
            ("protocol", _) if of == "aws_lb_listener" && (text == "HTTPS" || text == "TLS") => {
                tls("protocol of the listener")
            }
            ("protocol", _) if of == "aws_lb_listener" => {
                plain_listener = true;
                None
            }
            // A list of parameters: the name comes first, its value after it.
            ("name", _) => {
                parameter = Some(text);
                None
            }
            ("value", _) => {
                let on = match value {
                    Expr::Int(1) | Expr::Bool(true) => true,
                    _ => matches!(text, "1" | "ON" | "true" | "enabled"),
                };
                match parameter {
                    Some(
                        "rds.force_ssl"
                        | "require_secure_transport"
                        | "tls"
                        | "require_ssl"
                        | "neptune_enforce_ssl",
                    ) if on => tls("a parameter of the database asks for it"),
                    Some("NATIVE_NETWORK_ENCRYPTION") => tls("an option of the database"),
                    _ => None,
                }
            }
            _ => None,
        };
        if found.is_none() {
            found = now;
        }
    });
    match found {
        Some(it) => it,
        None if plain_listener => Transit::Plain("the listener has no certificate"),
        None if is_https_only(kind) => Transit::Tls("the service is reached by HTTPS"),
        None => Transit::NotSet,
    }
}

/// Services that are called by the provider's own addresses over HTTPS.
fn is_https_only(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        Function
            | HttpApi
            | GraphqlApi
            | WebHosting
            | WebService
            | Cdn
            | ObjectStore
            | ExpressStore
            | TableStore
            | KeyValueStore
            | WideColumnStore
            | TimeSeriesStore
            | Queue
            | Topic
            | EventBus
            | EventPipe
            | Schedule
            | Workflow
            | Stream
            | DeliveryStream
            | EtlJob
            | QueryService
            | Dashboards
            | StreamAnalytics
            | IngestionPipeline
            | BatchCompute
            | ModelEndpoint
            | FoundationModel
            | DocumentExtraction
            | TextAnalysis
            | ImageAnalysis
            | SpeechToText
            | EnterpriseSearch
            | Chatbot
            | UserDirectory
            | LogStore
            | BackupPlan
            | Email
            | CustomerMessaging
            | ContactCenter
            | IotHub
            | VideoTranscoder
            | VideoStream
            | Location
    )
}
