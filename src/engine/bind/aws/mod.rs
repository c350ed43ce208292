//! Amazon Web Services: one file per service, and how connections become real.

pub mod kit;
pub mod wire;

mod acm;
mod amplify;
mod api_gateway;
mod app_runner;
mod appconfig;
mod appsync;
mod athena;
mod backup;
mod batch;
mod bedrock;
mod cloud_map;
mod cloudfront;
mod cloudtrail;
mod cloudwatch;
mod cloudwatch_logs;
mod codebuild;
mod codecommit;
mod codedeploy;
mod codepipeline;
mod cognito;
mod comprehend;
mod config;
mod connect;
mod datasync;
mod dax;
mod direct_connect;
mod directory;
mod dms;
mod documentdb;
mod dynamodb;
mod ec2;
mod ec2_auto_scaling;
mod ec2_network;
mod ecr;
mod ecs;
mod efs;
mod eks;
mod elastic_beanstalk;
mod elasticache;
mod elb;
mod emr;
mod eventbridge;
mod firehose;
mod flink;
mod front;
mod fsx;
mod gamelift;
mod global_accelerator;
mod glue;
mod guardduty;
mod house;
mod inspector;
mod iot;
mod kendra;
mod keyspaces;
mod kinesis;
mod kinesis_video;
mod kms;
mod lake_formation;
mod lambda;
mod lex;
mod lightsail;
mod location;
mod macie;
mod mediaconvert;
mod memorydb;
mod mq;
mod msk;
mod mwaa;
mod nat_gateway;
mod neptune;
mod network_firewall;
mod opensearch;
mod osis;
mod parameter_store;
mod password;
mod pinpoint;
mod pipes;
mod privatelink;
mod quicksight;
mod rds;
mod recovery;
mod redshift;
mod rekognition;
mod route53;
mod s3;
mod s3_express;
mod s3_tables;
mod sagemaker;
mod scheduler;
mod secrets_manager;
mod security_hub;
mod ses;
mod shield;
pub mod sizing;
mod sns;
mod sqs;
mod standby;
mod step_functions;
mod systems_manager;
mod textract;
mod timestream;
mod transcribe;
mod transfer;
mod transit_gateway;
mod verified_permissions;
mod vpc_endpoint;
mod vpc_lattice;
mod vpc_peering;
mod vpn;
mod waf;
mod workspaces;
mod xray;

use super::Binding;
use super::expr::Expr;
use super::stack::{Concern, Stack};
use crate::engine::diag::{Diagnostic, Severity};
use crate::engine::graph::{Graph, Kind};

