use super::{Class, Rest, Transit, flows, scene, svg};
use crate::engine::analysis::{Analysis, analyze};
use crate::engine::diagram::Style;
use crate::engine::diagram::forms::tests::analyses;
use crate::engine::graph::Kind;
use crate::engine::plan::Policy;
use crate::engine::requirements::{Cloud, Hints};
use std::collections::BTreeSet;

fn of(text: &str) -> Analysis {
    analyze(text, &Hints { cloud: Some(Cloud::Aws), ..Hints::default() }, &Policy::default())
}

#[test]
fn every_store_and_every_connection_between_parts_that_handle_data_is_there() {
    for (name, analysis) in analyses() {
        for design in &analysis.options {
            let flows = flows(analysis, design);
            let scene = scene(design, &flows);
            let shown: BTreeSet<usize> =
                scene.edges.iter().flat_map(|it| it.connections.clone()).collect();
            let wanted: BTreeSet<usize> = flows.transit.keys().copied().collect();
            assert_eq!(shown, wanted, "{name}");
            for kept in &flows.kept {
                let node =
                    scene.nodes.iter().find(|it| it.component.as_ref() == Some(&kept.component));
                assert!(node.is_some_and(|it| it.badges.len() == 1), "{name}: {}", kept.component);
                assert!(flows.classes.stores[&kept.component].iter().next().is_some(), "{name}");
            }
            for edge in &scene.edges {
                assert!(!edge.label.is_empty(), "{name}");
            }
        }
    }
}

#[test]
fn health_data_of_a_portal_is_classed_protected_and_in_the_union() {
    let analysis =
        of("HIPAA patient portal with PostgreSQL and S3, 50k users, EU only, Cognito sign-in");
    for design in &analysis.options {
        let flows = flows(&analysis, design);
        assert!(flows.classes.system.contains(&Class::Health));
        assert!(flows.residency.contains("allow EU only"), "{}", flows.residency);
        let database = design.graph.first(Kind::RelationalDatabase).unwrap();
        let kept = flows.kept.iter().find(|it| it.component == database.id).unwrap();
        assert!(matches!(kept.rest, Rest::OwnKey | Rest::ProviderKey), "{kept:?}");
        for (n, transit) in &flows.transit {
            if design.graph.connections[*n].to == database.id {
                let copied = matches!(transit, Transit::Provider(_));
                assert!(copied || matches!(transit, Transit::Tls(_)), "{transit:?}");
                let on = flows.classes.on(&design.graph, &design.graph.connections[*n]);
                assert!(on.contains(&Class::Health));
            }
        }
        let people = design.graph.first(Kind::UserDirectory).unwrap();
        let held = &flows.classes.stores[&people.id];
        assert_eq!(held.iter().copied().collect::<Vec<_>>(), [Class::Personal]);
        let drawn = svg(&analysis, design, &Style::default());
        for words in ["What is kept where", "What goes where", "Because", "health", "HIPAA"] {
            assert!(drawn.contains(words), "{words}");
        }
    }
}

#[test]
fn what_nobody_says_anything_about_is_unclassified() {
    let analysis = of("S3 triggers a Lambda that writes to DynamoDB");
    let flows = flows(&analysis, &analysis.options[0]);
    assert_eq!(flows.classes.system.iter().copied().collect::<Vec<_>>(), [Class::Unclassified]);
    assert!(flows.residency.contains("do not restrict"));
}

#[test]
fn what_only_a_cdn_reads_is_public() {
    let analysis = of("A static website on S3 with CloudFront");
    let design = &analysis.options[0];
    let flows = flows(&analysis, design);
    let cdn = &design.graph.first(Kind::Cdn).unwrap().id;
    let content =
        design.graph.targets(cdn).find(|it| it.1.spec.kind() == Kind::ObjectStore).unwrap();
    let held = &flows.classes.stores[&content.1.id];
    assert_eq!(held.iter().copied().collect::<Vec<_>>(), [Class::Public]);
}
