"""moto as a server, put right where it differs from AWS in ways that matter here.

`python server.py PORT`. Each difference says what AWS does. What moto has no
call for at all is answered only where much else waits for it.
"""

import io
import json
import re
import sys
from urllib.parse import parse_qs

from moto.apigatewayv2.models import DomainName
from moto.guardduty.models import Detector
from moto.iam.access_control import IAMPolicyStatement, PermissionResult
from moto.server import DomainDispatcherApplication, create_backend_app
from moto.timestreamwrite.models import TimestreamWriteBackend
from werkzeug.serving import run_simple

PORT = int(sys.argv[1])
moto = DomainDispatcherApplication(create_backend_app)
permitted, described = IAMPolicyStatement.is_action_permitted, DomainName.to_json
updated = Detector.update


def is_action_permitted(self, *given, **more):
    """A refusal of plain HTTP refuses nobody who uses TLS, for whom the caller
    stands; moto takes a condition that does not hold for a refusal."""
    wanted = (self._statement.get("Condition") or {}).get("Bool", {})
    if str(wanted.get("aws:SecureTransport", "")).lower() == "false":
        return PermissionResult.NEUTRAL
    return permitted(self, *given, **more)


def domain_name(self):
    """A domain becomes available and tells where it answers; moto's does not."""
    for it in self.domain_name_configurations:
        it["domainNameStatus"] = "AVAILABLE"
        it["apiGatewayDomainName"] = "d-0123456789.execute-api.us-east-1.amazonaws.com"
        it["hostedZoneId"] = "Z0123456789ABCDEFGHIJ"
    return described(self)


def describe_endpoints(self):
    """The address of the service; moto's is that of AWS."""
    return {"Endpoints": [{"Address": f"127.0.0.1:{PORT}", "CachePeriodInMinutes": 1440}]}


def update_detector(self, enable, frequency, sources, features):
    """A detector keeps the features that a call does not name; moto's forgets them."""
    kept = {it["name"]: it for it in self.features}
    kept.update({it["name"]: it for it in features or []})
    return updated(self, enable, frequency, sources, list(kept.values()))


IAMPolicyStatement.is_action_permitted = is_action_permitted
Detector.update = update_detector
DomainName.to_json = domain_name
TimestreamWriteBackend.describe_endpoints = describe_endpoints

# Calls that moto lacks and whose answer is always the same.
ANSWERS = {
    # Terraform asks before it plans.
    "AWSStepFunctions.ValidateStateMachineDefinition": {"result": "OK", "diagnostics": []},
    "AWSStepFunctions.ListStateMachineVersions": {"stateMachineVersions": []},
    "AnyScaleFrontendService.ListTagsForResource": {"Tags": {}},
}
queues, groups = {}, {}


def transcoder_queue(path, body):
    """MediaConvert keeps queues by name."""
    if path.startswith("/2017-08-29/tags/"):
        return {"resourceTags": {"arn": path.removeprefix("/2017-08-29/tags/"), "tags": {}}}
    if body:
        given = json.loads(body)
        queues[given["name"]] = {
            "arn": f"arn:aws:mediaconvert:us-east-1:123456789012:queues/{given['name']}", "name": given["name"],
            "status": "ACTIVE", "pricingPlan": "ON_DEMAND", "type": "CUSTOM",
        }
        return {"queue": queues[given["name"]]}
    return {"queue": queues[path.rsplit("/", 1)[-1]]}


def user_group(given):
    """ElastiCache keeps groups of users by name."""
    action = given["Action"][0]
    space = "http://elasticache.amazonaws.com/doc/2015-02-02/"
    if action == "ListTagsForResource":
        return f'<{action}Response xmlns="{space}"><{action}Result><TagList/></{action}Result></{action}Response>'
    name = given["UserGroupId"][0]
    if action == "CreateUserGroup":
        groups[name] = [it[0] for key, it in sorted(given.items()) if key.startswith("UserIds.")]
    members = "".join(f"<member>{it}</member>" for it in groups[name])
    group = (
        f"<UserGroupId>{name}</UserGroupId><Status>active</Status><Engine>{given.get('Engine', ['redis'])[0]}</Engine>"
        f"<UserIds>{members}</UserIds><ARN>arn:aws:elasticache:us-east-1:123456789012:usergroup:{name}</ARN>"
    )
    if action == "DescribeUserGroups":
        group = f"<UserGroups><member>{group}</member></UserGroups>"
    return f'<{action}Response xmlns="{space}"><{action}Result>{group}</{action}Result></{action}Response>'


def member(given):
    """A replication group consists of clusters; moto's of none."""
    name = given["CacheClusterId"][0]
    fields = {
        "CacheClusterId": name, "CacheClusterStatus": "available", "CacheNodeType": "cache.t4g.micro", "Engine": "redis",
        "EngineVersion": "7.1", "NumCacheNodes": "1", "ReplicationGroupId": name.rsplit("-", 1)[0],
        "PreferredMaintenanceWindow": "sun:05:00-sun:06:00", "AutoMinorVersionUpgrade": "true",
        "ARN": f"arn:aws:elasticache:us-east-1:123456789012:cluster:{name}",
    }
    text = "".join(f"<{key}>{it}</{key}>" for key, it in fields.items())
    space = "http://elasticache.amazonaws.com/doc/2015-02-02/"
    return (
        f'<DescribeCacheClustersResponse xmlns="{space}"><DescribeCacheClustersResult><CacheClusters><CacheCluster>{text}'
        "</CacheCluster></CacheClusters></DescribeCacheClustersResult></DescribeCacheClustersResponse>"
    )


def serve(environ, start):
    target, path = environ.get("HTTP_X_AMZ_TARGET", ""), environ["PATH_INFO"]
    signed = re.search(r"Credential=[^,]*/([a-z-]+)/aws4_request", environ.get("HTTP_AUTHORIZATION", ""))
    service = signed[1] if signed else ""
    answer = ANSWERS.get(target)
    if service == "iot" and path == "/tags" and environ["REQUEST_METHOD"] == "GET":
        answer = {"tags": []}
    elif service == "mediaconvert":
        answer = transcoder_queue(path, environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    if answer is not None:
        start("200 OK", [("Content-Type", "application/x-amz-json-1.0")])
        return [json.dumps(answer).encode()]
    if service == "elasticache":
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        given = parse_qs(body.decode())
        if "UserGroup" in given["Action"][0] or "usergroup" in given.get("ResourceName", [""])[0]:
            start("200 OK", [("Content-Type", "text/xml")])
            return [user_group(given).encode()]
        if given["Action"][0] == "DescribeCacheClusters" and re.search(r"-\d{3}$", given.get("CacheClusterId", [""])[0]):
            start("200 OK", [("Content-Type", "text/xml")])
            return [member(given).encode()]
        environ["wsgi.input"] = io.BytesIO(body)
    return moto(environ, start)


if __name__ == "__main__":
    run_simple("127.0.0.1", PORT, serve, threaded=True)