/// The binding of a kind, or none where AWS has nothing for it.
pub fn binding(kind: Kind) -> Option<&'static Binding> {
    Some(match kind {
        Kind::Cdn => &cloudfront::BINDING,
        Kind::Certificate => &acm::BINDING,
        Kind::ContainerService => &ecs::BINDING,
        Kind::DnsZone => &route53::BINDING,
        Kind::EncryptionKey => &kms::BINDING,
        Kind::Function => &lambda::BINDING,
        Kind::HttpApi => &api_gateway::BINDING,
        Kind::ImageRegistry => &ecr::BINDING,
        Kind::KeyValueStore => &dynamodb::BINDING,
        Kind::LoadBalancer => &elb::BINDING,
        Kind::Network => &ec2_network::BINDING,
        Kind::Queue => &sqs::BINDING,
        Kind::BackupPlan => &backup::BINDING,
        Kind::KeyValueCache => &dax::BINDING,
        Kind::DocumentDatabase => &documentdb::BINDING,
        Kind::FileSystem => &efs::BINDING,
        Kind::Cache => &elasticache::BINDING,
        Kind::WideColumnStore => &keyspaces::BINDING,
        Kind::DurableCache => &memorydb::BINDING,
        Kind::GraphDatabase => &neptune::BINDING,
        Kind::SearchIndex => &opensearch::BINDING,
        Kind::Warehouse => &redshift::BINDING,
        Kind::TimeSeriesStore => &timestream::BINDING,
        Kind::ServiceDiscovery => &cloud_map::BINDING,
        Kind::DirectConnect => &direct_connect::BINDING,
        Kind::Directory => &directory::BINDING,
        Kind::ExpressStore => &s3_express::BINDING,
        Kind::TableStore => &s3_tables::BINDING,
        Kind::TransitGateway => &transit_gateway::BINDING,
        Kind::NetworkPeering => &vpc_peering::BINDING,
        Kind::Vpn => &vpn::BINDING,
        Kind::FileServer => &fsx::BINDING,
        Kind::NetworkFirewall => &network_firewall::BINDING,
        Kind::DataSync => &datasync::BINDING,
        Kind::DatabaseMigration => &dms::BINDING,
        Kind::PrivateLink => &privatelink::BINDING,
        Kind::FileTransfer => &transfer::BINDING,
        Kind::ServiceNetwork => &vpc_lattice::BINDING,
        Kind::NatGateway => &nat_gateway::BINDING,
        Kind::NetworkEndpoints => &vpc_endpoint::BINDING,
        Kind::RelationalDatabase => &rds::BINDING,
        Kind::ObjectStore => &s3::BINDING,
        Kind::Topic => &sns::BINDING,
        Kind::EventBus => &eventbridge::BINDING,
        Kind::Schedule => &scheduler::BINDING,
        Kind::Workflow => &step_functions::BINDING,
        Kind::Stream => &kinesis::BINDING,
        Kind::Secret => &secrets_manager::BINDING,
        Kind::Parameter => &parameter_store::BINDING,
        Kind::LogStore => &cloudwatch_logs::BINDING,
        Kind::Monitoring => &cloudwatch::BINDING,
        Kind::AuditTrail => &cloudtrail::BINDING,
        Kind::Tracing => &xray::BINDING,
        Kind::Email => &ses::BINDING,
        Kind::CustomerMessaging => &pinpoint::BINDING,
        Kind::IotHub => &iot::BINDING,
        Kind::MessageBroker => &mq::BINDING,
        Kind::KafkaCluster => &msk::BINDING,
        Kind::DeliveryStream => &firehose::BINDING,
        Kind::EventPipe => &pipes::BINDING,
        Kind::UserDirectory => &cognito::BINDING,
        Kind::WebFirewall => &waf::BINDING,
        Kind::ThreatDetection => &guardduty::BINDING,
        Kind::ConfigRecorder => &config::BINDING,
        Kind::SecurityPosture => &security_hub::BINDING,
        Kind::DataDiscovery => &macie::BINDING,
        Kind::VulnerabilityScan => &inspector::BINDING,
        Kind::FoundationModel => &bedrock::BINDING,
        Kind::ModelEndpoint => &sagemaker::BINDING,
        Kind::DocumentExtraction => &textract::BINDING,
        Kind::TextAnalysis => &comprehend::BINDING,
        Kind::ImageAnalysis => &rekognition::BINDING,
        Kind::SpeechToText => &transcribe::BINDING,
        Kind::EtlJob => &glue::BINDING,
        Kind::QueryService => &athena::BINDING,
        Kind::HadoopCluster => &emr::BINDING,
        Kind::Airflow => &mwaa::BINDING,
        Kind::StreamAnalytics => &flink::BINDING,
        Kind::EnterpriseSearch => &kendra::BINDING,
        Kind::PolicyStore => &verified_permissions::BINDING,
        Kind::FleetManager => &systems_manager::BINDING,
        Kind::AppConfig => &appconfig::BINDING,
        Kind::VideoTranscoder => &mediaconvert::BINDING,
        Kind::VideoStream => &kinesis_video::BINDING,
        Kind::VirtualServer => &lightsail::BINDING,
        Kind::Location => &location::BINDING,
        Kind::Build => &codebuild::BINDING,
        Kind::SourceRepository => &codecommit::BINDING,
        Kind::Deployment => &codedeploy::BINDING,
        Kind::Pipeline => &codepipeline::BINDING,
        Kind::AppPlatform => &elastic_beanstalk::BINDING,
        Kind::WebHosting => &amplify::BINDING,
        Kind::GraphqlApi => &appsync::BINDING,
        Kind::GlobalAccelerator => &global_accelerator::BINDING,
        Kind::DdosProtection => &shield::BINDING,
        Kind::GameFleet => &gamelift::BINDING,
        Kind::Desktops => &workspaces::BINDING,
        Kind::BatchCompute => &batch::BINDING,
        Kind::KubernetesCluster => &eks::BINDING,
        Kind::VirtualMachines => &ec2::BINDING,
        Kind::WebService => &app_runner::BINDING,
        Kind::MachineScaling => &ec2_auto_scaling::BINDING,
        Kind::Chatbot => &lex::BINDING,
        Kind::LakePermissions => &lake_formation::BINDING,
        Kind::IngestionPipeline => &osis::BINDING,
        Kind::ContactCenter => &connect::BINDING,
        Kind::Dashboards => &quicksight::BINDING,
    })
}

