//! Amazon Transcribe: an API, a vocabulary for words it would not know, and a
//! role with which it reads recordings and writes texts.

use super::{house, kit};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{join, list, map};
use crate::engine::bind::stack::{Facet, Stack, Statement};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, SpeechToText};
use crate::engine::requirements::Intent;

binding! {
    SpeechToText {
        service: "transcribe",
        title: "Amazon Transcribe",
        docs: "https://docs.aws.amazon.com/transcribe/latest/dg/what-is.html",
        sla: None,
        limits: &[],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _: &SpeechToText) {
    const SERVICE: &str = "transcribe.amazonaws.com";
    let role = kit::role(stack, it, "role", SERVICE, &[]);
    let name = stack.name(it);
    // Phrases are letters and hyphens; digits would be refused.
    let word: String = stack
        .graph
        .project
        .as_str()
        .chars()
        .filter(|c| c.is_ascii_alphabetic() || *c == '-')
        .collect();
    let word = if word.trim_matches('-').is_empty() { "product".to_owned() } else { word };
    let vocabulary = stack
        .tf_only(it, "", "aws_transcribe_vocabulary")
        .tf("vocabulary_name", name.clone())
        .tf("language_code", "en-US")
        .tf("phrases", list![word.as_str()])
        .comment("Add the names of your products and people; recordings in other languages need their own.")
        .done();
    let arn = kit::arn("transcribe", join!["vocabulary/", name.clone()]);
    let named = || ("VocabularyName", name.clone());
    let create =
        map([named(), ("LanguageCode", "en-US".into()), ("Phrases", list![word.as_str()])]);
    let allow = kit::allow(
        &["transcribe:CreateVocabulary", "transcribe:DeleteVocabulary"],
        vec![arn.clone()],
    );
    house::call(
        stack,
        it,
        "words",
        ("transcribe", "create_vocabulary", create),
        Some(("transcribe", "delete_vocabulary", map([named()]))),
        &[allow],
    );
    let calls = [Intent::Invokes, Intent::Reads, Intent::Serves];
    let mut facet = Facet::default()
        .handle("vocabulary", &vocabulary)
        .handle("role", &role)
        .value("arn", arn.clone())
        .value("role_arn", role.arn())
        .reference("VOCABULARY", name.clone())
        .reference("ROLE_ARN", role.arn())
        .grant(
            &calls,
            &["transcribe:StartTranscriptionJob", "transcribe:GetTranscriptionJob"],
            vec![kit::arn("transcribe", join!["transcription-job/*"]), arn.clone()],
        )
        .principal(&role, None, false);
    let pass = Statement {
        actions: vec!["iam:PassRole".to_owned()],
        resources: vec![role.arn()],
        condition: Some((
            "StringEquals".to_owned(),
            "iam:PassedToService".to_owned(),
            SERVICE.into(),
        )),
    };
    for intent in calls {
        facet.grants.entry(intent).or_default().push(pass.clone());
    }
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &SpeechToText) {
    bill.unpriced(it, "Minutes of speech", spec.minutes_per_month, "transcribe minute");
}
