//! Amazon Textract. It is an API without resources: callers get the permission,
//! and documents are read with the caller's own access to their bucket.

use crate::engine::bind::binding;
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, DocumentExtraction};
use crate::engine::requirements::Intent;

binding! {
    DocumentExtraction {
        service: "textract",
        title: "Amazon Textract",
        docs: "https://docs.aws.amazon.com/textract/latest/dg/what-is.html",
        sla: None,
        limits: &[],
        latency_ms: Some((2000.0, 6000.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &DocumentExtraction) {
    let mut actions = vec![
        "textract:DetectDocumentText",
        "textract:StartDocumentTextDetection",
        "textract:GetDocumentTextDetection",
    ];
    if spec.forms {
        actions.extend([
            "textract:AnalyzeDocument",
            "textract:StartDocumentAnalysis",
            "textract:GetDocumentAnalysis",
        ]);
    }
    // Textract has no permissions on single resources.
    let facet = Facet::default().grant(
        &[Intent::Invokes, Intent::Reads, Intent::Serves],
        &actions,
        vec!["*".into()],
    );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &DocumentExtraction) {
    let key = if spec.forms { "textract forms-page" } else { "textract text-page" };
    bill.unpriced(it, "Pages", spec.pages_per_month, key);
}
