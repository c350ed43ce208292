//! Amazon Location Service: a map, a place index, and a tracker with geofences.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::block;
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, Location};
use crate::engine::requirements::Intent;

binding! {
    Location {
        service: "location",
        title: "Amazon Location Service",
        docs: "https://docs.aws.amazon.com/location/latest/developerguide/what-is.html",
        sla: None,
        limits: &[],
        latency_ms: Some((80.0, 250.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _: &Location) {
    let name = stack.name(it);
    let key = stack.key_arn.clone();
    let draft = stack.add(it, "map", "aws_location_map", "AWS::Location::Map").set(
        "map_name",
        "MapName",
        name.clone(),
    );
    let map =
        kit::nest(draft, "configuration", block([("style", "VectorEsriNavigation".into())])).done();
    let places = stack
        .add(it, "places", "aws_location_place_index", "AWS::Location::PlaceIndex")
        .set("index_name", "IndexName", name.clone())
        .set("data_source", "DataSource", "Esri")
        .done();
    let tracker = stack
        .add(it, "tracker", "aws_location_tracker", "AWS::Location::Tracker")
        .set("tracker_name", "TrackerName", name.clone())
        .set("position_filtering", "PositionFiltering", "AccuracyBased")
        .maybe("kms_key_id", "KmsKeyId", key.clone())
        .done();
    let fences = stack
        .add(it, "fences", "aws_location_geofence_collection", "AWS::Location::GeofenceCollection")
        .set("collection_name", "CollectionName", name)
        .maybe("kms_key_id", "KmsKeyId", key)
        .done();
    let fences_arn = fences.att("collection_arn", "CollectionArn");
    stack
        .add(it, "tracked", "aws_location_tracker_association", "AWS::Location::TrackerConsumer")
        .set("tracker_name", "TrackerName", tracker.by_ref("tracker_name"))
        .set("consumer_arn", "ConsumerArn", fences_arn.clone())
        .done();
    let map_arn = map.att("map_arn", "MapArn");
    let facet = Facet::default()
        .handle("tracker", &tracker)
        .value("arn", map_arn.clone())
        .reference("MAP_NAME", map.by_ref("map_name"))
        .reference("PLACE_INDEX", places.by_ref("index_name"))
        .reference("TRACKER", tracker.by_ref("tracker_name"))
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &[
                "geo:GetMapTile",
                "geo:GetMapStyleDescriptor",
                "geo:GetMapGlyphs",
                "geo:GetMapSprites",
                "geo:SearchPlaceIndexForText",
                "geo:SearchPlaceIndexForPosition",
                "geo:BatchUpdateDevicePosition",
                "geo:GetDevicePosition",
                "geo:PutGeofence",
                "geo:ListGeofences",
            ],
            vec![
                map_arn,
                places.att("index_arn", "IndexArn"),
                tracker.att("tracker_arn", "TrackerArn"),
                fences_arn,
            ],
        );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Location) {
    bill.unpriced(it, "Requests", spec.requests_per_month, "location request");
}
