//! Amazon Rekognition: an API, and a collection for faces that are to be found again.

use crate::engine::bind::binding;
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, ImageAnalysis};
use crate::engine::requirements::Intent;

binding! {
    ImageAnalysis {
        service: "rekognition",
        title: "Amazon Rekognition",
        docs: "https://docs.aws.amazon.com/rekognition/latest/dg/what-is.html",
        sla: None,
        limits: &[],
        latency_ms: Some((600.0, 1500.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _: &ImageAnalysis) {
    let name = stack.name(it);
    let collection = stack
        .add(it, "", "aws_rekognition_collection", "AWS::Rekognition::Collection")
        .set("collection_id", "CollectionId", name)
        .done();
    let calls = [Intent::Invokes, Intent::Reads, Intent::Serves];
    let facet = Facet::default()
        .handle("collection", &collection)
        .value("arn", collection.arn())
        .reference("COLLECTION_ID", collection.by_ref("collection_id"))
        .grant(
            &calls,
            &["rekognition:IndexFaces", "rekognition:SearchFacesByImage", "rekognition:ListFaces"],
            vec![collection.arn()],
        )
        // Detection works on the picture that is sent: there is no resource to name.
        .grant(
            &calls,
            &[
                "rekognition:DetectLabels",
                "rekognition:DetectText",
                "rekognition:DetectFaces",
                "rekognition:DetectModerationLabels",
                "rekognition:CompareFaces",
            ],
            vec!["*".into()],
        );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &ImageAnalysis) {
    bill.unpriced(it, "Images", spec.images_per_month, "rekognition image");
}