/// Which file a kind's resources are written to.
fn concern(kind: Kind) -> Concern {
    use Kind::*;
    match kind {
        Network | NatGateway | NetworkEndpoints | PrivateLink | Vpn | DirectConnect
        | TransitGateway | NetworkPeering | NetworkFirewall | ServiceNetwork | ServiceDiscovery => {
            Concern::Network
        }
        EncryptionKey | Secret | Parameter | AuditTrail | ThreatDetection | ConfigRecorder
        | SecurityPosture | DataDiscovery | VulnerabilityScan => Concern::Security,
        UserDirectory | PolicyStore | Directory => Concern::Identity,
        RelationalDatabase | KeyValueStore | KeyValueCache | DocumentDatabase | GraphDatabase
        | WideColumnStore | TimeSeriesStore | Cache | DurableCache | SearchIndex | Warehouse
        | ObjectStore | ExpressStore | TableStore | FileSystem | FileServer | BackupPlan
        | DatabaseMigration | DataSync | FileTransfer => Concern::Data,
        Queue | Topic | EventBus | EventPipe | Schedule | Workflow | Stream | VideoStream
        | DeliveryStream | KafkaCluster | MessageBroker | Email | CustomerMessaging | IotHub => {
            Concern::Messaging
        }
        Function | ContainerService | KubernetesCluster | VirtualMachines | MachineScaling
        | BatchCompute | WebService | AppPlatform | GameFleet | Desktops | VideoTranscoder
        | VirtualServer => Concern::Compute,
        LoadBalancer | HttpApi | GraphqlApi | Cdn | DnsZone | Certificate | GlobalAccelerator
        | WebFirewall | DdosProtection | WebHosting => Concern::Edge,
        EtlJob | QueryService | HadoopCluster | LakePermissions | Dashboards | Airflow
        | StreamAnalytics | IngestionPipeline => Concern::Analytics,
        ModelEndpoint | FoundationModel | DocumentExtraction | TextAnalysis | ImageAnalysis
        | SpeechToText | EnterpriseSearch | Chatbot | ContactCenter | Location => {
            Concern::Intelligence
        }
        Monitoring | LogStore | Tracing | FleetManager | AppConfig => Concern::Operations,
        ImageRegistry | Build | Pipeline | SourceRepository | Deployment => Concern::Delivery,
    }
}

/// What others refer to while they are lowered comes first.
fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::EncryptionKey => 0,
        Kind::Network => 1,
        Kind::DnsZone | Kind::Certificate | Kind::ImageRegistry => 2,
        // It watches all the others.
        Kind::Monitoring => 9,
        Kind::TransitGateway | Kind::Directory => 2,
        // It stands before the NAT gateways.
        Kind::NetworkFirewall => 4,
        // A plan names what it protects.
        Kind::BackupPlan => 8,
        _ => 3,
    }
}

