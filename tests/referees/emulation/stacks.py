"""Creates CloudFormation stacks in moto, and prints a line of JSON for each.

`python stacks.py TEMPLATE ...`. moto models only some types of resources. What
it lacks is stood in for by something that has a name and attributes, so that
all it does model is really made, with properties that refer to the stand-ins.
A resource that moto refuses is a complaint and stood in for too: the rest of
its stack is still tried. The stack itself has to be CREATE_COMPLETE.
"""

import json
import logging
import os
import sys
import warnings

os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import boto3
import yaml
from moto import mock_aws
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException
from moto.cloudformation.utils import yaml_tag_constructor

yaml.add_multi_constructor("", yaml_tag_constructor, Loader=yaml.SafeLoader)
modelled = parsing.get_model_map()
create = parsing.parse_and_create_resource


class StandIn:
    """A resource that only has a name."""

    def __init__(self, name, kind):
        self.physical_resource_id = name
        self.cf_resource_type = self.type = kind

    def is_created(self):
        return True

    def get_cfn_attribute(self, name):
        kind, last = self.cf_resource_type, name.rsplit(".", 1)[-1]
        if last.endswith("Arn"):
            service = kind.split("::")[1].lower()
            return f"arn:aws:{service}:us-east-1:123456789012:{self.physical_resource_id}"
        if last.endswith("Port"):
            return "443"
        return f"{self.physical_resource_id}-{last}".lower()


class Stack:
    """What is known of the stack that is being made."""

    complaints = {}
    stood_in = {}


def complain(logical, err):
    Stack.complaints.setdefault(logical, " ".join(f"{type(err).__name__} {err}".split()))


def forgiving(logical, resource):
    """Answers for attributes that moto does not know."""
    attribute = getattr(resource, "get_cfn_attribute", None)

    def answer(name):
        try:
            return attribute(name)
        except (UnformattedGetAttTemplateException, NotImplementedError, AttributeError, KeyError, TypeError):
            complain(logical, AttributeError(f"moto knows no attribute {name}"))
            return StandIn(logical, resource.cf_resource_type).get_cfn_attribute(name)

    resource.get_cfn_attribute = answer
    return resource


def make(logical, resource, known, account_id, region_name):
    condition = resource.get("Condition")
    if condition and not known.lazy_condition_map[condition]:
        return None
    kind = resource["Type"]
    if kind not in modelled:
        Stack.stood_in[kind] = Stack.stood_in.get(kind, 0) + 1
        return StandIn(logical, kind)
    try:
        made = create(logical, resource, known, account_id=account_id, region_name=region_name)
        return forgiving(logical, made)
    except Exception as err:
        complain(logical, err)
        return StandIn(logical, kind)


parsing.parse_and_create_resource = make
# Outputs of resources that are stood in for are as good as others.
parsing.ResourceMap.validate_outputs = lambda self: None


def value(parameter):
    if parameter.get("AllowedValues"):
        return str(parameter["AllowedValues"][0])
    return {"Number": "1", "CommaDelimitedList": "test"}.get(parameter["Type"], "test")


def report(body):
    Stack.complaints, Stack.stood_in = {}, {}
    template = yaml.safe_load(body)
    given = [
        {"ParameterKey": name, "ParameterValue": value(it)}
        for name, it in (template.get("Parameters") or {}).items() if "Default" not in it
    ]
    with mock_aws():
        client = boto3.client("cloudformation", region_name="us-east-1")
        try:
            client.create_stack(StackName="stack", TemplateBody=body, Parameters=given, Capabilities=["CAPABILITY_NAMED_IAM"])
            status = client.describe_stacks(StackName="stack")["Stacks"][0]["StackStatus"]
            if status != "CREATE_COMPLETE":
                raise RuntimeError(status)
        except Exception as err:
            complain("", err)
    return {
        "resources": [name for name, it in template["Resources"].items() if it["Type"] in modelled],
        "stood_in": Stack.stood_in,
        "complaints": Stack.complaints,
    }


if __name__ == "__main__":
    for path in sys.argv[1:]:
        with open(path) as file:
            print(json.dumps(report(file.read())), flush=True)
