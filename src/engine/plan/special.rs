//! Parts of one trade each, of analytics and of models: quantities from load.

use super::{Ctx, sizing};
use crate::engine::graph::Kind;
use crate::engine::graph::specs::*;

/// A part of this kind, sized for its load.
pub(super) fn spec(kind: Kind, ctx: &Ctx) -> Spec {
    let profile = ctx.profile;
    let load = &ctx.needs.load;
    let known =
        |it: Option<f64>| it.filter(|it| it.is_finite() && *it > 0.0).map(|it| it.min(1e12));
    let files = known(load.files_per_month);
    let messages = profile.messages_per_month;
    let lake_tb = profile.files_gb / 1000.0;
    match kind {
        Kind::Email => Email {
            // A mail to each user every week, unless messages are counted.
            messages_per_month: known(load.messages_per_month)
                .unwrap_or(profile.monthly_users * 4.0),
            domain: domain(ctx),
            receive: false,
        }
        .into(),
        Kind::CustomerMessaging => CustomerMessaging {
            sms_per_month: profile.monthly_users * 0.1,
            push_per_month: profile.monthly_users * 10.0,
        }
        .into(),
        Kind::IotHub => IotHub {
            devices: known(load.devices).unwrap_or(100.0),
            messages_per_month: messages,
            message_kb: profile.item_kb.min(128.0),
            ..IotHub::default()
        }
        .into(),
        Kind::VideoTranscoder => VideoTranscoder {
            // Ten minutes of video in a file.
            minutes_per_month: files.map_or(1000.0, |it| it * 10.0),
            ..VideoTranscoder::default()
        }
        .into(),
        Kind::FileTransfer => {
            FileTransfer { gb_per_month: profile.files_gb / 12.0, ..FileTransfer::default() }.into()
        }
        Kind::DatabaseMigration => DatabaseMigration {
            storage_gb: profile.database_gb.clamp(50.0, 6000.0),
            multi_zone: ctx.standby(),
            source_engine: super::data::engine(ctx.needs).name().to_owned(),
            ..DatabaseMigration::default()
        }
        .into(),
        Kind::DataSync => DataSync { gb_per_month: profile.files_gb }.into(),
        Kind::Desktops => Desktops {
            count: known(load.users).map_or(10, |it| it.ceil().min(10_000.0) as u32),
            ..Desktops::default()
        }
        .into(),
        Kind::GameFleet => game(ctx).into(),
        Kind::Location => Location { requests_per_month: profile.requests_per_month }.into(),
        Kind::ModelEndpoint => model(ctx).into(),
        Kind::FoundationModel => FoundationModel {
            // 1,500 tokens in and 300 out, for one request in ten of a system and each of a sample.
            input_tokens_per_month: generations(ctx) * 1500.0,
            output_tokens_per_month: generations(ctx) * 300.0,
            ..FoundationModel::default()
        }
        .into(),
        Kind::DocumentExtraction => DocumentExtraction {
            // Three pages in a document.
            pages_per_month: files.unwrap_or((messages).min(10_000.0)) * 3.0,
            ..DocumentExtraction::default()
        }
        .into(),
        Kind::TextAnalysis => {
            TextAnalysis { units_per_month: files.unwrap_or(messages.min(100_000.0)) * 10.0 }.into()
        }
        Kind::ImageAnalysis => {
            ImageAnalysis { images_per_month: files.unwrap_or(messages.min(100_000.0)) }.into()
        }
        Kind::SpeechToText => {
            SpeechToText { minutes_per_month: files.map_or(1000.0, |it| it * 5.0) }.into()
        }
        Kind::Chatbot => {
            Chatbot { requests_per_month: (profile.requests_per_month * 0.1).max(1000.0) }.into()
        }
        Kind::EtlJob => EtlJob {
            // A capacity unit works through some 50 GB an hour.
            hours_per_month: (daily_gb(ctx) * 30.0 / 50.0).max(15.0),
            capacity_units: sizing::units(daily_gb(ctx), 200.0).clamp(2, 100),
            ..EtlJob::default()
        }
        .into(),
        Kind::QueryService => QueryService {
            // Each month the hot part of the lake is read twice.
            tb_scanned_per_month: (lake_tb * sizing::HOT_SHARE * 2.0).max(0.01),
            ..QueryService::default()
        }
        .into(),
        Kind::HadoopCluster => HadoopCluster {
            core_nodes: sizing::units(daily_gb(ctx), 100.0).clamp(2, 100),
            ..HadoopCluster::default()
        }
        .into(),
        Kind::Dashboards => Dashboards::default().into(),
        Kind::StreamAnalytics => StreamAnalytics {
            processing_units: sizing::shards(
                sizing::average_per_second(messages) * sizing::PEAK_FACTOR,
                profile.item_kb,
            )
            .min(32),
            ..StreamAnalytics::default()
        }
        .into(),
        _ => Spec::default_of(kind),
    }
}

fn generations(ctx: &Ctx) -> f64 {
    let share = if ctx.profile.completes() { 0.1 } else { 0.05 };
    (ctx.profile.requests_per_month * share).max(1000.0)
}

fn daily_gb(ctx: &Ctx) -> f64 {
    ctx.needs
        .load
        .ingest_gb_per_day
        .filter(|it| it.is_finite() && *it > 0.0)
        .unwrap_or(ctx.profile.files_gb / 365.0)
        .min(1e6)
}

/// Players at once over the players of a machine: 200 for each eight processors.
fn game(ctx: &Ctx) -> GameFleet {
    let players = ctx
        .needs
        .load
        .concurrent_users
        .filter(|it| it.is_finite() && *it > 0.0)
        .unwrap_or(ctx.profile.monthly_users * 0.05);
    let peak = sizing::units(players, 1000.0);
    GameFleet {
        instances_min: ctx.copies(),
        instances_max: (peak + peak / 5).max(ctx.copies() + 1),
        // Players come in the evening: half of the peak on average.
        instances_average: (f64::from(peak) * 0.5).max(f64::from(ctx.copies())),
        spot: ctx.needs.preferences.spot.unwrap_or(false),
        ..GameFleet::default()
    }
}

fn model(ctx: &Ctx) -> ModelEndpoint {
    let profile = ctx.profile;
    let seconds = 0.1;
    // A machine of two processors answers one request at a time on each.
    let peak =
        sizing::units(sizing::concurrency(profile.peak_rps, seconds), 2.0 * ctx.utilisation());
    let idle =
        ctx.needs.preferences.scale_to_zero || ctx.needs.preferences.serverless == Some(true);
    ModelEndpoint {
        serverless: idle,
        instances_min: ctx.copies().min(2),
        instances_max: peak.max(2),
        requests_per_month: profile.requests_per_month,
        duration_ms: seconds * 1000.0,
        ..ModelEndpoint::default()
    }
}

/// The domain of the text, else the organisation's, else an example to replace.
pub(super) fn domain(ctx: &Ctx) -> String {
    ctx.needs
        .network
        .domain
        .clone()
        .or_else(|| ctx.policy.domain.clone())
        .unwrap_or_else(|| "example.com".to_owned())
}