/// Lowers a graph: resources of every component, then of every connection.
pub fn lower(graph: &Graph) -> Stack<'_> {
    let mut stack = Stack::new(graph);
    let mut order: Vec<_> = graph.components.iter().collect();
    order.sort_by_key(|it| rank(it.spec.kind()));
    for component in order {
        let kind = component.spec.kind();
        stack.begin(concern(kind));
        match binding(kind) {
            Some(binding) => (binding.lower)(&mut stack, component),
            None => stack.diagnose(
                Diagnostic::new(
                    "service-without-binding",
                    Severity::Error,
                    format!("{} has no code on AWS yet.", component.title),
                )
                .help("Leave it out, or add it to the code by hand.")
                .on(component.id.as_str()),
            ),
        }
    }
    wire::connect(&mut stack);
    finish(&mut stack);
    stack
}

/// Writes what wiring collected into the resources: permissions and settings.
fn finish(stack: &mut Stack<'_>) {
    let permissions = std::mem::take(&mut stack.permissions);
    for (id, statements) in &permissions {
        let Some(component) = stack.graph.component(id) else { continue };
        let role =
            stack.facets.get(id).and_then(|it| it.principal.as_ref()).map(|it| it.role.clone());
        let Some(role) = role else { continue };
        stack.begin(concern(component.spec.kind()));
        kit::role_policy(stack, component, "policy", &role, statements);
    }
    stack.permissions = permissions;
    let environment = stack.environment.clone();
    for resource in &mut stack.resources {
        let sides = [(&mut resource.tf, false), (&mut resource.cfn, true)];
        for (side, cfn) in sides.into_iter().filter_map(|(side, cfn)| Some((side.as_mut()?, cfn))) {
            for (_, value) in &mut side.fields {
                fill(value, &environment, cfn);
            }
            side.fields.retain(|(name, value)| {
                !name.eq_ignore_ascii_case("environment") || !is_hollow(value)
            });
        }
    }
}

type Environment = std::collections::BTreeMap<
    crate::engine::graph::NodeId,
    std::collections::BTreeMap<String, Expr>,
>;

fn fill(value: &mut Expr, environment: &Environment, cfn: bool) {
    match value {
        Expr::EnvOf(id) => {
            let fields = environment.get(id).cloned().unwrap_or_default();
            *value = Expr::Map(fields.into_iter().collect());
        }
        Expr::EnvListOf(id) => {
            let fields = environment.get(id).cloned().unwrap_or_default();
            let (key, content) = if cfn { ("Name", "Value") } else { ("name", "value") };
            let item = |(name, value): (String, Expr)| {
                super::expr::map([(key, name.into()), (content, value)])
            };
            *value = Expr::List(fields.into_iter().map(item).collect());
        }
        Expr::List(items) | Expr::Join(items) | Expr::Call(_, items) => {
            items.iter_mut().for_each(|it| fill(it, environment, cfn));
        }
        Expr::Map(fields) | Expr::Block(fields) => {
            fields.iter_mut().for_each(|(_, it)| fill(it, environment, cfn));
        }
        Expr::Blocks(items) => {
            items.iter_mut().flatten().for_each(|(_, it)| fill(it, environment, cfn));
        }
        Expr::Document(it)
        | Expr::Json(it)
        | Expr::Index(it, _)
        | Expr::Part(it, ..)
        | Expr::Joined(it, _) => fill(it, environment, cfn),
        _ => {}
    }
}

/// A block that only holds an empty object says nothing.
fn is_hollow(value: &Expr) -> bool {
    match value {
        Expr::Block(fields) => {
            fields.iter().all(|(_, it)| matches!(it, Expr::Map(inner) if inner.is_empty()))
        }
        _ => false,
    }
}
