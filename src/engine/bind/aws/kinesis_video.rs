//! Amazon Kinesis Video Streams.

use crate::engine::bind::expr::join;
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla, binding};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, VideoStream};
use crate::engine::requirements::Intent;

binding! {
    VideoStream {
        service: "kinesis-video",
        title: "Amazon Kinesis Video Streams",
        docs: "https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/what-is-kinesis-video.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/kinesis/sla/",
        }),
        limits: &[Limit {
            what: "Longest retention",
            value: "87,600 hours",
            source: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-kinesisvideo-stream.html",
        }],
        latency_ms: Some((500.0, 3000.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &VideoStream) {
    let name = stack.name(it);
    let key = stack.key_arn.clone();
    let mut draft = stack
        .add(it, "", "aws_kinesis_video_stream", "AWS::KinesisVideo::Stream")
        .set("name", "Name", name)
        .set("data_retention_in_hours", "DataRetentionInHours", spec.retention_hours.min(87_600))
        .set("media_type", "MediaType", "video/h264")
        .maybe("kms_key_id", "KmsKeyId", key.clone());
    if key.is_none() {
        draft = draft.skip(
            "CKV_AWS_177",
            "Sealed with the key of Kinesis Video Streams; a key of one's own is part of the better option",
        );
    }
    let stream = draft.done();
    // Every endpoint is asked for first.
    let resources = vec![stream.arn(), join![stream.arn(), "/*"]];
    let facet = Facet::default()
        .handle("stream", &stream)
        .value("arn", stream.arn())
        .reference("STREAM_ARN", stream.arn())
        .grant(
            &[Intent::Publishes, Intent::Writes, Intent::Streams],
            &[
                "kinesisvideo:PutMedia",
                "kinesisvideo:DescribeStream",
                "kinesisvideo:GetDataEndpoint",
            ],
            resources.clone(),
        )
        .grant(
            &[Intent::Reads, Intent::Subscribes],
            &[
                "kinesisvideo:GetMedia",
                "kinesisvideo:GetClip",
                "kinesisvideo:GetImages",
                "kinesisvideo:GetHLSStreamingSessionURL",
                "kinesisvideo:GetMediaForFragmentList",
                "kinesisvideo:ListFragments",
                "kinesisvideo:DescribeStream",
                "kinesisvideo:GetDataEndpoint",
            ],
            resources,
        );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &VideoStream) {
    bill.unpriced(it, "Video in", spec.gb_in_per_month, "kinesis-video in-gb");
    bill.unpriced(it, "Video out", spec.gb_out_per_month, "kinesis-video out-gb");
    let kept = spec.gb_in_per_month * f64::from(spec.retention_hours) / 730.0;
    bill.unpriced(it, "Video kept", kept, "kinesis-video storage-gb-month");
}

#[cfg(test)]
mod tests {
    use crate::engine::bind::testing::{cloudformation, terraform};
    use crate::engine::graph::VideoStream;

    #[test]
    fn what_is_streamed_is_kept_as_long_as_asked() {
        let spec = VideoStream { retention_hours: 72, ..VideoStream::default() };
        assert!(terraform("cameras", spec.clone()).contains("data_retention_in_hours = 72"));
        assert!(cloudformation("cameras", spec).contains("DataRetentionInHours: 72"));
    }
}
